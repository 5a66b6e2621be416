// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPTypes
import Testing

@testable import HTTPCaching

struct RuleTests {
    @Test(arguments: [
        ("/a", "/a", true), ("/a", "/ab", false), ("/a*", "/ab", true), ("/a*", "/a", true), ("/a/*", "/a", false),
        ("*.png", "/x/y.png", true),
        ("*.png", ".png", true), ("*.png", "/x.pngg", false), ("/a/*/c", "/a/b/b/c", true), ("/a/*/c", "/a/c", false), ("*", "", true),
        ("", "", true), ("", "a", false), ("a*a", "a", false), ("a*a", "aa", true), ("*ab*ab*", "xabyab", true), ("*ab*ab*", "xab", false),
        ("a**b", "ab", true), ("a*b*c", "abcbc", true), ("a*bc", "abcbd", false),
    ])
    func `a pattern matches a whole text`(pattern: String, text: String, matches: Bool) {
        #expect(TextPattern(pattern).matches(text.utf8) == matches)
    }

    private static func rule(_ name: String, _ change: (inout RuleMatch, inout RuleAction) -> Void) -> RuleSet.Rule {
        var (match, action) = (RuleMatch(), RuleAction())
        change(&match, &action)
        return RuleSet.Rule(name: name, match: match, action: action)
    }

    private static func site(_ host: String, _ rules: RuleSet.Rule...) -> RuleSet.Site {
        RuleSet.Site(hosts: [host].compactMap { HostPattern($0) }, rules: rules)
    }

    private func decide(
        _ rules: RuleSet,
        _ target: String,
        _ fields: [String: String] = [:],
        method: String = "GET",
        host: String = "a.example"
    ) -> RuleDecision? {
        rules.decision(for: RuleRequest(method: method, authority: host.utf8, pathAndQuery: target.utf8)) { fields[$0] }
    }

    @Test(arguments: [
        ("www.example.org", "exact"), ("WWW.example.org.:81", "exact"), ("a.example.org", "domain"), ("a.b.example.org", "long"),
        ("x.b.example.org", "long"), ("example.org", "all"), ("[::1]:80", "six"), ("other", "all"),
    ])
    func `a request belongs to the site that says most about its host`(host: String, expected: String) {
        func named(_ name: String) -> RuleSet.Rule { Self.rule(name) { _, action in action.bypasses = true } }
        let rules = RuleSet(sites: [
            Self.site("*", named("all")), Self.site("*.example.org", named("domain")), Self.site("*.b.example.org", named("long")),
            Self.site("www.example.org", named("exact")), Self.site("[::1]", named("six")),
        ])
        #expect(decide(rules, "/", host: host)?.rules.map(\.name) == [expected])
    }

    @Test func `each condition must hold, and of a list one`() {
        let rules = RuleSet(sites: [
            Self.site(
                "*",
                Self.rule("r") { match, action in
                    match.paths = [TextPattern("/a/*"), TextPattern("/b")]
                    match.methods = ["GET"]
                    match.headers = [.init(name: "x-a", patterns: [TextPattern("1"), TextPattern("2*")])]
                    match.query = [.init(name: "q", patterns: [TextPattern("*")])]
                    action.bypasses = true
                }
            )
        ])
        #expect(decide(rules, "/a/x?q=", ["x-a": "1"]) != nil)
        #expect(decide(rules, "/b?p=1&q", ["x-a": "23"], method: "HEAD") != nil)
        for (method, target, value) in [
            ("POST", "/b?q", "1"), ("GET", "/c?q", "1"), ("GET", "/b?qq=1", "1"), ("GET", "/b", "1"), ("GET", "/b?q", "3"),
            ("GET", "/b?q", ""),
        ] {
            #expect(decide(rules, target, ["x-a": value], method: method) == nil)
        }
        #expect(decide(rules, "/b?q") == nil)
    }

    @Test func `of rules that say different things the later counts, and an answer ends it`() throws {
        let field = HTTPField(name: .server, value: "x")
        let rules = RuleSet(sites: [
            Self.site(
                "*",
                Self.rule("1") { _, action in
                    action.ttlSeconds = 60
                    action.response.set = [field]
                },
                Self.rule("2") { match, action in
                    match.statuses = [404...404]
                    action.ttlSeconds = 5
                    action.response.remove = [.server]
                },
                Self.rule("3") { match, action in
                    match.paths = [TextPattern("/no")]
                    action.answer = .deny(status: 403)
                },
                Self.rule("4") { _, action in action.origin = "other" }
            )
        ])
        let plain = try #require(decide(rules, "/"))
        #expect(plain.response(status: 200, contentType: nil).ttlSeconds == 60 && plain.origin == "other" && plain.answer == nil)
        let missing = plain.response(status: 404, contentType: nil)
        #expect(missing.ttlSeconds == 5 && missing.changes.set.isEmpty && missing.applied == ["1", "2", "4"])
        let denied = try #require(decide(rules, "/no"))
        #expect(denied.answer == .deny(status: 403) && denied.origin == nil)
    }

    @Test func `what one client is sent for its own fields is kept apart in the key`() throws {
        let rules = RuleSet(sites: [
            Self.site(
                "*",
                Self.rule("beta") { match, action in
                    match.headers = [.init(name: "x-beta", patterns: [TextPattern("*")])]
                    action.origin = "beta"
                },
                Self.rule("path") { match, action in
                    match.paths = [TextPattern("/p")]
                    action.origin = "path"
                },
                Self.rule("key") { _, action in action.keyFields = ["x-country"] }
            )
        ])
        #expect(rules.addsKeyParts)
        let plain = try #require(decide(rules, "/p", ["x-country": "de"]))
        #expect(plain.keyParts == [Array("x-country: de".utf8)] && plain.origin == "path")
        let beta = try #require(decide(rules, "/", ["x-country": "de", "x-beta": "1"]))
        #expect(beta.keyParts == [Array("by rule: origin beta".utf8), Array("x-country: de".utf8)])
        // A value too long for a key.
        #expect(try #require(decide(rules, "/", ["x-country": String(repeating: "x", count: 2000)])).bypasses)
    }

    @Test func `a hit in memory may be sent as it is only when no rule has to do with it`() throws {
        func allows(_ change: (inout RuleMatch, inout RuleAction) -> Void) throws -> Bool {
            try #require(decide(RuleSet(sites: [Self.site("*", Self.rule("r", change))]), "/")).allowsPlainHit
        }
        #expect(try allows { _, action in action.ttlSeconds = 1 })
        #expect(try allows { _, action in action.origin = "o" })
        #expect(try allows { _, action in action.request.remove = [.cookie] })
        #expect(try !allows { _, action in action.bypasses = true })
        #expect(try !allows { _, action in action.answer = .deny(status: 403) })
        #expect(try !allows { _, action in action.keyFields = ["a"] })
        #expect(try !allows { _, action in action.queryParameters = [] })
        #expect(
            try !allows { match, action in
                match.statuses = [404...404]
                action.response.remove = [.server]
            }
        )
    }

    @Test func `purges find the key that requests get by rules about parameters`() throws {
        let rules = RuleSet(sites: [Self.site("a.example", Self.rule("q") { _, action in action.queryParameters = ["p"] })])
        let uri = try #require(TargetURI("http://a.example/x?utm=1&p=2"))
        let key = CacheKey.bytes(of: uri, rules: rules.keyRules(for: uri, base: CacheKeyRules()))
        #expect(String(decoding: key, as: UTF8.self) == "http://a.example/x?p=2")
    }

    @Test func `a rule's freshness replaces the origin's and nothing that forbids`() {
        var policy = CachingPolicy()
        policy.ruleTTLSeconds = 100
        func decide(_ fields: HTTPFields, status: Int = 200) -> StoreDecision {
            StoreDecision.decide(
                request: CacheRequest(method: .get, fields: [:], path: "/"),
                status: status,
                fields: fields,
                requestTime: Timestamp(milliseconds: 1_000_000),
                responseTime: Timestamp(milliseconds: 1_000_000),
                policy: policy
            )
        }
        for (fields, status) in [
            ([:], 200), ([.cacheControl: "max-age=1"], 200), ([.expires: "0"], 200), ([:], 404), ([:], 302), ([:], 500),
        ]
            as [(HTTPFields, Int)]
        {
            guard case .store(let head) = decide(fields, status: status) else {
                Issue.record("not stored: \(fields) \(status)")
                continue
            }
            #expect(head.freshness == FreshnessLifetime(seconds: 100, source: .rule))
        }
        #expect(decide([.cacheControl: "no-store"]) == .refuse(.noStore))
        #expect(decide([.cacheControl: "private"]) == .refuse(.isPrivate))
        #expect(decide([.setCookie: "a=b"]) == .refuse(.setCookie))
        policy.ruleRefusesToStore = true
        #expect(decide([.cacheControl: "max-age=60"]) == .refuse(.rule))
    }
}
