// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import GyreProxy
import GyreTelemetry
import GyreTestKit
import HTTPCaching
import HTTPTypes
import Testing

@Suite struct RuleScenarios {
    /// One site for all hosts, with these rules.
    private func rules(_ changes: ((inout RuleMatch, inout RuleAction) -> Void)...) -> (inout ProxyConfiguration) -> Void {
        let rules = changes.enumerated().map { index, change in
            var (match, action) = (RuleMatch(), RuleAction())
            change(&match, &action)
            return RuleSet.Rule(name: "rule \(index + 1)", match: match, action: action)
        }
        let set = RuleSet(sites: [.init(hosts: ["*"].compactMap { HostPattern($0) }, rules: rules)])
        return { $0.rules = set }
    }

    @Test func `a rule's freshness keeps what says nothing, and memory answers it`() async throws {
        try await withScenario(
            adjust: rules { match, action in
                match.paths = [TextPattern("/kept/*")]
                action.ttlSeconds = 60
            }
        ) { scenario in
            scenario.origin.otherwise { _ in .response(200, body: "x") }
            let client = try await scenario.client()
            for _ in 0..<3 { _ = try await client.get("/kept/a") }
            for _ in 0..<2 { _ = try await client.get("/other") }
            #expect(scenario.origin.count("GET", "/kept/a") == 1 && scenario.origin.count("GET", "/other") == 2)
            #expect(scenario.totals().requests(.hitMemory) == 2)
        }
    }

    /// Went wrong once: fields that end here were taken out before rules could look at them.
    @Test func `a rule sees fields that go no further`() async throws {
        try await withScenario(
            adjust: rules { match, action in
                match.headers = [RuleMatch.Value(name: "connection", patterns: [TextPattern("*keep-alive*")])]
                action.answer = .deny(status: 403)
            }
        ) { scenario in
            scenario.origin.otherwise { _ in .response(200, ["Cache-Control": "max-age=60"], body: "x") }
            let client = try await scenario.client()
            for _ in 0..<2 { #expect(try await client.get("/a").status == 200) }
            #expect(try await client.get("/a", ["Connection": "keep-alive"]).status == 403)
            #expect(try await client.get("/new", ["Connection": "keep-alive"]).status == 403)
        }
    }

    @Test func `new rules hold from the next request, for what is stored and for purges too`() async throws {
        try await withScenario(
            adjust: rules { match, action in
                match.paths = [TextPattern("/a")]
                action.keyFields = ["x-kind"]
            }
        ) { scenario in
            scenario.origin.otherwise { request in
                .response(200, ["Cache-Control": "max-age=60"], body: .bytes(Array((request.fields["X-Kind"] ?? "none").utf8)))
            }
            let client = try await scenario.client()
            for kind in ["1", "2"] { #expect(try await client.get("/a", ["X-Kind": kind]).text == kind) }
            #expect(try await client.get("/b").text == "none")
            var denial = RuleAction()
            denial.answer = .deny(status: 403)
            let rule = RuleSet.Rule(name: "new", match: RuleMatch(), action: denial)
            let denies = RuleSet(sites: [.init(hosts: ["*"].compactMap { HostPattern($0) }, rules: [rule])])
            try await scenario.proxy.reload(rules: denies, users: nil)
            #expect(try await client.get("/b").status == 403)
            try await scenario.proxy.reload(rules: nil, users: nil)
            #expect(try await client.get("/b")["Cache-Status"]?.contains("; hit") == true)
            // Without the rule the key has no such part.
            #expect(try await client.get("/a", ["X-Kind": "3"]).text == "3")
            #expect(try await client.get("/a", ["X-Kind": "4"]).text == "3")
            // What stands under other keys is purged with the URL all the same.
            #expect(try await client.request("POST", "/a", body: [1]).status == 200)
            #expect(try await client.get("/a", ["X-Kind": "5"]).text == "5")
        }
    }

    /// Origins were fixed at the start.
    @Test(arguments: [1, 2]) func `new origins are asked from the next request on, and what is under way ends where it began`(
        workers: Int
    ) async throws {
        try await withFakeOrigin { second in
            second.otherwise { _ in .response(200, ["Cache-Control": "no-store"], body: "second") }
            try await withScenario(
                adjust: {
                    $0.workers = workers
                    $0.namedOrigins = ["other": .init(host: "127.0.0.1", port: second.port)]
                }
            ) { scenario in
                let gate = Gate()
                scenario.origin.on("GET", "/slow") { _ in
                    .response(200, ["Cache-Control": "no-store"], body: ["first,", .gate(gate), "first"], framing: .chunked)
                }
                scenario.origin.otherwise { _ in .response(200, ["Cache-Control": "no-store"], body: "first") }
                let (slow, client) = (try await scenario.client(), try await scenario.client())
                try await slow.sendRequest("GET", "/slow")
                _ = try await slow.readHead()
                #expect(try await slow.readBody(atLeast: 6) == Array("first,".utf8))
                #expect(try await client.get("/").text == "first")

                try await scenario.proxy.reload(
                    rules: nil,
                    origin: .init(host: "127.0.0.1", port: second.port),
                    namedOrigins: [:],
                    users: nil
                )
                #expect(try await client.get("/").text == "second")
                #expect(try await scenario.client().get("/").text == "second")
                gate.open()
                #expect(try await slow.readBody(atLeast: 5) == Array("first".utf8))
                try await eventually("no connection to the old one is left") { scenario.origin.openConnectionCount == 0 }

                // A rule may choose what was named just now, and what was not changed keeps its connections.
                var choice = RuleAction()
                choice.origin = "new"
                let rule = RuleSet.Rule(name: "new", match: RuleMatch(), action: choice)
                let rules = RuleSet(sites: [.init(hosts: ["*"].compactMap { HostPattern($0) }, rules: [rule])])
                let before = second.connectionCount
                try await scenario.proxy.reload(
                    rules: rules,
                    namedOrigins: ["new": .init(host: "127.0.0.1", port: scenario.origin.port)],
                    users: nil
                )
                #expect(try await client.get("/").text == "first")
                try await scenario.proxy.reload(rules: nil, namedOrigins: [:], users: nil)
                #expect(try await client.get("/").text == "second")
                #expect(second.connectionCount == before)
            }
        }
    }

    @Test func `rules on status and type decide whether a response is stored`() async throws {
        try await withScenario(
            adjust: rules(
                { match, action in
                    match.statuses = [404...404]
                    action.ttlSeconds = 60
                },
                { match, action in
                    match.contentTypes = [TextPattern("video/*")]
                    action.bypasses = true
                }
            )
        ) { scenario in
            scenario.origin.on("GET", "/missing") { _ in .response(404, body: "no") }
            scenario.origin.on("GET", "/film") { _ in
                .response(200, ["Content-Type": "Video/MP4; a=b", "Cache-Control": "max-age=60"], body: "v")
            }
            scenario.origin.on("GET", "/page") { _ in
                .response(200, ["Content-Type": "text/html", "Cache-Control": "max-age=60"], body: "p")
            }
            let client = try await scenario.client()
            for path in ["/missing", "/film", "/page"] {
                for _ in 0..<2 { _ = try await client.get(path) }
            }
            #expect(scenario.origin.count("GET", "/missing") == 1 && scenario.origin.count("GET", "/page") == 1)
            #expect(scenario.origin.count("GET", "/film") == 2 && scenario.totals().notStored["rule"] == 2)
        }
    }

    @Test func `a client that is to pass by the cache does, also when memory could answer`() async throws {
        try await withScenario(
            adjust: rules { match, action in
                match.headers = [.init(name: "cookie", patterns: [TextPattern("*session=*")])]
                action.bypasses = true
            }
        ) { scenario in
            scenario.origin.on("GET", "/") { _ in .response(200, ["Cache-Control": "max-age=60"], body: "x") }
            let client = try await scenario.client()
            for _ in 0..<2 { _ = try await client.get("/") }
            #expect(scenario.origin.count("GET", "/") == 1)
            let passed = try await client.get("/", ["Cookie": "a=1; session=2"])
            #expect(passed["Cache-Status"] == "gyre; fwd=bypass; fwd-status=200; detail=rule" && scenario.origin.count("GET", "/") == 2)
            let cached = try await client.get("/", ["Cookie": "session=2", "Cache-Control": "only-if-cached"])
            #expect(cached.status == 504 && scenario.origin.count("GET", "/") == 2)
        }
    }

    @Test func `parameters that do not count are in no key, in no request to the origin, and in no purge`() async throws {
        try await withScenario(adjust: rules { _, action in action.queryParameters = ["p"] }) { scenario in
            scenario.origin.otherwise { request in .response(200, ["Cache-Control": "max-age=60"], body: "\(request.target)") }
            let client = try await scenario.client()
            let host = scenario.origin.authority
            for target in ["/a?utm=1&p=2", "/a?p=2", "/a?p=2&utm=3"] {
                #expect(try await client.get(target, ["Host": host]).text == "/a?p=2")
            }
            #expect(scenario.origin.requestCount == 1)
            _ = try await scenario.proxy.purge(PurgeRequest(.url("http://\(host)/a?p=2&utm=9")))
            _ = try await client.get("/a?p=2", ["Host": host])
            #expect(scenario.origin.requestCount == 2)
        }
    }

    @Test func `fields in the key keep answers apart, reach the origin, and one purge takes all`() async throws {
        try await withScenario(adjust: rules { _, action in action.keyFields = ["x-country"] }) { scenario in
            scenario.origin.on("GET", "/") { request in
                .response(200, ["Cache-Control": "max-age=60"], body: "for \(request.fields["X-Country"] ?? "nobody")")
            }
            let client = try await scenario.client()
            let host = scenario.origin.authority
            func ask() async throws {
                for country in ["de", "fr"] {
                    #expect(try await client.get("/", ["Host": host, "X-Country": country]).text == "for \(country)")
                }
                #expect(try await client.get("/", ["Host": host]).text == "for nobody")
            }
            for _ in 0..<2 { try await ask() }
            #expect(scenario.origin.requestCount == 3)
            #expect(try await client.request("PURGE", "/", ["Host": host, "X-Country": "de"]).status == 200)
            try await ask()
            #expect(scenario.origin.requestCount == 6)
            scenario.origin.on("POST", "/") { _ in .response(200, body: "done") }
            _ = try await client.request("POST", "/", ["Host": host], body: [1])
            try await ask()
            #expect(scenario.origin.requestCount == 10)
        }
    }

    @Test func `fields are changed on the way to the origin and to the client, from memory too`() async throws {
        try await withScenario(
            adjust: rules(
                { _, action in
                    action.request.remove = [.cookie]
                    if let name = HTTPField.Name("X-Secret") { action.request.set = [HTTPField(name: name, value: "s")] }
                },
                { match, action in
                    match.contentTypes = [TextPattern("text/html")]
                    action.response.remove = [.server]
                    if let name = HTTPField.Name("X-Site") { action.response.set = [HTTPField(name: name, value: "shop")] }
                }
            )
        ) { scenario in
            for (path, type) in [("/page", "text/html; charset=utf-8"), ("/text", "text/plain")] {
                scenario.origin.on("GET", path) { _ in
                    .response(200, ["Content-Type": "\(type)", "Server": "old", "Cache-Control": "max-age=60"], body: "x")
                }
            }
            let client = try await scenario.client()
            for _ in 0..<2 {
                let page = try await client.get("/page", ["Cookie": "a=b"])
                #expect(page["Server"] == nil && page["X-Site"] == "shop" && page.text == "x")
                let text = try await client.get("/text")
                #expect(text["Server"] == "old" && text["X-Site"] == nil)
            }
            #expect(scenario.origin.requestCount == 2)
            let head = try #require(scenario.origin.received("GET", "/page").first)
            #expect(head.fields["Cookie"] == nil && head.fields["X-Secret"] == "s")
        }
    }

    @Test func `denials and redirects are answered without cache and origin, in every way of writing the path`() async throws {
        try await withScenario(
            adjust: rules(
                { match, action in
                    match.paths = [TextPattern("/private/*")]
                    action.answer = .deny(status: 404)
                },
                { match, action in
                    match.paths = [TextPattern("/old/*")]
                    action.answer = .redirect(status: 308, location: "https://{host}{path}")
                }
            )
        ) { scenario in
            scenario.origin.otherwise { _ in .response(200, ["Cache-Control": "max-age=60"], body: "x") }
            let client = try await scenario.client()
            for path in ["/private/a", "/x/../private/a", "/%70rivate/a", "/./private/%61?b"] {
                #expect(try await client.get(path).status == 404, "\(path)")
            }
            let moved = try await client.get("/old/a?b=c", ["Host": "site.example"])
            #expect(moved.status == 308 && moved["Location"] == "https://site.example/old/a?b=c" && moved.body.isEmpty)
            let head = try await client.request("HEAD", "/old/a", ["Host": "site.example"])
            #expect(head.status == 308)
            #expect(scenario.origin.requestCount == 0)
            #expect(try await client.get("/public").status == 200)
        }
    }

    @Test func `a rule chooses the origin, and what a client's own field chose is not served to others`() async throws {
        try await withFakeOrigin { beta in
            beta.otherwise { _ in .response(200, ["Cache-Control": "max-age=60"], body: "beta") }
            let adjust = rules { match, action in
                match.headers = [.init(name: "x-beta", patterns: [TextPattern("1")])]
                action.origin = "beta"
            }
            try await withScenario(adjust: { configuration in
                adjust(&configuration)
                configuration.namedOrigins["beta"] = .init(host: "127.0.0.1", port: beta.port)
            }) { scenario in
                scenario.origin.otherwise { _ in .response(200, ["Cache-Control": "max-age=60"], body: "plain") }
                let client = try await scenario.client()
                for _ in 0..<2 {
                    #expect(try await client.get("/", ["X-Beta": "1"]).text == "beta")
                    #expect(try await client.get("/").text == "plain")
                }
                #expect(beta.requestCount == 1 && scenario.origin.requestCount == 1)
            }
        }
    }

    @Test func `rules hold for a forward proxy and its tunnels`() async throws {
        let adjust = rules { match, action in
            match.paths = [TextPattern("*")]
            action.answer = .deny(status: 451)
        }
        try await withScenario(adjust: { configuration in
            forwardOnly()(&configuration)
            adjust(&configuration)
            configuration.rules?.sites[0].hosts = ["*.blocked.test"].compactMap { HostPattern($0) }
        }) { scenario in
            scenario.origin.on("GET", "/") { _ in .response(200, body: "x") }
            let client = try await scenario.client()
            func ask(_ method: String, _ host: String) async throws -> Int {
                let authority = "\(host):\(scenario.origin.port)"
                return try await client.request(method, method == "GET" ? "http://\(authority)/" : authority, ["Host": authority]).status
            }
            #expect(try await ask("GET", "a.blocked.test") == 451)
            #expect(try await ask("CONNECT", "a.blocked.test") == 451)
            #expect(try await ask("GET", "open.test") == 200)
            #expect(scenario.totals().refusals == ["rule": 2])
        }
    }

    @Test func `explain names the rules that apply`() async throws {
        try await withScenario(
            adjust: rules(
                { match, action in
                    match.paths = [TextPattern("/a")]
                    action.ttlSeconds = 60
                    action.keyFields = ["x-country"]
                },
                { match, action in
                    match.paths = [TextPattern("/no")]
                    action.answer = .deny(status: 403)
                }
            )
        ) { scenario in
            scenario.origin.otherwise { _ in .response(200, body: "x") }
            let client = try await scenario.client()
            _ = try await client.get("/a", ["Host": "site.example", "X-Country": "de"])
            let fields = [(name: "X-Country", value: "de")]
            let stored = try #require(await scenario.proxy.explain(url: "http://site.example/a", fields: fields))
            #expect(stored.contains("rule 1: ttl 60 s, key with x-country") && stored.contains("60 s by rule"))
            #expect(stored.contains("key           http://site.example/a + x-country: de") && stored.contains("answer from the cache"))
            let denied = try #require(await scenario.proxy.explain(url: "http://site.example/no", fields: []))
            #expect(denied.contains("rule 2: deny with 403") && denied.contains("decision      403"))
        }
    }
}
