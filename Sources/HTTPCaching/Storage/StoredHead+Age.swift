// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

extension StoredHead {
    /// The age now, in milliseconds (RFC 9111 §4.2.3). A clock that went back does not make a response younger than on arrival.
    public func currentAgeMilliseconds(at now: Timestamp) -> Int64 {
        let resident = max(now.milliseconds(since: responseTime), 0)
        return max(correctedInitialAgeMilliseconds, 0).addedSaturating(resident)
    }

    /// The age now as the `Age` field writes it, in whole seconds, at most 2^31 (RFC 9111 §5.1).
    public func currentAgeSeconds(at now: Timestamp) -> Int64 {
        min(currentAgeMilliseconds(at: now) / 1000, CachingLimits.maxDeltaSeconds)
    }

    /// Whether the lifetime is longer than the age (RFC 9111 §4.2).
    public func isFresh(at now: Timestamp) -> Bool {
        freshnessMilliseconds > currentAgeMilliseconds(at: now)
    }

    /// Milliseconds since the response went stale; 0 or negative while it is fresh.
    public func stalenessMilliseconds(at now: Timestamp) -> Int64 {
        currentAgeMilliseconds(at: now).subtractedSaturating(freshnessMilliseconds)
    }

    /// Seconds of freshness left, rounded up, negative when stale: the `ttl` of `Cache-Status` (RFC 9211 §2.4).
    public func ttlSeconds(at now: Timestamp) -> Int64 {
        let left = freshnessMilliseconds.subtractedSaturating(currentAgeMilliseconds(at: now))
        return left > 0 ? left.addedSaturating(999) / 1000 : left / 1000
    }

    var freshnessMilliseconds: Int64 { freshness.milliseconds }

    /// Whether the response has been stale for so long that it counts as absent (``CachingPolicy/keepSeconds``).
    public func isKeptNoLonger(at now: Timestamp, _ policy: CachingPolicy) -> Bool {
        stalenessMilliseconds(at: now) > max(policy.keepSeconds, 0).multipliedSaturating(by: 1000) && now > worthKeepingUntil(policy)
    }

    /// After this moment nothing makes the response worth its room: no freshness, no permitted staleness, no cheap 304.
    public func worthKeepingUntil(_ policy: CachingPolicy) -> Timestamp {
        var seconds = rules.contains(.hasValidator) ? max(policy.keepSeconds, 0) : 0
        if rules.isDisjoint(with: [.neverStale, .alwaysValidate]) {
            seconds = max(
                seconds,
                staleWhileRevalidateSeconds ?? policy.defaultStaleWhileRevalidateSeconds,
                staleIfErrorSeconds ?? max(policy.defaultStaleIfErrorSeconds, policy.staleWhenUnreachableSeconds),
                policy.graceSeconds
            )
        }
        let freshLeft = max(freshnessMilliseconds.subtractedSaturating(max(correctedInitialAgeMilliseconds, 0)), 0)
        return responseTime.adding(milliseconds: freshLeft).adding(seconds: seconds)
    }
}
