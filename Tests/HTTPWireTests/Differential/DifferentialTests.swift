// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPWire
import HTTPWireTestSupport
import Testing

/// Two parsers that read one sequence of bytes differently are how requests are smuggled. What Gyre accepts is held against NIO's own parser.
@Suite struct DifferentialTests {
    /// Where the two differ on purpose; nil: they must not.
    private static func purpose(_ gyre: ReadRequest, _ nio: ReadRequest?) -> String? {
        // NIO knows a list of methods, Gyre takes every token.
        if nio == nil, Method.allCases.allSatisfy({ "\($0)".uppercased() != gyre.method }) { return "unknown-method" }
        return nil
    }

    /// What is wrong with how two parsers read the bytes; nil when nothing is.
    private static func difference(_ bytes: [UInt8], _ seen: inout [String: Int]) -> String? {
        let gyre = Reading.gyre(bytes)
        let nio = Reading.nio(bytes)
        for (index, mine) in gyre.requests.enumerated() {
            let other = index < nio.requests.count ? nio.requests[index] : nil
            if let purpose = purpose(mine, other) {
                seen[purpose, default: 0] += 1
                return nil
            }
            guard var other else {
                guard let refusal = nio.refusal else { return "request \(index) is not there for NIO: \(mine)" }
                // Refused by the stricter of the two: nobody is misled.
                seen["nio-refuses \(refusal.prefix { $0 != "(" })", default: 0] += 1
                return nil
            }
            // A body of which the rest is refused or has not come is nobody's: how much of it was given out before does not count.
            var mine = mine
            let isRefused = !mine.isWhole && gyre.refusal != nil || !other.isWhole && nio.refusal != nil
            if isRefused || !mine.isWhole { (mine.body, other.body, mine.trailers, other.trailers) = ([], [], [], []) }
            if isRefused { (mine.isWhole, other.isWhole) = (false, false) }
            if mine != other { return "request \(index):\n  gyre \(mine)\n  nio  \(other)" }
            seen["same", default: 0] += 1
        }
        return nil
    }

    @Test func whatIsAcceptedMeansTheSameToNIO() {
        var seen: [String: Int] = [:]
        for accepted in AcceptedRequest.all {
            if let difference = Self.difference(wireBytes(accepted.text), &seen) { Issue.record("\(accepted.what): \(difference)") }
        }
        for body in ChunkedCase.all {
            let bytes = wireBytes("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + body.text)
            if let difference = Self.difference(bytes, &seen) { Issue.record("\(body): \(difference)") }
        }
        #expect(seen["same", default: 0] > 50, "\(seen)")
    }

    @Test(arguments: [21, 22, 23, 24] as [UInt64])
    func whatIsAcceptedOfMutationsMeansTheSameToNIO(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        var seen: [String: Int] = [:]
        for round in 0..<2500 {
            var bytes = MutationTests.mutate(try #require(MutationTests.accepted.randomElement(using: &random)), &random)
            switch round % 3 {
            case 0:
                let head = "POST /\(round) HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                bytes = wireBytes(head) + MutationTests.mutate(try #require(MutationTests.bodies.randomElement(using: &random)), &random)
            case 1:
                // A second request behind the first: where one ends the other begins.
                bytes += try #require(MutationTests.accepted.randomElement(using: &random))
            default: break
            }
            if let difference = Self.difference(bytes, &seen) {
                Issue.record("seed \(seed), round \(round): \(difference)\n  \(wireText(bytes).debugDescription)")
            }
        }
        #expect(seen["same", default: 0] > 800, "\(seen)")
    }
}
