// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPWire
import HTTPWireTestSupport
import Testing

/// The verdict on bytes does not depend on how the network cut them.
@Suite struct SplitTests {
    static let requests = AcceptedRequest.all.map(\.text) + RefusedRequest.all.map(\.text)

    @Test(arguments: requests)
    func aRequestMeansTheSameWhereverItIsCut(_ text: String) {
        let bytes = wireBytes(text)
        let whole = Feeding.request(bytes)
        for cut in 0...bytes.count {
            #expect(Feeding.request(bytes, cuts: [cut]) == whole, "cut at \(cut)")
        }
        #expect(Feeding.request(bytes, cuts: Array(0..<bytes.count)) == whole, "byte by byte")
    }

    @Test(arguments: ResponseCase.all.map(\.text))
    func aResponseMeansTheSameWhereverItIsCut(_ text: String) {
        let bytes = wireBytes(text)
        let whole = Feeding.response(bytes)
        for cut in 0...bytes.count {
            #expect(Feeding.response(bytes, cuts: [cut]) == whole, "cut at \(cut)")
        }
        #expect(Feeding.response(bytes, cuts: Array(0..<bytes.count)) == whole, "byte by byte")
    }

    @Test(arguments: ChunkedCase.all)
    func aChunkedBodyMeansTheSameWhereverItIsCut(_ body: ChunkedCase) {
        let bytes = wireBytes(body.text)
        let whole = Feeding.chunked(bytes)
        for cuts in (0...bytes.count).map({ [$0] }) + [Array(0..<bytes.count)] {
            let cut = Feeding.chunked(bytes, cuts: cuts)
            #expect(cut.error == whole.error, "cut at \(cuts)")
            if whole.error == nil { #expect(cut == whole, "cut at \(cuts)") }
        }
    }

    @Test func verdictsDoNotChangeWithWhatFollowsTheLine() {
        // A refused line is refused for itself, not for what the next read brings.
        for request in RefusedRequest.all {
            let bytes = wireBytes(request.text)
            guard let lf = bytes.firstIndex(of: 0x0A) else { continue }
            let line = Array(bytes[...lf])
            guard case .failed(let error) = Feeding.request(line) else { continue }
            for tail in ["X", "\r\n", "\n", "\u{0}", ":", "HTTP/1.1\r\n\r\n", "HTTP/1.1 \r\n: \r\n\r\n"] {
                #expect(
                    Feeding.request(line + wireBytes(tail)) == .failed(error),
                    "\(request.testDescription), then \(tail.debugDescription)"
                )
            }
        }
    }
}
