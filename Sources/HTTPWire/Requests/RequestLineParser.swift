// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// The request line (RFC 9112 §3): method, target and version with one space between them.
///
/// As with field lines, the verdict waits for the line's LF. The one exception is the very first byte, which tells at once that a peer speaks another
/// protocol (TLS to a clear-text port, for one) and never sends an LF.
enum RequestLineParser {
    /// - Returns: nil when the line is done and `head.progress` stands at the first field line; else why parsing stops here.
    @inline(__always)
    static func parse(_ bytes: WireBytes, _ limits: WireLimits, _ head: inout RequestHead) -> ParseResult? {
        var line = head.progress.lineStart
        if head.progress.scannedTo > line {
            if bytes.first(ASCII.lf, from: head.progress.scannedTo) == bytes.count { return suspend(bytes, line, limits, &head) }
        } else if let stopped = firstByte(bytes, &line, limits, &head) {
            return stopped
        }
        head.begin()

        let methodEnd = bytes.endOfToken(from: line, to: bytes.count)
        guard methodEnd < bytes.count, bytes[methodEnd] == ASCII.space else { return refuse(bytes, line, .badMethod, limits, &head) }
        guard methodEnd &- line <= limits.maxMethodBytes else { return refuse(bytes, line, .methodTooLong, limits, &head) }
        head.methodName = ByteSlice(from: line, to: methodEnd)
        head.method = Method(bytes.part(from: line, to: methodEnd))

        var cursor = methodEnd &+ 1
        let targetStart = cursor
        if let error = TargetParser.parse(bytes, &cursor, &head) { return refuse(bytes, line, error, limits, &head) }
        head.target = ByteSlice(from: targetStart, to: cursor)

        guard cursor &+ 11 <= bytes.count, bytes[cursor] == ASCII.space else { return refuse(bytes, line, .badRequestLine, limits, &head) }
        cursor &+= 1
        switch HTTPVersion.parse(bytes.word(at: cursor)) {
        case .minor(let minor): head.minorVersion = minor
        case .unsupported: return refuse(bytes, line, .unsupportedVersion, limits, &head)
        case .malformed: return refuse(bytes, line, .badVersion, limits, &head)
        }
        cursor &+= HTTPVersion.byteCount
        guard bytes[cursor] == ASCII.cr, bytes[cursor &+ 1] == ASCII.lf else { return refuse(bytes, line, .badVersion, limits, &head) }
        cursor &+= 2
        guard cursor &- line <= limits.maxRequestLineBytes else { return .failed(.requestLineTooLong) }
        head.progress.isInFields = true
        head.progress.lineStart = cursor
        head.progress.scannedTo = cursor
        return nil
    }

    /// Passes over one empty line, and refuses what no request line begins with.
    @inline(__always)
    private static func firstByte(
        _ bytes: WireBytes,
        _ line: inout Int,
        _ limits: WireLimits,
        _ head: inout RequestHead
    ) -> ParseResult? {
        guard line < bytes.count else { return .incomplete }
        if bytes[line] == ASCII.cr {
            if head.progress.skippedEmptyLine { return .failed(.emptyRequestLine) }
            guard line &+ 1 < bytes.count else { return .incomplete }
            guard bytes[line &+ 1] == ASCII.lf else { return .failed(.bareCR) }
            line &+= 2
            head.progress.skippedEmptyLine = true
            head.progress.lineStart = line
            head.progress.scannedTo = line
            guard line < bytes.count else { return .incomplete }
            if bytes[line] == ASCII.cr { return .failed(.emptyRequestLine) }
        }
        if ASCII.isToken(bytes[line]) { return nil }
        return .failed(bytes[line] == ASCII.lf ? .bareLF : .badMethod)
    }

    /// The line has no LF yet.
    @inline(never)
    private static func suspend(_ bytes: WireBytes, _ line: Int, _ limits: WireLimits, _ head: inout RequestHead) -> ParseResult {
        guard bytes.count &- line < limits.maxRequestLineBytes else { return .failed(.requestLineTooLong) }
        head.progress.lineStart = line
        head.progress.scannedTo = bytes.count
        return .incomplete
    }

    /// The line is wrong, or only cut: wait for its end, then say what is wrong. `reason` is what the hot path made of it.
    @inline(never)
    private static func refuse(
        _ bytes: WireBytes,
        _ line: Int,
        _ reason: WireError,
        _ limits: WireLimits,
        _ head: inout RequestHead
    ) -> ParseResult {
        let lf = bytes.first(ASCII.lf, from: line)
        guard lf < bytes.count else { return suspend(bytes, line, limits, &head) }
        guard lf &- line < limits.maxRequestLineBytes else { return .failed(.requestLineTooLong) }
        return .failed(RequestLineFault.classify(bytes.part(from: line, to: lf), reason))
    }
}
