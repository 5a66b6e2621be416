// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

public import HTTPTypes

/// Whether a stored response answers a request (RFC 9111 §4).
public enum ReuseDecision: Sendable, Equatable {
    /// Serve it.
    case fresh(Served)
    /// Serve it although it is stale; validate it in the background if the flag says so.
    case staleServable(StaleReason, Served, revalidateInBackground: Bool)
    /// Ask the origin with these conditional fields first. They are empty when the response has no validator: then fetch it anew.
    case validate(ValidationReason, conditions: HTTPFields)
    /// Fetch.
    case miss(MissReason)
    /// Answer 504: the request says `only-if-cached` (RFC 9111 §5.2.1.7). The reason is what would have been done, by its stable name.
    case gatewayTimeout(String)

    /// How a stored response is served.
    public struct Served: Sendable, Equatable {
        /// The `Age` to send, in seconds (RFC 9111 §5.1).
        public var ageSeconds: Int64
        /// Seconds of freshness left, negative when stale (RFC 9211 §2.4).
        public var ttlSeconds: Int64
        /// Whether the fields that `no-cache="…"` names must be left out; see ``StoredHead/fieldsForUnvalidatedUse``.
        public var stripsFields: Bool
    }

    /// Decides on one stored response, which was found under the request's key. Of several that match, choose by
    /// ``VariantSelection/mostRecent(_:)`` first.
    ///
    /// Preconditions and ranges of the client are not judged here: when the answer is to serve, ask ``Preconditions`` and ``RangePlan``.
    /// Cost: comparisons; an allocation only to validate, or for a secondary key when the response varies.
    public static func decide(request: CacheRequest, stored: StoredHead, now: Timestamp, policy: CachingPolicy) -> ReuseDecision {
        let decision = undeterred(request: request, stored: stored, now: now, policy: policy)
        guard request.directives.flags.contains(.onlyIfCached) else { return decision }
        switch decision {
        case .validate(let reason, _): return .gatewayTimeout(reason.rawValue)
        case .miss(let reason) where reason != .method: return .gatewayTimeout(reason.rawValue)
        default: return decision
        }
    }

    /// Decides when nothing is stored under the request's key.
    public static func decideWithoutStored(request: CacheRequest) -> ReuseDecision {
        guard request.method == .get || request.method == .head else { return .miss(.method) }
        let onlyIfCached = request.directives.flags.contains(.onlyIfCached)
        return onlyIfCached ? .gatewayTimeout(MissReason.uriMiss.rawValue) : .miss(.uriMiss)
    }

    private static func undeterred(request: CacheRequest, stored: StoredHead, now: Timestamp, policy: CachingPolicy) -> ReuseDecision {
        guard request.method == .get || request.method == .head else { return .miss(.method) }
        guard stored.isSelected(by: request.fields) else { return .miss(.varyMiss) }
        if stored.rules.contains(.headOnly), request.method != .head { return .miss(.incomplete) }
        if stored.rules.contains(.incomplete) { return .miss(.incomplete) }
        if stored.partial != nil, !RangePlan.isCovered(request: request, by: stored) { return .miss(.partial) }

        let directives = policy.honorsRequestDirectives ? request.directives : CacheControl()
        if directives.flags.contains(.noCache) { return validate(.requestNoCache, request, stored) }
        if stored.rules.contains(.alwaysValidate) { return validate(.noCache, request, stored) }

        let age = stored.currentAgeMilliseconds(at: now)
        let isFresh = stored.freshnessMilliseconds > age
        let served = Served(
            ageSeconds: stored.currentAgeSeconds(at: now),
            ttlSeconds: stored.ttlSeconds(at: now),
            stripsFields: stored.rules.contains(.stripsFields)
        )
        if let limit = directives.maxAgeSeconds, limit == 0 || age > limit.multipliedSaturating(by: 1000) {
            let excused = isFresh && policy.immutableOutranksRequestMaxAge && stored.rules.contains(.immutable)
            if !excused { return validate(isFresh ? .requestMaxAge : .stale, request, stored) }
        }
        if let needed = directives.minFreshSeconds {
            let left = stored.freshnessMilliseconds.subtractedSaturating(age)
            if left < needed.multipliedSaturating(by: 1000) { return validate(isFresh ? .requestMinFresh : .stale, request, stored) }
        }
        if isFresh { return .fresh(served) }
        if let reason = permittedStaleness(directives, stored, now, policy) {
            // Who asks for a stale response asks for no work behind it: the origin's traffic is what max-stale is to spare.
            return .staleServable(reason, served, revalidateInBackground: reason != .maxStale)
        }
        return validate(.stale, request, stored)
    }

    /// RFC 9111 §4.2.4: stale responses only where the client, the origin or the operator permits it, and never where a directive forbids it.
    private static func permittedStaleness(
        _ directives: CacheControl,
        _ stored: StoredHead,
        _ now: Timestamp,
        _ policy: CachingPolicy
    ) -> StaleReason? {
        guard !stored.rules.contains(.neverStale) else { return nil }
        let staleness = stored.stalenessMilliseconds(at: now)
        func isWithin(_ seconds: Int64) -> Bool { staleness < seconds.multipliedSaturating(by: 1000) }
        // Who says how stale a response may be does not want one that is staler, whoever else permits it.
        if let limit = directives.maxStaleSeconds, staleness > limit.multipliedSaturating(by: 1000) { return nil }
        if isWithin(stored.staleWhileRevalidateSeconds ?? policy.defaultStaleWhileRevalidateSeconds) { return .staleWhileRevalidate }
        if isWithin(policy.graceSeconds) { return .grace }
        // "By no more than" includes the limit itself (RFC 9111 §5.2.1.2).
        if let limit = directives.maxStaleSeconds, limit > 0 { return .maxStale }
        return nil
    }

    private static func validate(_ reason: ValidationReason, _ request: CacheRequest, _ stored: StoredHead) -> ReuseDecision {
        .validate(reason, conditions: Revalidation.conditions(for: [stored], isRangeRequest: request.presence.contains(.range)))
    }
}

extension StoredHead {
    /// Whether the selecting fields of a request match those of the request that brought this response (RFC 9111 §4.1).
    public func isSelected(by request: HTTPFields) -> Bool {
        guard rules.contains(.varies) else { return true }
        let vary = Vary(fields)
        return !vary.matchesNothing && vary.secondaryKey(for: request) == secondaryKey
    }

    /// The fields for an answer without validation: those that `no-cache="…"` names are left out (RFC 9111 §5.2.2.4).
    ///
    /// The names are taken from `Cache-Control` and every field whose name ends in `-Cache-Control`: leaving out too much is safe.
    public var fieldsForUnvalidatedUse: HTTPFields {
        guard rules.contains(.stripsFields) else { return fields }
        var names: [String] = []
        for field in fields where field.name.canonicalName.hasSuffix("cache-control") {
            var directives = CacheControl()
            directives.add(field)
            names += directives.noCacheFields
            if field.name.canonicalName != "cache-control",
                let targeted = CacheControl.targeted(in: fields, names: [field.name.canonicalName])
            {
                names += targeted.noCacheFields
            }
        }
        var kept = fields
        kept.removeAll { names.contains($0.name.canonicalName) }
        return kept
    }
}

/// The choice among stored responses that match a request.
public enum VariantSelection {
    /// The index of the most recent response by `Date`, then by arrival (RFC 9111 §4); `nil` when there is none.
    public static func mostRecent(_ responses: [StoredHead]) -> Int? {
        responses.indices.max { left, right in
            let a = responses[left]
            let b = responses[right]
            return a.date == b.date ? a.responseTime < b.responseTime : a.date < b.date
        }
    }
}
