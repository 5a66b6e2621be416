// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

@testable import GyreProxy
import GyreTestKit
import Testing

/// Requests for ranges, conditions and heads that share a fetch (RFC 9111 §4).
@Suite struct SharedRangeScenarios {
    private static let ten = "0123456789"

    private func clients(_ count: Int, _ scenario: Scenario) async throws -> [RawClient] {
        var clients: [RawClient] = []
        for _ in 0..<count { clients.append(try await scenario.client()) }
        return clients
    }

    /// A request that was read is in its fill before this later one is answered.
    private func allAreRead(_ scenario: Scenario) async throws {
        #expect(try await scenario.client().get("/b").status == 404)
    }

    private func nothingIsLeft(_ scenario: Scenario) async throws {
        try await eventually("every fill has ended") {
            scenario.proxy.shared.fills.count == 0 && scenario.proxy.shared.fills.bytesKept == 0
        }
    }

    @Test(arguments: [1, 2]) func `equal requests for a range go upstream once`(workers: Int) async throws {
        try await withScenario(adjust: { $0.workers = workers }) { scenario in
            let gate = Gate()
            scenario.origin.on("GET", "/a") { _ in
                .response(206, ["Cache-Control": "max-age=60", "ETag": "\"a\"", "Content-Range": "bytes 0-3/10"], body: "0123").after(gate)
            }
            let clients = try await clients(8, scenario)
            for client in clients { try await client.sendRequest("GET", "/a", ["Range": "bytes=0-3"]) }
            try await eventually("the origin is asked") { gate.waitingCount == 1 }
            try await allAreRead(scenario)
            gate.open()
            for client in clients {
                let answer = try await client.readResponse()
                #expect(answer.status == 206 && answer.text == "0123" && answer["Content-Range"] == "bytes 0-3/10")
            }
            #expect(scenario.origin.count("GET", "/a") == 1)
            try await nothingIsLeft(scenario)
        }
    }

    @Test func `different ranges do not wait for each other`() async throws {
        try await withScenario { scenario in
            let gate = Gate()
            scenario.origin.on("GET", "/a") { request in
                let isFirst = request.fields["Range"] == "bytes=0-3"
                return .response(
                    206,
                    ["Cache-Control": "max-age=60", "ETag": "\"a\"", "Content-Range": isFirst ? "bytes 0-3/10" : "bytes 4-9/10"],
                    body: isFirst ? "0123" : "456789"
                ).after(gate)
            }
            let clients = try await clients(2, scenario)
            try await clients[0].sendRequest("GET", "/a", ["Range": "bytes=0-3"])
            try await clients[1].sendRequest("GET", "/a", ["Range": "bytes=4-9"])
            try await eventually("both are at the origin") { gate.waitingCount == 2 }
            gate.open()
            #expect(try await clients[0].readResponse().text == "0123")
            #expect(try await clients[1].readResponse().text == "456789")
            #expect(try await scenario.client().get("/a").text == Self.ten)
            #expect(scenario.origin.count("GET", "/a") == 2)
        }
    }

    /// The origin has no ranges: it sends the first half of the ten bytes, and the second when the gate opens.
    private static func answerInHalves(_ scenario: Scenario, _ gate: Gate) {
        scenario.origin.on("GET", "/a") { _ in
            .response(
                200,
                ["Cache-Control": "max-age=60", "ETag": "\"a\""],
                body: ["01234", .gate(gate), "56789"],
                framing: .declaredLength(10)
            )
        }
    }

    @Test func `a range is cut from the whole that is under way, and the whole is stored`() async throws {
        try await withScenario { scenario in
            let gate = Gate()
            Self.answerInHalves(scenario, gate)
            let whole = try await scenario.client()
            try await whole.sendRequest("GET", "/a")
            _ = try await whole.readHead()
            let early = try await scenario.client().get("/a", ["Range": "bytes=1-3"])
            #expect(early.status == 206 && early.text == "123" && early["Content-Range"] == "bytes 1-3/10")
            #expect(early["Cache-Status"]?.contains("; collapsed") == true)
            let late = try await scenario.client()
            try await late.sendRequest("GET", "/a", ["Range": "bytes=-2"])
            let head = try await late.readHead()
            #expect(head.status == 206 && head["Content-Length"] == "2")
            gate.open()
            #expect(try await late.readBody(atLeast: 2) == Array("89".utf8))
            #expect(try await whole.readBody(atLeast: 10) == Array(Self.ten.utf8))
            #expect(scenario.origin.count("GET", "/a") == 1)
            try await nothingIsLeft(scenario)
            #expect(try await scenario.client().get("/a")["Cache-Status"]?.contains("; hit") == true)
        }
    }

    @Test func `who got a range of an origin's whole does not wait for its end, and the whole is stored`() async throws {
        try await withScenario { scenario in
            let gate = Gate()
            Self.answerInHalves(scenario, gate)
            let client = try await scenario.client()
            let part = try await client.get("/a", ["Range": "bytes=0-1"])
            #expect(part.status == 206 && part.text == "01")
            gate.open()
            try await nothingIsLeft(scenario)
            #expect(try await client.get("/a").text == Self.ten)
            #expect(scenario.origin.count("GET", "/a") == 1)
        }
    }

    @Test func `a range far ahead in a long body is asked for by itself`() async throws {
        let pattern = PatternBody(seed: 3, count: 4 << 20)
        try await withScenario(memoryBytes: 64 << 20) { scenario in
            let gate = Gate()
            scenario.origin.on("GET", "/a") { request in
                request.fields["Range"] == nil
                    ? .response(
                        200,
                        ["Cache-Control": "max-age=60", "ETag": "\"a\""],
                        body: ["x", .gate(gate), .pattern(pattern, 0..<pattern.count)],
                        framing: .declaredLength(UInt64(pattern.count + 1))
                    )
                    : .response(
                        206,
                        ["Cache-Control": "max-age=60", "ETag": "\"a\"", "Content-Range": "bytes 3000000-3000002/\(pattern.count + 1)"],
                        body: "abc"
                    )
            }
            let whole = try await scenario.client()
            try await whole.sendRequest("GET", "/a")
            _ = try await whole.readHead()
            #expect(try await scenario.client().get("/a", ["Range": "bytes=3000000-3000002"]).text == "abc")
            gate.open()
            #expect(try await whole.readBody(atLeast: pattern.count + 1).count == pattern.count + 1)
            // The part that came meanwhile did not take the whole's place, nor the whole the part's bytes.
            try await nothingIsLeft(scenario)
            #expect(try await scenario.client().get("/a")["Cache-Status"]?.contains("; hit") == true)
        }
    }

    @Test func `a part that comes late does not take the place of the whole`() async throws {
        try await withScenario { scenario in
            let gate = Gate()
            scenario.origin.on("GET", "/a") { request in
                request.fields["Range"] == nil
                    ? .response(200, ["Cache-Control": "max-age=60", "ETag": "\"a\""], body: "0123456789")
                    : .response(
                        206,
                        ["Cache-Control": "max-age=60", "ETag": "\"a\"", "Content-Range": "bytes 0-3/10"],
                        body: "0123"
                    ).after(gate)
            }
            let late = try await scenario.client()
            try await late.sendRequest("GET", "/a", ["Range": "bytes=0-3"])
            try await eventually("the origin is asked") { gate.waitingCount == 1 }
            #expect(try await scenario.client().get("/a").text == Self.ten)
            gate.open()
            #expect(try await late.readResponse().text == "0123")
            try await nothingIsLeft(scenario)
            #expect(try await scenario.client().get("/a")["Cache-Status"]?.contains("; hit") == true)
            #expect(scenario.origin.count("GET", "/a") == 2)
        }
    }

    @Test func `equal conditions go upstream once, and a 304 is for all who sent them`() async throws {
        try await withScenario { scenario in
            let gate = Gate()
            scenario.origin.on("GET", "/a") { request in
                request.hasTag("\"v\"")
                    ? .response(304, ["Cache-Control": "max-age=60", "ETag": "\"v\""]).after(gate)
                    : .response(200, ["Cache-Control": "max-age=60", "ETag": "\"v\""], body: "x").after(gate)
            }
            let clients = try await clients(6, scenario)
            for client in clients { try await client.sendRequest("GET", "/a", ["If-None-Match": "\"v\""]) }
            try await eventually("the origin is asked") { gate.waitingCount == 1 }
            try await allAreRead(scenario)
            gate.open()
            for client in clients { #expect(try await client.readResponse().status == 304) }
            #expect(scenario.origin.count("GET", "/a") == 1)
            try await nothingIsLeft(scenario)
        }
    }

    @Test func `a 304 that says private is for one client alone`() async throws {
        try await withScenario { scenario in
            let gate = Gate()
            scenario.origin.on("GET", "/a") { _ in .response(304, ["Cache-Control": "private", "ETag": "\"v\""]).after(gate) }
            let clients = try await clients(3, scenario)
            for client in clients { try await client.sendRequest("GET", "/a", ["If-None-Match": "\"v\""]) }
            try await eventually("the origin is asked") { gate.waitingCount == 1 }
            try await allAreRead(scenario)
            gate.open()
            for client in clients { #expect(try await client.readResponse().status == 304) }
            #expect(scenario.origin.count("GET", "/a") == 3)
        }
    }

    @Test func `a condition that fails is answered with the response for everybody, which is stored`() async throws {
        try await withScenario { scenario in
            let gate = Gate()
            scenario.origin.on("GET", "/a") { _ in
                .response(200, ["Cache-Control": "max-age=60", "ETag": "\"new\""], body: "x").after(gate)
            }
            let clients = try await clients(6, scenario)
            for client in clients { try await client.sendRequest("GET", "/a", ["If-None-Match": "\"old\""]) }
            try await eventually("the origin is asked") { gate.waitingCount == 1 }
            try await allAreRead(scenario)
            gate.open()
            for client in clients { #expect(try await client.readResponse().text == "x") }
            #expect(try await scenario.client().get("/a").text == "x")
            #expect(scenario.origin.count("GET", "/a") == 1)
        }
    }

    @Test func `HEADs go upstream once, or wait for the GET that is under way`() async throws {
        try await withScenario { scenario in
            let gate = Gate()
            scenario.origin.on("HEAD", "/a") { _ in .response(200, ["Cache-Control": "max-age=60", "X-A": "1"]).after(gate) }
            scenario.origin.on("GET", "/c") { _ in .response(200, ["Cache-Control": "max-age=60"], body: "x").after(gate) }
            let clients = try await clients(5, scenario)
            for client in clients { try await client.sendRequest("HEAD", "/a") }
            let getter = try await scenario.client()
            try await getter.sendRequest("GET", "/c")
            try await eventually("both are at the origin") { gate.waitingCount == 2 }
            let header = try await scenario.client()
            try await header.sendRequest("HEAD", "/c")
            try await allAreRead(scenario)
            gate.open()
            for client in clients { #expect(try await client.readResponse(to: "HEAD")["X-A"] == "1") }
            #expect(try await header.readResponse(to: "HEAD")["Content-Length"] == "1")
            #expect(try await getter.readResponse().text == "x")
            #expect(scenario.origin.count("HEAD", "/a") == 1 && scenario.origin.count("HEAD", "/c") == 0)
            try await nothingIsLeft(scenario)
        }
    }

    @Test(arguments: [1, 2]) func `who leaves a fetch for one of their own hears nothing more of it`(workers: Int) async throws {
        try await withScenario(adjust: { $0.workers = workers }) { scenario in
            let gate = Gate()
            scenario.origin.on("GET", "/a") { request in
                request.fields["If-Match"] == nil
                    ? .response(200, ["Cache-Control": "max-age=60", "ETag": "\"a\""], body: "shared").after(gate)
                    : .response(412, [:], body: "no")
            }
            let first = try await scenario.client()
            try await first.sendRequest("GET", "/a")
            try await eventually("the origin is asked") { gate.waitingCount == 1 }
            let others = try await clients(4, scenario)
            for client in others { try await client.sendRequest("GET", "/a", ["If-Match": "\"x\""]) }
            try await allAreRead(scenario)
            gate.open()
            for client in others {
                let answer = try await client.readResponse()
                #expect(answer.status == 412 && answer.text == "no")
                #expect(try await client.get("/a").text == "shared")
            }
            #expect(try await first.readResponse().text == "shared")
        }
    }

    @Test func `a HEAD that waits while parts are validated gets no body`() async throws {
        try await withScenario { scenario in
            let gate = Gate()
            scenario.origin.on("GET", "/a") { request in
                request.hasTag("\"a\"")
                    ? .response(304, ["Cache-Control": "max-age=60", "ETag": "\"a\""]).after(gate)
                    : .response(
                        206,
                        ["Cache-Control": "max-age=0", "ETag": "\"a\"", "Content-Range": "bytes 0-9/10"],
                        body: "0123456789"
                    )
            }
            let client = try await scenario.client()
            _ = try await client.get("/a", ["Range": "bytes=0-"])
            try await client.sendRequest("GET", "/a")
            try await eventually("the origin is asked") { gate.waitingCount == 1 }
            let header = try await scenario.client()
            try await header.sendRequest("HEAD", "/a")
            try await allAreRead(scenario)
            gate.open()
            #expect(try await client.readResponse().text == Self.ten)
            #expect(try await header.readResponse(to: "HEAD")["Content-Length"] == "10")
            #expect(try await header.get("/a").text == Self.ten)
        }
    }

    @Test func `a 304 is not for who selects another variant`() async throws {
        try await withScenario { scenario in
            let gate = Gate()
            scenario.origin.on("GET", "/a") { request in
                request.fields["Accept-Language"] == "de"
                    ? .response(304, ["Cache-Control": "max-age=60", "ETag": "\"v\"", "Vary": "Accept-Language"]).after(gate)
                    : .response(
                        200,
                        ["Cache-Control": "max-age=60", "ETag": "\"en\"", "Vary": "Accept-Language"],
                        body: "english"
                    ).after(gate)
            }
            let clients = try await clients(2, scenario)
            try await clients[0].sendRequest("GET", "/a", ["If-None-Match": "\"v\"", "Accept-Language": "de"])
            try await eventually("the origin is asked") { gate.waitingCount == 1 }
            try await clients[1].sendRequest("GET", "/a", ["If-None-Match": "\"v\"", "Accept-Language": "en"])
            try await allAreRead(scenario)
            gate.open()
            #expect(try await clients[0].readResponse().status == 304)
            #expect(try await clients[1].readResponse().text == "english")
        }
    }
}
