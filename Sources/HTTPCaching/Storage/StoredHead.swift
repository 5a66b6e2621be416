// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

public import HTTPTypes

/// What a cache keeps of a response beside its body: enough to decide everything later, without the request that brought it.
///
/// Made by ``StoreDecision``, changed by ``Revalidation``; encoded with ``encode(into:)``. Times and directives are read once, when it is made.
public struct StoredHead: Sendable, Equatable {
    /// The status code, 200...599.
    public var status: Int
    /// The end-to-end fields without `Age` and `Trailer`; `Date` is always among them (RFC 9110 §6.6.1).
    public var fields: HTTPFields
    /// The trailer fields, apart from ``fields`` (RFC 9110 §6.5); set by the proxy when the body is complete.
    public var trailers: HTTPFields
    /// When the request was sent that brought the response, or last validated it.
    public var requestTime: Timestamp
    /// When the response or its last validation arrived.
    public var responseTime: Timestamp
    /// The response's `Date`, or the time of arrival.
    public var date: Timestamp
    /// The age on arrival, in milliseconds (RFC 9111 §4.2.3).
    public var correctedInitialAgeMilliseconds: Int64
    /// How long it is fresh, and by what; the operator's clamps and the jitter are in it.
    public var freshness: FreshnessLifetime
    /// `stale-while-revalidate`, in seconds; `nil` when the origin said nothing.
    public var staleWhileRevalidateSeconds: Int64?
    /// `stale-if-error`, in seconds; `nil` when the origin said nothing.
    public var staleIfErrorSeconds: Int64?
    /// What restricts reuse.
    public var rules: StoredRules
    /// The secondary key of the request that selected the response; empty when it does not vary (RFC 9111 §4.1).
    public var secondaryKey: [UInt8]
    /// The length of the stored body in bytes, as soon as it is known.
    public var bodyByteCount: UInt64?
    /// The part of the representation that is stored, for a 206.
    public var partial: ContentRange?

    /// A head from its parts.
    init(status: Int, fields: HTTPFields, requestTime: Timestamp, responseTime: Timestamp, date: Timestamp) {
        self.status = status
        self.fields = fields
        trailers = HTTPFields()
        self.requestTime = requestTime
        self.responseTime = responseTime
        self.date = date
        correctedInitialAgeMilliseconds = 0
        freshness = FreshnessLifetime(seconds: 0, source: .none)
        rules = []
        secondaryKey = []
    }

    /// Says that the whole body has arrived as announced. Until then nothing serves it as a whole (RFC 9111 §3.3).
    ///
    /// - Parameters:
    ///   - bodyByteCount: the length of the stored body in bytes.
    ///   - trailers: the trailer fields that came after it; hop-by-hop ones are dropped.
    /// - Returns: `false` when the length contradicts `Content-Length` or `Content-Range`; then the response stays incomplete.
    public mutating func complete(bodyByteCount: UInt64, trailers: HTTPFields = HTTPFields()) -> Bool {
        if let expected = self.bodyByteCount, expected != bodyByteCount { return false }
        if let range = partial?.range, range.count != bodyByteCount { return false }
        self.bodyByteCount = bodyByteCount
        self.trailers = HopByHop.endToEnd(trailers, direction: .response)
        rules.remove(.incomplete)
        return true
    }

    /// Ends the freshness now: a soft purge. The response may still be served as a stale one may.
    public mutating func expire(at now: Timestamp) {
        let age = currentAgeMilliseconds(at: now)
        freshness = FreshnessLifetime(seconds: min(freshness.seconds, age / 1000), source: .softPurge, isTargeted: freshness.isTargeted)
    }
}

/// What restricts the reuse of a stored response. The numbers are part of the encoded form.
public struct StoredRules: OptionSet, Sendable, Hashable {
    /// The bits.
    public let rawValue: UInt32
    /// Rules from bits.
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// Each use needs a validation: `no-cache` (RFC 9111 §5.2.2.4).
    public static let alwaysValidate = StoredRules(rawValue: 1 << 0)
    /// Never served stale: `must-revalidate`, and for a shared cache `proxy-revalidate` and `s-maxage` (RFC 9111 §5.2.2.2, §5.2.2.8, §5.2.2.10).
    public static let neverStale = StoredRules(rawValue: 1 << 1)
    /// The secondary key must match (RFC 9111 §4.1).
    public static let varies = StoredRules(rawValue: 1 << 2)
    /// Some fields may not be sent without validation: `no-cache="…"` (RFC 9111 §5.2.2.4).
    public static let stripsFields = StoredRules(rawValue: 1 << 3)
    /// `immutable` (RFC 8246).
    public static let immutable = StoredRules(rawValue: 1 << 4)
    /// The body is a part of the representation: a 206.
    public static let partial = StoredRules(rawValue: 1 << 5)
    /// The body has not arrived as a whole.
    public static let incomplete = StoredRules(rawValue: 1 << 6)
    /// There is an `ETag` or a `Last-Modified`.
    public static let hasValidator = StoredRules(rawValue: 1 << 7)
    /// `no-transform` (RFC 9111 §5.2.2.6).
    public static let noTransform = StoredRules(rawValue: 1 << 8)
    /// The response came by HTTP/1.0, and `Via` says so (RFC 9110 §7.6.3).
    public static let cameByHTTP10 = StoredRules(rawValue: 1 << 9)
    /// The answer to a HEAD: it answers no GET (RFC 9110 §9.3.2).
    public static let headOnly = StoredRules(rawValue: 1 << 10)

    /// With these the hot path hands over to ``ReuseDecision``.
    public static let needsFullDecision: StoredRules = [.alwaysValidate, .stripsFields, .partial, .incomplete, .headOnly]

    static let known = StoredRules(rawValue: (1 << 11) - 1)
}
