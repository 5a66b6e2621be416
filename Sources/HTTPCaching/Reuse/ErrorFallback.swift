// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// What to do when the origin fails while a stored response is being validated or fetched anew (RFC 9111 §4.2.4, §4.3.3; RFC 5861 §4).
public enum ErrorFallback: Sendable, Equatable {
    /// Serve the stored response.
    case serveStored(StaleReason, ReuseDecision.Served)
    /// Pass the origin's error on, or make a 502 or 504 where there is no response. The stored response stays.
    case forwardError
    /// Answer 504: the response must not be used without validation, and none can be had (RFC 9111 §5.2.2.2).
    case gatewayTimeout

    /// How the origin failed.
    public enum Failure: Sendable, Equatable {
        /// No connection, or it broke before a whole response head.
        case unreachable
        /// A deadline passed.
        case timeout
        /// A response with this status code. 500, 502, 503 and 504 are errors (RFC 5861 §4); others are answers.
        case status(Int)
    }

    /// Decides. `stored` is the response that was found for the request and needed validation.
    ///
    /// An error never replaces a response that may still be used: on ``serveStored(_:_:)`` and ``forwardError`` keep it.
    public static func decide(
        request: CacheRequest,
        stored: StoredHead,
        failure: Failure,
        now: Timestamp,
        policy: CachingPolicy
    ) -> ErrorFallback {
        var isDisconnected = true
        if case .status(let code) = failure {
            guard isError(code) else { return .forwardError }
            isDisconnected = false
        }
        guard request.method == .get || request.method == .head, stored.isSelected(by: request.fields),
            !stored.rules.contains(.incomplete), stored.partial == nil || RangePlan.isCovered(request: request, by: stored)
        else { return .forwardError }
        let directives = policy.honorsRequestDirectives ? request.directives : CacheControl()
        let isFresh = stored.isFresh(at: now)
        if stored.rules.contains(.alwaysValidate) || (stored.rules.contains(.neverStale) && !isFresh) {
            return isDisconnected ? .gatewayTimeout : .forwardError
        }
        if directives.flags.contains(.noCache) { return .forwardError }
        let served = ReuseDecision.Served(
            ageSeconds: stored.currentAgeSeconds(at: now),
            ttlSeconds: stored.ttlSeconds(at: now),
            stripsFields: stored.rules.contains(.stripsFields)
        )
        if isFresh { return .serveStored(.stillFresh, served) }
        let staleness = stored.stalenessMilliseconds(at: now)
        func isWithin(_ seconds: Int64) -> Bool { staleness < seconds.multipliedSaturating(by: 1000) }
        let permitted = max(stored.staleIfErrorSeconds ?? policy.defaultStaleIfErrorSeconds, request.directives.staleIfErrorSeconds ?? 0)
        if isWithin(permitted) { return .serveStored(.staleIfError, served) }
        // Where the origin bounded stale-if-error itself, the operator's own allowance does not stretch it.
        if isDisconnected, stored.staleIfErrorSeconds == nil, isWithin(policy.staleWhenUnreachableSeconds) {
            return .serveStored(.unreachable, served)
        }
        return .forwardError
    }

    /// The status codes that RFC 5861 §4 counts as errors.
    public static func isError(_ status: Int) -> Bool {
        status == 500 || status == 502 || status == 503 || status == 504
    }

    /// Whether a new response may take the place of the stored one: not an error, while the stored one may still be served on errors.
    public static func mayReplace(
        _ stored: StoredHead,
        withStatus status: Int,
        request: CacheRequest,
        now: Timestamp,
        policy: CachingPolicy
    ) -> Bool {
        guard isError(status) else { return true }
        if case .serveStored = decide(request: request, stored: stored, failure: .status(status), now: now, policy: policy) { return false }
        return true
    }
}
