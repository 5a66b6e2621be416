// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPTypes

/// What the operator decides. Every default keeps to the standards; each option says where it departs from them.
///
/// A plain value: make one at start, share it freely.
public struct CachingPolicy: Sendable, Equatable {
    /// Whether the cache serves more than one user (RFC 9111 §1). Default `true`; `private`, `s-maxage` and `Authorization` depend on it.
    public var isShared = true

    /// The cache's name in `Cache-Status` (RFC 9211 §2). Default `gyre`.
    public var cacheIdentifier: String {
        get { names.cache }
        set { names = Names(cache: newValue, targetedFields: names.targetedFields) }
    }

    /// The fields that replace `Cache-Control` for this cache, first match first (RFC 9213 §2.2). Default `CDN-Cache-Control`.
    public var targetedFields: [String] {
        get { names.targetedFields }
        set { names = Names(cache: names.cache, targetedFields: newValue) }
    }
    /// The same in lower case, without what is no name.
    var targetedNames: [String] { names.targeted }

    private var names = Names.usual

    /// All that is text, in one object: a policy is passed on with each response, and copying it is then to count one reference.
    private final class Names: Sendable, Equatable {
        static let usual = Names(cache: "gyre", targetedFields: ["CDN-Cache-Control"])
        let cache: String
        let targetedFields: [String]
        let targeted: [String]

        init(cache: String, targetedFields: [String]) {
            self.cache = cache
            self.targetedFields = targetedFields
            targeted = targetedFields.compactMap { HTTPField.Name($0)?.canonicalName }
        }

        static func == (one: Names, other: Names) -> Bool {
            one === other || (one.cache == other.cache && one.targetedFields == other.targetedFields)
        }
    }

    // MARK: Freshness

    /// The share of the time since `Last-Modified` that a response without explicit freshness stays fresh (RFC 9111 §4.2.2). Default 0.1.
    public var heuristicFraction = 0.1
    /// The longest heuristic freshness, in seconds. Default one day.
    public var maxHeuristicTTLSeconds: Int64 = 86_400
    /// The freshness given to a heuristically cacheable response that has no `Last-Modified`, in seconds. Default 0: it is validated each time.
    public var defaultTTLSeconds: Int64 = 0
    /// No freshness is shorter than this, in seconds; applied only where the origin gave some, never to 0. Default 0, off. Above 0 it departs from RFC 9111 §4.2.
    public var minTTLSeconds: Int64 = 0
    /// No freshness is longer than this, in seconds. Default 2^31, off.
    public var maxTTLSeconds: Int64 = CachingLimits.maxDeltaSeconds
    /// No freshness of a 4xx or 5xx response is longer than this, in seconds. Default 600: an error that was fixed should not live on.
    public var maxNegativeTTLSeconds: Int64 = 600
    /// The greatest share by which a freshness lifetime is shortened, 0...1, so that objects stored together do not expire together. Default 0.
    public var jitterFraction = 0.0

    // MARK: Stale responses

    /// Seconds after expiry in which a stale response is served while it is validated in the background, unless the origin forbids stale
    /// responses. Default 0, off. Above 0 it is a permission by configuration (RFC 9111 §4.2.4).
    public var graceSeconds: Int64 = 0
    /// The `stale-while-revalidate` of responses that have none, in seconds (RFC 5861 §3). Default 0.
    public var defaultStaleWhileRevalidateSeconds: Int64 = 0
    /// The `stale-if-error` of responses that have none, in seconds (RFC 5861 §4). Default 0.
    public var defaultStaleIfErrorSeconds: Int64 = 0
    /// Seconds after expiry in which a stale response is served when the origin cannot be reached at all (RFC 9111 §4.2.4, "disconnected"). Default one day.
    public var staleWhenUnreachableSeconds: Int64 = 86_400
    /// Seconds after expiry for which a response is kept for a cheap 304; then it counts as absent, unless it may still be served stale. Default one week.
    public var keepSeconds: Int64 = 604_800

    // MARK: Requests

    /// Whether `no-cache`, `max-age`, `min-fresh`, `max-stale` and `Pragma` of requests count (RFC 9111 §5.2.1). Default `true`. `only-if-cached` and `no-store` always count.
    public var honorsRequestDirectives = true
    /// Whether a request's `max-age` may not force validation of a fresh response that says `immutable` (RFC 8246 §2). Default `false`.
    public var immutableOutranksRequestMaxAge = false
    /// Whether a request goes to the origin when the stored response does not meet its `If-Match` or `If-Unmodified-Since`. Default `true`; RFC 9110 §13.1.1
    /// lets a cache ignore them.
    public var evaluatesOriginPreconditions = true

    // MARK: Storing

    /// What is done with `Set-Cookie`. Default ``SetCookieRule/storeWhenExplicit``.
    public var setCookie = SetCookieRule.storeWhenExplicit
    /// Whether a response is refused when its type contradicts the file extension in the path. Default `false`.
    public var guardsAgainstDeception = false

    // MARK: Rules, for one response

    /// The freshness that a rule gives, in seconds from the response's making, whatever the origin said; clamps do not touch it. Default `nil`. It permits
    /// to store any status, but no cookie and nothing that is forbidden. Departs from RFC 9111 §4.2.1 as the operator wants.
    public var ruleTTLSeconds: Int64?
    /// Whether a rule forbids to store. Default `false`.
    public var ruleRefusesToStore = false

    /// The same decisions with what rules say about one response.
    public func applying(_ rules: RuleDecision.Response?) -> CachingPolicy {
        guard let rules else { return self }
        var policy = self
        policy.ruleTTLSeconds = rules.ttlSeconds
        policy.ruleRefusesToStore = rules.refusesToStore
        return policy
    }

    // MARK: Ranges

    /// The most parts of a multipart answer; a request for more gets the whole representation (RFC 9110 §14.2). Default 16.
    public var maxRangeCount = 16

    /// The defaults above.
    public init() {}

    /// What a shared cache does with a response that sets a cookie. RFC 9111 §7.3 leaves it to the directives.
    public enum SetCookieRule: String, Sendable, CaseIterable {
        /// Stored as the directives say, even with heuristic freshness.
        case store
        /// Stored only where the origin gave explicit freshness or said `public`.
        case storeWhenExplicit = "store-when-explicit"
        /// Never stored.
        case refuse
        /// Stored without the field.
        case strip
    }
}
