// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import GyreProxy
import GyreTelemetry
import GyreTestKit
import Testing

@Suite struct CachingScenarios {
    @Test func `a fresh response is fetched once and answered from memory after`() async throws {
        try await withScenario { scenario in
            scenario.origin.on("GET", "/a") { _ in .response(200, ["Cache-Control": "max-age=60", "X-A": "1"], body: "hello") }
            let client = try await scenario.client()
            let first = try await client.get("/a")
            #expect(
                first.status == 200 && first.text == "hello"
                    && first["Cache-Status"]?.hasPrefix("gyre; fwd=uri-miss; fwd-status=200; stored; ttl=") == true
            )
            for _ in 0..<3 {
                let hit = try await client.get("/a")
                #expect(hit.text == "hello" && hit["X-A"] == "1" && hit["Age"] != nil)
                #expect(hit["Cache-Status"]?.hasPrefix("gyre; hit; ttl=") == true)
            }
            #expect(scenario.origin.requestCount == 1)
            #expect(scenario.totals().requests(.hitMemory) == 3 && scenario.totals().requests(.miss) == 1)
        }
    }

    @Test func `a stale response is validated with its tag, and a 304 makes it fresh`() async throws {
        try await withScenario { scenario in
            scenario.origin.on("GET", "/a") { request in
                request.hasTag("\"v1\"")
                    ? .response(304, ["Cache-Control": "max-age=60", "ETag": "\"v1\"", "X-New": "yes"])
                    : .response(200, ["Cache-Control": "max-age=0", "ETag": "\"v1\""], body: "body")
            }
            let client = try await scenario.client()
            _ = try await client.get("/a")
            let validated = try await client.get("/a")
            #expect(validated.status == 200 && validated.text == "body" && validated["X-New"] == "yes")
            #expect(validated["Cache-Status"]?.contains("fwd=stale; fwd-status=304") == true)
            let hit = try await client.get("/a")
            #expect(hit["Cache-Status"]?.contains("; hit") == true && hit["X-New"] == "yes")
            #expect(scenario.origin.requestCount == 2)
        }
    }

    /// Went wrong once: the client got an error.
    @Test func `a 304 that makes the head larger than any that is stored is answered by what the origin has`() async throws {
        @Sendable func fields(_ control: String, _ kind: String) -> FieldLines {
            var lines: FieldLines = ["Cache-Control": control, "ETag": "\"v1\""]
            for number in 0..<150 { lines.append("X-\(kind)-\(number)", "v") }
            return lines
        }
        try await withScenario { scenario in
            scenario.origin.on("GET", "/a") { request in
                request.hasTag("\"v1\"")
                    ? .response(304, fields("max-age=60", "New")) : .response(200, fields("max-age=0", "Old"), body: "body")
            }
            let client = try await scenario.client()
            for _ in 0..<3 {
                let response = try await client.get("/a")
                #expect(response.status == 200 && response.text == "body" && response["X-Old-149"] == "v" && response["X-New-0"] == nil)
            }
        }
    }

    @Test(arguments: ["no-store", "private", "no-store, max-age=60"])
    func `what may not be shared is fetched each time`(directives: String) async throws {
        try await withScenario { scenario in
            scenario.origin.on("GET", "/a") { _ in .response(200, ["Cache-Control": directives], body: "x") }
            let client = try await scenario.client()
            for _ in 0..<3 { #expect(try await client.get("/a").text == "x") }
            #expect(scenario.origin.requestCount == 3)
        }
    }

    @Test func `variants are kept apart and each is answered from the cache`() async throws {
        try await withScenario { scenario in
            scenario.origin.on("GET", "/a") { request in
                .response(
                    200,
                    ["Cache-Control": "max-age=60", "Vary": "Accept-Language"],
                    body: "in \(request.fields["Accept-Language"] ?? "none")"
                )
            }
            let client = try await scenario.client()
            for _ in 0..<2 {
                for language in ["de", "en", "sv"] {
                    #expect(try await client.get("/a", ["Accept-Language": language]).text == "in \(language)")
                }
                #expect(try await client.get("/a").text == "in none")
            }
            #expect(scenario.origin.requestCount == 4)
        }
    }

    @Test func `an unsafe method makes the stored response invalid, all its variants too`() async throws {
        try await withScenario { scenario in
            scenario.origin.on("GET", "/a") { _ in .response(200, ["Cache-Control": "max-age=60", "Vary": "Accept"], body: "x") }
            scenario.origin.on("POST", "/a") { _ in .response(204) }
            let client = try await scenario.client()
            _ = try await client.get("/a", ["Accept": "1"])
            _ = try await client.get("/a", ["Accept": "2"])
            #expect(try await client.request("POST", "/a", body: [1]).status == 204)
            _ = try await client.get("/a", ["Accept": "1"])
            _ = try await client.get("/a", ["Accept": "2"])
            #expect(scenario.origin.count("GET", "/a") == 4)
        }
    }

    @Test func `a client's own condition is answered with 304 from the cache and on the first fetch`() async throws {
        try await withScenario { scenario in
            scenario.origin.on("GET", "/a") { _ in .response(200, ["Cache-Control": "max-age=60", "ETag": "\"v1\""], body: "x") }
            let client = try await scenario.client()
            #expect(try await client.get("/a", ["If-None-Match": "\"v1\""]).status == 304)
            // The client was answered before the body was stored.
            try await eventually("it is stored") { try await client.get("/a", ["Cache-Control": "only-if-cached"]).status == 200 }
            #expect(try await client.get("/a", ["If-None-Match": "\"v1\""]).status == 304)
            #expect(try await client.get("/a").text == "x")
            #expect(scenario.origin.requestCount == 1)
        }
    }

    @Test func `ranges are cut from the stored whole`() async throws {
        try await withScenario { scenario in
            scenario.origin.on("GET", "/a") { _ in .response(200, ["Cache-Control": "max-age=60"], body: "0123456789") }
            let client = try await scenario.client()
            _ = try await client.get("/a")
            let part = try await client.get("/a", ["Range": "bytes=2-4"])
            #expect(part.status == 206 && part.text == "234" && part["Content-Range"] == "bytes 2-4/10")
            #expect(try await client.get("/a", ["Range": "bytes=-3"]).text == "789")
            let beyond = try await client.get("/a", ["Range": "bytes=20-"])
            #expect(beyond.status == 416 && beyond["Content-Range"] == "bytes */10")
            #expect(scenario.origin.requestCount == 1)
        }
    }

    @Test func `HEAD is answered from a stored GET`() async throws {
        try await withScenario { scenario in
            scenario.origin.on("GET", "/a") { _ in .response(200, ["Cache-Control": "max-age=60"], body: "hello") }
            let client = try await scenario.client()
            _ = try await client.get("/a")
            let head = try await client.request("HEAD", "/a")
            #expect(head.status == 200 && head["Content-Length"] == "5" && head.body.isEmpty)
            #expect(scenario.origin.requestCount == 1)
        }
    }

    @Test func `only-if-cached without anything stored is a 504`() async throws {
        try await withScenario { scenario in
            let client = try await scenario.client()
            #expect(try await client.get("/a", ["Cache-Control": "only-if-cached"]).status == 504)
            #expect(scenario.origin.requestCount == 0)
        }
    }

    @Test func `an origin that fails does not take the stored response away`() async throws {
        try await withScenario { scenario in
            let broken = Gate()
            scenario.origin.on("GET", "/a") { _ in
                broken.arrivalCount >= 0 && scenario.origin.count("GET", "/a") > 1
                    ? .response(503) : .response(200, ["Cache-Control": "max-age=0, stale-if-error=60"], body: "good")
            }
            let client = try await scenario.client()
            _ = try await client.get("/a")
            let stale = try await client.get("/a")
            #expect(stale.status == 200 && stale.text == "good" && stale["Cache-Status"]?.contains("stale-if-error") == true)
        }
    }

    @Test func `stale-while-revalidate answers at once and validates once behind it`() async throws {
        try await withScenario { scenario in
            let gate = Gate()
            scenario.origin.on("GET", "/a") { request in
                let reply = OriginReply.response(200, ["Cache-Control": "max-age=0, stale-while-revalidate=60"], body: "x")
                return scenario.origin.count("GET", "/a") > 1 ? reply.after(gate) : reply
            }
            let client = try await scenario.client()
            _ = try await client.get("/a")
            for _ in 0..<5 { #expect(try await client.get("/a").text == "x") }
            try await eventually("the background request arrives") { gate.waitingCount == 1 }
            #expect(scenario.origin.requestCount == 2)
            gate.open()
        }
    }

    @Test func `what is validated behind an answer to HEAD is fetched as a GET`() async throws {
        try await withScenario { scenario in
            scenario.origin.on("GET", "/a") { _ in
                scenario.origin.count("GET", "/a") > 1
                    ? .response(200, ["Cache-Control": "max-age=60", "ETag": "\"b\""], body: "new")
                    : .response(200, ["Cache-Control": "max-age=0, stale-while-revalidate=60", "ETag": "\"a\""], body: "old")
            }
            let client = try await scenario.client()
            _ = try await client.get("/a")
            let head = try await client.request("HEAD", "/a")
            #expect(head["Cache-Status"]?.contains("stale-while-revalidate") == true && head["ETag"] == "\"a\"")
            try await eventually("it is renewed") { try await client.get("/a", ["Cache-Control": "only-if-cached"]).text == "new" }
            #expect(scenario.origin.count("HEAD", "/a") == 0 && scenario.origin.count("GET", "/a") == 2)
        }
    }

    @Test func `stale-while-revalidate holds for a stored part too`() async throws {
        try await withScenario { scenario in
            let gate = Gate()
            scenario.origin.on("GET", "/a") { request in
                guard request.hasTag("\"a\"") else {
                    return .response(
                        206,
                        [
                            "Cache-Control": "max-age=0, stale-while-revalidate=60", "ETag": "\"a\"",
                            "Content-Range": "bytes 0-3/10",
                        ],
                        body: "0123"
                    )
                }
                return .response(304, ["Cache-Control": "max-age=60", "ETag": "\"a\""]).after(gate)
            }
            let client = try await scenario.client()
            let range: FieldLines = ["Range": "bytes=0-3"]
            #expect(try await client.get("/a", range).text == "0123")
            let stale = try await client.get("/a", range)
            #expect(stale.status == 206 && stale["Cache-Status"]?.contains("stale-while-revalidate") == true)
            try await eventually("the background request arrives") { gate.waitingCount == 1 }
            gate.open()
            try await eventually("it is fresh") { try await client.get("/a", range)["Cache-Status"]?.contains("detail") == false }
            #expect(scenario.origin.requestCount == 2)
        }
    }

    @Test(arguments: [503, 0]) func `while the origin fails it is asked once in a while, and not for every stale answer`(
        status: Int
    ) async throws {
        try await withScenario(adjust: { $0.errorBackoffMilliseconds = 60_000 }) { scenario in
            scenario.origin.on("GET", "/a") { request in
                guard request.fields["If-None-Match"] != nil else {
                    return .response(200, ["Cache-Control": "max-age=0, stale-if-error=600", "ETag": "\"a\""], body: "x")
                }
                return status == 0 ? .close : .response(status)
            }
            let client = try await scenario.client()
            for round in 0..<6 {
                let answer = try await client.get("/a")
                #expect(answer.text == "x" && (round == 0 || answer["Cache-Status"]?.contains("stale-if-error") == true))
            }
            // A connection that closes without a word is tried once more on a new one.
            let asked = scenario.origin.requestCount
            #expect(asked == 2 || asked == 3 && status == 0)
            // Who wants the origin's own word has it asked.
            _ = try await client.get("/a", ["Cache-Control": "no-cache"])
            _ = try await client.get("/a", ["Cache-Control": "max-age=0"])
            #expect(scenario.origin.requestCount > asked + 1)
        }
    }

    @Test func `with no back-off the origin is asked each time, and one that is back is heard at once`() async throws {
        try await withScenario(adjust: { $0.errorBackoffMilliseconds = 0 }) { scenario in
            scenario.origin.on("GET", "/a") { _ in
                switch scenario.origin.count("GET", "/a") {
                case 1: .response(200, ["Cache-Control": "max-age=0, stale-if-error=600", "ETag": "\"a\""], body: "x")
                case 2, 3: .response(503)
                default: .response(200, ["Cache-Control": "max-age=60"], body: "new")
                }
            }
            let client = try await scenario.client()
            for text in ["x", "x", "x", "new"] { #expect(try await client.get("/a").text == text) }
        }
    }

    @Test func `large bodies lie in fragments on the volume and come back whole, in ranges, and after a restart`() async throws {
        let folder = try TemporaryFolder()
        let pattern = PatternBody(seed: 7, count: 3_000_001)
        for round in 0..<2 {
            try await withScenario(volume: folder.file("v"), memoryBytes: 1 << 20) { scenario in
                scenario.origin.on("GET", "/big") { _ in
                    .response(200, ["Cache-Control": "max-age=600", "ETag": "\"b\""], body: .pattern(pattern), framing: .chunked)
                }
                let client = try await scenario.client()
                for _ in 0..<3 { #expect(pattern.matches(try await client.get("/big", ["Host": "site.test"]).body)) }
                let part = try await client.get("/big", ["Host": "site.test", "Range": "bytes=1000000-1999999"])
                #expect(part.status == 206 && part.body.count == 1_000_000 && pattern.matches(part.body, at: 1_000_000))
                #expect(scenario.origin.requestCount == (round == 0 ? 1 : 0))
            }
        }
    }

    /// After a restart the memory is empty: the first request of each URL is answered from the volume.
    @Test func `what the volume has is answered like what memory has, whatever is asked of it`() async throws {
        let folder = try TemporaryFolder()
        let host = "site.test"
        for round in 0..<2 {
            try await withScenario(volume: folder.file("v")) { scenario in
                scenario.origin.on("GET", "/plain") { _ in
                    .response(
                        200,
                        ["Cache-Control": "max-age=600", "ETag": "\"p\"", "x-Odd-Case": "kept", "Set-Mark": "1", "set-mark": "2"],
                        body: "plain"
                    )
                }
                scenario.origin.on("GET", "/vary") { request in
                    .response(
                        200,
                        ["Cache-Control": "max-age=600", "Vary": "Accept-Language"],
                        body: "in \(request.fields["Accept-Language"] ?? "none")"
                    )
                }
                scenario.origin.on("GET", "/stale") { _ in .response(200, ["Cache-Control": "max-age=0", "ETag": "\"s\""], body: "stale") }
                scenario.origin.on("GET", "/etag") { _ in .response(200, ["Cache-Control": "max-age=600", "ETag": "\"e\""], body: "etag") }
                let client = try await scenario.client()
                let plain = try await client.get("/plain", ["Host": host])
                #expect(plain.text == "plain" && plain["X-Odd-Case"] == "kept" && plain["Set-Mark"] == "1, 2")
                #expect(plain["Content-Length"] == "5" && plain["Via"] == "1.1 gyre")
                for language in ["de", "fr"] {
                    #expect(try await client.get("/vary", ["Host": host, "Accept-Language": language]).text == "in \(language)")
                }
                let asked = scenario.origin.requestCount
                #expect(try await client.get("/stale", ["Host": host]).text == "stale")
                #expect(scenario.origin.requestCount == asked + 1)
                _ = round == 0 ? try await client.get("/etag", ["Host": host]) : nil
                let unchanged = try await client.get("/etag", ["Host": host, "If-None-Match": "\"e\""])
                #expect(unchanged.status == 304)
                #expect(try await client.get("/absent", ["Host": host]).status == 404)
                if round == 1 {
                    // Stale and absent alone were asked for.
                    #expect(scenario.origin.requestCount == 2)
                    #expect(plain["Cache-Status"]?.hasPrefix("gyre; hit; ttl=") == true && plain["Age"] != nil)
                    #expect(scenario.totals().requests(.hitDisk) >= 3)
                    let again = try await client.get("/plain", ["Host": host])
                    #expect(again.text == "plain" && again["X-Odd-Case"] == "kept")
                }
            }
        }
    }

    @Test func `a response cut short is never stored and never passed off as whole`() async throws {
        try await withScenario { scenario in
            scenario.origin.on("GET", "/a") { _ in
                .response(200, ["Cache-Control": "max-age=60"], body: "0123456789").cut(
                    afterBodyBytes: scenario.origin.requestCount == 1 ? 4 : 10
                )
            }
            let client = try await scenario.client()
            await #expect(throws: (any Error).self) { try await client.get("/a") }
            let again = try await scenario.client()
            #expect(try await again.get("/a").text == "0123456789")
            #expect(scenario.origin.requestCount == 2)
        }
    }

    @Test func `the access log says what the cache did`() async throws {
        try await withScenario { scenario in
            scenario.origin.on("GET", "/a") { _ in .response(200, ["Cache-Control": "max-age=60"], body: "hello") }
            let client = try await scenario.client()
            _ = try await client.get("/a", ["User-Agent": "tester"])
            _ = try await client.get("/a", ["User-Agent": "tester"])
            try await eventually("two lines are written") { scenario.log.lines.count == 2 }
            let lines = scenario.log.lines
            #expect(lines[0].contains("\"GET /a HTTP/1.1\" 200 5 \"-\" \"tester\" uri-miss/"))
            #expect(lines[1].contains("hit/"))
        }
    }

    /// RFC 9211 §2.7: in every answer, wherever it comes from, and only where it is wanted.
    @Test(arguments: [false, true]) func `the key is told where that is wanted`(isShown: Bool) async throws {
        try await withScenario(adjust: { $0.showsKey = isShown }) { scenario in
            scenario.origin.on("GET", "/a%22") { _ in .response(200, ["Cache-Control": "max-age=60"], body: "x") }
            scenario.origin.on("GET", "/v") { _ in .response(200, ["Cache-Control": "max-age=60", "Vary": "X-Kind"], body: "v") }
            scenario.origin.on("POST", "/a%22") { _ in .response(204) }
            scenario.origin.on("GET", "/broken") { _ in .raw("nonsense\r\n\r\n") }
            let client = try await scenario.client()
            let key = isShown ? "; key=\"http://site.test/a%22\"" : ""
            func status(_ method: String, _ target: String, _ fields: FieldLines = [:]) async throws -> String? {
                try await client.request(method, target, fields.merging(["Host": "SITE.test:80"] as FieldLines))["Cache-Status"]?
                    .replacing(/; ttl=[0-9]+/, with: "")
            }
            #expect(try await status("GET", "/%61%22") == "gyre; fwd=uri-miss; fwd-status=200; stored" + key)
            #expect(try await status("GET", "/a%22") == "gyre; hit" + key)
            #expect(scenario.totals().requests(.hitMemory) == 1)
            #expect(try await status("GET", "/a%22", ["Range": "bytes=0-0"]) == "gyre; hit" + key)
            #expect(try await status("HEAD", "/a%22") == "gyre; hit" + key)
            #expect(try await status("POST", "/a%22") == "gyre; fwd=method; fwd-status=204" + key)
            #expect(try await status("GET", "/nothing", ["Cache-Control": "only-if-cached"])?.contains("key") == isShown)
            let broken = isShown ? "; key=\"http://site.test/broken\"" : ""
            #expect(try await status("GET", "/broken") == "gyre; fwd=uri-miss" + broken + "; detail=malformed-response")
            let variant = isShown ? "; key=\"http://site.test/v\"" : ""
            #expect(try await status("GET", "/v", ["X-Kind": "1"]) == "gyre; fwd=uri-miss; fwd-status=200; stored" + variant)
            #expect(try await status("GET", "/v", ["X-Kind": "1"]) == "gyre; hit" + variant)
            #expect(try await status("GET", "/v", ["X-Kind": "2"]) == "gyre; fwd=vary-miss; fwd-status=200; stored" + variant)
        }
    }
}
