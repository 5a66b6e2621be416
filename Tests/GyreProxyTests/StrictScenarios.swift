// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import GyreTelemetry
import GyreTestKit
import NIOCore
import Testing

@testable import GyreProxy

/// A message that two readers may read differently, from either side.
struct Ambiguity: Sendable, CustomTestStringConvertible {
    let what: String
    /// Fields and what follows them, behind `Host: a` in a request and behind the status line in a response.
    let rest: String
    let testDescription: String

    init(_ what: String, _ rest: String) {
        self.what = what
        self.rest = rest
        testDescription = what
    }

    static let onBothSides = [
        Ambiguity("length and coding", "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        Ambiguity("coding and length", "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n"),
        Ambiguity("two lengths", "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc"),
        Ambiguity("the same length twice", "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc"),
        Ambiguity("a list of lengths", "Content-Length: 3, 3\r\n\r\nabc"),
        Ambiguity("a signed length", "Content-Length: +3\r\n\r\nabc"),
        Ambiguity("a hexadecimal length", "Content-Length: 0x3\r\n\r\nabc"),
        Ambiguity("a length beyond all bounds", "Content-Length: 18446744073709551619\r\n\r\nabc"),
        Ambiguity("an empty length", "Content-Length: \r\n\r\n"),
        Ambiguity("chunked twice", "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n"),
        Ambiguity("chunked not last", "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"),
        Ambiguity("chunked in odd words", "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"),
        Ambiguity("chunked with a vertical tab", "Transfer-Encoding: \u{b}chunked\r\n\r\n0\r\n\r\n"),
        Ambiguity("a bare LF between fields", "X: 1\nContent-Length: 0\r\n\r\n"),
        Ambiguity("a bare LF at the end", "X: 1\r\n\n"),
        Ambiguity("a bare CR in a value", "X: 1\rContent-Length: 5\r\n\r\n"),
        Ambiguity("a folded line", "X: 1\r\n Content-Length: 5\r\n\r\n"),
        Ambiguity("a space before the colon", "Content-Length : 0\r\n\r\n"),
        Ambiguity("a tab before the colon", "Transfer-Encoding\t: chunked\r\n\r\n0\r\n\r\n"),
        Ambiguity("a field without a colon", "nonsense\r\n\r\n"),
        Ambiguity("a field without a name", ": 1\r\n\r\n"),
        Ambiguity("a name that is no token", "X(Y): 1\r\n\r\n"),
        Ambiguity("a NUL in a value", "X: a\0b\r\n\r\n"),
        Ambiguity("a control character in a value", "X: a\u{1}b\r\n\r\n"),
    ]

    /// Behind a head that announces chunks.
    static let chunks = [
        Ambiguity("a size that is none", "x\r\nabc\r\n0\r\n\r\n"),
        Ambiguity("an empty size", "\r\nabc\r\n0\r\n\r\n"),
        Ambiguity("a size with a sign", "+3\r\nabc\r\n0\r\n\r\n"),
        Ambiguity("a size with a prefix", "0x3\r\nabc\r\n0\r\n\r\n"),
        Ambiguity("a size of more than 64 bits", "10000000000000003\r\nabc\r\n0\r\n\r\n"),
        Ambiguity("two sizes", "3 3\r\nabc\r\n0\r\n\r\n"),
        Ambiguity("a size that ends with LF", "3\nabc\r\n0\r\n\r\n"),
        Ambiguity("data that ends with LF", "3\r\nabc\n0\r\n\r\n"),
        Ambiguity("data longer than its size", "3\r\nabcd\r\n0\r\n\r\n"),
        Ambiguity("an extension with a bare CR", "3;a=\rb\r\nabc\r\n0\r\n\r\n"),
        Ambiguity("an extension without end", "3;a=\(String(repeating: "b", count: 5000))\r\nabc\r\n0\r\n\r\n"),
        Ambiguity("a trailer with a bare LF", "3\r\nabc\r\n0\r\nX: 1\n\r\n"),
    ]

    /// In a response such a trailer is dropped.
    static let requestChunks = chunks + [Ambiguity("a trailer that frames", "3\r\nabc\r\n0\r\nContent-Length: 5\r\n\r\n")]
}

@Suite struct StrictScenarios {
    /// Both ends of every message that can be read in two ways: nothing of it goes on, and the connection is closed.
    @Test func `an ambiguous request gets 400 and a close, and reaches no origin`() async throws {
        try await withScenario { scenario in
            scenario.origin.otherwise { _ in .response(200, body: "x") }
            let head = "POST /a HTTP/1.1\r\nHost: a\r\n"
            for ambiguity in Ambiguity.onBothSides {
                let client = try await scenario.client()
                try await client.send(head + ambiguity.rest)
                let response = try await client.readResponse()
                #expect((400...501).contains(response.status) && response["Connection"] == "close", "\(ambiguity.what): \(response.status)")
                #expect(try await client.isClosedByPeer(), "\(ambiguity.what)")
            }
            #expect(scenario.origin.requestCount == 0)
        }
    }

    @Test func `an ambiguous response is a 502, and its connection is not used again`() async throws {
        try await withScenario { scenario in
            for (number, ambiguity) in Ambiguity.onBothSides.enumerated() {
                let text = "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\n" + ambiguity.rest
                scenario.origin.on("GET", "/\(number)") { _ in .raw(.bytes(text.unicodeScalars.map { UInt8($0.value) })) }
                let client = try await scenario.client()
                for _ in 0..<2 {
                    let response = try await client.get("/\(number)")
                    #expect(response.status == 502, "\(ambiguity.what): \(response.status)")
                }
            }
            #expect(scenario.origin.requestCount == Ambiguity.onBothSides.count * 2)
        }
    }

    @Test func `chunks that are ambiguous end the request, and what came of it is not taken for whole`() async throws {
        try await withScenario { scenario in
            scenario.origin.otherwise { request in .response(200, body: "\(try await request.body().count)") }
            for ambiguity in Ambiguity.requestChunks {
                let client = try await scenario.client()
                try await client.send("POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + ambiguity.rest)
                let response = try await client.readResponse()
                #expect(response.status == 400, "\(ambiguity.what): \(response.status)")
                #expect(try await client.isClosedByPeer(), "\(ambiguity.what)")
            }
        }
    }

    @Test func `chunks of a response that are ambiguous are not passed off as whole, and not stored`() async throws {
        try await withScenario { scenario in
            for (number, ambiguity) in Ambiguity.chunks.enumerated() {
                let text = "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nTransfer-Encoding: chunked\r\n\r\n" + ambiguity.rest
                scenario.origin.on("GET", "/\(number)") { _ in .raw(.bytes(Array(text.utf8))) }
                for _ in 0..<2 {
                    let client = try await scenario.client()
                    let outcome = try? await client.get("/\(number)")
                    #expect(outcome.map { $0.status == 502 } ?? true, "\(ambiguity.what)")
                }
                #expect(scenario.origin.count("GET", "/\(number)") == 2, "\(ambiguity.what)")
            }
        }
    }

    @Test func `a client that sends its body too slowly is told so and let go`() async throws {
        try await withScenario(adjust: { configuration in
            configuration.timeouts.minBytesPerSecond = 1_000_000
            configuration.timeouts.paceGraceMilliseconds = 10
        }) { scenario in
            scenario.origin.otherwise { request in .response(200, body: "\(try await request.body().count)") }
            let client = try await scenario.client()
            try await client.send("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nx")
            let response = try await client.readResponse()
            #expect(response.status == 408 && response["Cache-Status"]?.contains("client-too-slow") == true)
            #expect(try await client.isClosedByPeer())
        }
    }

    /// Both were answered with 400 once.
    @Test(arguments: [
        ("Content-Length: 1000\r\n\r\n1", 413, "body-too-large"),
        ("Transfer-Encoding: chunked\r\n\r\n32\r\n\(String(repeating: "x", count: 50))\r\n", 413, "body-too-large"),
        ("Content-Length: 10\r\n\r\n1", 408, "body-timeout"), ("Transfer-Encoding: chunked\r\n\r\n1\r\n1\r\n", 408, "body-timeout"),
    ])
    func `a body that is too long or stops is refused with the status for that`(rest: String, status: Int, reason: String) async throws {
        try await withScenario(adjust: { configuration in
            configuration.maxRequestBodyBytes = 20
            configuration.timeouts.bodyMilliseconds = 10
        }) { scenario in
            scenario.origin.otherwise { request in .response(200, body: "\(try await request.body().count)") }
            let client = try await scenario.client()
            try await client.send("POST /a HTTP/1.1\r\nHost: a\r\n\(rest)")
            let response = try await client.readResponse()
            #expect(response.status == status && response.text.contains(reason))
            #expect(scenario.totals().refusals[reason] == 1)
            #expect(try await client.isClosedByPeer())
        }
    }

    @Test func `a client that takes its answer too slowly is let go`() async throws {
        try await withScenario(adjust: { configuration in
            configuration.timeouts.minBytesPerSecond = 1_000_000
            configuration.timeouts.paceGraceMilliseconds = 10
        }) { scenario in
            let pattern = PatternBody(seed: 5, count: 64 << 20)
            scenario.origin.on("GET", "/big") { _ in .response(200, ["Cache-Control": "no-store"], body: .pattern(pattern)) }
            let client = try await RawClient.connect(port: scenario.proxy.port, receiveBufferBytes: 64 * 1024)
            try await client.sendRequest("GET", "/big")
            try await eventually("it is logged") { scenario.log.lines.contains { $0.contains("client-too-slow") } }
            // Went wrong once, with the write timeout: the fetch went on for nobody.
            try await eventually("the fetch is given up") { scenario.origin.openConnectionCount == 0 }
        }
    }
}

@Suite struct PaceTests {
    private func look(_ pace: inout Pace, _ looks: [(waits: Bool, total: UInt64, second: Int)]) -> [Bool] {
        looks.map { pace.isTooSlow(isWaiting: $0.waits, total: $0.total, now: .uptimeNanoseconds(UInt64($0.second) * 1_000_000_000)) }
    }

    @Test func `only time in which the client is waited for counts, after a grace`() {
        var pace = Pace(least: 100, grace: .seconds(5))
        // Fast enough; then it is not waited for; then it stalls for longer than the grace.
        #expect(look(&pace, [(true, 0, 0), (true, 200, 1), (true, 400, 2), (false, 400, 60), (true, 400, 61)]).allSatisfy { !$0 })
        #expect(look(&pace, [(true, 400, 63), (true, 400, 64), (true, 400, 65), (true, 400, 66)]) == [false, false, true, true])
        pace.reset()
        #expect(look(&pace, [(true, 400, 67), (true, 1000, 73), (true, 1300, 76)]) == [false, false, false])
        #expect(look(&pace, [(true, 1301, 80)]) == [true])
    }

    @Test func `without a least pace nobody is too slow`() {
        var pace = Pace(least: nil, grace: .seconds(0))
        #expect(look(&pace, [(true, 0, 0), (true, 0, 1000)]) == [false, false])
    }
}
