// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CAllocationCounter
import HTTPWire
import HTTPWireTestSupport
import Testing

/// Ceilings, not timings: parsing and decoding take no memory once the values they fill exist.
@Suite(.enabled(if: gyre_allocations_counted(), "allocations cannot be counted in this build"))
struct AllocationTests {
    /// What is made once for the process, such as the table of names and what the runtime keeps about types, is made before anything is counted.
    init() {
        for request in AcceptedRequest.all { _ = Feeding.request(wireBytes(request.text)) }
        for response in ResponseCase.all { _ = Feeding.response(wireBytes(response.text)) }
        for body in ChunkedCase.all { _ = Feeding.chunked(wireBytes(body.text)) }
        _ = try? WireWriter.array(maxBytes: 100) { $0.statusLine(200) }
    }

    static func allocations(_ body: () -> Void) -> UInt64 {
        let before = gyre_allocations_of_thread()
        body()
        return gyre_allocations_of_thread() - before
    }

    @Test func theCounterCounts() {
        var kept: [UInt8] = []
        let count = Self.allocations { kept = [UInt8](repeating: 1, count: 10_000) }
        #expect(count >= 1 && kept.count == 10_000)
    }

    @Test(arguments: [0, 1, 2, 15, 31])
    func parsingARequestAllocatesNothing(moreFields: Int) {
        let fields = (0..<moreFields).map { "X-Field-\($0): \(String(repeating: "v", count: 40))\r\n" }.joined()
        let bytes = wireBytes("GET /a/b?c=d%20 HTTP/1.1\r\nHost: a.example:8080\r\n\(fields)\r\n")
        var head = RequestHead()
        let limits = WireLimits()
        var parsed = 0
        bytes.withUnsafeBytes { region in
            let count = Self.allocations {
                for _ in 0..<100 {
                    if case .head = RequestHeadParser.parse(region, limits: limits, into: &head) { parsed += 1 }
                }
            }
            #expect(count == 0)
        }
        #expect(parsed == 100)
    }

    @Test func aTableThatHasGrownIsUsedAgain() {
        let fields = (0..<120).map { "X-\($0): y\r\n" }.joined()
        let bytes = wireBytes("GET / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n")
        var head = RequestHead()
        let limits = WireLimits()
        bytes.withUnsafeBytes { region in
            let first = Self.allocations { _ = RequestHeadParser.parse(region, limits: limits, into: &head) }
            #expect(first == 2)
            let second = Self.allocations { _ = RequestHeadParser.parse(region, limits: limits, into: &head) }
            #expect(second == 0)
        }
    }

    @Test func refusingARequestAllocatesNothing() {
        var head = RequestHead()
        let limits = WireLimits()
        for request in RefusedRequest.all {
            let bytes = wireBytes(request.text)
            bytes.withUnsafeBytes { region in
                #expect(
                    Self.allocations { _ = RequestHeadParser.parse(region, limits: limits, into: &head) } == 0,
                    "\(request.testDescription)"
                )
            }
        }
    }

    @Test func parsingAResponseAllocatesNothing() {
        var head = ResponseHead()
        let limits = WireLimits()
        for response in ResponseCase.all {
            let bytes = wireBytes(response.text)
            bytes.withUnsafeBytes { region in
                let count = Self.allocations {
                    _ = ResponseHeadParser.parse(region, answering: response.method, limits: limits, into: &head)
                }
                #expect(count == 0, "\(response.testDescription)")
            }
        }
    }

    @Test func decodingChunksWithoutTrailersAllocatesNothing() {
        let bytes = wireBytes(String(repeating: "5;x=\"y\"\r\nabcde\r\n", count: 50) + "0\r\n\r\n")
        var decoder = ChunkedDecoder(limits: WireLimits())
        var content = 0
        bytes.withUnsafeBytes { region in
            let count = Self.allocations {
                var rest = region
                while case .data(let range) = decoder.decode(rest) {
                    content += range.count
                    rest = UnsafeRawBufferPointer(rebasing: rest[range.upperBound...])
                }
            }
            #expect(count == 0)
        }
        let isComplete = decoder.isComplete
        #expect(isComplete && content == 250)
    }

    @Test func writingAHeadAllocatesNothing() {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 256, alignment: 8)
        defer { memory.deallocate() }
        var written = 0
        let count = Self.allocations {
            var writer = WireWriter(memory)
            writer.statusLine(200)
            writer.field("Content-Length", decimal: 1024)
            writer.field("Server", "gyre")
            writer.endOfLine()
            written = writer.count
        }
        #expect(count == 0)
        #expect(written == 55)
    }
}
