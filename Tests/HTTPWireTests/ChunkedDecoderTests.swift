// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPWire
import HTTPWireTestSupport
import Testing

@Suite struct ChunkedDecoderTests {
    @Test(arguments: ChunkedCase.accepted)
    func decodes(_ body: ChunkedCase) {
        let decoded = Feeding.chunked(wireBytes(body.text))
        #expect(decoded.isComplete)
        #expect(decoded.error == nil)
        #expect(wireText(decoded.data) == body.data)
        #expect(decoded.trailers.map(\.description) == body.trailers)
    }

    @Test(arguments: ChunkedCase.refused)
    func refusesWithTheReason(_ body: ChunkedCase) {
        #expect(Feeding.chunked(wireBytes(body.text)).error == body.error)
    }

    @Test func theBodyEndsWhereItsLastLineEnds() {
        for (text, size) in [("0\r\n\r\nX", 5), ("1\r\na\r\n0\r\n\r\nX: y\r\n\r\n", 11), ("0\r\nA: b\r\n\r\n\r\n", 11)] {
            #expect(Feeding.chunked(wireBytes(text)).consumed == size)
        }
    }

    @Test func whatWasWrittenIsRead() throws {
        var random = SeededRandom(seed: 0x6779_7265)
        for round in 0..<300 {
            let pieces = (0..<Int.random(in: 0...8, using: &random)).map { _ in
                (0..<Int.random(in: 1...70, using: &random)).map { _ in UInt8.random(in: .min ... .max, using: &random) }
            }
            let withTrailer = round % 3 == 0
            let encoded = try WireWriter.array(maxBytes: 4096) { writer in
                for piece in pieces {
                    writer.chunkHeader(UInt64(piece.count))
                    piece.withUnsafeBytes { writer.bytes($0) }
                    writer.chunkEnd()
                }
                writer.lastChunk()
                if withTrailer { writer.field("X-Round", decimal: UInt64(round)) }
                writer.endOfLine()
            }
            let cuts = (0..<Int.random(in: 0...6, using: &random)).map { _ in Int.random(in: 0...encoded.count, using: &random) }.sorted()
            let body = Feeding.chunked(encoded, cuts: cuts)
            #expect(body.isComplete && body.consumed == encoded.count, "round \(round)")
            #expect(body.data == pieces.flatMap(\.self), "round \(round)")
            #expect(body.trailers.map(\.description) == (withTrailer ? ["X-Round: \(round)"] : []))
        }
    }

    @Test func oneDecoderServesOneBodyAfterAnother() {
        var decoder = ChunkedDecoder(limits: WireLimits())
        for body in ChunkedCase.all {
            let bytes = wireBytes(body.text)
            #expect(Feeding.chunked(bytes, cuts: [], with: &decoder) == Feeding.chunked(bytes))
            decoder.reset()
        }
    }

    @Test func aDecoderThatFailedOrEndedStaysSo() {
        var decoder = ChunkedDecoder(limits: WireLimits())
        withExactRegion(wireBytes("x")) { #expect(decoder.decode($0) == .failed(.badChunkSize)) }
        withExactRegion(wireBytes("0\r\n\r\n")) { #expect(decoder.decode($0) == .failed(.badChunkSize)) }
        let wasComplete = decoder.isComplete
        #expect(!wasComplete)
        decoder.reset()
        withExactRegion(wireBytes("0\r\n\r\n")) { #expect(decoder.decode($0) == .end(consumed: 5)) }
        withExactRegion(wireBytes("0\r\n\r\n")) { #expect(decoder.decode($0) == .end(consumed: 0)) }
        let isComplete = decoder.isComplete
        #expect(isComplete)
    }

    @Test func whatIsForbiddenInTrailersIsDroppedWhereThatIsWanted() {
        let text = "3\r\nabc\r\n0\r\nA: b\r\nContent-Length: 9\r\nC: d\r\nTransfer-Encoding: x\r\nHost: h\r\nE: f\r\n\r\n"
        let bytes = wireBytes(text)
        for cut in 0..<bytes.count {
            var decoder = ChunkedDecoder(limits: WireLimits(), dropsForbiddenTrailers: true)
            let body = Feeding.chunked(bytes, cuts: [cut], with: &decoder)
            #expect(body.isComplete && body.error == nil && body.trailers.map(\.description) == ["A: b", "C: d", "E: f"], "cut at \(cut)")
        }
        #expect(Feeding.chunked(bytes).error == .forbiddenTrailer)
    }

    @Test func noBytesAreNotAnEnd() {
        var decoder = ChunkedDecoder(limits: WireLimits())
        #expect(decoder.decode(UnsafeRawBufferPointer(start: nil, count: 0)) == .needMore)
        for text in [
            "", "3", "3\r\n", "3\r\nab", "3\r\nabc", "3\r\nabc\r\n", "3\r\nabc\r\n0", "0\r\n", "0\r\n\r", "0\r\nA: b\r\n",
            "0\r\nA: b\r\n\r",
        ] {
            let body = Feeding.chunked(wireBytes(text))
            #expect(!body.isComplete && body.error == nil && body.consumed == text.utf8.count, "\(text.debugDescription)")
        }
    }

    @Test func aChunkLineIsBounded() {
        let limits = WireLimits(maxChunkLineBytes: 20)
        let line = "1;" + String(repeating: "x", count: 16) + "\r\n"
        #expect(Feeding.chunked(wireBytes(line + "a\r\n0\r\n\r\n"), limits: limits).isComplete)
        #expect(Feeding.chunked(wireBytes("1;" + String(repeating: "x", count: 17) + "\r\n"), limits: limits).error == .chunkLineTooLong)
        #expect(Feeding.chunked(wireBytes("1;" + String(repeating: "x", count: 19)), limits: limits).error == .chunkLineTooLong)
    }

    @Test func extensionsThatNoDataPaysForEndTheBody() {
        let limits = WireLimits(maxChunkOverheadBytes: 200)
        let extended = "1;" + String(repeating: "x", count: 40) + "\r\na\r\n"
        // Each line is 44 bytes, 26 more than are free of charge.
        #expect(Feeding.chunked(wireBytes(String(repeating: extended, count: 7)), limits: limits).error == nil)
        #expect(Feeding.chunked(wireBytes(String(repeating: extended, count: 8)), limits: limits).error == .chunkOverhead)
    }

    @Test func tinyChunksAndSignedLargeOnesAreNotOverhead() {
        let limits = WireLimits(maxChunkOverheadBytes: 1)
        #expect(Feeding.chunked(wireBytes(String(repeating: "1\r\na\r\n", count: 1000) + "0\r\n\r\n"), limits: limits).isComplete)
        let signed = "1000;chunk-signature=" + String(repeating: "f", count: 64) + "\r\n" + String(repeating: "a", count: 4096) + "\r\n"
        #expect(Feeding.chunked(wireBytes(String(repeating: signed, count: 20) + "0\r\n\r\n"), limits: limits).isComplete)
    }

    @Test func theTrailersAreBounded() {
        let body = "0\r\nA: b\r\nC: d\r\n\r\n"
        for cuts in [[], Array(1..<body.utf8.count)] {
            #expect(Feeding.chunked(wireBytes(body), cuts: cuts, limits: WireLimits(maxTrailerBytes: 14)).isComplete)
            #expect(Feeding.chunked(wireBytes(body), cuts: cuts, limits: WireLimits(maxTrailerBytes: 13)).error == .trailersTooLarge)
            #expect(Feeding.chunked(wireBytes(body), cuts: cuts, limits: WireLimits(maxTrailerFieldCount: 1)).error == .tooManyTrailers)
        }
        let endless = "0\r\n" + String(repeating: "a", count: 100)
        #expect(Feeding.chunked(wireBytes(endless), limits: WireLimits(maxTrailerBytes: 101)).error == nil)
        #expect(Feeding.chunked(wireBytes(endless), limits: WireLimits(maxTrailerBytes: 100)).error == .trailersTooLarge)
    }
}
