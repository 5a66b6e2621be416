// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// What the hot path needs of a stored response: three words, compared with the time.
///
/// It may be used alone when the request is GET or HEAD and has none of `Range`, `If-*`, `Cache-Control`, `Pragma`, `Authorization`
/// (``CacheRequest/mayUseHitProfile``), and, when ``variesByRequest``, the request's secondary key equals the stored one. Then a
/// verdict of ``Verdict/fresh(ageSeconds:)`` is the same as ``ReuseDecision/fresh(_:)``; with any other verdict ``ReuseDecision`` decides.
public struct HitProfile: Sendable, Hashable {
    /// The response is fresh before this moment.
    public let freshUntil: Timestamp
    /// The moment at which the age would have been 0.
    public let ageBase: Timestamp
    /// What restricts reuse.
    public let rules: StoredRules
    /// The age on arrival in whole seconds, for a clock that went back.
    let initialAgeSeconds: UInt32

    /// What the hot path does.
    public enum Verdict: Sendable, Equatable {
        /// Serve it with this `Age`.
        case fresh(ageSeconds: Int64)
        /// Ask ``ReuseDecision``.
        case consult
    }

    /// The profile of a stored response.
    public init(_ stored: StoredHead) {
        self.init(
            responseTime: stored.responseTime,
            initialAgeMilliseconds: stored.correctedInitialAgeMilliseconds,
            freshnessMilliseconds: stored.freshnessMilliseconds,
            rules: stored.rules
        )
    }

    init(responseTime: Timestamp, initialAgeMilliseconds: Int64, freshnessMilliseconds: Int64, rules: StoredRules) {
        let initial = max(initialAgeMilliseconds, 0)
        ageBase = responseTime.adding(milliseconds: Int64(0).subtractedSaturating(initial))
        let left = freshnessMilliseconds.subtractedSaturating(initial)
        freshUntil = left > 0 ? responseTime.adding(milliseconds: left) : .distantPast
        self.rules = rules
        initialAgeSeconds = UInt32(clamping: min(initial / 1000, CachingLimits.maxDeltaSeconds))
    }

    /// Whether the secondary key must be compared first.
    public var variesByRequest: Bool { rules.contains(.varies) }

    /// Decides by comparisons of integers. Cost: a few instructions.
    public func verdict(at now: Timestamp) -> Verdict {
        guard now < freshUntil, rules.isDisjoint(with: .needsFullDecision) else { return .consult }
        let age = now.milliseconds(since: ageBase) / 1000
        return .fresh(ageSeconds: min(max(age, Int64(initialAgeSeconds)), CachingLimits.maxDeltaSeconds))
    }
}

extension StoredHead {
    /// The profile for the hot path. Cost: a few instructions; keep it beside the response.
    public var profile: HitProfile { HitProfile(self) }
}
