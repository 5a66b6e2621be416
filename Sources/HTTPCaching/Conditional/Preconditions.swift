// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPTypes

/// The client's preconditions, judged against a stored response that is about to be served (RFC 9110 §13, RFC 9111 §4.3.2).
public enum Preconditions: String, Sendable, CaseIterable {
    /// Serve the response; with a `Range`, ask ``RangePlan``.
    case proceed
    /// Answer 304 with ``NotModifiedResponse/fields(from:)``.
    case notModified = "not-modified"
    /// The stored response does not meet `If-Match` or `If-Unmodified-Since`. That is not the cache's to say (RFC 9111 §4.3.2): ask the origin.
    case forward = "precondition"

    /// Judges the first four preconditions in the order of RFC 9110 §13.2.2. `If-Range`, the fifth, only decides on ranges: see
    /// ``allowsRange(request:stored:)``, which ``RangePlan`` asks.
    ///
    /// Preconditions count only where the answer without them would be a 2xx (§13.2.1).
    public static func evaluate(request: CacheRequest, stored: StoredHead, policy: CachingPolicy) -> Preconditions {
        guard !request.presence.isDisjoint(with: .conditional), (200...299).contains(stored.status),
            request.method == .get || request.method == .head
        else { return .proceed }
        let tag = stored.entityTag
        if policy.evaluatesOriginPreconditions {
            if request.presence.contains(.ifMatch) {
                guard holdsIfMatch(request.fields, tag) else { return .forward }
            } else if request.presence.contains(.ifUnmodifiedSince), let limit = time("if-unmodified-since", request.fields, stored),
                let modified = stored.lastModified, modified > limit
            {
                return .forward
            }
        }
        if request.presence.contains(.ifNoneMatch) {
            return holdsIfNoneMatch(request.fields, tag) ? .proceed : .notModified
        }
        if request.presence.contains(.ifModifiedSince), let since = time("if-modified-since", request.fields, stored) {
            // Without Last-Modified the Date stands in (RFC 9111 §4.3.2); it is always known.
            return (stored.lastModified ?? stored.date) > since ? .proceed : .notModified
        }
        return .proceed
    }

    /// Whether `If-Range` lets a `Range` count (RFC 9110 §13.1.5). `true` when there is no `If-Range`.
    ///
    /// An entity tag must match strongly. A date must be the `Last-Modified` exactly, and that must be a strong validator: older than `Date` by a second or
    /// more (RFC 9110 §8.8.2.2).
    public static func allowsRange(request: CacheRequest, stored: StoredHead) -> Bool {
        guard request.presence.contains(.ifRange) else { return true }
        guard let field = request.fields.single("if-range") else { return false }
        if let tag = field.withValue({ EntityTag($0) }) {
            return stored.entityTag?.matchesStrongly(tag) ?? false
        }
        guard let time = field.withValue({ HTTPDate.parse($0, now: stored.responseTime) }), let modified = stored.lastModified,
            stored.isLastModifiedStrong
        else { return false }
        return time == modified
    }

    /// True when the tag is listed, compared strongly (RFC 9110 §13.1.1).
    private static func holdsIfMatch(_ fields: HTTPFields, _ tag: EntityTag?) -> Bool {
        guard let value = fields.combinedBytes("if-match") else { return true }
        switch EntityTagCondition(value.span) {
        case .any: return true
        case .tags(let tags): return tag.map { tag in tags.contains { $0.matchesStrongly(tag) } } ?? false
        }
    }

    /// True when the tag is not listed, compared weakly (RFC 9110 §13.1.2).
    private static func holdsIfNoneMatch(_ fields: HTTPFields, _ tag: EntityTag?) -> Bool {
        guard let value = fields.combinedBytes("if-none-match") else { return true }
        switch EntityTagCondition(value.span) {
        case .any: return false
        case .tags(let tags): return tag.map { tag in !tags.contains { $0.matchesWeakly(tag) } } ?? true
        }
    }

    /// A condition's date; one that is repeated or no date is ignored (RFC 9110 §13.1.3, §13.1.4).
    private static func time(_ name: String, _ fields: HTTPFields, _ stored: StoredHead) -> Timestamp? {
        fields.single(name)?.withValue { HTTPDate.parse($0, now: stored.responseTime) }
    }
}

extension StoredHead {
    /// The entity tag, if there is exactly one. One without its quotes is taken for a weak one.
    public var entityTag: EntityTag? {
        fields.single("etag")?.withValue { EntityTag(lenient: $0, 0..<$0.count) }
    }

    /// The modification time, if there is exactly one.
    public var lastModified: Timestamp? {
        fields.single("last-modified")?.withValue { HTTPDate.parse($0, now: responseTime) }
    }

    /// Whether `Last-Modified` tells two states apart for sure (RFC 9110 §8.8.2.2): it lies a second or more before `Date`.
    public var isLastModifiedStrong: Bool {
        lastModified.map { $0.adding(seconds: 1) <= date } ?? false
    }
}
