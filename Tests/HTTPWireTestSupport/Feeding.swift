// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

public import HTTPWire

/// Gives bytes to the parsers in pieces, as a network does.
public enum Feeding {
    /// Parses a request that arrives in pieces that end at `cuts` and at the end.
    public static func request(_ bytes: [UInt8], cuts: [Int] = [], limits: WireLimits = WireLimits()) -> Verdict<RequestSummary> {
        var head = RequestHead()
        return request(bytes, cuts: cuts, limits: limits, into: &head)
    }

    /// The same, into a head that may have been used before.
    public static func request(
        _ bytes: [UInt8],
        cuts: [Int],
        limits: WireLimits,
        into head: inout RequestHead
    ) -> Verdict<RequestSummary> {
        for end in cuts + [bytes.count] {
            let verdict: Verdict<RequestSummary> = withExactRegion(bytes[..<end]) { region in
                switch RequestHeadParser.parse(region, limits: limits, into: &head) {
                case .incomplete: .incomplete
                case .failed(let error): .failed(error)
                case .head(let byteCount): .head(RequestSummary(head, byteCount: byteCount, in: region))
                }
            }
            if verdict != .incomplete { return verdict }
        }
        return .incomplete
    }

    /// Parses a response that arrives in pieces that end at `cuts` and at the end.
    public static func response(
        _ bytes: [UInt8],
        answering method: Method = .get,
        cuts: [Int] = [],
        limits: WireLimits = WireLimits()
    ) -> Verdict<ResponseSummary> {
        var head = ResponseHead()
        for end in cuts + [bytes.count] {
            let verdict: Verdict<ResponseSummary> = withExactRegion(bytes[..<end]) { region in
                switch ResponseHeadParser.parse(region, answering: method, limits: limits, into: &head) {
                case .incomplete: .incomplete
                case .failed(let error): .failed(error)
                case .head(let byteCount): .head(ResponseSummary(head, byteCount: byteCount, in: region))
                }
            }
            if verdict != .incomplete { return verdict }
        }
        return .incomplete
    }

    /// What a chunked body came to.
    public struct Body: Equatable, Sendable {
        /// The content so far.
        public var data: [UInt8] = []
        /// The trailers, when it has ended.
        public var trailers: [FieldLine] = []
        /// How many bytes were used up.
        public var consumed = 0
        /// Whether it has ended.
        public var isComplete = false
        /// Why it was refused.
        public var error: WireError?

        /// An empty body that has not ended.
        public init() {}
    }

    /// Decodes a chunked body that arrives in pieces that end at `cuts` and at the end.
    public static func chunked(_ bytes: [UInt8], cuts: [Int] = [], limits: WireLimits = WireLimits()) -> Body {
        var decoder = ChunkedDecoder(limits: limits)
        return chunked(bytes, cuts: cuts, with: &decoder)
    }

    /// The same, with a decoder that may have been used before.
    public static func chunked(_ bytes: [UInt8], cuts: [Int], with decoder: inout ChunkedDecoder) -> Body {
        var body = Body()
        var start = 0
        for end in cuts + [bytes.count] {
            withExactRegion(bytes[start..<end]) { region in feed(region, &decoder, &body) }
            if body.error != nil || body.isComplete { return body }
            start = end
        }
        return body
    }

    private static func feed(_ region: UnsafeRawBufferPointer, _ decoder: inout ChunkedDecoder, _ body: inout Body) {
        var rest = region
        while true {
            switch decoder.decode(rest) {
            case .data(let range):
                body.data += rest[range]
                body.consumed += range.upperBound
                rest = UnsafeRawBufferPointer(rebasing: rest[range.upperBound...])
            case .needMore:
                body.consumed += rest.count
                return
            case .end(let consumed):
                body.consumed += consumed
                body.isComplete = true
                body.trailers = decoder.trailerBytes.withUnsafeBytes { FieldLine.lines(decoder.trailers, in: $0) }
                return
            case .failed(let error):
                body.error = error
                return
            }
        }
    }
}
