// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// How long a response is fresh, and by what (RFC 9111 §4.2.1).
public struct FreshnessLifetime: Sendable, Equatable {
    /// Seconds from the response's making; 0 when it never was fresh.
    public var seconds: Int64
    /// What decided.
    public var source: Source
    /// Whether the directives came from a targeted field (RFC 9213).
    public var isTargeted: Bool

    /// A lifetime from its parts.
    public init(seconds: Int64, source: Source, isTargeted: Bool = false) {
        self.seconds = seconds
        self.source = source
        self.isTargeted = isTargeted
    }

    /// The same in milliseconds, 0 at least.
    var milliseconds: Int64 { max(seconds, 0).multipliedSaturating(by: 1000) }

    /// What decided on a lifetime. The raw name stands in logs, metrics and explanations.
    public enum Source: String, Sendable, CaseIterable {
        /// `s-maxage`.
        case sMaxAge = "s-maxage"
        /// `max-age`.
        case maxAge = "max-age"
        /// `Expires` minus `Date`.
        case expires
        /// `Expires` that is no date: already expired (RFC 9111 §5.3).
        case invalidExpires = "invalid-expires"
        /// A share of the time since `Last-Modified`.
        case heuristic
        /// The operator's default for responses that say nothing.
        case policyDefault = "policy-default"
        /// Nothing gave any.
        case none
        /// A soft purge ended it.
        case softPurge = "soft-purge"
        /// A rule of the operator's, instead of what the origin said.
        case rule

        /// Whether the origin gave it explicitly.
        public var isExplicit: Bool {
            switch self {
            case .sMaxAge, .maxAge, .expires, .invalidExpires: true
            case .heuristic, .policyDefault, .none, .softPurge, .rule: false
            }
        }

        var code: UInt8 { UInt8(Self.allCases.firstIndex(of: self) ?? 0) }

        init?(code: UInt8) {
            guard Int(code) < Self.allCases.count else { return nil }
            self = Self.allCases[Int(code)]
        }
    }
}

/// The status codes that may be stored on heuristics alone (RFC 9110 §15.1; for 451 RFC 7725 §3).
public enum HeuristicStatus {
    /// Whether a status code is heuristically cacheable.
    public static func contains(_ status: Int) -> Bool {
        switch status {
        case 200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 451, 501: true
        default: false
        }
    }
}

extension FreshnessLifetime {
    /// The lifetime by RFC 9111 §4.2.1, before the operator's clamps.
    ///
    /// A targeted field replaces `Cache-Control` and `Expires` (RFC 9213 §2.2).
    static func byDirectives(_ facts: ResponseFacts, policy: CachingPolicy) -> FreshnessLifetime {
        let directives = facts.directives
        let targeted = facts.isTargeted
        if let seconds = policy.ruleTTLSeconds { return FreshnessLifetime(seconds: max(seconds, 0), source: .rule) }
        if policy.isShared, let seconds = directives.sMaxAgeSeconds {
            return FreshnessLifetime(seconds: seconds, source: .sMaxAge, isTargeted: targeted)
        }
        if let seconds = directives.maxAgeSeconds {
            return FreshnessLifetime(seconds: seconds, source: .maxAge, isTargeted: targeted)
        }
        switch facts.expires {
        case .invalid: return FreshnessLifetime(seconds: 0, source: .invalidExpires)
        case .at(let moment):
            let seconds = moment.milliseconds(since: facts.effectiveDate) / 1000
            return FreshnessLifetime(seconds: min(max(seconds, 0), CachingLimits.maxDeltaSeconds), source: .expires)
        case .missing: break
        }
        return heuristic(facts, policy: policy)
    }

    /// RFC 9111 §4.2.2. Only reached without explicit freshness.
    private static func heuristic(_ facts: ResponseFacts, policy: CachingPolicy) -> FreshnessLifetime {
        let targeted = facts.isTargeted
        guard HeuristicStatus.contains(facts.status) || facts.directives.flags.contains(.isPublic) else {
            return FreshnessLifetime(seconds: 0, source: .none, isTargeted: targeted)
        }
        guard let lastModified = facts.lastModified else {
            let seconds = max(policy.defaultTTLSeconds, 0)
            return FreshnessLifetime(seconds: seconds, source: seconds > 0 ? .policyDefault : .none, isTargeted: targeted)
        }
        let since = max(facts.effectiveDate.milliseconds(since: lastModified) / 1000, 0)
        let share = Double(since) * min(max(policy.heuristicFraction, 0), 1)
        let seconds = min(Int64(exactly: share.rounded(.down)) ?? 0, max(policy.maxHeuristicTTLSeconds, 0))
        return FreshnessLifetime(seconds: seconds, source: .heuristic, isTargeted: targeted)
    }

    /// Applies the operator's clamps and jitter. `jitter` is a random number in 0..<1, handed in.
    func clamped(status: Int, policy: CachingPolicy, jitter: Double) -> FreshnessLifetime {
        var result = self
        if result.seconds > 0, source != .rule { result.seconds = max(result.seconds, policy.minTTLSeconds) }
        let most = source == .rule ? CachingLimits.maxDeltaSeconds : max(policy.maxTTLSeconds, 0)
        result.seconds = min(result.seconds, most, CachingLimits.maxDeltaSeconds)
        if status >= 400, source != .rule { result.seconds = min(result.seconds, max(policy.maxNegativeTTLSeconds, 0)) }
        let share = min(max(policy.jitterFraction, 0), 1) * min(max(jitter, 0), 1)
        // A NaN fails the comparison and changes nothing.
        if share > 0, result.seconds > 0 { result.seconds -= Int64(Double(result.seconds) * share) }
        return result
    }
}
