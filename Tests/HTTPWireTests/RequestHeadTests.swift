// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPWire
import HTTPWireTestSupport
import Testing

@Suite struct RequestHeadTests {
    @Test(arguments: AcceptedRequest.all)
    func acceptsAndUnderstands(_ request: AcceptedRequest) throws {
        let verdict = Feeding.request(wireBytes(request.text))
        let summary = try #require(verdict.summary, "refused: \(verdict)")
        #expect(request.holds(summary), "\(summary)")
    }

    @Test(arguments: RefusedRequest.all)
    func refusesWithTheReason(_ request: RefusedRequest) {
        #expect(Feeding.request(wireBytes(request.text)) == .failed(request.error))
    }

    @Test func everyBeginningOfAnAcceptedHeadIsIncomplete() throws {
        for request in AcceptedRequest.all {
            let bytes = wireBytes(request.text)
            let summary = try #require(Feeding.request(bytes).summary)
            for end in 0..<summary.byteCount {
                #expect(Feeding.request(Array(bytes[..<end])) == .incomplete, "\(request.testDescription), cut at \(end)")
            }
            #expect(Feeding.request(Array(bytes[..<summary.byteCount])) == .head(summary))
        }
    }

    @Test func aHeadIsParsedIntoWhatServedAnotherRequestBefore() throws {
        // Whatever the one before was, and whether it was refused, nothing of it is left.
        var head = RequestHead(fieldCapacity: 0)
        for (index, request) in AcceptedRequest.all.enumerated() {
            let alone = Feeding.request(wireBytes(request.text))
            #expect(Feeding.request(wireBytes(request.text), cuts: [], limits: WireLimits(), into: &head) == alone)
            let refused = RefusedRequest.all[index % RefusedRequest.all.count]
            #expect(Feeding.request(wireBytes(refused.text), cuts: [], limits: WireLimits(), into: &head) == .failed(refused.error))
        }
    }

    @Test func pipelinedRequestsAreParsedOneByOne() {
        let bytes = wireBytes("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nHEAD /2 HTTP/1.0\r\n\r\nGET /3 HTTP/1.1\r\nHost: b\r\nX: y\r\n\r\n")
        var head = RequestHead()
        var seen: [String] = []
        bytes.withUnsafeBytes { region in
            var rest = region
            while case .head(let count) = RequestHeadParser.parse(rest, limits: WireLimits(), into: &head) {
                seen.append(
                    wireText(head.methodName.bytes(in: rest)) + wireText(head.target.bytes(in: rest))
                        + wireText(head.hostSlice.bytes(in: rest))
                )
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            }
        }
        #expect(seen == ["GET/1a", "HEAD/2", "GET/3b"])
    }

    @Test func anAbandonedHeadLeavesNothingBehind() {
        var head = RequestHead()
        let limits = WireLimits()
        withExactRegion(wireBytes("POST /old HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nX: unfini")) { region in
            #expect(RequestHeadParser.parse(region, limits: limits, into: &head) == .incomplete)
        }
        let wasPartial = head.isPartial
        head.reset()
        let isPartial = head.isPartial
        #expect(wasPartial && !isPartial)
        let bytes = wireBytes("GET / HTTP/1.1\r\nHost: b\r\n\r\n")
        #expect(Feeding.request(bytes, cuts: [], limits: limits, into: &head) == Feeding.request(bytes))
    }

    @Test func aSpanGivesTheSameAsAPointer() {
        let bytes = wireBytes("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n")
        var head = RequestHead()
        #expect(RequestHeadParser.parse(bytes.span.bytes, limits: WireLimits(), into: &head) == .head(byteCount: bytes.count))
        var response = ResponseHead()
        let answer = wireBytes("HTTP/1.1 204 \r\n\r\n")
        #expect(
            ResponseHeadParser.parse(answer.span.bytes, answering: .get, limits: WireLimits(), into: &response)
                == .head(byteCount: answer.count)
        )
    }

    @Test func noBytesAreIncomplete() {
        #expect(Feeding.request([]) == .incomplete)
        var head = RequestHead()
        let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
        #expect(RequestHeadParser.parse(nothing, limits: WireLimits(), into: &head) == .incomplete)
    }

    @Test func aSliceOutsideItsRegionIsEmpty() {
        withExactRegion(wireBytes("abc")) { region in
            #expect(ByteSlice(start: 1, count: 2).bytes(in: region).elementsEqual(wireBytes("bc")))
            #expect(ByteSlice(start: 2, count: 2).bytes(in: region).isEmpty)
            #expect(ByteSlice(start: .max, count: .max).bytes(in: region).isEmpty)
        }
    }
}
