// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPTypes
import Testing

@testable import HTTPCaching

@Suite("Reuse, RFC 9111 §4")
struct ReuseDecisionTests {
    struct Row: TableRow {
        let section: String
        let response: [String]
        let request: [String]
        let method: String
        let milliseconds: Int64
        let expected: String
        var title: String { "\(response) asked \(method) \(request) after \(milliseconds) ms" }

        init(
            _ section: String,
            _ response: [String],
            _ request: [String] = [],
            method: String = "GET",
            after seconds: Double,
            is expected: String
        ) {
            self.section = section
            self.response = response
            self.request = request
            self.method = method
            self.milliseconds = Int64(seconds * 1000)
            self.expected = expected
        }
    }

    static let hour = ["Cache-Control: max-age=60", "ETag: \"a\""]
    static func with(_ directives: String) -> [String] { ["Cache-Control: max-age=60, \(directives)", "ETag: \"a\""] }

    static let rows: [Row] = [
        // Freshness
        Row("§4.2", hour, after: 0, is: "fresh 0 60"),
        Row("§4.2", hour, after: 59, is: "fresh 59 1"),
        Row("§4.2", hour, after: 59.999, is: "fresh 59 1"),
        Row("§4.2", hour, after: 60, is: "validate stale"),
        Row("§4.2", hour, after: 1e6, is: "validate stale"),
        Row("§4.2", hour, after: -1000, is: "fresh 0 60"),
        Row("§4.2.3", hour + ["Age: 30"], after: 29, is: "fresh 59 1"),
        Row("§4.2.3", hour + ["Age: 30"], after: 30, is: "validate stale"),
        Row("§4.2.3", hour + ["Date: {-30}"], after: 30, is: "validate stale"),
        Row("§4.2", ["Cache-Control: max-age=0", "ETag: \"a\""], after: 0, is: "validate stale"),
        Row("§5.3", ["Expires: 0", "ETag: \"a\""], after: 0, is: "validate stale"),
        Row("§4.2.2", ["Last-Modified: {-1000}"], after: 99, is: "fresh 99 1"),
        Row("§4.2.2", ["Last-Modified: {-1000}"], after: 100, is: "validate stale"),
        Row("§4.3.1", ["Cache-Control: max-age=60"], after: 60, is: "validate stale anew"),
        // Methods
        Row("§4", hour, method: "HEAD", after: 0, is: "fresh 0 60"),
        Row("§4", hour, method: "POST", after: 0, is: "miss method"),
        Row("§4", hour, method: "OPTIONS", after: 0, is: "miss method"),
        Row("§4", hour, ["Cache-Control: only-if-cached"], method: "POST", after: 0, is: "miss method"),
        // Response directives
        Row("§5.2.2.4", with("no-cache"), after: 0, is: "validate no-cache"),
        Row("§5.2.2.4", ["Cache-Control: no-cache", "ETag: \"a\""], after: 0, is: "validate no-cache"),
        Row("§5.2.2.4", with("no-cache=\"x\""), after: 0, is: "fresh 0 60"),
        Row("§5.2.2.2", with("must-revalidate"), after: 59, is: "fresh 59 1"),
        Row("§5.2.2.2", with("must-revalidate"), after: 60, is: "validate stale"),
        Row(
            "RFC 9213 §2.2",
            ["CDN-Cache-Control: max-age=60, no-cache", "Cache-Control: max-age=60", "ETag: \"a\""],
            after: 0,
            is: "validate no-cache"
        ),
        // Request directives
        Row("§5.2.1.4", hour, ["Cache-Control: no-cache"], after: 0, is: "validate request-no-cache"),
        Row("§5.4", hour, ["Pragma: no-cache"], after: 0, is: "validate request-no-cache"),
        Row("§5.4", hour, ["Pragma: no-cache", "Cache-Control: max-stale"], after: 0, is: "fresh 0 60"),
        Row("§5.2.1.5", hour, ["Cache-Control: no-store"], after: 1, is: "fresh 1 59"),
        Row("§5.2.1.1", hour, ["Cache-Control: max-age=0"], after: 0, is: "validate request-max-age"),
        Row("§5.2.1.1", hour, ["Cache-Control: max-age=10"], after: 10, is: "fresh 10 50"),
        Row("§5.2.1.1", hour, ["Cache-Control: max-age=10"], after: 10.001, is: "validate request-max-age"),
        Row("§5.2.1.1", hour, ["Cache-Control: max-age=x"], after: 1, is: "validate request-max-age"),
        Row("§5.2.1.1", hour, ["Cache-Control: max-age=100"], after: 60, is: "validate stale"),
        Row("§5.2.1.1", hour + ["Age: 30"], ["Cache-Control: max-age=10"], after: 0, is: "validate request-max-age"),
        Row("§5.2.1.3", hour, ["Cache-Control: min-fresh=10"], after: 50, is: "fresh 50 10"),
        Row("§5.2.1.3", hour, ["Cache-Control: min-fresh=10"], after: 50.001, is: "validate request-min-fresh"),
        Row("§5.2.1.3", hour, ["Cache-Control: min-fresh=x"], after: 0, is: "validate request-min-fresh"),
        Row("§5.2.1.3", hour, ["Cache-Control: min-fresh=10"], after: 61, is: "validate stale"),
        Row("§5.2.1.2", hour, ["Cache-Control: max-stale"], after: 1000, is: "stale max-stale 1000"),
        Row("§5.2.1.2", hour, ["Cache-Control: max-stale=10"], after: 69, is: "stale max-stale 69"),
        Row("§5.2.1.2", hour, ["Cache-Control: max-stale=10"], after: 70, is: "stale max-stale 70"),
        Row("§5.2.1.2", hour, ["Cache-Control: max-stale=10"], after: 70.001, is: "validate stale"),
        Row("§5.2.1.2", hour, ["Cache-Control: max-stale=0"], after: 60, is: "validate stale"),
        Row("§5.2.1.2", hour, ["Cache-Control: max-stale=x"], after: 60, is: "validate stale"),
        Row("§5.2.1.2", hour, ["Cache-Control: max-stale=100, max-age=10"], after: 70, is: "validate stale"),
        Row("§5.2.1.2", hour, ["Cache-Control: max-stale=100, min-fresh=10"], after: 70, is: "validate stale"),
        Row("§5.2.1.7", hour, ["Cache-Control: only-if-cached"], after: 1, is: "fresh 1 59"),
        Row("§5.2.1.7", hour, ["Cache-Control: only-if-cached"], after: 60, is: "504 stale"),
        Row("§5.2.1.7", hour, ["Cache-Control: only-if-cached, no-cache"], after: 0, is: "504 request-no-cache"),
        Row("§5.2.1.7", hour, ["Cache-Control: only-if-cached, max-stale"], after: 90, is: "stale max-stale 90"),
        // Never stale
        Row("§5.2.2.2", with("must-revalidate"), ["Cache-Control: max-stale"], after: 60, is: "validate stale"),
        Row("§5.2.2.8", with("proxy-revalidate"), ["Cache-Control: max-stale"], after: 60, is: "validate stale"),
        Row("§5.2.2.10", with("s-maxage=60"), ["Cache-Control: max-stale"], after: 60, is: "validate stale"),
        Row("§5.2.2.4", with("no-cache"), ["Cache-Control: max-stale"], after: 60, is: "validate no-cache"),
        Row("§4.2.4", with("must-revalidate, stale-while-revalidate=60"), after: 60, is: "validate stale"),
        Row("§4.2.4", with("s-maxage=60, stale-while-revalidate=60"), after: 60, is: "validate stale"),
        // stale-while-revalidate
        Row("RFC 5861 §3", with("stale-while-revalidate=30"), after: 59, is: "fresh 59 1"),
        Row("RFC 5861 §3", with("stale-while-revalidate=30"), after: 60, is: "stale stale-while-revalidate 60"),
        Row("RFC 5861 §3", with("stale-while-revalidate=30"), after: 89.999, is: "stale stale-while-revalidate 89"),
        Row("RFC 5861 §3", with("stale-while-revalidate=30"), after: 90, is: "validate stale"),
        Row("RFC 5861 §3", with("stale-while-revalidate=30"), ["Cache-Control: no-cache"], after: 60, is: "validate request-no-cache"),
        Row("RFC 5861 §3", with("stale-while-revalidate=30"), ["Cache-Control: max-age=10"], after: 60, is: "validate stale"),
        Row("§5.2.1.2", with("stale-while-revalidate=30"), ["Cache-Control: max-stale=0"], after: 61, is: "validate stale"),
        Row("§5.2.1.2", with("stale-while-revalidate=30"), ["Cache-Control: max-stale=5"], after: 66, is: "validate stale"),
        Row(
            "§5.2.1.2",
            with("stale-while-revalidate=30"),
            ["Cache-Control: max-stale=9"],
            after: 66,
            is: "stale stale-while-revalidate 66"
        ),
        Row("RFC 5861 §3", with("stale-while-revalidate=x"), after: 60, is: "validate stale"),
        Row("RFC 5861 §4", with("stale-if-error=30"), after: 60, is: "validate stale"),
        // Vary
        Row("§4.1", hour + ["Vary: A"], after: 0, is: "fresh 0 60"),
        Row("§4.1", hour + ["Vary: A"], ["A: 1"], after: 0, is: "miss vary-miss"),
        Row("§4.1", hour + ["Vary: A"], ["B: 1"], after: 0, is: "fresh 0 60"),
        Row("§4.1", hour + ["Vary: A"], ["A: 1", "Cache-Control: only-if-cached"], after: 0, is: "504 vary-miss"),
        // Immutable alone changes nothing by default
        Row("RFC 8246 §2", with("immutable"), ["Cache-Control: max-age=0"], after: 1, is: "validate request-max-age"),
    ]

    @Test("a stored response is used as far as directives, age and selecting fields allow", arguments: rows)
    func decision(row: Row) throws {
        let head = try stored(row.response)
        let decision = ReuseDecision.decide(
            request: request(row.request, method: row.method),
            stored: head,
            now: arrival.adding(milliseconds: row.milliseconds),
            policy: CachingPolicy()
        )
        #expect(describe(decision) == row.expected)
    }

    @Test("without a stored response a request is fetched, or refused when only the cache may answer, §5.2.1.7")
    func nothingStored() {
        #expect(ReuseDecision.decideWithoutStored(request: request()) == .miss(.uriMiss))
        #expect(ReuseDecision.decideWithoutStored(request: request(method: "POST")) == .miss(.method))
        #expect(ReuseDecision.decideWithoutStored(request: request(["Cache-Control: only-if-cached"])) == .gatewayTimeout("uri-miss"))
    }

    @Test("a body that is not complete is not used, §3.3")
    func incomplete() throws {
        guard case .store(let head) = storing(Self.hour) else { throw NotStored(reason: .unusable) }
        #expect(ReuseDecision.decide(request: request(), stored: head, now: arrival, policy: CachingPolicy()) == .miss(.incomplete))
        #expect(head.profile.verdict(at: arrival) == .consult)
    }

    @Test("the operator may ignore what clients say, grant a grace, and let immutable outrank reloads")
    func policies() throws {
        let head = try stored(Self.hour)
        var policy = CachingPolicy()
        policy.honorsRequestDirectives = false
        func decide(_ lines: [String], after seconds: Int64, _ head: StoredHead) -> String {
            describe(ReuseDecision.decide(request: request(lines), stored: head, now: arrival.adding(seconds: seconds), policy: policy))
        }
        #expect(decide(["Cache-Control: no-cache"], after: 1, head) == "fresh 1 59")
        #expect(decide(["Pragma: no-cache"], after: 1, head) == "fresh 1 59")
        #expect(decide(["Cache-Control: max-age=0, only-if-cached"], after: 61, head) == "504 stale")
        policy = CachingPolicy()
        policy.graceSeconds = 10
        #expect(decide([], after: 69, head) == "stale grace 69")
        #expect(decide([], after: 70, head) == "validate stale")
        #expect(decide([], after: 65, try stored(Self.with("must-revalidate"))) == "validate stale")
        policy = CachingPolicy()
        policy.defaultStaleWhileRevalidateSeconds = 10
        #expect(decide([], after: 69, head) == "stale stale-while-revalidate 69")
        #expect(decide([], after: 69, try stored(Self.with("stale-while-revalidate=0"))) == "validate stale")
        policy = CachingPolicy()
        policy.immutableOutranksRequestMaxAge = true
        let immutable = try stored(Self.with("immutable"))
        #expect(decide(["Cache-Control: max-age=0"], after: 1, immutable) == "fresh 1 59")
        #expect(decide(["Cache-Control: no-cache"], after: 1, immutable) == "validate request-no-cache")
        #expect(decide(["Cache-Control: max-age=0"], after: 60, immutable) == "validate stale")
    }

    @Test("a fresh answer leaves out the fields that no-cache names, §5.2.2.4")
    func strippedFields() throws {
        let head = try stored(["Cache-Control: max-age=60, no-cache=\"set-cookie, X-A\"", "Set-Cookie: a=b", "X-A: 1", "X-B: 2"])
        guard case .fresh(let served) = ReuseDecision.decide(request: request(), stored: head, now: arrival, policy: CachingPolicy()) else {
            Issue.record("not fresh")
            return
        }
        #expect(served.stripsFields)
        #expect(head.profile.verdict(at: arrival) == .consult)
        let names = head.fieldsForUnvalidatedUse.map(\.name.canonicalName)
        #expect(names.contains("x-b") && !names.contains("x-a") && !names.contains("set-cookie"))
        let targeted = try stored(["CDN-Cache-Control: max-age=60, no-cache=(\"x-a\")", "X-A: 1", "X-B: 2"])
        #expect(!targeted.fieldsForUnvalidatedUse.contains { $0.name.canonicalName == "x-a" })
        #expect(try stored(Self.hour).fieldsForUnvalidatedUse == stored(Self.hour).fields)
    }

    @Test("of several stored responses the one with the latest date is chosen, §4")
    func mostRecent() throws {
        let old = try stored(Self.hour + ["Date: {-20}"])
        let new = try stored(Self.hour + ["Date: {-10}"])
        var later = new
        later.responseTime = arrival.adding(seconds: 1)
        #expect(VariantSelection.mostRecent([]) == nil)
        #expect(VariantSelection.mostRecent([old, new]) == 1)
        #expect(VariantSelection.mostRecent([new, old]) == 0)
        #expect(VariantSelection.mostRecent([old, later, new]) == 1)
    }

    @Test("a soft purge makes a response stale, not unusable")
    func softPurge() throws {
        var head = try stored(Self.with("stale-while-revalidate=30"))
        head.expire(at: arrival.adding(seconds: 10))
        let policy = CachingPolicy()
        func decide(after seconds: Int64) -> String {
            describe(ReuseDecision.decide(request: request(), stored: head, now: arrival.adding(seconds: seconds), policy: policy))
        }
        #expect(head.freshness.source == .softPurge)
        #expect(decide(after: 10) == "stale stale-while-revalidate 10")
        #expect(decide(after: 40) == "validate stale")
        #expect(head.profile.verdict(at: arrival.adding(seconds: 10)) == .consult)
    }
}
