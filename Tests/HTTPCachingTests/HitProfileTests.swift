// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPTypes
import Testing

@testable import HTTPCaching

@Suite("The hot path's profile")
struct HitProfileTests {
    @Test("it decides as the full decision does, for 20000 seeded responses, requests and times")
    func agreement() {
        var random = SeededRandom(seed: 9111)
        let directives = [
            "max-age=0", "max-age=1", "max-age=60", "max-age=2147483648", "s-maxage=30", "no-cache", "no-cache=\"x\"", "must-revalidate",
            "stale-while-revalidate=30", "stale-if-error=30", "public", "immutable", "max-age=x", "private=\"y\"",
        ]
        let others = [
            "Age: 0", "Age: 5", "Age: 4000000000", "Date: {-7}", "Date: {+7}", "Vary: A", "Vary: Accept-Encoding", "ETag: \"a\"",
            "ETag: W/\"b\"",
            "Last-Modified: {-5000}", "Expires: {+60}", "Expires: 0", "Set-Cookie: a=b", "Content-Length: 1000",
        ]
        let requests = ["A: 1", "Accept-Encoding: gzip", "Accept: */*", "Cookie: a=b", "User-Agent: x"]
        let policy = CachingPolicy()
        var freshCount = 0
        var otherCount = 0
        for round in 0..<20_000 {
            let chosen = (0..<Int.random(in: 0...3, using: &random)).compactMap { _ in directives.randomElement(using: &random) }
            let more = (0..<Int.random(in: 0...4, using: &random)).compactMap { _ in others.randomElement(using: &random) }
            let asked = (0..<Int.random(in: 0...3, using: &random)).compactMap { _ in requests.randomElement(using: &random) }
            let status = [200, 200, 200, 301, 404, 503].randomElement(using: &random) ?? 200
            let response = (chosen.isEmpty ? [] : ["Cache-Control: " + chosen.joined(separator: ", ")]) + more
            let decision = storing(response, status: status, delayMilliseconds: Int64.random(in: 0...3000, using: &random))
            guard case .store(var head) = decision else { continue }
            if Int.random(in: 0..<10, using: &random) > 0 { _ = head.complete(bodyByteCount: 1000) }
            let now = arrival.adding(milliseconds: Int64.random(in: -5000...70_000, using: &random))
            let method = Bool.random(using: &random) ? "GET" : "HEAD"
            let asking = request(asked, method: method)
            #expect(asking.mayUseHitProfile)
            let full = ReuseDecision.decide(request: asking, stored: head, now: now, policy: policy)
            let profile = head.profile
            let isSelected = !profile.variesByRequest || head.isSelected(by: asking.fields)
            let hot = isSelected ? profile.verdict(at: now) : .consult
            switch (hot, full) {
            case (.fresh(let age), .fresh(let served)):
                freshCount += 1
                #expect(age == served.ageSeconds && !served.stripsFields, "round \(round)")
            case (.fresh, _): Issue.record("round \(round): hot path would serve what is \(describe(full)): \(response) \(asked)")
            case (.consult, .fresh(let served)):
                // Only stripping may keep a fresh response off the hot path.
                #expect(served.stripsFields, "round \(round): \(response)")
            case (.consult, _): otherCount += 1
            }
        }
        #expect(freshCount > 2000 && otherCount > 2000)
    }

    @Test(
        "a request with a field that needs more may not use it",
        arguments: [
            "Range: bytes=0-", "If-Match: *", "If-None-Match: *", "If-Modified-Since: x", "If-Unmodified-Since: x", "If-Range: x",
            "Cache-Control: foo", "Pragma: foo", "Authorization: x",
        ]
    )
    func fullDecision(line: String) {
        #expect(!request([line]).mayUseHitProfile)
    }

    @Test("methods other than GET and HEAD may not use it", arguments: ["POST", "OPTIONS", "PURGE", "TRACE", "get"])
    func methods(method: String) {
        #expect(!request(method: method).mayUseHitProfile)
        #expect(request(["Accept: x"], method: "HEAD").mayUseHitProfile)
    }

    @Test("it has the size it says")
    func size() {
        #expect(MemoryLayout<HitProfile>.size == 24)
    }

    @Test("it decides at the ends of time")
    func extremes() throws {
        var head = try stored(["Cache-Control: max-age=60"])
        #expect(head.profile.verdict(at: .distantPast) == .fresh(ageSeconds: 0))
        #expect(head.profile.verdict(at: .distantFuture) == .consult)
        for moment in [Timestamp.distantPast, .distantFuture, Timestamp(milliseconds: 0)] {
            for age in [Int64.min, -1, 0, .max] {
                head.responseTime = moment
                head.correctedInitialAgeMilliseconds = age
                for now in [Timestamp.distantPast, .distantFuture, arrival] {
                    let full = ReuseDecision.decide(request: request(), stored: head, now: now, policy: CachingPolicy())
                    if case .fresh(let age) = head.profile.verdict(at: now) {
                        guard case .fresh(let served) = full else {
                            Issue.record("\(moment) \(age) \(now): \(describe(full))")
                            continue
                        }
                        #expect(served.ageSeconds == age)
                    }
                }
            }
        }
    }
}
