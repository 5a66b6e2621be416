// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPWire
import HTTPWireTestSupport
import Testing

@Suite struct ResponseHeadTests {
    @Test(arguments: ResponseCase.all)
    func isAcceptedOrRefusedAsItMust(_ response: ResponseCase) {
        let verdict = Feeding.response(wireBytes(response.text), answering: response.method)
        if let error = response.error {
            #expect(verdict == .failed(error))
        } else {
            #expect(verdict.summary.map(response.holds) == true, "\(verdict)")
        }
    }

    @Test func everyBeginningOfAnAcceptedHeadIsIncomplete() throws {
        for response in ResponseCase.statusLines + ResponseCase.framing {
            let bytes = wireBytes(response.text)
            let summary = try #require(Feeding.response(bytes, answering: response.method).summary)
            for end in 0..<summary.byteCount {
                #expect(Feeding.response(Array(bytes[..<end])) == .incomplete, "\(response.testDescription), cut at \(end)")
            }
        }
    }

    @Test func aFinalResponseFollowsInterimOnes() {
        let bytes = wireBytes(
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
        )
        var head = ResponseHead()
        var seen: [Int] = []
        bytes.withUnsafeBytes { region in
            var rest = region
            while case .head(let count) = ResponseHeadParser.parse(rest, answering: .post, limits: WireLimits(), into: &head) {
                seen.append(head.status)
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
                if !head.isInterim { break }
            }
        }
        #expect(seen == [100, 103, 200])
        let count = head.fields.count
        #expect(count == 1)
    }
}
