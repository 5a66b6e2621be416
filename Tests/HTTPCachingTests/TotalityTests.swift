// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPTypes
import Testing

@testable import HTTPCaching

@Suite("No input traps")
struct TotalityTests {
    @Test("every reader survives 30000 seeded texts")
    func readers() {
        var random = SeededRandom(seed: 4242)
        let pieces: [String] = [
            "max-age", "=", "\"", "\\", ",", " ", "\t", ";", "1", "99999999999999999999", "-", "bytes", "bytes=", "bytes ", "/", "*", "W/",
            "\"a\"",
            "no-cache", "private", "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "http:", "//", "?", "#", "%", "%2e",
            "..", ".",
            "[", "]", "@", ":", "é", "\u{0}", "q=0.5", "gzip", "(", ")", "?1", "stale-if-error",
        ]
        let names = [
            "Cache-Control", "CDN-Cache-Control", "Date", "Expires", "Age", "ETag", "Last-Modified", "Vary", "Content-Range",
            "Content-Length",
            "Connection", "Location", "Content-Location", "Cache-Groups", "Cache-Group-Invalidation", "Surrogate-Key", "Cache-Tag", "Range",
            "If-Range", "If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "Pragma", "Accept-Encoding", "Accept",
            "Via",
        ].compactMap { HTTPField.Name($0) }
        var policy = CachingPolicy()
        policy.guardsAgainstDeception = true
        let base = TargetURI(scheme: .http, authority: "h", target: "/a?b")
        for _ in 0..<30_000 {
            var message = HTTPFields()
            for _ in 0..<Int.random(in: 1...5, using: &random) {
                let text = (0..<Int.random(in: 0...6, using: &random)).compactMap { _ in pieces.randomElement(using: &random) }.joined()
                guard let name = names.randomElement(using: &random) else { continue }
                message.append(HTTPField(name: name, value: text))
            }
            let text = message.first?.value ?? ""
            _ = HTTPDate.parse(text, now: Timestamp(milliseconds: Int64(truncatingIfNeeded: random.next())))
            _ = TargetURI(text)
            _ = TargetURI(scheme: .https, authority: text, target: "/" + text)
            if let base {
                _ = Invalidation(method: .unsafe, target: base, status: 200, fields: message)
                _ = CacheKey.bytes(of: base, rules: CacheKeyRules())
            }
            _ = CacheGroups.groups(of: message)
            _ = PurgeTags.tags(of: message)
            _ = Via.isLoop(message, pseudonym: "gyre")
            let asking = CacheRequest(method: CacheRequest.Method.get, fields: message, path: text)
            let statuses = [200, 206, 404, 304, 103]
            let times = [Timestamp.distantPast, arrival, .distantFuture]
            let decision = StoreDecision.decide(
                request: asking,
                status: statuses.randomElement(using: &random) ?? 200,
                fields: message,
                requestTime: times.randomElement(using: &random) ?? arrival,
                responseTime: times.randomElement(using: &random) ?? arrival,
                policy: policy,
                jitter: 0.5
            )
            guard case .store(var head) = decision else { continue }
            _ = head.complete(bodyByteCount: head.bodyByteCount ?? head.partial?.range?.count ?? 5)
            let now = times.randomElement(using: &random) ?? arrival
            let reuse = ReuseDecision.decide(request: asking, stored: head, now: now, policy: policy)
            if case .fresh = head.profile.verdict(at: now), asking.mayUseHitProfile, head.isSelected(by: asking.fields) {
                guard case .fresh = reuse else {
                    Issue.record("profile and decision differ")
                    continue
                }
            }
            _ = Preconditions.evaluate(request: asking, stored: head, policy: policy)
            _ = RangePlan.make(request: asking, stored: head, policy: policy)
            _ = ErrorFallback.decide(request: asking, stored: head, failure: .unreachable, now: now, policy: policy)
            _ = Revalidation.update(head, request: asking, notModified: message, requestTime: now, responseTime: arrival, policy: policy)
            _ = head.fieldsForUnvalidatedUse
            _ = head.worthKeepingUntil(policy)
            var bytes: [UInt8] = []
            head.encode(into: &bytes)
            let again = StoredHead(decoding: bytes.span)
            #expect(again == head)
        }
    }

    @Test("every selecting field survives 20000 seeded texts, and its normal form is stable")
    func selectingFields() {
        var random = SeededRandom(seed: 5)
        let pieces = ["gzip", "br", ";", ",", " ", "q=", "0.5", "1.0", "\"", "\\", "x-gzip", "*", "\t", "Q=1"]
        for _ in 0..<20_000 {
            let text = (0..<Int.random(in: 0...10, using: &random)).compactMap { _ in pieces.randomElement(using: &random) }.joined()
            _ = SelectingField.list(text.utf8.span, lowercase: true)
            _ = SelectingField.acceptEncoding(text.utf8.span)
        }
    }
}
