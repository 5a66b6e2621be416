// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPTypes

/// How a `Range` is answered from a stored response (RFC 9110 §14, §15.3.7; RFC 9111 §3.3).
public enum RangePlan: Sendable, Equatable {
    /// Send the whole as if there were no `Range`.
    case whole
    /// Send 206 with one run of bytes and this `Content-Range`.
    case single(ByteRange, ContentRange)
    /// Send 206 with `multipart/byteranges`; see ``MultipartPlan``.
    case multiple([ByteRange], completeLength: UInt64)
    /// Send 416 with this `Content-Range`.
    case unsatisfiable(ContentRange)
    /// The stored part does not cover the request: fetch.
    case notCovered

    /// Plans the answer. Ask only after ``Preconditions`` said to proceed.
    ///
    /// Ranges count for GET and a stored 200 or 206 (§14.2), in one field line, when `If-Range` allows it. Cost: an allocation for the ranges.
    public static func make(request: CacheRequest, stored: StoredHead, policy: CachingPolicy) -> RangePlan {
        let set = countingRanges(request, stored)
        if let partial = stored.partial {
            guard let set, let held = partial.range else { return .notCovered }
            return fromPart(set, held: held, completeLength: partial.completeLength)
        }
        guard let set, stored.status == 200, let length = stored.bodyByteCount else { return .whole }
        if set.asksForEndOfNothing(length: length) { return .whole }
        let ranges = RangeSet.coalesced(set.resolved(length: length))
        guard let first = ranges.first else {
            return ContentRange(range: nil, completeLength: length).map { .unsatisfiable($0) } ?? .whole
        }
        if ranges.count > max(policy.maxRangeCount, 1) { return .whole }
        if ranges.count > 1 { return .multiple(ranges, completeLength: length) }
        return ContentRange(range: first, completeLength: length).map { .single(first, $0) } ?? .whole
    }

    /// Whether a stored part answers a request: a GET for ranges that lie wholly in it (RFC 9111 §3.3).
    static func isCovered(request: CacheRequest, by stored: StoredHead) -> Bool {
        guard let partial = stored.partial, let held = partial.range, let set = countingRanges(request, stored) else { return false }
        if case .single = fromPart(set, held: held, completeLength: partial.completeLength) { return true }
        return false
    }

    private static func countingRanges(_ request: CacheRequest, _ stored: StoredHead) -> RangeSet? {
        guard request.method == .get, request.presence.contains(.range), stored.status == 200 || stored.status == 206,
            let field = request.fields.single("range"), let set = field.withValue({ RangeSet($0) }),
            Preconditions.allowsRange(request: request, stored: stored)
        else { return nil }
        return set
    }

    /// From one stored part only a single run is answered; more are worth a fetch.
    private static func fromPart(_ set: RangeSet, held: ByteRange, completeLength: UInt64?) -> RangePlan {
        var wanted: ByteRange?
        if let completeLength {
            let ranges = RangeSet.coalesced(set.resolved(length: completeLength))
            if ranges.count == 1 { wanted = ranges[0] }
        } else if set.specs.count == 1, case .between(let range) = set.specs[0] {
            // Without the complete length an end beyond the part might be the end of the representation; only what is inside is known.
            wanted = range
        }
        guard let wanted, held.contains(wanted), let content = ContentRange(range: wanted, completeLength: completeLength) else {
            return .notCovered
        }
        return .single(wanted, content)
    }
}
