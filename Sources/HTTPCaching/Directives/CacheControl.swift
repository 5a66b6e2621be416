// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

public import HTTPTypes

/// The directives of a message's `Cache-Control` (RFC 9111 §5.2), of a request or of a response.
///
/// Reading never fails. Where a value is repeated, broken or contradicts another, the least generous reading wins: the shorter time, the
/// stricter directive, "already stale" for a time that is no number (RFC 9111 §4.2.1). Cost: no allocation unless a directive lists fields.
public struct CacheControl: Sendable, Equatable {
    /// The directives that are there or not.
    public struct Flags: OptionSet, Sendable, Hashable {
        /// The bits.
        public let rawValue: UInt16
        /// Flags from bits.
        public init(rawValue: UInt16) { self.rawValue = rawValue }

        /// `no-store` (§5.2.1.5, §5.2.2.5).
        public static let noStore = Flags(rawValue: 1 << 0)
        /// `no-cache` without field names (§5.2.1.4, §5.2.2.4).
        public static let noCache = Flags(rawValue: 1 << 1)
        /// `no-transform` (§5.2.1.6, §5.2.2.6).
        public static let noTransform = Flags(rawValue: 1 << 2)
        /// `only-if-cached` (§5.2.1.7).
        public static let onlyIfCached = Flags(rawValue: 1 << 3)
        /// `must-revalidate` (§5.2.2.2).
        public static let mustRevalidate = Flags(rawValue: 1 << 4)
        /// `proxy-revalidate` (§5.2.2.8).
        public static let proxyRevalidate = Flags(rawValue: 1 << 5)
        /// `must-understand` (§5.2.2.3).
        public static let mustUnderstand = Flags(rawValue: 1 << 6)
        /// `public` (§5.2.2.9).
        public static let isPublic = Flags(rawValue: 1 << 7)
        /// `private` without field names (§5.2.2.7).
        public static let isPrivate = Flags(rawValue: 1 << 8)
        /// `immutable` (RFC 8246 §2).
        public static let immutable = Flags(rawValue: 1 << 9)
        /// A time was no number; it was read as the least generous one.
        public static let invalidTime = Flags(rawValue: 1 << 10)
    }

    /// The directives that are there.
    public internal(set) var flags: Flags = []
    /// `max-age`, in seconds; 0 when its value is broken.
    public internal(set) var maxAgeSeconds: Int64?
    /// `s-maxage`, in seconds; 0 when its value is broken.
    public internal(set) var sMaxAgeSeconds: Int64?
    /// `min-fresh` of a request, in seconds; the greatest when its value is broken.
    public internal(set) var minFreshSeconds: Int64?
    /// `max-stale` of a request, in seconds; ``anyStaleness`` when it has no value, 0 when its value is broken.
    public internal(set) var maxStaleSeconds: Int64?
    /// `stale-while-revalidate`, in seconds (RFC 5861 §3); 0 when its value is broken.
    public internal(set) var staleWhileRevalidateSeconds: Int64?
    /// `stale-if-error`, in seconds (RFC 5861 §4); 0 when its value is broken.
    public internal(set) var staleIfErrorSeconds: Int64?
    /// The names in `no-cache="…"`, in lower case.
    public internal(set) var noCacheFields: [String] = []
    /// The names in `private="…"`, in lower case.
    public internal(set) var privateFields: [String] = []

    /// A `max-stale` without a value: any staleness will do (RFC 9111 §5.2.1.2).
    public static let anyStaleness = Int64.max

    /// No directives.
    public init() {}

    /// The directives of all `Cache-Control` lines.
    public init(_ fields: HTTPFields) {
        for field in fields where FieldKind(field.name) == .cacheControl { add(field) }
    }

    /// The directives of one field value.
    public init(value: String) {
        add(line: value.utf8.span)
    }

    /// Adds the directives of one more line.
    mutating func add(_ field: HTTPField) {
        field.withUnsafeBytesOfValue { add(line: $0.span) }
    }
}
