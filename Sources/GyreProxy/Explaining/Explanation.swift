// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
import HTTPCaching
import HTTPTypes

/// What the server would do with a request, and why: the same decisions as for a request that comes, told instead of done.
struct Explanation {
    private var lines: [String] = []
    private let policy: CachingPolicy
    private let now = Clock.timestamp()

    init(policy: CachingPolicy) { self.policy = policy }

    var text: String { lines.joined(separator: "\n") + "\n" }

    private mutating func say(_ title: String, _ value: String) {
        lines.append(title + String(repeating: " ", count: max(1, 14 - title.count)) + value)
    }

    mutating func request(_ method: String, _ url: String, _ request: CacheRequest, key: [UInt8]) {
        say("request", "\(method) \(url)")
        say("key", String(decoding: key, as: UTF8.self).split(separator: "\n").joined(separator: " + "))
        var notes: [String] = []
        let directives = request.directives
        if directives.flags.contains(.noCache) { notes.append("no-cache (RFC 9111 §5.2.1.4, §5.4)") }
        if directives.flags.contains(.noStore) { notes.append("no-store (§5.2.1.5)") }
        if directives.flags.contains(.onlyIfCached) { notes.append("only-if-cached (§5.2.1.7)") }
        if let seconds = directives.maxAgeSeconds { notes.append("max-age=\(seconds) (§5.2.1.1)") }
        if let seconds = directives.minFreshSeconds { notes.append("min-fresh=\(seconds) (§5.2.1.3)") }
        if let seconds = directives.maxStaleSeconds {
            notes.append(seconds == .max ? "max-stale (§5.2.1.2)" : "max-stale=\(seconds) (§5.2.1.2)")
        }
        if !notes.isEmpty { say("directives", notes.joined(separator: ", ")) }
    }

    /// What the operator's rules say; true: they decide everything.
    mutating func rules(_ decision: RuleDecision) -> Bool {
        for rule in decision.rules {
            let when = rule.match.dependsOnResponse ? ", when the response is as it says" : ""
            say("rule", "\(rule.name): \(rule.action.words.joined(separator: ", "))\(when)")
        }
        switch decision.answer {
        case .deny(let status): say("decision", "\(status): denied by the last of these rules")
        case .redirect(let status, let location): say("decision", "\(status) to \(location) by the last of these rules")
        case nil:
            guard decision.bypasses else { return false }
            say("decision", "pass through: a rule has it pass by the cache")
        }
        return true
    }

    mutating func pass(reason: String) { say("decision", "pass through: \(reason)") }

    mutating func variants(_ marker: VariantMarker, selected: [UInt8]) {
        say("varies by", marker.specifications.map(\.specification).joined(separator: " | ") + " (RFC 9111 §4.1)")
        let variant = String(decoding: selected, as: UTF8.self).split(separator: "\n").joined(separator: ", ")
        say("variant", variant.isEmpty ? "-" : variant)
    }

    mutating func nothing(isVariant: Bool, isPassing: Bool, isFilling: Bool, request: CacheRequest) {
        say("stored", isVariant ? "no response for this variant" : "nothing")
        switch ReuseDecision.decideWithoutStored(request: request) {
        case .gatewayTimeout: say("decision", "504: only-if-cached (RFC 9111 §5.2.1.7)")
        default:
            say("decision", "fetch: \(isVariant ? MissReason.varyMiss.rawValue : MissReason.uriMiss.rawValue) (RFC 9111 §4)")
            if isPassing {
                say("", "the last response could not be shared: requests do not wait for each other")
            } else if isFilling {
                say("", "a fetch is under way, and this request would wait for it (RFC 9111 §4)")
            }
        }
    }

    mutating func parts(_ partial: PartialResponse) {
        let runs = partial.coverage.ranges.map { "\($0.first)-\($0.last)" }.joined(separator: ", ")
        say("stored", "bytes \(runs) of \(partial.completeLength.map(String.init) ?? "an unknown length") (RFC 9111 §3.3)")
        head(partial.wholeHead)
    }

    mutating func response(_ response: CachedResponse, tier: CyclicStore.Tier) {
        var place = tier == .memory ? "in memory" : "on disk"
        if let fragments = response.fragments { place += ", in \(fragments.count) fragments" }
        let what = response.head.rules.contains(.headOnly) ? "the head alone (RFC 9110 §9.3.2)" : "\(response.bodyByteCount) bytes"
        say("stored", "\(response.head.status), \(what), \(place)")
        head(response.head)
    }

    private mutating func head(_ head: StoredHead) {
        for name in [HTTPField.Name.eTag, .lastModified, .cacheControl, .expires, .vary] {
            if let value = head.fields[name] { say("  " + name.canonicalName, value) }
        }
        let age = head.currentAgeMilliseconds(at: now)
        let resident = max(now.milliseconds(since: head.responseTime), 0)
        say(
            "age",
            "\(seconds(head.correctedInitialAgeMilliseconds)) on arrival + \(seconds(resident)) in the cache = \(seconds(age)) (RFC 9111 §4.2.3)"
        )
        let freshness = head.freshness
        let targeted = freshness.isTargeted ? " of a targeted field (RFC 9213)" : ""
        say("lifetime", "\(freshness.seconds) s by \(freshness.source.rawValue)\(targeted) (RFC 9111 §4.2.1)")
        say(
            "freshness",
            head.isFresh(at: now)
                ? "fresh, \(head.ttlSeconds(at: now)) s left" : "stale for \(seconds(head.stalenessMilliseconds(at: now)))"
        )
        let rules: [(StoredRules, String)] = [
            (.alwaysValidate, "no-cache: validated each time (§5.2.2.4)"),
            (.neverStale, "must-revalidate, proxy-revalidate or s-maxage: never stale (§5.2.2.2)"),
            (.stripsFields, "no-cache with names: without those fields (§5.2.2.4)"),
            (.immutable, "immutable (RFC 8246)"),
        ]
        for (rule, text) in rules where head.rules.contains(rule) { say("rule", text) }
        if let seconds = head.staleWhileRevalidateSeconds { say("rule", "stale-while-revalidate=\(seconds) (RFC 5861 §3)") }
        if let seconds = head.staleIfErrorSeconds { say("rule", "stale-if-error=\(seconds) (RFC 5861 §4)") }
    }

    mutating func purge(_ verdict: PurgeMarks.Verdict) {
        switch verdict {
        case .current: break
        case .stale: say("purge", "purged softly since it was stored: counts as stale")
        case .gone: say("purge", "purged or invalidated since it was stored: counts as absent")
        }
    }

    mutating func decision(_ request: CacheRequest, head: StoredHead) {
        switch ReuseDecision.decide(request: request, stored: head, now: now, policy: policy) {
        case .fresh: say("decision", "answer from the cache (RFC 9111 §4.2)")
        case .staleServable(let reason, _, let validates):
            say(
                "decision",
                "answer from the cache though stale: \(reason.rawValue) (RFC 9111 §4.2.4)\(validates ? ", and validate behind it" : "")"
            )
        case .validate(let reason, let conditions):
            let sent = conditions.map { "\($0.name.rawName): \($0.value)" }.joined(separator: ", ")
            say(
                "decision",
                "validate: \(reason.rawValue) (RFC 9111 §4.3)" + (sent.isEmpty ? ", fetched anew: it has no validator" : ", with \(sent)")
            )
            return
        case .miss(let reason):
            say("decision", "fetch: \(reason.rawValue)")
            return
        case .gatewayTimeout(let reason):
            say("decision", "504: only-if-cached, and it would need \(reason) (RFC 9111 §5.2.1.7)")
            return
        }
        switch Preconditions.evaluate(request: request, stored: head, policy: policy) {
        case .notModified: say("condition", "304: the client has it (RFC 9110 §13.2.2)")
        case .forward: say("condition", "forward: the origin judges If-Match and If-Unmodified-Since (RFC 9111 §4.3.2)")
        case .proceed:
            switch RangePlan.make(request: request, stored: head, policy: policy) {
            case .single(_, let content): say("range", "206 with \(content.fieldValue) (RFC 9110 §14)")
            case .multiple(let ranges, _): say("range", "206 with \(ranges.count) parts (RFC 9110 §14.6)")
            case .unsatisfiable(let content): say("range", "416 with \(content.fieldValue) (RFC 9110 §15.5.17)")
            case .whole, .notCovered: break
            }
        }
    }

    private func seconds(_ milliseconds: Int64) -> String {
        let tenths = milliseconds / 100
        return "\(tenths / 10).\(abs(tenths % 10)) s"
    }
}
