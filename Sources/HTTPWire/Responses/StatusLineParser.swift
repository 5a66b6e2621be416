// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// The status line (RFC 9112 §4): version, space, three digits, space, reason phrase.
///
/// The space behind the status may be missing when there is no reason phrase: many origins leave it out, and nothing can be read into it.
enum StatusLineParser {
    /// - Returns: nil when the line is done and `head.progress` stands at the first field line; else why parsing stops here.
    static func parse(_ bytes: WireBytes, _ limits: WireLimits, _ head: inout ResponseHead) -> ParseResult? {
        // At once, without waiting for a line's end: a peer that speaks something else may never send one.
        guard bytes[0] == 0x48 else { return .failed(.badStatusLine) }
        let lf = bytes.first(ASCII.lf, from: head.progress.scannedTo)
        guard lf < limits.maxRequestLineBytes else { return .failed(.statusLineTooLong) }
        guard lf < bytes.count else {
            head.progress.scannedTo = bytes.count
            return .incomplete
        }
        head.begin()
        guard lf > 0, bytes[lf &- 1] == ASCII.cr else { return .failed(.bareLF) }
        if let error = parseLine(bytes.part(from: 0, to: lf &- 1), &head) { return .failed(error) }
        head.progress.isInFields = true
        head.progress.lineStart = lf &+ 1
        head.progress.scannedTo = lf &+ 1
        return nil
    }

    /// `line` is without its CRLF.
    private static func parseLine(_ line: WireBytes, _ head: inout ResponseHead) -> WireError? {
        if line.first(ASCII.cr, from: 0) < line.count { return .bareCR }
        guard line.count >= HTTPVersion.byteCount else { return .badStatusLine }
        switch HTTPVersion.parse(line.word(at: 0)) {
        case .minor(let minor): head.minorVersion = minor
        case .unsupported: return .unsupportedVersion
        case .malformed: return .badVersion
        }
        guard line.count >= 12, line[8] == ASCII.space, let status = line.part(from: 9, to: 12).decimal() else { return .badStatusLine }
        guard status >= 100, status <= 599 else { return .badStatus }
        head.status = Int(status)
        head.reason = .empty
        guard line.count > 12 else { return nil }
        guard line[12] == ASCII.space else { return .badStatusLine }
        guard line.endOfValue(from: 13) == line.count else { return .controlCharacter }
        head.reason = ByteSlice(from: 13, to: line.count)
        return nil
    }
}
