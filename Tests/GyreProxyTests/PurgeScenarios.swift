// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
import GyreProxy
import GyreTestKit
import HTTPCaching
import Testing

@Suite struct PurgeScenarios {
    private static let site: FieldLines = ["Host": "site.test"]

    private func store(_ paths: [String], _ fields: FieldLines, _ scenario: Scenario) async throws -> RawClient {
        let client = try await scenario.client()
        for path in paths {
            scenario.origin.on("GET", path) { _ in .response(200, fields.merging(["Cache-Control": "max-age=600"]), body: "\(path)") }
            _ = try await client.get(path, Self.site)
        }
        return client
    }

    /// How often the origin is asked when each path is asked for once more.
    private func asked(_ paths: [String], _ client: RawClient, _ scenario: Scenario, _ fields: FieldLines = [:]) async throws -> [String] {
        var result: [String] = []
        for path in paths {
            let before = scenario.origin.count("GET", path)
            _ = try await client.get(path, Self.site.merging(fields))
            if scenario.origin.count("GET", path) > before { result.append(path) }
        }
        return result
    }

    @Test(arguments: [
        "http://site.test/a", "http://SITE.test:80/a", "http://site.test/./x/../%61", "https://site.test/a", "https://SITE.test:443/a",
    ])
    func `a URL is purged in whatever form it is written`(url: String) async throws {
        try await withScenario { scenario in
            let client = try await store(["/a", "/b"], [:], scenario)
            #expect(try await scenario.proxy.purge(PurgeRequest(.url(url))) == .memoryOnly)
            #expect(try await asked(["/a", "/b"], client, scenario) == ["/a"])
        }
    }

    /// Something else ends TLS before a site: its keys are those of clear text, and a purge of what people see was reported and did nothing.
    @Test func `an https URL means the site that is asked in clear text`() async throws {
        try await withScenario { scenario in
            let client = try await store(["/a", "/b", "/c"], ["Cache-Groups": "\"g\""], scenario)
            let subjects: [PurgeRequest.Subject] = [
                .url("https://site.test/a"), .prefix("https://site.test/b"), .group("g", origin: "https://site.test"),
            ]
            for (subject, gone) in zip(subjects, [["/a"], ["/b"], ["/a", "/b", "/c"]]) {
                _ = try await scenario.proxy.purge(PurgeRequest(subject))
                #expect(try await asked(["/a", "/b", "/c"], client, scenario) == gone)
            }
            #expect(try #require(await scenario.proxy.explain(url: "https://site.test/a", fields: [])).contains("freshness     fresh"))
        }
    }

    @Test func `a URL is purged with all its variants`() async throws {
        try await withScenario { scenario in
            let client = try await store(["/a"], ["Vary": "Accept-Language"], scenario)
            for language in ["de", "en"] { _ = try await client.get("/a", ["Host": "site.test", "Accept-Language": language]) }
            _ = try await scenario.proxy.purge(PurgeRequest(.url("http://site.test/a")))
            for language in ["de", "en"] { #expect(try await asked(["/a"], client, scenario, ["Accept-Language": language]) == ["/a"]) }
        }
    }

    @Test(arguments: ["Surrogate-Key", "Cache-Tag", "Cache-Groups"])
    func `what was stored with a tag goes, and nothing else`(field: String) async throws {
        try await withScenario { scenario in
            let value = field == "Surrogate-Key" ? "x news" : field == "Cache-Tag" ? "x, news" : "\"x\", \"news\""
            let other = field == "Cache-Groups" ? "\"newsx\"" : "newsx"
            let client = try await store(["/a", "/b"], [field: value], scenario)
            _ = try await store(["/c"], [field: other], scenario)
            let subject: PurgeRequest.Subject = field == "Cache-Groups" ? .group("news", origin: "http://site.test") : .tag("news")
            _ = try await scenario.proxy.purge(PurgeRequest(subject))
            #expect(try await asked(["/a", "/b", "/c"], client, scenario) == ["/a", "/b"])
            #expect(try await asked(["/a", "/b", "/c"], client, scenario) == [])
        }
    }

    @Test func `a prefix and everything`() async throws {
        try await withScenario { scenario in
            let paths = ["/news/1", "/news/2", "/new", "/"]
            let client = try await store(paths, [:], scenario)
            _ = try await scenario.proxy.purge(PurgeRequest(.prefix("http://site.test/news/")))
            #expect(try await asked(paths, client, scenario) == ["/news/1", "/news/2"])
            _ = try await scenario.proxy.purge(PurgeRequest(.everything))
            #expect(try await asked(paths, client, scenario) == paths)
        }
    }

    @Test(arguments: [PurgeRequest.Subject.url("http://site.test/a"), .tag("t"), .everything])
    func `a soft purge makes stale: a 304 is enough`(subject: PurgeRequest.Subject) async throws {
        try await withScenario { scenario in
            let client = try await store(["/a"], ["ETag": "\"v\"", "Surrogate-Key": "t"], scenario)
            _ = try await scenario.proxy.purge(PurgeRequest(subject, mode: .soft))
            scenario.origin.on("GET", "/a") { $0.hasTag("\"v\"") ? .response(304, ["Cache-Control": "max-age=60"]) : .response(500) }
            let answer = try await client.get("/a", Self.site)
            #expect(answer.text == "/a" && answer["Cache-Status"]?.contains("fwd=stale; fwd-status=304") == true)
            #expect(try await asked(["/a"], client, scenario) == [])
        }
    }

    @Test func `what was under way when the purge came does not come back with what was purged`() async throws {
        try await withScenario { scenario in
            let gate = Gate()
            scenario.origin.on("GET", "/a") { _ in .response(200, ["Cache-Control": "max-age=600"], body: "old").after(gate) }
            let first = try await scenario.client()
            try await first.sendRequest("GET", "/a", Self.site)
            try await eventually("the fetch is under way") { gate.waitingCount == 1 }
            _ = try await scenario.proxy.purge(PurgeRequest(.url("http://site.test/a")))
            scenario.origin.on("GET", "/a") { _ in .response(200, ["Cache-Control": "max-age=600"], body: "new") }
            let second = try await scenario.client()
            #expect(try await second.get("/a", Self.site).text == "new")
            gate.open()
            #expect(try await first.readResponse().text == "old")
            #expect(try await second.get("/a", Self.site).text == "new")
        }
    }

    @Test func `an unsafe method that names a group invalidates its members`() async throws {
        try await withScenario { scenario in
            let client = try await store(["/a", "/b"], ["Cache-Groups": "\"g\""], scenario)
            _ = try await store(["/c"], ["Cache-Groups": "\"h\""], scenario)
            scenario.origin.on("POST", "/x") { _ in .response(204, ["Cache-Group-Invalidation": "\"g\""]) }
            _ = try await client.request("POST", "/x", Self.site, body: [1])
            #expect(try await asked(["/a", "/b", "/c"], client, scenario) == ["/a", "/b"])
        }
    }

    /// RFC 9875 §2.2.1, from memory and from the disk.
    @Test(arguments: [false, true]) func `an unsafe method invalidates what shares a group with its target, and no more`(
        isOnDisk: Bool
    ) async throws {
        let folder = try TemporaryFolder()
        let groups: [(path: String, groups: String, vary: FieldLines)] = [
            ("/a", "\"g\"", ["Vary": "Accept-Language"]), ("/b", "\"g\"", [:]), ("/c", "\"g\", \"h\"", [:]), ("/d", "\"h\"", [:]),
        ]
        func fill(_ scenario: Scenario) async throws {
            for row in groups { _ = try await store([row.path], row.vary.merging(["Cache-Groups": "\(row.groups)"]), scenario) }
            // Once more: what was never used is not written when it leaves memory.
            let client = try await scenario.client()
            for row in groups { _ = try await client.get(row.path, Self.site) }
        }
        func changesAll(_ scenario: Scenario) async throws {
            for row in groups {
                scenario.origin.on("GET", row.path) { _ in
                    .response(200, row.vary.merging(["Cache-Control": "max-age=600", "Cache-Groups": "\(row.groups)"]), body: "new")
                }
            }
            scenario.origin.on("POST", "/a") { _ in .response(204) }
            let client = try await scenario.client()
            #expect(try await asked(["/b", "/c", "/d"], client, scenario) == [])
            _ = try await client.request("POST", "/a", Self.site, body: [1])
            // In one order: what is asked again belongs to its groups again.
            for path in ["/b", "/c", "/a"] {
                try await eventually("\(path) is asked for anew") { try await client.get(path, Self.site).text == "new" }
            }
            #expect(try await client.get("/d", Self.site).text == "/d")
        }
        if isOnDisk {
            try await withScenario(volume: folder.file("v")) { try await fill($0) }
            try await withScenario(volume: folder.file("v")) { try await changesAll($0) }
        } else {
            try await withScenario { scenario in
                try await fill(scenario)
                try await changesAll(scenario)
            }
        }
    }

    @Test func `PURGE is for permitted clients, and not for those behind a proxy of theirs`() async throws {
        try await withScenario { scenario in
            let client = try await store(["/a"], [:], scenario)
            #expect(try await client.request("PURGE", "/a", ["Host": "site.test", "X-Forwarded-For": "192.0.2.1"]).status == 403)
            #expect(try await asked(["/a"], client, scenario) == [])
            let done = try await client.request("PURGE", "/a", Self.site)
            #expect(done.status == 200 && done.text == "{\"purge\":\"memory-only\"}\n")
            #expect(try await asked(["/a"], client, scenario) == ["/a"])
        }
        try await withScenario(adjust: { $0.purgers = [AddressRange("192.0.2.0/24")].compactMap { $0 } }) { scenario in
            let client = try await store(["/a"], [:], scenario)
            #expect(try await client.request("PURGE", "/a", Self.site).status == 403)
        }
    }

    @Test(arguments: [
        (PurgeRequest.Subject.url("http://site.test/a"), ["/a"]), (.tag("t"), ["/a", "/b"]), (.prefix("http://site.test/a"), ["/a"]),
        (.everything, ["/a", "/b", "/c"]),
    ])
    func `a purge is durable: nothing comes back from the volume`(subject: PurgeRequest.Subject, gone: [String]) async throws {
        let folder = try TemporaryFolder()
        try await withScenario(volume: folder.file("v")) { scenario in
            _ = try await store(["/a", "/b"], ["Surrogate-Key": "t"], scenario)
            _ = try await store(["/c"], [:], scenario)
            #expect(try await scenario.proxy.purge(PurgeRequest(subject)) == .durable)
        }
        try await withScenario(volume: folder.file("v")) { scenario in
            scenario.origin.otherwise { _ in .response(200, body: "again") }
            let client = try await scenario.client()
            for path in ["/a", "/b", "/c"] {
                #expect(try await client.get(path, Self.site).text == (gone.contains(path) ? "again" : path))
            }
        }
    }

    @Test func `a soft purge is durable: after a restart a 304 is asked for`() async throws {
        let folder = try TemporaryFolder()
        try await withScenario(volume: folder.file("v")) { scenario in
            _ = try await store(["/a"], ["ETag": "\"v\"", "Surrogate-Key": "t"], scenario)
        }
        // It is on the volume now: what is in memory alone and stale is not written there any more.
        try await withScenario(volume: folder.file("v")) { scenario in
            let outcome = try await scenario.proxy.purge(PurgeRequest(.tag("t"), mode: .soft))
            #expect(outcome == .durable)
        }
        try await withScenario(volume: folder.file("v")) { scenario in
            scenario.origin.on("GET", "/a") { $0.hasTag("\"v\"") ? .response(304, ["Cache-Control": "max-age=60"]) : .response(500) }
            let client = try await scenario.client()
            for _ in 0..<2 { #expect(try await client.get("/a", Self.site).text == "/a") }
            #expect(scenario.origin.requestCount == 1)
        }
    }

    @Test func `explain tells key, variant, age and decision`() async throws {
        try await withScenario { scenario in
            let client = try await store(["/a?b=1"], ["Vary": "Accept-Language", "ETag": "\"v\"", "Age": "100"], scenario)
            _ = client
            let text = try #require(await scenario.proxy.explain(url: "http://SITE.test/x/../a?b=1", fields: []))
            #expect(text.contains("key           http://site.test/a?b=1\n"))
            #expect(text.contains("varies by     accept-language"))
            #expect(text.contains(" s on arrival + ") && text.contains("600 s by max-age (RFC 9111 §4.2.1)"))
            #expect(text.contains("decision      answer from the cache (RFC 9111 §4.2)"))
            let other = try #require(await scenario.proxy.explain(url: "http://site.test/a?b=1", fields: [("Accept-Language", "de")]))
            #expect(other.contains("decision      fetch: vary-miss"))
            let forced = try #require(await scenario.proxy.explain(url: "http://site.test/a?b=1", fields: [("Cache-Control", "no-cache")]))
            #expect(forced.contains("validate: request-no-cache") && forced.contains("If-None-Match: \"v\""))
            #expect(await scenario.proxy.explain(url: "/a", fields: []) == nil)
        }
    }

    @Test func `what clients say about others does not reach the origin, and nothing that no key holds`() async throws {
        try await withScenario { scenario in
            scenario.origin.on("GET", "/a") { _ in .response(200, ["Cache-Control": "max-age=60"], body: "x") }
            let client = try await scenario.client()
            _ = try await client.get(
                "/a",
                [
                    "X-Forwarded-Host": "evil.test", "X-Original-URL": "/admin", "X-Forwarded-For": "192.0.2.9", "X-Fine": "1",
                    "X_Forwarded_Host": "evil.test", "Accept_Language": "evil", "Front-End-Https": "on",
                ]
            )
            let seen = try #require(scenario.origin.received.first)
            for name in ["X_Forwarded_Host", "Accept_Language", "Front-End-Https"] { #expect(seen.fields[name] == nil) }
            #expect(seen.fields["X-Forwarded-Host"] != "evil.test" && seen.fields["X-Original-URL"] == nil)
            #expect(seen.fields["X-Forwarded-For"] == "127.0.0.1" && seen.fields["X-Fine"] == "1")
        }
    }

    /// RFC 9111 §4.4: what is of the same origin depends on who ended TLS.
    @Test(arguments: [
        (true, "https", "https://site.test/b", true), (true, "https", "http://site.test/b", false), (true, "https", "/b", true),
        (true, "http", "https://site.test/b", false), (false, "https", "https://site.test/b", false),
        (false, "https", "http://site.test/b", true),
        (true, "https", "https://other.test/b", false), (true, "https", "https://site.test:444/b", false),
    ])
    func `a Location is of the site's origin as a trusted proxy has told it`(
        trusts: Bool,
        proto: String,
        location: String,
        isGone: Bool
    ) async throws {
        try await withScenario(adjust: { $0.trustsForwarded = trusts }) { scenario in
            let client = try await store(["/a", "/b"], [:], scenario)
            scenario.origin.on("POST", "/a") { _ in .response(201, ["Location": location]) }
            _ = try await client.request("POST", "/a", Self.site.merging(["X-Forwarded-Proto": proto]), body: [1])
            #expect(try await asked(["/a", "/b"], client, scenario) == (isGone ? ["/a", "/b"] : ["/a"]))
        }
    }

    @Test func `a proxy that is trusted speaks for X-Forwarded fields and for no other`() async throws {
        try await withScenario(adjust: { $0.trustsForwarded = true }) { scenario in
            scenario.origin.on("GET", "/a") { _ in .response(200, ["Cache-Control": "max-age=60"], body: "x") }
            let client = try await scenario.client()
            _ = try await client.get("/a", ["X-Forwarded-Proto": "https", "X-Forwarded-Prefix": "/p", "X-Original-URL": "/admin"])
            let seen = try #require(scenario.origin.received.first)
            #expect(seen.fields["X-Forwarded-Proto"] == "https" && seen.fields["X-Forwarded-Prefix"] == "/p")
            #expect(seen.fields["X-Original-URL"] == nil)
        }
    }

    @Test func `parameters are sorted and stripped by rule, in the key and towards the origin`() async throws {
        try await withScenario(adjust: {
            $0.keyRules.sortsQuery = true
            $0.keyRules.strippedParameters = ["utm_*"]
        }) { scenario in
            scenario.origin.otherwise { .response(200, ["Cache-Control": "max-age=60"], body: "\($0.target)") }
            let client = try await scenario.client()
            #expect(try await client.get("/a?z=1&utm_source=x&a=2").text == "/a?a=2&z=1")
            #expect(try await client.get("/a?a=2&z=1&utm_medium=y").text == "/a?a=2&z=1")
            #expect(scenario.origin.requestCount == 1)
        }
    }
}
