// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

public import HTTPTypes

/// Whether a response is stored, and as what (RFC 9111 §3).
public enum StoreDecision: Sendable, Equatable {
    /// Keep this head. It is marked incomplete until ``StoredHead/complete(bodyByteCount:trailers:)``.
    case store(StoredHead)
    /// Do not store, and if the reason is about the response, neither keep what is stored.
    case refuse(NoStoreReason)

    /// Decides on a response.
    ///
    /// - Parameters:
    ///   - request: the request that was answered.
    ///   - status: the status code of the final response.
    ///   - fields: the response's fields as received, hop-by-hop ones too.
    ///   - requestTime: when the request was sent.
    ///   - responseTime: when the response's head arrived.
    ///   - policy: the operator's decisions.
    ///   - jitter: a random number in 0..<1 for ``CachingPolicy/jitterFraction``.
    ///
    /// Cost: two walks over the fields and one copy of them.
    public static func decide(
        request: CacheRequest,
        status: Int,
        fields: HTTPFields,
        requestTime: Timestamp,
        responseTime: Timestamp,
        policy: CachingPolicy,
        jitter: Double = 0
    ) -> StoreDecision {
        let facts = ResponseFacts(status: status, fields: fields, responseTime: responseTime, policy: policy)
        let lifetime = FreshnessLifetime.byDirectives(facts, policy: policy)
        if let reason = refusal(request: request, facts: facts, lifetime: lifetime, policy: policy) { return .refuse(reason) }
        guard fields.count <= CachingLimits.maxStoredFieldCount else { return .refuse(.tooLarge) }

        var head = StoredHead(
            status: status,
            fields: storedFields(fields, facts: facts, policy: policy),
            requestTime: requestTime,
            responseTime: responseTime,
            date: facts.effectiveDate
        )
        let age = AgeCalculation(
            date: facts.effectiveDate,
            ageValueSeconds: facts.ageSeconds,
            requestTime: requestTime,
            responseTime: responseTime
        )
        head.correctedInitialAgeMilliseconds = age.correctedInitialMilliseconds
        head.freshness = lifetime.clamped(status: status, policy: policy, jitter: jitter)
        head.staleWhileRevalidateSeconds = facts.directives.staleWhileRevalidateSeconds
        head.staleIfErrorSeconds = facts.directives.staleIfErrorSeconds
        head.rules = rules(facts, policy: policy)
        head.bodyByteCount = bodyByteCount(status: status, facts: facts)
        if status == 206 {
            guard facts.contentRangeCount == 1, let range = facts.contentRange?.withValue({ ContentRange($0) }), let bytes = range.range
            else {
                return .refuse(.partialUnsupported)
            }
            if let length = facts.contentLength, length != bytes.count { return .refuse(.partialUnsupported) }
            head.partial = range
            head.rules.insert(.partial)
        }
        if !facts.vary.isEmpty {
            head.secondaryKey = facts.vary.secondaryKey(for: request.fields)
            guard head.secondaryKey.count <= CachingLimits.maxSecondaryKeyBytes else { return .refuse(.tooLarge) }
        }
        if isUnusable(head, policy: policy) { return .refuse(.unusable) }
        return .store(head)
    }

    /// Decides on the answer to a POST as an answer to later GETs (RFC 9110 §9.3.3): it needs explicit freshness, and a `Content-Location` that is the
    /// target's own URI. The request's body is no part of the key, so nothing else will do.
    public static func decideOnPost(
        request: CacheRequest,
        target: TargetURI,
        status: Int,
        fields: HTTPFields,
        requestTime: Timestamp,
        responseTime: Timestamp,
        policy: CachingPolicy,
        jitter: Double = 0
    ) -> StoreDecision {
        guard status == 200, let location = fields.single("content-location"),
            location.withValue({ URIReference($0)?.resolved(against: target) }) == target
        else { return .refuse(.method) }
        let decision = decide(
            request: CacheRequest(method: .get, fields: request.fields, path: request.path),
            status: status,
            fields: fields,
            requestTime: requestTime,
            responseTime: responseTime,
            policy: policy,
            jitter: jitter
        )
        guard case .store(let head) = decision, !head.freshness.source.isExplicit || head.freshness.seconds == 0 else { return decision }
        return .refuse(.method)
    }

    /// The conditions of RFC 9111 §3, in its order.
    private static func refusal(
        request: CacheRequest,
        facts: ResponseFacts,
        lifetime: FreshnessLifetime,
        policy: CachingPolicy
    ) -> NoStoreReason? {
        let directives = facts.directives
        guard request.method == .get else { return .method }
        if facts.status < 100 || facts.status > 599 { return .invalidStatus }
        if facts.status < 200 { return .interimStatus }
        if facts.status == 304 { return .notModified }
        if UnderstoodStatus.isAboutRequest(facts.status) { return .statusAboutRequest }
        let understood = UnderstoodStatus.contains(facts.status)
        if directives.flags.contains(.mustUnderstand), !understood { return .statusNotUnderstood }
        // With must-understand, no-store is for the caches that do not know the directive (RFC 9111 §5.2.2.3).
        if directives.flags.contains(.noStore), !directives.flags.contains(.mustUnderstand) { return .noStore }
        if request.directives.flags.contains(.noStore) { return .requestNoStore }
        if policy.ruleRefusesToStore { return .rule }
        if policy.isShared {
            if directives.flags.contains(.isPrivate) { return .isPrivate }
            if request.presence.contains(.authorization), !permitsAuthorized(directives) { return .authorization }
        }
        let isExplicit =
            directives.flags.contains(.isPublic) || lifetime.source.isExplicit
            || (!policy.isShared && directives.flags.contains(.isPrivate))
        if !isExplicit, lifetime.source != .rule, !HeuristicStatus.contains(facts.status) { return .notExplicit }
        if facts.vary.matchesNothing { return .varyStar }
        if facts.hasSetCookie, policy.isShared {
            switch policy.setCookie {
            case .refuse: return .setCookie
            case .storeWhenExplicit: if !isExplicit { return .setCookie }
            case .store, .strip: break
            }
        }
        if policy.guardsAgainstDeception, DeceptionGuard.contradicts(path: request.path, contentType: facts.contentType) {
            return .typeMismatch
        }
        return nil
    }

    /// The directives that let a shared cache keep the answer to an authorized request (RFC 9111 §3.5).
    private static func permitsAuthorized(_ directives: CacheControl) -> Bool {
        !directives.flags.isDisjoint(with: [.isPublic, .mustRevalidate]) || directives.sMaxAgeSeconds != nil
    }

    private static func rules(_ facts: ResponseFacts, policy: CachingPolicy) -> StoredRules {
        let directives = facts.directives
        var rules: StoredRules = .incomplete
        if directives.flags.contains(.noCache) { rules.insert(.alwaysValidate) }
        if directives.flags.contains(.mustRevalidate) { rules.insert(.neverStale) }
        if policy.isShared, directives.flags.contains(.proxyRevalidate) || directives.sMaxAgeSeconds != nil { rules.insert(.neverStale) }
        if !facts.vary.isEmpty { rules.insert(.varies) }
        if !directives.noCacheFields.isEmpty { rules.insert(.stripsFields) }
        if directives.flags.contains(.immutable) { rules.insert(.immutable) }
        if directives.flags.contains(.noTransform) { rules.insert(.noTransform) }
        if facts.hasValidator { rules.insert(.hasValidator) }
        return rules
    }

    /// What the body's length will be, where the head says it.
    private static func bodyByteCount(status: Int, facts: ResponseFacts) -> UInt64? {
        status == 204 ? 0 : facts.contentLength
    }

    private static func isUnusable(_ head: StoredHead, policy: CachingPolicy) -> Bool {
        if head.freshnessMilliseconds > head.correctedInitialAgeMilliseconds { return false }
        if head.rules.contains(.hasValidator) { return false }
        if !head.rules.isDisjoint(with: [.neverStale, .alwaysValidate]) { return true }
        let useful = max(
            head.staleWhileRevalidateSeconds ?? policy.defaultStaleWhileRevalidateSeconds,
            head.staleIfErrorSeconds ?? policy.defaultStaleIfErrorSeconds,
            policy.graceSeconds
        )
        return useful <= 0
    }
}

/// The final status codes whose caching rules this library has (RFC 9110 §15; RFC 9111 §3, "the cache understands the response status code").
enum UnderstoodStatus {
    static func contains(_ status: Int) -> Bool {
        switch status {
        case 200...206, 300...303, 305, 307, 308: true
        case 400...417, 421, 422, 426, 428, 429, 431, 451: true
        case 500...505, 511: true
        default: false
        }
    }

    /// Statuses that one request brings upon itself by its credentials, preconditions, range, expectations, size or connection. The key does not
    /// hold those, so that a stored answer would hit requests without them; a client could use that to lock others out. RFC 6585 forbids to
    /// store 428, 429, 431 and 511.
    static func isAboutRequest(_ status: Int) -> Bool {
        switch status {
        case 407, 408, 411, 412, 413, 416, 417, 425, 426, 428, 429, 431, 511: true
        default: false
        }
    }
}
