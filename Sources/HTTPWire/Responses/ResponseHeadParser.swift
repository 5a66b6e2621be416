// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Parses response heads of HTTP/1.0 and HTTP/1.1 (RFC 9112), in place and as strictly as requests: a proxy that repairs what its origin sent
/// passes on a message that others may read differently. What is refused here becomes a 502.
///
/// Whitespace before a colon and line folding are refused too. RFC 9112 §5.1 and §5.2 have a proxy remove or replace them *before forwarding*; nothing of a
/// refused response is forwarded.
public enum ResponseHeadParser {
    /// Parses the head at the start of `bytes`. `method` is that of the request that is answered: it decides whether content follows.
    ///
    /// After ``ParseResult/incomplete`` the next call must bring the same bytes at the start of its region, and more behind them. After a head with
    /// ``ResponseHead/isInterim`` the next one begins at `byteCount`.
    ///
    /// - Returns: ``ParseResult/failed(_:)`` for what is refused; never traps.
    public static func parse(
        _ bytes: UnsafeRawBufferPointer,
        answering method: Method,
        limits: WireLimits,
        into head: inout ResponseHead
    ) -> ParseResult {
        guard let base = bytes.baseAddress, bytes.count > 0 else { return .incomplete }
        let result = parse(WireBytes(base: base, count: bytes.count), method, limits, &head)
        if result != .incomplete { head.progress = ParseProgress() }
        return result
    }

    /// The same, over a span.
    public static func parse(_ bytes: RawSpan, answering method: Method, limits: WireLimits, into head: inout ResponseHead) -> ParseResult {
        bytes.withUnsafeBytes { parse($0, answering: method, limits: limits, into: &head) }
    }

    private static func parse(_ bytes: WireBytes, _ method: Method, _ limits: WireLimits, _ head: inout ResponseHead) -> ParseResult {
        if !head.progress.isInFields {
            if let stopped = StatusLineParser.parse(bytes, limits, &head) { return stopped }
        }
        let result = FieldSectionParser.parse(
            bytes,
            progress: &head.progress,
            fields: &head.fields,
            facts: &head.facts,
            names: head.names,
            limits: .head(limits)
        )
        if case .head = result, let error = head.finish(answering: method) { return .failed(error) }
        return result
    }
}

extension ResponseHead {
    /// Draws the conclusions from a whole head (RFC 9112 §6.3, rules 1 to 8 in their order).
    mutating func finish(answering method: Method) -> WireError? {
        connection = facts.connection
        keepAlive = connection.persists(minorVersion: minorVersion)
        contentLength = facts.contentLength
        let announcesContent = facts.codings.isPresent || (facts.contentLength ?? 0) > 0
        if status < 200 || status == 204 {
            // Never followed by content, whatever it announces. A sender that announces some may also send it: do not use the connection again.
            if announcesContent { keepAlive = false }
            return nil
        }
        if method == .connect, status < 300 { return nil }
        if let error = facts.framingRefusal(minorVersion: minorVersion) { return error }
        if method == .head || status == 304 { return nil }
        if facts.codings.isPresent {
            framing = .chunked
        } else if let length = facts.contentLength {
            framing = .length(length)
        } else {
            framing = .untilClose
            keepAlive = false
        }
        return nil
    }
}
