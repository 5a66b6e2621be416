// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPWire
import HTTPWireTestSupport
import Testing

/// Bytes nobody thought of: the cases of the tables, broken at random from a seed that is printed on failure.
@Suite struct MutationTests {
    static let accepted = AcceptedRequest.all.map { wireBytes($0.text) }
    static let requests = accepted + RefusedRequest.all.map { wireBytes($0.text) }
    static let responses = ResponseCase.all.map { wireBytes($0.text) }
    static let bodies = ChunkedCase.all.map { wireBytes($0.text) }
    /// What breaks parsers.
    static let spice: [[UInt8]] = [
        "\r", "\n", "\r\n", "\r\n\r\n", ":", " ", "\t", "\0", "%", "\u{7F}", "\u{80}", "\u{FF}", ",", ";", "\"", "0", "-", "HTTP/1.1",
        "\r\nTransfer-Encoding: chunked", "\r\nContent-Length: 1", "\r\nHost: a", "\r\nConnection: close",
    ].map(wireBytes)

    static func mutate(_ bytes: [UInt8], _ random: inout SeededRandom) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            let place = Int.random(in: 0...bytes.count, using: &random)
            switch Int.random(in: 0..<5, using: &random) {
            case 0 where place < bytes.count: bytes[place] = UInt8.random(in: .min ... .max, using: &random)
            case 1 where place < bytes.count: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...4, using: &random)))
            case 2 where place < bytes.count:
                bytes.insert(contentsOf: bytes[place...].prefix(Int.random(in: 1...30, using: &random)), at: place)
            case 3: bytes.removeSubrange(place...)
            default: bytes.insert(contentsOf: spice.randomElement(using: &random) ?? [], at: place)
            }
        }
        return bytes
    }

    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func noRequestBreaksWhatMustHold(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        var accepted = 0
        for round in 0..<2500 {
            // Mostly from what is accepted: of what is refused little becomes acceptable by chance.
            let source = round % 4 == 1 ? Self.requests : Self.accepted
            var bytes = Self.mutate(try #require(source.randomElement(using: &random)), &random)
            if round % 4 == 0 { bytes += try #require(Self.bodies.randomElement(using: &random)) }
            if let violation = RequestPathCheck.violation(bytes) {
                Issue.record("seed \(seed), round \(round): \(violation): \(wireText(bytes).debugDescription)")
            }
            if Feeding.request(bytes).summary != nil { accepted += 1 }
        }
        // Not all of them are refused out of hand: the checks on accepted heads have something to check.
        #expect(accepted > 100)
    }

    @Test(arguments: [5, 6] as [UInt64])
    func noResponseDependsOnItsCuts(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        for round in 0..<2500 {
            let bytes = Self.mutate(try #require(Self.responses.randomElement(using: &random)), &random)
            let method = Method.allCases.randomElement(using: &random) ?? .get
            let whole = Feeding.response(bytes, answering: method)
            let cuts = (0..<4).map { _ in Int.random(in: 0...bytes.count, using: &random) }.sorted()
            for cuts in [cuts, Array(0..<bytes.count)] {
                #expect(
                    Feeding.response(bytes, answering: method, cuts: cuts) == whole,
                    "seed \(seed), round \(round): \(wireText(bytes).debugDescription)"
                )
            }
        }
    }

    @Test(arguments: [7, 8] as [UInt64])
    func noChunkedBodyDependsOnItsCuts(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let head = wireBytes("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        for round in 0..<2500 {
            let bytes = Self.mutate(try #require(Self.bodies.randomElement(using: &random)), &random)
            if let violation = RequestPathCheck.violation(head + bytes) {
                Issue.record("seed \(seed), round \(round): \(violation): \(wireText(bytes).debugDescription)")
            }
        }
    }

    @Test func theFuzzersEntryTakesEveryCase() {
        for bytes in Self.requests + Self.responses + Self.bodies {
            // The entry stops the process: what it would stop for is reported instead.
            let violation = RequestPathCheck.violation(bytes)
            #expect(violation == nil, "\(wireText(bytes).debugDescription)")
            if violation == nil { withExactRegion(bytes) { fuzzRequestPath($0) } }
        }
    }
}
