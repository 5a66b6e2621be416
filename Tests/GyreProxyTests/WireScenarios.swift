// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import GyreProxy
import GyreTelemetry
import GyreTestKit
import Testing

@Suite struct WireScenarios {
    @Test func `pipelined requests are answered in order on one connection`() async throws {
        try await withScenario { scenario in
            for number in 0..<6 {
                scenario.origin.on("GET", "/\(number)") { _ in .response(200, ["Cache-Control": "max-age=60"], body: "n\(number)") }
            }
            let client = try await scenario.client()
            _ = try await client.get("/2")
            try await client.send((0..<6).map { "GET /\($0) HTTP/1.1\r\nHost: \(scenario.origin.authority)\r\n\r\n" }.joined())
            for number in 0..<6 { #expect(try await client.readResponse().text == "n\(number)") }
        }
    }

    @Test(arguments: [
        ("GET / HTTP/1.1\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc", 400),
        ("GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n", 400),
        ("GET / HTTP/1.1\nHost: a\n\n", 400),
        ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
        ("GET /\(String(repeating: "a", count: 20_000)) HTTP/1.1\r\nHost: a\r\n\r\n", 414),
    ])
    func `an ambiguous or oversized request gets its status and a closed connection`(text: String, status: Int) async throws {
        try await withScenario { scenario in
            let client = try await scenario.client()
            try await client.send(text)
            #expect(try await client.readResponse().status == status)
            #expect(try await client.isClosedByPeer())
            #expect(scenario.origin.requestCount == 0)
        }
    }

    @Test func `request bodies are passed on, with a length and in chunks with trailers`() async throws {
        try await withScenario { scenario in
            scenario.origin.on("POST", "/up") { request in
                let body = try await request.body()
                let trailer = await request.trailers()["X-Sum"] ?? "none"
                return .response(200, body: "\(body.count) \(trailer)")
            }
            let client = try await scenario.client()
            let pattern = PatternBody(seed: 3, count: 700_000)
            #expect(try await client.request("POST", "/up", body: pattern.bytes()).text == "700000 none")
            try await client.send(
                "POST /up HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n3;x=y\r\nabc\r\n0\r\nX-Sum: 8\r\n\r\n"
            )
            #expect(try await client.readResponse(to: "POST").text == "8 8")
        }
    }

    @Test func `Expect: 100-continue is passed on, and the body follows the origin's 100`() async throws {
        try await withScenario { scenario in
            scenario.origin.on("PUT", "/up") { request in .response(201, body: "\(try await request.body().count)").interim(100) }
            let client = try await scenario.client()
            try await client.send("PUT /up HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
            let first = try await client.readNextHead(to: "PUT")
            #expect(first.status == 100)
            try await client.send("hello")
            #expect(try await client.readResponse(to: "PUT").text == "5")
        }
    }

    @Test func `an origin that refuses an expectation spares the client its body`() async throws {
        try await withScenario { scenario in
            scenario.origin.on("PUT", "/up") { _ in .response(413, body: "no") }
            let client = try await scenario.client()
            try await client.send("PUT /up HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 500\r\n\r\n")
            #expect(try await client.readResponse(to: "PUT").status == 413)
        }
    }

    /// Went wrong once: the connection was closed under a client that was still sending, and the reset took the answer away.
    @Test func `a body that is too large is refused with an answer that arrives`() async throws {
        try await withScenario(adjust: { $0.maxRequestBodyBytes = 1000 }) { scenario in
            let client = try await scenario.client()
            #expect(try await client.request("POST", "/up", body: [UInt8](repeating: 1, count: 300_000)).status == 413)
            #expect(try await client.isClosedByPeer())
            #expect(scenario.origin.requestCount == 0)
        }
    }

    @Test func `trailers reach clients that ask for them`() async throws {
        try await withScenario { scenario in
            scenario.origin.on("GET", "/t") { _ in
                .response(200, ["Cache-Control": "no-store"], body: ["one", "two"], framing: .chunked(trailers: ["X-Sum": "6"]))
            }
            let client = try await scenario.client()
            let with = try await client.get("/t", ["TE": "trailers", "Connection": "TE"])
            #expect(with.text == "onetwo" && with.trailers["X-Sum"] == "6")
            #expect(try await client.get("/t").trailers["X-Sum"] == nil)
        }
    }

    @Test(arguments: ["Content-Length", "Host", "Cache-Control", "Set-Cookie", "Content-Encoding", "Transfer-Encoding"])
    func `a trailer of an origin that has no place there is dropped, and the response is whole`(name: String) async throws {
        try await withScenario { scenario in
            scenario.origin.on("GET", "/t") { _ in
                .response(
                    200,
                    ["Cache-Control": "max-age=60"],
                    body: "onetwo",
                    framing: .chunked(trailers: ["X-Sum": "6", name: "no-store", "X-End": "7"])
                )
            }
            let client = try await scenario.client()
            let asks: FieldLines = ["TE": "trailers", "Connection": "TE"]
            let first = try await client.get("/t", asks)
            #expect(first.text == "onetwo" && first.trailers["X-Sum"] == "6" && first.trailers["X-End"] == "7")
            #expect(first.trailers[name] == nil)
            let stored = try await client.get("/t", asks)
            #expect(stored.text == "onetwo" && stored["X-Sum"] == nil)
            if name != "Content-Length", name != "Host" { #expect(stored[name] == (name == "Cache-Control" ? "max-age=60" : nil)) }
            #expect(scenario.origin.requestCount == 1)
        }
    }

    @Test func `an https target over a plain connection is misdirected, also when the http one is stored`() async throws {
        try await withScenario { scenario in
            scenario.origin.on("GET", "/a") { _ in .response(200, ["Cache-Control": "max-age=60"], body: "x") }
            let client = try await scenario.client()
            #expect(try await client.get("http://site.test/a", ["Host": "site.test"]).text == "x")
            let refused = try await client.get("https://site.test/a", ["Host": "site.test"])
            #expect(refused.status == 421 && refused["Cache-Status"] == "gyre; detail=scheme-not-secured")
            #expect(try await client.get("http://site.test/a", ["Host": "site.test"]).text == "x")
            #expect(scenario.origin.requestCount == 1)
        }
    }

    @Test func `what the proxy says itself has a date`() async throws {
        try await withScenario { scenario in
            scenario.origin.on("GET", "/a") { _ in .response(200, ["Cache-Control": "max-age=60"], body: "x") }
            scenario.origin.on("GET", "/gone") { _ in .close }
            scenario.origin.on("GET", "/undated") { _ in .response(200, ["Cache-Control": "no-store", "Date": "yesterday"]) }
            let client = try await scenario.client()
            _ = try await client.get("/a")
            let answers = [
                try await client.get("/a", ["Range": "bytes=9-"]),
                try await client.get("/never", ["Cache-Control": "only-if-cached"]),
                try await client.get("https://site.test/a", ["Host": "site.test"]),
                try await client.get("/gone"),
                try await client.get("/undated"),
            ]
            #expect(answers.map(\.status) == [416, 504, 421, 502, 200])
            for answer in answers { #expect(answer["Date"].map { $0.hasSuffix(" GMT") } == true) }
            try await client.send("GET / HTTP/1.1\r\n\r\n")
            let bad = try await client.readResponse()
            #expect(bad.status == 400 && bad["Date"] != nil)
        }
    }

    @Test func `fields for one hop stop here and the proxy's own are added`() async throws {
        try await withScenario { scenario in
            scenario.origin.on("GET", "/a") { _ in
                .response(
                    200,
                    ["Connection": "X-Mine", "X-Mine": "1", "Keep-Alive": "timeout=5", "X-Yours": "2", "Cache-Control": "max-age=60"],
                    body: "x"
                )
            }
            let client = try await scenario.client()
            for _ in 0..<2 {
                let response = try await client.get(
                    "/a",
                    ["Connection": "X-Hop", "X-Hop": "1", "Proxy-Authorization": "secret", "X-End": "3"]
                )
                #expect(
                    response["X-Mine"] == nil && response["Keep-Alive"] == nil && response["X-Yours"] == "2"
                        && response["Via"] == "1.1 gyre"
                )
            }
            let head = try #require(scenario.origin.received("GET", "/a").first)
            #expect(head.fields["X-Hop"] == nil && head.fields["Proxy-Authorization"] == nil && head.fields["X-End"] == "3")
            #expect(head.fields["Via"]?.hasPrefix("1.1 gyre-") == true && head.fields["X-Forwarded-For"] == "127.0.0.1")
            #expect(head.fields["Forwarded"]?.contains("for=127.0.0.1") == true)
        }
    }

    @Test func `HTTP/1.0 clients get a body that ends with the connection when its length is unknown`() async throws {
        try await withScenario { scenario in
            scenario.origin.on("GET", "/a") { _ in .response(200, ["Cache-Control": "no-store"], body: ["one", "two"], framing: .chunked) }
            let client = try await scenario.client()
            try await client.send("GET /a HTTP/1.0\r\n\r\n")
            let text = String(decoding: try await client.readToEnd(), as: UTF8.self)
            #expect(text.hasSuffix("\r\n\r\nonetwo") && !text.contains("chunked"))
        }
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        "nonsense\r\n\r\n",
        "HTTP/1.1 200 OK\nContent-Length: 0\n\n",
    ])
    func `an origin's ambiguous answer is a 502`(text: String) async throws {
        try await withScenario { scenario in
            scenario.origin.on("GET", "/a") { _ in .raw(.bytes(Array(text.utf8))) }
            let client = try await scenario.client()
            #expect(try await client.get("/a").status == 502)
            #expect(scenario.totals().originErrors["malformed-response"] == 1)
        }
    }

    @Test func `an origin that is not there is a 502, one that never answers a 504`() async throws {
        try await withScenario(adjust: { $0.origin?.readTimeoutMilliseconds = 200 }) { scenario in
            scenario.origin.on("GET", "/silent") { _ in .silence }
            let client = try await scenario.client()
            #expect(try await client.get("/silent").status == 504)
            await scenario.origin.stop()
            #expect(try await client.get("/gone").status == 502)
        }
    }

    @Test func `a kept connection that the origin closes is replaced without the client noticing`() async throws {
        try await withScenario { scenario in
            scenario.origin.on("GET", "/a") { _ in .response(200, ["Cache-Control": "no-store"], body: "x").closing() }
            let client = try await scenario.client()
            for _ in 0..<20 { #expect(try await client.get("/a").text == "x") }
        }
    }

    @Test func `a client that does not read stops the origin from being read`() async throws {
        let pattern = PatternBody(seed: 1, count: 64 << 20)
        try await withScenario { scenario in
            scenario.origin.on("GET", "/big") { _ in .response(200, ["Cache-Control": "no-store"], body: .pattern(pattern)) }
            let client = try await RawClient.connect(port: scenario.proxy.port, receiveBufferBytes: 32 * 1024)
            try await client.sendRequest("GET", "/big")
            _ = try await client.readHead()
            var last = -1
            try await eventually("the origin stands still") {
                let now = scenario.origin.bodyBytesSent
                defer { last = now }
                return now == last && now > 0
            }
            #expect(scenario.origin.bodyBytesSent < 24 << 20)
            #expect(try await client.compareBody(with: pattern) == nil)
        }
    }

    /// Went wrong once: every pipelined hit was put into memory at once.
    @Test func `pipelined hits are made no faster than they are read`() async throws {
        let pattern = PatternBody(seed: 2, count: 50_000)
        let requests = 1500
        try await withScenario { scenario in
            scenario.origin.on("GET", "/a") { _ in .response(200, ["Cache-Control": "max-age=600"], body: .pattern(pattern)) }
            let first = try await scenario.client()
            _ = try await first.get("/a")
            let client = try await RawClient.connect(port: scenario.proxy.port, receiveBufferBytes: 32 * 1024)
            try await client.send(String(repeating: "GET /a HTTP/1.1\r\nHost: \(scenario.origin.authority)\r\n\r\n", count: requests))
            var (last, looks) = (-1, 0)
            try await eventually("nothing moves") {
                let sent = scenario.totals().responseBytes
                looks = sent == last && sent > pattern.count ? looks + 1 : 0
                last = sent
                return looks > 20
            }
            #expect(scenario.totals().responseBytes < 32 << 20)
            for _ in 0..<requests {
                _ = try await client.readHead()
                #expect(try await client.compareBody(with: pattern) == nil)
            }
        }
    }

    @Test func `draining finishes what is under way and closes what is idle`() async throws {
        let gate = Gate()
        try await withScenario { scenario in
            scenario.origin.on("GET", "/slow") { _ in
                .response(200, ["Cache-Control": "no-store"], body: ["a", .gate(gate), "b"], framing: .chunked)
            }
            let busy = try await scenario.client()
            let idle = try await scenario.client()
            try await busy.sendRequest("GET", "/slow")
            _ = try await busy.readHead()
            try await eventually("the idle client is connected") { scenario.totals().openConnections == 2 }
            async let stopped: Void = scenario.proxy.shutDown(withinMilliseconds: 20_000)
            #expect(try await idle.isClosedByPeer())
            gate.open()
            #expect(try await busy.readBody(atLeast: 2) == Array("ab".utf8))
            await stopped
        }
    }
}
