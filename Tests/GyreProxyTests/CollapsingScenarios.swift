// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

@testable import GyreProxy
import GyreTelemetry
import GyreTestKit
import Testing

/// RFC 9111 §4: requests that share a fetch. Two workers where it matters that the clients are on different loops.
@Suite struct CollapsingScenarios {
    private func clients(_ count: Int, _ scenario: Scenario) async throws -> [RawClient] {
        var clients: [RawClient] = []
        for _ in 0..<count { clients.append(try await scenario.client()) }
        return clients
    }

    /// No entry stays in the table, and no byte is kept, whatever way a fetch ended.
    private func nothingIsLeft(_ scenario: Scenario, but fills: Int = 0) async throws {
        try await eventually("every fill has ended") {
            scenario.proxy.shared.fills.count == fills && scenario.proxy.shared.fills.bytesKept == 0
        }
    }

    @Test(arguments: [1, 2]) func `one request goes upstream for all who wait, and all get the answer`(workers: Int) async throws {
        try await withScenario(adjust: { $0.workers = workers }) { scenario in
            let gate = Gate()
            let pattern = PatternBody(seed: 5, count: 200_000)
            scenario.origin.on("GET", "/a") { _ in
                .response(200, ["Cache-Control": "max-age=60"], body: .pattern(pattern), framing: .chunked).after(gate)
            }
            let clients = try await clients(20, scenario)
            for client in clients { try await client.sendRequest("GET", "/a", ["Host": "site.test"]) }
            try await eventually("the origin is asked") { gate.waitingCount == 1 }
            try await eventually("all are connected") { scenario.totals().openConnections == 20 }
            gate.open()
            var collapsed = 0
            for client in clients {
                let answer = try await client.readResponse()
                #expect(answer.status == 200 && pattern.matches(answer.body))
                if answer["Cache-Status"]?.contains("; collapsed") == true { collapsed += 1 }
            }
            #expect(scenario.origin.requestCount == 1)
            #expect(collapsed > 0)
            try await nothingIsLeft(scenario)
        }
    }

    @Test func `who joins late streams from the beginning while the rest is still to come`() async throws {
        try await withScenario { scenario in
            let gate = Gate()
            scenario.origin.on("GET", "/a") { _ in
                .response(200, ["Cache-Control": "max-age=60"], body: ["first,", .gate(gate), "second"], framing: .chunked)
            }
            let first = try await scenario.client()
            try await first.sendRequest("GET", "/a")
            _ = try await first.readHead()
            #expect(try await first.readBody(atLeast: 6) == Array("first,".utf8))
            let second = try await scenario.client()
            try await second.sendRequest("GET", "/a")
            let head = try await second.readHead()
            #expect(head["Age"] != nil && head["Cache-Status"]?.contains("; collapsed") == true)
            #expect(try await second.readBody(atLeast: 6) == Array("first,".utf8))
            gate.open()
            for client in [first, second] { #expect(try await client.readBody(atLeast: 6) == Array("second".utf8)) }
            #expect(scenario.origin.requestCount == 1)
        }
    }

    @Test(arguments: ["no-store", "private", "no-cache", "max-age=0"])
    func `who waits for what cannot be shared is released at once, and the next ones do not queue`(directives: String) async throws {
        try await withScenario { scenario in
            let gate = Gate()
            let body = Gate()
            scenario.origin.on("GET", "/a") { request in
                // The body of each answer is held back: only requests that do not wait for each other can all arrive.
                .response(200, ["Cache-Control": directives], body: ["x", .gate(body)], framing: .chunked).after(gate)
            }
            let clients = try await clients(6, scenario)
            for client in clients { try await client.sendRequest("GET", "/a") }
            try await eventually("the first is at the origin") { gate.waitingCount >= 1 }
            gate.open()
            try await eventually("all are at the origin at the same time") { body.waitingCount == 6 }
            let more = try await self.clients(3, scenario)
            for client in more { try await client.sendRequest("GET", "/a") }
            try await eventually("later ones go straight there") { body.waitingCount == 9 }
            body.open()
            for client in clients + more { #expect(try await client.readResponse().text == "x") }
            #expect(scenario.origin.requestCount == 9)
            try await nothingIsLeft(scenario)
        }
    }

    @Test func `different variants do not wait for each other`() async throws {
        try await withScenario { scenario in
            let gate = Gate()
            scenario.origin.on("GET", "/a") { request in
                let language = request.fields["Accept-Language"] ?? "-"
                let reply = OriginReply.response(
                    200,
                    ["Cache-Control": "max-age=60", "Vary": "Accept-Language"],
                    body: ["\(language)", .gate(gate)],
                    framing: .chunked
                )
                return reply
            }
            let clients = try await clients(6, scenario)
            for (index, client) in clients.enumerated() {
                try await client.sendRequest("GET", "/a", ["Accept-Language": index % 2 == 0 ? "de" : "en"])
            }
            try await eventually("one of each is under way") { gate.waitingCount == 2 }
            gate.open()
            for (index, client) in clients.enumerated() {
                #expect(try await client.readResponse().text == (index % 2 == 0 ? "de" : "en"))
            }
            #expect(scenario.origin.requestCount == 2)
            let after = try await scenario.client()
            for language in ["de", "en"] { #expect(try await after.get("/a", ["Accept-Language": language]).text == language) }
            #expect(scenario.origin.requestCount == 2)
        }
    }

    /// Two first variants at the same time had a marker each, and the one that came last was all that was found later.
    @Test(arguments: [1, 2]) func `first variants that are fetched at the same time are all kept`(workers: Int) async throws {
        try await withScenario(adjust: { $0.workers = workers }) { scenario in
            let gate = Gate()
            scenario.origin.on("GET", "/a") { request in
                let language = request.fields["Accept-Language"] ?? "-"
                return .response(
                    200,
                    ["Cache-Control": "max-age=60", "Vary": "Accept-Language", "ETag": "\"\(language)\""],
                    body: .bytes(Array(language.utf8))
                ).after(gate)
            }
            let languages = ["de", "en", "fr", "it"]
            let clients = try await clients(languages.count, scenario)
            for (client, language) in zip(clients, languages) {
                // Who wants the origin's own word does not wait for others.
                try await client.sendRequest("GET", "/a", ["Host": "site.test", "Accept-Language": language, "Cache-Control": "no-cache"])
            }
            try await eventually("all are at the origin") { gate.waitingCount == languages.count }
            gate.open()
            for (client, language) in zip(clients, languages) { #expect(try await client.readResponse().text == language) }
            try await nothingIsLeft(scenario)
            #expect(scenario.proxy.shared.markers.count == 0)
            for language in languages {
                let answer = try await clients[0].get("/a", ["Host": "site.test", "Accept-Language": language])
                #expect(answer.text == language && answer["Cache-Status"]?.contains("; hit") == true)
            }
            #expect(scenario.origin.requestCount == languages.count)
            // A purge ends the generation that they have agreed on.
            _ = try await scenario.proxy.purge(PurgeRequest(.url("http://site.test/a")))
            for language in languages { _ = try await clients[0].get("/a", ["Host": "site.test", "Accept-Language": language]) }
            #expect(scenario.origin.requestCount == languages.count * 2)
        }
    }

    /// The same with a response that begins when the other has ended.
    @Test(arguments: [1, 2]) func `a first variant that comes late is kept beside those that came meanwhile`(workers: Int) async throws {
        try await withScenario(adjust: { $0.workers = workers }) { scenario in
            let gate = Gate()
            scenario.origin.on("GET", "/a") { request in
                let language = request.fields["Accept-Language"] ?? "-"
                let reply = OriginReply.response(
                    200,
                    ["Cache-Control": "max-age=60", "Vary": "Accept-Language"],
                    body: .bytes(Array(language.utf8))
                )
                return language == "late" ? reply.after(gate) : reply
            }
            let (late, client) = (try await scenario.client(), try await scenario.client())
            func fields(_ language: String) -> FieldLines { ["Accept-Language": language, "Cache-Control": "no-cache"] }
            try await late.sendRequest("GET", "/a", fields("late"))
            try await eventually("it is at the origin") { gate.waitingCount == 1 }
            for language in ["de", "en"] { #expect(try await client.request("GET", "/a", fields(language)).text == language) }
            try await nothingIsLeft(scenario, but: 1)
            gate.open()
            #expect(try await late.readResponse().text == "late")
            for language in ["de", "en", "late"] { #expect(try await client.get("/a", ["Accept-Language": language]).text == language) }
            #expect(scenario.origin.requestCount == 3)
        }
    }

    @Test func `a leader that leaves takes nobody along`() async throws {
        try await withScenario { scenario in
            let gate = Gate()
            scenario.origin.on("GET", "/a") { _ in .response(200, ["Cache-Control": "max-age=60"], body: "x").after(gate) }
            let clients = try await clients(3, scenario)
            try await clients[0].sendRequest("GET", "/a")
            try await eventually("the leader is at the origin") { gate.waitingCount == 1 }
            for client in clients[1...] { try await client.sendRequest("GET", "/a") }
            try await eventually("all are connected") { scenario.totals().openConnections == 3 }
            // A request that was read is in the fill before this later one is answered.
            #expect(try await scenario.client().get("/b").status == 404)
            // A close alone may be the end of sending; a reset is the end.
            await clients[0].reset()
            try await eventually("the leader is gone") { scenario.totals().openConnections <= 3 }
            gate.open()
            for client in clients[1...] { #expect(try await client.readResponse().text == "x") }
            #expect(scenario.origin.count("GET", "/a") == 1)
        }
    }

    @Test func `a fetch that fails tells all who wait, and the next request asks again`() async throws {
        try await withScenario { scenario in
            let gate = Gate()
            scenario.origin.on("GET", "/a") { _ in
                try await gate.wait()
                return .raw("nonsense\r\n\r\n")
            }
            let clients = try await clients(4, scenario)
            for client in clients { try await client.sendRequest("GET", "/a") }
            try await eventually("the origin is asked") { gate.waitingCount == 1 }
            #expect(try await scenario.client().get("/b").status == 404)
            gate.open()
            for client in clients { #expect(try await client.readResponse().status == 502) }
            #expect(scenario.origin.count("GET", "/a") == 1)
            scenario.origin.on("GET", "/a") { _ in .response(200, ["Cache-Control": "max-age=60"], body: "x") }
            #expect(try await scenario.client().get("/a").text == "x")
            try await nothingIsLeft(scenario)
        }
    }

    @Test func `a body that breaks off breaks off for all, and nothing of it is kept`() async throws {
        try await withScenario { scenario in
            let gate = Gate()
            scenario.origin.on("GET", "/a") { _ in
                .response(
                    200,
                    ["Cache-Control": "max-age=60"],
                    body: ["first", .gate(gate), .close],
                    framing: .declaredLength(100)
                )
            }
            let clients = try await clients(2, scenario)
            for client in clients {
                try await client.sendRequest("GET", "/a")
                _ = try await client.readHead()
                #expect(try await client.readBody(atLeast: 5) == Array("first".utf8))
            }
            gate.open()
            for client in clients { await #expect(throws: (any Error).self) { try await client.readBody(atLeast: 1) } }
            #expect(scenario.origin.requestCount == 1)
            scenario.origin.on("GET", "/a") { _ in .response(200, ["Cache-Control": "max-age=60"], body: "whole") }
            #expect(try await scenario.client().get("/a").text == "whole")
            try await nothingIsLeft(scenario)
        }
    }

    @Test func `of a body that breaks off, with a length and a strong tag, the beginning is kept and only the rest is asked for`()
        async throws
    {
        try await withScenario { scenario in
            let gate = Gate()
            scenario.origin.on("GET", "/a") { request in
                guard request.fields["Range"] == nil else {
                    return .response(
                        206,
                        ["Cache-Control": "max-age=60", "ETag": "\"a\"", "Content-Range": "bytes 5-9/10"],
                        body: "56789"
                    )
                }
                return .response(
                    200,
                    ["Cache-Control": "max-age=60", "ETag": "\"a\""],
                    body: ["01234", .gate(gate), .close],
                    framing: .declaredLength(10)
                )
            }
            let first = try await scenario.client()
            try await first.sendRequest("GET", "/a")
            _ = try await first.readHead()
            #expect(try await first.readBody(atLeast: 5) == Array("01234".utf8))
            gate.open()
            await #expect(throws: (any Error).self) { try await first.readBody(atLeast: 10) }
            try await nothingIsLeft(scenario)
            let client = try await scenario.client()
            let part = try await client.get("/a", ["Range": "bytes=1-3"])
            #expect(part.status == 206 && part.text == "123" && part["Cache-Status"]?.contains("; hit") == true)
            let head = try await client.request("HEAD", "/a")
            #expect(head["Content-Length"] == "10" && head["Cache-Status"]?.contains("; hit") == true)
            #expect(try await client.get("/a").text == "0123456789")
            let seen = scenario.origin.received("GET", "/a").map { $0.fields["Range"] }
            #expect(seen == [nil, "bytes=5-"])
            #expect(scenario.origin.received("GET", "/a").last?.fields["If-Range"] == "\"a\"")
            #expect(try await client.get("/a")["Cache-Status"]?.contains("; hit") == true)
        }
    }

    @Test(arguments: ["ETag: W/\"a\"", "X-A: 1"])
    func `without a strong validator the beginning is not kept`(line: String) async throws {
        try await withScenario { scenario in
            let parts = line.split(separator: ":", maxSplits: 1).map { $0.trimmingPrefix(" ") }
            scenario.origin.on("GET", "/a") { _ in
                .response(
                    200,
                    ["Cache-Control": "max-age=60", String(parts[0]): String(parts[1])],
                    body: ["01234", .close],
                    framing: .declaredLength(10)
                )
            }
            await #expect(throws: (any Error).self) { try await scenario.client().get("/a") }
            try await nothingIsLeft(scenario)
            scenario.origin.on("GET", "/a") { _ in .response(200, ["Cache-Control": "max-age=60"], body: "whole") }
            #expect(try await scenario.client().get("/a", ["Range": "bytes=0-1"]).text == "wh")
            #expect(scenario.origin.received("GET", "/a").last?.fields["If-Range"] == nil)
        }
    }

    @Test func `when all who wait leave, the fetch is given up and nothing is left`() async throws {
        try await withScenario { scenario in
            let gate = Gate()
            scenario.origin.on("GET", "/a") { _ in .response(200, ["Cache-Control": "max-age=60"], body: "x").after(gate) }
            let clients = try await clients(3, scenario)
            for client in clients { try await client.sendRequest("GET", "/a") }
            try await eventually("the origin is asked") { gate.waitingCount == 1 }
            #expect(try await scenario.client().get("/b").status == 404)
            for client in clients { await client.reset() }
            try await nothingIsLeft(scenario)
            gate.open()
            #expect(try await scenario.client().get("/a").text == "x")
        }
    }

    @Test func `a validation is shared`() async throws {
        try await withScenario { scenario in
            let gate = Gate()
            scenario.origin.on("GET", "/a") { request in
                request.hasTag("\"v\"")
                    ? .response(304, ["Cache-Control": "max-age=60"]).after(gate)
                    : .response(200, ["Cache-Control": "max-age=1", "Age": "10", "ETag": "\"v\""], body: "x")
            }
            _ = try await scenario.client().get("/a", ["Host": "a"])
            let clients = try await clients(5, scenario)
            for client in clients { try await client.sendRequest("GET", "/a", ["Host": "a"]) }
            try await eventually("the origin is asked") { gate.waitingCount == 1 }
            #expect(try await scenario.client().get("/b").status == 404)
            gate.open()
            for client in clients { #expect(try await client.readResponse().text == "x") }
            #expect(scenario.origin.count("GET", "/a") == 2)
        }
    }

    @Test func `a slow reader of a long body does not hold up a fast one, and gets it whole`() async throws {
        let pattern = PatternBody(seed: 2, count: 24 << 20)
        try await withScenario(memoryBytes: 64 << 20, adjust: { $0.collapsing.keptBytes = 64 << 20 }) { scenario in
            let gate = Gate()
            scenario.origin.on("GET", "/big") { _ in
                .response(200, ["Cache-Control": "max-age=60"], body: .pattern(pattern)).after(gate)
            }
            let slow = try await RawClient.connect(port: scenario.proxy.port, receiveBufferBytes: 32 * 1024)
            try await slow.sendRequest("GET", "/big", ["Host": "a"])
            let fast = try await scenario.client()
            try await fast.sendRequest("GET", "/big", ["Host": "a"])
            try await eventually("the origin is asked") { gate.waitingCount == 1 }
            #expect(try await scenario.client().get("/b").status == 404)
            gate.open()
            _ = try await fast.readHead()
            #expect(try await fast.compareBody(with: pattern) == nil)
            _ = try await slow.readHead()
            #expect(try await slow.compareBody(with: pattern) == nil)
            #expect(scenario.origin.count("GET", "/big") == 1)
            try await nothingIsLeft(scenario)
        }
    }
}
