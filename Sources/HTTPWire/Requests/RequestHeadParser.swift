// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Parses request heads of HTTP/1.0 and HTTP/1.1 (RFC 9112), in place and strictly.
///
/// The verdict on a sequence of bytes does not depend on how it was cut into reads. A byte is looked at once when the head comes whole and
/// about twice when it comes in pieces, however small they are. No allocation, but for the growth of the field table.
public enum RequestHeadParser {
    /// Parses the head at the start of `bytes`.
    ///
    /// After ``ParseResult/incomplete`` the next call must bring the same bytes at the start of its region, and more behind them; they may have
    /// moved in memory. After any other answer the next call begins a new head.
    ///
    /// One empty line before the request line is passed over (RFC 9112 §2.2) and counted in `byteCount`.
    ///
    /// - Returns: ``ParseResult/failed(_:)`` for what is refused; never traps.
    public static func parse(_ bytes: UnsafeRawBufferPointer, limits: WireLimits, into head: inout RequestHead) -> ParseResult {
        guard let base = bytes.baseAddress, bytes.count > 0 else { return .incomplete }
        let result = parse(WireBytes(base: base, count: bytes.count), limits, &head)
        if result != .incomplete { head.progress = ParseProgress() }
        return result
    }

    /// The same, over a span.
    public static func parse(_ bytes: RawSpan, limits: WireLimits, into head: inout RequestHead) -> ParseResult {
        bytes.withUnsafeBytes { parse($0, limits: limits, into: &head) }
    }

    @inline(__always)
    private static func parse(_ bytes: WireBytes, _ limits: WireLimits, _ head: inout RequestHead) -> ParseResult {
        if !head.progress.isInFields {
            if let stopped = RequestLineParser.parse(bytes, limits, &head) { return stopped }
        }
        let result = FieldSectionParser.parse(
            bytes,
            progress: &head.progress,
            fields: &head.fields,
            facts: &head.facts,
            names: head.names,
            limits: .head(limits)
        )
        if case .head = result, let error = head.finish(bytes) { return .failed(error) }
        return result
    }
}
