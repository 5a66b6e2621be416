// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Finds the most telling reason for refusing a request line that is known to be wrong. Off the hot path.
enum RequestLineFault {
    /// `line` ends before its LF.
    static func classify(_ line: WireBytes, _ reason: WireError) -> WireError {
        guard line.count > 0, line[line.count &- 1] == ASCII.cr else { return .bareLF }
        let text = line.part(from: 0, to: line.count &- 1)
        if text.first(ASCII.cr, from: 0) < text.count { return .bareCR }
        switch reason {
        case .badMethod:
            let end = text.endOfToken(from: 0, to: text.count)
            // A line of one word, or a tab where the space should be: the method itself is in order.
            return end == text.count || text[end] == ASCII.tab ? .badRequestLine : .badMethod
        case .badVersion, .badRequestLine:
            // Which of the two the hot path answers depends on what follows the line, so the line alone decides here.
            return version(text)
        case .badTarget, .badAuthority, .targetFormMismatch, .unsupportedScheme:
            // Too many or too few parts say more than what is wrong with one of them.
            return spaces(text) == 2 ? reason : .badRequestLine
        default:
            return reason
        }
    }

    /// The method and the target are in order; what follows is not a version.
    private static func version(_ text: WireBytes) -> WireError {
        guard spaces(text) == 2 else { return .badRequestLine }
        var start = text.count
        while start > 0, text[start &- 1] != ASCII.space { start &-= 1 }
        return start == text.count ? .badRequestLine : .badVersion
    }

    private static func spaces(_ text: WireBytes) -> Int {
        var count = 0
        for index in 0..<text.count where text[index] == ASCII.space { count &+= 1 }
        return count
    }
}
