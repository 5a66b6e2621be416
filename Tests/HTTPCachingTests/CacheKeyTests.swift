// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Testing

@testable import HTTPCaching

@Suite("Cache keys, RFC 9111 §2 and RFC 3986 §6")
struct CacheKeyTests {
    private func key(
        _ authority: String,
        _ target: String,
        _ rules: CacheKeyRules = CacheKeyRules(),
        scheme: TargetURI.Scheme = .http
    ) -> String? {
        TargetURI(scheme: scheme, authority: authority, target: target).map {
            String(decoding: CacheKey.bytes(of: $0, rules: rules), as: UTF8.self)
        }
    }

    @Test(
        "authorities are made equal",
        arguments: [
            ("a.example", "http://a.example/"), ("A.EXAMPLE", "http://a.example/"), ("a.example:80", "http://a.example/"),
            ("a.example:", "http://a.example/"), ("a.example:0080", "http://a.example/"), ("a.example:443", "http://a.example:443/"),
            ("a.example:8080", "http://a.example:8080/"), ("[::1]", "http://[::1]/"), ("[2001:DB8::1]:80", "http://[2001:db8::1]/"),
            ("[::1]:81", "http://[::1]:81/"), ("a.example.", "http://a.example./"), ("", nil), (":80", nil), ("[]", nil), ("[::1", nil),
            ("[::1]x", nil),
            ("u@a.example", nil), ("a.example:x", nil), ("a.example:-1", nil), ("a.example:65536", nil), ("a b", nil), ("a/b", nil),
            ("a?b", nil),
            ("a#b", nil), ("a\u{7F}", nil), ("é", nil), ("a:1:2", nil),
        ] as [(String, String?)]
    )
    func authorities(authority: String, expected: String?) {
        #expect(key(authority, "/") == expected)
    }

    @Test("the default port is that of the scheme")
    func schemes() {
        #expect(key("a:443", "/", scheme: .https) == "https://a/")
        #expect(key("a:80", "/", scheme: .https) == "https://a:80/")
    }

    @Test(
        "targets are normalized without changing what they mean",
        arguments: [
            ("/", "/"), ("/a/b", "/a/b"), ("/a/./b", "/a/b"), ("/a/../b", "/b"), ("/../../b", "/b"), ("/a/b/..", "/a/"), ("/a/.", "/a/"),
            ("//a", "//a"),
            ("/a//b", "/a//b"), ("/a/..//b", "//b"), ("/%7Euser", "/~user"), ("/%7euser", "/~user"), ("/%2e%2E/b", "/b"),
            ("/a%2Fb", "/a%2Fb"),
            ("/a%2fb", "/a%2Fb"), ("/a%2F..%2Fb", "/a%2F..%2Fb"), ("/%41", "/A"), ("/a", "/a"), ("/A", "/A"), ("/%", "/%"), ("/%4", "/%4"),
            ("/%zz", "/%zz"), ("/%%41a", "/%%41a"), ("/%/%7e", "/%/%7e"), ("/%3F", "/%3F"), ("/?", "/?"), ("/?a=%7e", "/?a=~"),
            ("/?a=/../b", "/?a=/../b"), ("/?a?b", "/?a?b"),
            ("/?b&a", "/?b&a"),
            ("/?a=%26", "/?a=%26"), ("/a;x=1", "/a;x=1"), ("/a#f", "/a"), ("/%00", "/%00"), ("/é", "/é"), ("/...", "/..."),
            ("/a/%2e", "/a/"),
        ]
    )
    func targets(target: String, expected: String) {
        #expect(key("h", target) == "http://h" + expected)
    }

    @Test("targets that are none have no key", arguments: ["", "a", "*", "/a b", "/a\tb", "/a\nb", "/a\u{0}b", "/\u{7F}", "http://a/"])
    func badTargets(target: String) {
        #expect(key("h", target) == nil)
    }

    @Test("an exact rule leaves the bytes as they are", arguments: ["/a/../b", "/%7E", "/?b&a", "/a//b", "/%2f?%7e"])
    func exact(target: String) {
        var rules = CacheKeyRules()
        rules.path = .exact
        #expect(key("h", target, rules) == "http://h" + target)
    }

    @Test("a normalized target is its own normalization, for 5000 seeded targets")
    func idempotent() {
        var random = SeededRandom(seed: 3986)
        let pieces = ["/", ".", "..", "a", "%2e", "%2F", "%41", "%", "?", "&", "=", "%7e", ";", "//"]
        for _ in 0..<5000 {
            let target =
                "/" + (0..<Int.random(in: 0...10, using: &random)).compactMap { _ in pieces.randomElement(using: &random) }.joined()
            guard let uri = TargetURI(scheme: .http, authority: "h", target: target) else {
                Issue.record("no target: \(target)")
                continue
            }
            let once = CacheKey.target(of: uri, rules: CacheKeyRules())
            let again = TargetURI(scheme: .http, authority: "h", target: String(decoding: once, as: UTF8.self))
            #expect(again.map { CacheKey.target(of: $0, rules: CacheKeyRules()) } == once, "\(target)")
        }
    }

    @Test("parameters are sorted, stripped and allowed by rule")
    func parameters() {
        func query(_ target: String, _ change: (inout CacheKeyRules) -> Void) -> String? {
            var rules = CacheKeyRules()
            change(&rules)
            return key("h", target, rules).map { String($0.dropFirst("http://h".count)) }
        }
        #expect(query("/?b=2&a=1&b=1") { $0.sortsQuery = true } == "/?a=1&b=2&b=1")
        #expect(query("/?b&a&&") { $0.sortsQuery = true } == "/?a&b")
        #expect(query("/?utm_source=x&a=1&utm_medium=y&gclid=z") { $0.strippedParameters = ["utm_*", "gclid"] } == "/?a=1")
        #expect(query("/?gclid2=z&xutm_=1") { $0.strippedParameters = ["utm_*", "gclid"] } == "/?gclid2=z&xutm_=1")
        #expect(query("/?utm_source=x") { $0.strippedParameters = ["utm_*"] } == "/")
        #expect(query("/?a=1&b=2&c=3") { $0.allowedParameters = ["c", "a"] } == "/?a=1&c=3")
        #expect(query("/?a=1") { $0.allowedParameters = [] } == "/")
        #expect(query("/?a=1&b=2") { $0.keepsQuery = false } == "/")
        #expect(query("/?%61=1&b=2") { $0.strippedParameters = ["a"] } == "/?b=2")
        #expect(query("/?A=1") { $0.strippedParameters = ["a"] } == "/?A=1")
    }

    @Test("more parts never run into the target or each other")
    func parts() throws {
        let uri = try #require(TargetURI("http://h/a"))
        let rules = CacheKeyRules()
        let keys = [
            CacheKey.bytes(of: uri, rules: rules), CacheKey.bytes(of: uri, rules: rules, parts: [[]]),
            CacheKey.bytes(of: uri, rules: rules, parts: [Array("b".utf8)]),
            CacheKey.bytes(of: uri, rules: rules, parts: [Array("b".utf8), []]),
            CacheKey.bytes(of: uri, rules: rules, parts: [[], Array("b".utf8)]),
            CacheKey.bytes(of: uri, rules: rules, parts: [Array("b\n".utf8)]),
        ]
        #expect(Set(keys).count == keys.count)
    }

    @Test(
        "absolute URIs are read for purges as requests are",
        arguments: [
            ("http://H:80/a?b#c", "http://h/a?b"), ("HTTPS://h", "https://h/"), ("https://h?x", "https://h/?x"),
            ("http://h/a/../b", "http://h/b"),
            ("h/a", nil), ("/a", nil), ("ftp://h/", nil), ("http:/a", nil), ("http://", nil), ("http://u:p@h/", nil), ("", nil),
            ("http://h/a b", nil),
        ] as [(String, String?)]
    )
    func absolute(text: String, expected: String?) {
        #expect(TargetURI(text).map { String(decoding: CacheKey.bytes(of: $0, rules: CacheKeyRules()), as: UTF8.self) } == expected)
    }
}
