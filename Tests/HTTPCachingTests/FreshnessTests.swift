// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Testing

@testable import HTTPCaching

@Suite("Freshness and age, RFC 9111 §4.2")
struct FreshnessTests {
    struct Row: TableRow {
        let section: String
        let status: Int
        let lines: [String]
        let seconds: Int64
        let source: FreshnessLifetime.Source
        var title: String { "\(status) " + lines.joined(separator: " | ") }

        init(_ section: String, _ status: Int = 200, _ lines: String..., is seconds: Int64, by source: FreshnessLifetime.Source) {
            self.section = section
            self.status = status
            self.lines = lines
            self.seconds = seconds
            self.source = source
        }
    }

    static let rows: [Row] = [
        Row("§4.2.1", 200, "Cache-Control: s-maxage=30, max-age=60", "Expires: {+90}", is: 30, by: .sMaxAge),
        Row("§4.2.1", 200, "Cache-Control: s-maxage=90, max-age=60", is: 90, by: .sMaxAge),
        Row("§4.2.1", 200, "Cache-Control: max-age=60", "Expires: {+90}", is: 60, by: .maxAge),
        Row("§4.2.1", 200, "Cache-Control: max-age=0", "Expires: {+90}", is: 0, by: .maxAge),
        Row("§4.2.1", 200, "Cache-Control: max-age=x", "Expires: {+90}", is: 0, by: .maxAge),
        Row("§4.2.1", 200, "Cache-Control: s-maxage=x, max-age=60", is: 0, by: .sMaxAge),
        Row("§4.2.1", 200, "Expires: {+90}", is: 90, by: .expires),
        Row("§4.2.1", 200, "Expires: {+90}", "Date: {-10}", is: 100, by: .expires),
        Row("§4.2.1", 200, "Expires: {+90}", "Date: {+10}", is: 80, by: .expires),
        Row("§4.2.1", 200, "Expires: {+0}", is: 0, by: .expires),
        Row("§4.2.1", 200, "Expires: {-10}", is: 0, by: .expires),
        Row("§5.3", 200, "Expires: 0", is: 0, by: .invalidExpires),
        Row("§5.3", 200, "Expires: -1", is: 0, by: .invalidExpires),
        Row("§5.3", 200, "Expires: never", is: 0, by: .invalidExpires),
        Row("§5.3", 200, "Expires: Thu, 18 Aug 2050 02:01:18 UTC", is: 0, by: .invalidExpires),
        Row("§5.3", 200, "Expires: Thu, 18 Aug 50 02:01:18 GMT", is: 0, by: .invalidExpires),
        Row("§5.3", 200, "Expires: Thu, 18-Aug-2050 02:01:18 GMT", is: 0, by: .invalidExpires),
        Row("§5.3", 200, "Expires: Thu, 18 Aug 2050 2:01:18 GMT", is: 0, by: .invalidExpires),
        Row("§5.3", 200, "Expires: Thu, 18 Aug 2050 02:01:18 AEST", is: 0, by: .invalidExpires),
        Row("§5.3", 200, "Expires: ", is: 0, by: .invalidExpires),
        Row("§5.3", 200, "Expires: {+90}", "Expires: {+30}", is: 30, by: .expires),
        Row("§5.3", 200, "Expires: {+30}", "Expires: {+90}", is: 30, by: .expires),
        Row("§5.3", 200, "Expires: {+90}", "Expires: 0", is: 0, by: .invalidExpires),
        Row("§5.3", 200, "Expires: 0", "Expires: {+90}", is: 0, by: .invalidExpires),
        Row("§5.3", 200, "Expires: {+99999999999}", is: 2_147_483_648, by: .expires),
        Row("RFC 9110 §5.6.7", 200, "Expires: Friday, 15-Jan-27 08:01:30 GMT", is: 90, by: .expires),
        Row("RFC 9110 §5.6.7", 200, "Expires: Fri Jan 15 08:01:30 2027", is: 90, by: .expires),
        // Heuristic
        Row("§4.2.2", 200, "Last-Modified: {-1000}", is: 100, by: .heuristic),
        Row("§4.2.2", 200, "Last-Modified: {-100000000}", is: 86_400, by: .heuristic),
        Row("§4.2.2", 200, "Last-Modified: {+1000}", is: 0, by: .heuristic),
        Row("§4.2.2", 200, "Last-Modified: junk", "ETag: \"a\"", is: 0, by: .none),
        Row("§4.2.2", 200, "Last-Modified: {-1000}", "Last-Modified: {-1000}", "ETag: \"a\"", is: 0, by: .none),
        Row("§4.2.2", 200, "ETag: \"a\"", is: 0, by: .none),
        Row("§4.2.2", 404, "Last-Modified: {-1000}", is: 100, by: .heuristic),
        Row("§4.2.2", 410, "Last-Modified: {-1000}", is: 100, by: .heuristic),
        Row("§4.2.2", 201, "Cache-Control: public", "Last-Modified: {-1000}", is: 100, by: .heuristic),
        Row("§4.2.2", 200, "Cache-Control: max-age=0", "Last-Modified: {-1000}", is: 0, by: .maxAge),
        Row("§4.2.2", 200, "Expires: 0", "Last-Modified: {-1000}", is: 0, by: .invalidExpires),
        // Targeted
        Row("RFC 9213 §2.2", 200, "CDN-Cache-Control: max-age=60", "Cache-Control: max-age=5", "Expires: {+1}", is: 60, by: .maxAge),
        Row("RFC 9213 §2.2", 200, "CDN-Cache-Control: max-age=60", "Cache-Control: no-store, private, no-cache", is: 60, by: .maxAge),
        Row("RFC 9213 §2.2", 200, "CDN-Cache-Control: max-age=60,", "Cache-Control: max-age=5", is: 5, by: .maxAge),
        Row("RFC 9213 §2.2", 200, "CDN-Cache-Control: ", "Cache-Control: max-age=5", is: 5, by: .maxAge),
        Row("RFC 9213 §2.2", 200, "CDN-Cache-Control: public", "Expires: {+90}", "Last-Modified: {-1000}", is: 100, by: .heuristic),
        Row("RFC 9213 §2.2", 200, "CDN-Cache-Control: s-maxage=30, max-age=60", is: 30, by: .sMaxAge),
        // Errors are capped by default
        Row("policy", 404, "Cache-Control: max-age=3600", is: 600, by: .maxAge),
        Row("policy", 503, "Cache-Control: max-age=3600", is: 600, by: .maxAge),
        Row("policy", 301, "Cache-Control: max-age=3600", is: 3600, by: .maxAge),
        // Unknown status with explicit freshness
        Row("§3", 299, "Cache-Control: max-age=60", is: 60, by: .maxAge),
        Row("§3", 599, "Cache-Control: max-age=60", is: 60, by: .maxAge),
    ]

    @Test("the lifetime comes from the first source that has one", arguments: rows)
    func lifetime(row: Row) throws {
        // A validator keeps responses without freshness from being refused.
        let hasValidator = row.lines.contains { $0.hasPrefix("ETag") }
        let head = try stored(row.lines + (hasValidator ? [] : ["ETag: \"v\""]), status: row.status)
        #expect(head.freshness.seconds == row.seconds)
        #expect(head.freshness.source == row.source)
    }

    @Test("a private cache ignores s-maxage, §5.2.2.10")
    func privateCache() throws {
        var policy = CachingPolicy()
        policy.isShared = false
        let head = try stored(["Cache-Control: s-maxage=30, max-age=60, private"], policy: policy)
        #expect(head.freshness.seconds == 60)
        #expect(!head.rules.contains(.neverStale))
    }

    @Test("the operator's clamps and jitter shorten and lengthen what the origin gave, never what it did not give")
    func clamps() throws {
        var policy = CachingPolicy()
        policy.minTTLSeconds = 10
        policy.maxTTLSeconds = 100
        #expect(try stored(["Cache-Control: max-age=5"], policy: policy).freshness.seconds == 10)
        #expect(try stored(["Cache-Control: max-age=50"], policy: policy).freshness.seconds == 50)
        #expect(try stored(["Cache-Control: max-age=500"], policy: policy).freshness.seconds == 100)
        #expect(try stored(["Cache-Control: max-age=0", "ETag: \"a\""], policy: policy).freshness.seconds == 0)
        policy = CachingPolicy()
        policy.defaultTTLSeconds = 7
        let head = try stored(["X: y"], policy: policy)
        #expect(head.freshness == FreshnessLifetime(seconds: 7, source: .policyDefault))
        policy.jitterFraction = 0.1
        for (jitter, seconds) in [(0.0, 1000), (0.5, 950), (1.0, 900), (5.0, 900), (-1.0, 1000), (.nan, 1000)] as [(Double, Int64)] {
            guard case .store(let head) = storing(["Cache-Control: max-age=1000"], policy: policy, jitter: jitter) else {
                Issue.record("not stored")
                continue
            }
            #expect(head.freshness.seconds == seconds, "jitter \(jitter)")
        }
    }

    @Test("policies that make no sense trap nowhere")
    func sillyPolicies() {
        var policy = CachingPolicy()
        policy.heuristicFraction = .infinity
        policy.maxTTLSeconds = -5
        policy.minTTLSeconds = .max
        policy.maxHeuristicTTLSeconds = .min
        policy.graceSeconds = .min
        policy.keepSeconds = .max
        policy.jitterFraction = .nan
        policy.targetedFields = ["", "not a name", ":status"]
        for lines in [["Last-Modified: {-1000}"], ["Cache-Control: max-age=60"], ["Expires: {+60}"]] {
            guard case .store(let head) = storing(lines + ["ETag: \"a\""], policy: policy, jitter: .infinity) else { continue }
            _ = head.worthKeepingUntil(policy)
            _ = ReuseDecision.decide(request: request(), stored: head, now: .distantFuture, policy: policy)
        }
    }

    struct AgeRow: TableRow {
        let section: String
        let lines: [String]
        let delay: Int64
        let expected: Int64
        var title: String { lines.joined(separator: " | ") + " delay \(delay)" }

        init(_ section: String, _ lines: String..., delay: Int64 = 0, is expected: Int64) {
            self.section = section
            self.lines = lines
            self.delay = delay
            self.expected = expected
        }
    }

    static let ageRows: [AgeRow] = [
        AgeRow("§4.2.3", is: 0),
        AgeRow("§4.2.3", "Date: {-30}", is: 30_000),
        AgeRow("§4.2.3", "Date: {+30}", is: 0),
        AgeRow("§4.2.3", "Age: 10", is: 10_000),
        AgeRow("§4.2.3", "Age: 10", "Date: {-30}", is: 30_000),
        AgeRow("§4.2.3", "Age: 50", "Date: {-30}", is: 50_000),
        AgeRow("§4.2.3", "Age: 10", delay: 2500, is: 12_500),
        AgeRow("§4.2.3", delay: 2500, is: 2500),
        AgeRow("§4.2.3", "Date: {-30}", delay: 2500, is: 30_000),
        AgeRow("§4.2.3", delay: -2500, is: 0),
        AgeRow("§5.1", "Age: x", is: 0),
        AgeRow("§5.1", "Age: -10", is: 0),
        AgeRow("§5.1", "Age: 10.5", is: 0),
        AgeRow("§5.1", "Age: 10, 20", is: 10_000),
        AgeRow("§5.1", "Age: 20, 10", is: 20_000),
        AgeRow("§5.1", "Age: 10", "Age: 20", is: 10_000),
        AgeRow("§5.1", "Age: x, 20", is: 0),
        AgeRow("§5.1", "Age: , 20", is: 20_000),
        AgeRow("§5.1", "Age: ,", is: 0),
        AgeRow("§5.1", "Age: 10;a=b", is: 0),
        AgeRow("§5.1", "Age: 2147483648", is: 2_147_483_648_000),
        AgeRow("§5.1", "Age: 99999999999999999999999", is: 2_147_483_648_000),
        AgeRow("RFC 9110 §6.6.1", "Date: junk", is: 0),
        AgeRow("§4.2.3", "Date: {-30}", "Date: {-60}", is: 60_000),
        AgeRow("§4.2.3", "Date: Thu, 01 Jan 0000 00:00:00 GMT", is: 63_967_219_200_000),
    ]

    @Test("the age on arrival is the greater of apparent and corrected age", arguments: ageRows)
    func initialAge(row: AgeRow) throws {
        let decision = storing(row.lines + ["Cache-Control: max-age=2147483648", "ETag: \"a\""], delayMilliseconds: row.delay)
        guard case .store(let head) = decision else { throw NotStored(reason: .unusable) }
        #expect(head.correctedInitialAgeMilliseconds == row.expected)
    }

    @Test("the age grows with the time in the cache and never shrinks when the clock goes back, §4.2.3")
    func currentAge() throws {
        let head = try stored(["Cache-Control: max-age=60", "Age: 10"])
        #expect(head.currentAgeSeconds(at: arrival) == 10)
        #expect(head.currentAgeSeconds(at: arrival.adding(milliseconds: 1999)) == 11)
        #expect(head.currentAgeSeconds(at: arrival.adding(seconds: -1000)) == 10)
        #expect(head.currentAgeSeconds(at: .distantFuture) == CachingLimits.maxDeltaSeconds)
        #expect(head.isFresh(at: arrival.adding(milliseconds: 49_999)))
        #expect(!head.isFresh(at: arrival.adding(milliseconds: 50_000)))
        #expect(head.ttlSeconds(at: arrival.adding(milliseconds: 49_999)) == 1)
        #expect(head.ttlSeconds(at: arrival.adding(milliseconds: 50_000)) == 0)
        #expect(head.ttlSeconds(at: arrival.adding(seconds: 55)) == -5)
    }

    @Test("a part of a second between Date and arrival is no age")
    func subsecond() throws {
        let decision = StoreDecision.decide(
            request: request(),
            status: 200,
            fields: fields(["Cache-Control: max-age=1", "Date: {+0}"]),
            requestTime: arrival.adding(milliseconds: 950),
            responseTime: arrival.adding(milliseconds: 950),
            policy: CachingPolicy()
        )
        guard case .store(let head) = decision else { throw NotStored(reason: .unusable) }
        #expect(head.correctedInitialAgeMilliseconds == 0)
        #expect(head.isFresh(at: arrival.adding(milliseconds: 1900)))
    }
}
