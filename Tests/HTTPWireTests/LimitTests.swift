// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPWireTestSupport
import Testing

@testable import HTTPWire

@Suite struct LimitTests {
    private static func request(line: String = "GET / HTTP/1.1", _ fields: String = "") -> [UInt8] {
        wireBytes("\(line)\r\nHost: a\r\n\(fields)\r\n")
    }

    /// At a limit the input passes, one byte above it is refused, and both hold wherever the input is cut.
    private static func expectEdge(_ bytes: [UInt8], _ at: WireLimits, _ below: WireLimits, _ error: WireError) {
        for cuts in [[], Array(1..<bytes.count)] + (1..<bytes.count).map({ [$0] }) {
            #expect(Feeding.request(bytes, cuts: cuts, limits: at).summary != nil)
            #expect(Feeding.request(bytes, cuts: cuts, limits: below) == .failed(error))
        }
    }

    @Test func theRequestLineIsBounded() {
        let bytes = Self.request(line: "GET /0123456789 HTTP/1.1")
        let size = 26
        Self.expectEdge(bytes, WireLimits(maxRequestLineBytes: size), WireLimits(maxRequestLineBytes: size - 1), .requestLineTooLong)
        Self.expectEdge(
            wireBytes("\r\n") + bytes,
            WireLimits(maxRequestLineBytes: size),
            WireLimits(maxRequestLineBytes: size - 1),
            .requestLineTooLong
        )
    }

    @Test func theHeadIsBounded() {
        let bytes = Self.request("X: y\r\nAccept: */*\r\n")
        Self.expectEdge(bytes, WireLimits(maxHeadBytes: bytes.count), WireLimits(maxHeadBytes: bytes.count - 1), .headTooLarge)
    }

    @Test func theNumberOfFieldsIsBounded() {
        let bytes = Self.request("A: b\r\nC: d\r\n")
        Self.expectEdge(bytes, WireLimits(maxFieldCount: 3), WireLimits(maxFieldCount: 2), .tooManyFields)
    }

    @Test func theMethodIsBounded() {
        let bytes = Self.request(line: "ABCDEFGH / HTTP/1.1")
        Self.expectEdge(bytes, WireLimits(maxMethodBytes: 8), WireLimits(maxMethodBytes: 7), .methodTooLong)
    }

    @Test func anEndlessLineIsRefusedAtTheLimitAndNotLater() {
        let limits = WireLimits(maxRequestLineBytes: 100, maxHeadBytes: 200)
        let line = [UInt8](repeating: 0x41, count: 100)
        #expect(Feeding.request(Array(line[..<99]), limits: limits) == .incomplete)
        #expect(Feeding.request(line, limits: limits) == .failed(.requestLineTooLong))
        let head = wireBytes("GET / HTTP/1.1\r\n") + [UInt8](repeating: 0x41, count: 184)
        #expect(Feeding.request(Array(head[..<199]), limits: limits) == .incomplete)
        #expect(Feeding.request(head, limits: limits) == .failed(.headTooLarge))
    }

    @Test func theStatusLineIsBounded() {
        let bytes = wireBytes("HTTP/1.1 200 0123456789\r\n\r\n")
        for cuts in [[], Array(1..<bytes.count)] {
            #expect(Feeding.response(bytes, cuts: cuts, limits: WireLimits(maxRequestLineBytes: 25)).summary != nil)
            #expect(Feeding.response(bytes, cuts: cuts, limits: WireLimits(maxRequestLineBytes: 24)) == .failed(.statusLineTooLong))
        }
    }

    @Test func bytesThatComeOneByOneAreNotScannedAgain() {
        // What makes the work linear: after each arrival the parser knows that the line has no end up to here.
        let bytes =
            wireBytes("GET /") + [UInt8](repeating: 0x61, count: 3000) + wireBytes(" HTTP/1.1\r\nHost: a\r\nX: ")
            + [UInt8](repeating: 0x62, count: 3000)
        var head = RequestHead()
        for end in 1...bytes.count {
            let result = withExactRegion(bytes[..<end]) { RequestHeadParser.parse($0, limits: WireLimits(), into: &head) }
            #expect(result == .incomplete)
            let scannedTo = head.progress.scannedTo
            #expect(scannedTo == end)
        }
        let count = head.fields.count
        #expect(count == 1)
    }

    @Test func limitsOutOfRangeAreMovedToTheNearestAllowed() {
        let none = WireLimits(maxRequestLineBytes: -1, maxHeadBytes: .min, maxFieldCount: 0, maxMethodBytes: 0, maxChunkLineBytes: -5)
        #expect(none.maxRequestLineBytes == 1 && none.maxHeadBytes == 1 && none.maxFieldCount == 1 && none.maxChunkLineBytes == 1)
        #expect(WireLimits(maxHeadBytes: .max).maxHeadBytes == WireLimits.largestHeadBytes)
        #expect(WireLimits().isConsistent)
        #expect(!WireLimits(maxHeadBytes: 100).isConsistent)
        #expect(!WireLimits(maxRequestLineBytes: 10).isConsistent)
    }

    @Test func noLimitsMakeAParserTrap() {
        for request in AcceptedRequest.all.map(\.text) {
            for limit in 1...40 {
                let limits = WireLimits(maxRequestLineBytes: limit, maxHeadBytes: limit, maxFieldCount: 1, maxMethodBytes: 1)
                let bytes = wireBytes(request)
                #expect(Feeding.request(bytes, limits: limits) == Feeding.request(bytes, cuts: Array(0..<bytes.count), limits: limits))
            }
        }
    }

    @Test func theTableGrowsToTheLimit() throws {
        let bytes = Self.request((0..<127).map { "X-\($0): \($0)\r\n" }.joined())
        let head = try #require(Feeding.request(bytes).summary)
        #expect(head.fields.count == 128)
        #expect(head.fields[127].value == "126")
        #expect(Feeding.request(Self.request((0..<128).map { "X-\($0): \($0)\r\n" }.joined())) == .failed(.tooManyFields))
    }
}
