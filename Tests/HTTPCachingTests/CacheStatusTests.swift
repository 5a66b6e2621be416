// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPTypes
import Testing

@testable import HTTPCaching

@Suite("Cache-Status, RFC 9211")
struct CacheStatusTests {
    @Test("members are written as the RFC's examples are")
    func examples() {
        #expect(CacheStatus.hit(ttlSeconds: 376).fieldValue(cache: "ExampleCache") == "ExampleCache; hit; ttl=376")
        #expect(CacheStatus.hit(ttlSeconds: -412).fieldValue(cache: "gyre") == "gyre; hit; ttl=-412")
        var miss = CacheStatus.forwarded(.uriMiss)
        miss.isStored = true
        miss.forwardStatus = 200
        #expect(miss.fieldValue(cache: "gyre") == "gyre; fwd=uri-miss; fwd-status=200; stored")
        var collapsed = CacheStatus.forwarded(.uriMiss)
        collapsed.isCollapsed = true
        #expect(collapsed.fieldValue(cache: "gyre") == "gyre; fwd=uri-miss; collapsed")
        collapsed.isCollapsed = false
        #expect(collapsed.fieldValue(cache: "gyre") == "gyre; fwd=uri-miss; collapsed=?0")
        var validated = CacheStatus.forwarded(.stale)
        validated.forwardStatus = 304
        #expect(validated.fieldValue(cache: "gyre") == "gyre; fwd=stale; fwd-status=304")
        #expect(CacheStatus().fieldValue(cache: "gyre") == "gyre")
    }

    @Test("hit and forward never stand together, §2.2")
    func exclusive() {
        var status = CacheStatus.hit(ttlSeconds: 1)
        status.forward = .stale
        #expect(status.fieldValue(cache: "gyre") == "gyre; hit; ttl=1")
    }

    @Test(
        "names and details are tokens where they can be, else strings",
        arguments: [
            ("gyre", "gyre"), ("edge.example.com", "edge.example.com"), ("*x", "*x"), ("a/b:c", "a/b:c"), ("1a", "\"1a\""),
            ("a b", "\"a b\""),
            ("", "\"\""), ("a\"b\\c", "\"a\\\"b\\\\c\""), ("é", "\"??\""), ("a\r\nb", "\"a??b\""), ("a;b", "\"a;b\""),
        ]
    )
    func text(text: String, expected: String) {
        #expect(CacheStatus().fieldValue(cache: text) == expected)
        #expect(CacheStatus.forwarded(.miss, detail: text).fieldValue(cache: "g") == "g; fwd=miss; detail=" + expected)
    }

    @Test("a key that is too long is cut, at a byte and not within an escape", arguments: [1023, 1024, 1025, 100_000])
    func longKey(count: Int) {
        var status = CacheStatus()
        status.key = [UInt8](repeating: 0x22, count: count)
        let shown = String(repeating: "\\\"", count: min(count, CacheStatus.maxKeyBytes))
        #expect(status.fieldValue(cache: "g") == "g; key=\"" + shown + (count > CacheStatus.maxKeyBytes ? "...\"" : "\""))
    }

    @Test("a key is a string, and numbers stay within 15 digits")
    func keyAndNumbers() {
        var status = CacheStatus.hit(ttlSeconds: .max)
        status.key = Array("http://a/?\"".utf8)
        #expect(status.fieldValue(cache: "g") == "g; hit; ttl=999999999999999; key=\"http://a/?\\\"\"")
        #expect(CacheStatus.hit(ttlSeconds: .min).fieldValue(cache: "g") == "g; hit; ttl=-999999999999999")
    }

    @Test("each decision has its word")
    func decisions() {
        let served = ReuseDecision.Served(ageSeconds: 1, ttlSeconds: 5, stripsFields: false)
        let cases: [(ReuseDecision, String)] = [
            (.fresh(served), "g; hit; ttl=5"),
            (.staleServable(.staleWhileRevalidate, served, revalidateInBackground: true), "g; hit; ttl=5; detail=stale-while-revalidate"),
            (.validate(.stale, conditions: [:]), "g; fwd=stale"), (.validate(.noCache, conditions: [:]), "g; fwd=stale; detail=no-cache"),
            (.validate(.requestNoCache, conditions: [:]), "g; fwd=request; detail=request-no-cache"),
            (.validate(.requestMaxAge, conditions: [:]), "g; fwd=request; detail=request-max-age"),
            (.miss(.uriMiss), "g; fwd=uri-miss"), (.miss(.varyMiss), "g; fwd=vary-miss"), (.miss(.method), "g; fwd=method"),
            (.miss(.partial), "g; fwd=partial"), (.miss(.incomplete), "g; fwd=miss; detail=incomplete"),
            (.gatewayTimeout("uri-miss"), "g; detail=only-if-cached/uri-miss"),
        ]
        for (decision, expected) in cases { #expect(CacheStatus(decision).fieldValue(cache: "g") == expected) }
    }
}
