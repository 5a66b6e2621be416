// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

public import HTTPTypes

/// A request as the decisions see it: the method, the fields, and what was read from them once. An object, since it never changes and many hold it.
public final class CacheRequest: Sendable {
    /// What a method means to a cache.
    public enum Method: Sendable, Equatable {
        /// GET.
        case get
        /// HEAD.
        case head
        /// Another method that is registered as safe (RFC 9110 §9.2.1).
        case otherSafe
        /// A method that may change state, or one that nobody here knows.
        case unsafe
    }

    /// Which fields that matter are there.
    public struct Presence: OptionSet, Sendable, Hashable {
        /// The bits.
        public let rawValue: UInt16
        /// Presence from bits.
        public init(rawValue: UInt16) { self.rawValue = rawValue }

        /// `Authorization`.
        public static let authorization = Presence(rawValue: 1 << 0)
        /// `Range`.
        public static let range = Presence(rawValue: 1 << 1)
        /// `If-Match`.
        public static let ifMatch = Presence(rawValue: 1 << 2)
        /// `If-None-Match`.
        public static let ifNoneMatch = Presence(rawValue: 1 << 3)
        /// `If-Modified-Since`.
        public static let ifModifiedSince = Presence(rawValue: 1 << 4)
        /// `If-Unmodified-Since`.
        public static let ifUnmodifiedSince = Presence(rawValue: 1 << 5)
        /// `If-Range`.
        public static let ifRange = Presence(rawValue: 1 << 6)
        /// `Cache-Control`.
        public static let cacheControl = Presence(rawValue: 1 << 7)
        /// `Pragma`.
        public static let pragma = Presence(rawValue: 1 << 8)

        /// The fields that make a request conditional (RFC 9110 §13.1).
        public static let conditional: Presence = [.ifMatch, .ifNoneMatch, .ifModifiedSince, .ifUnmodifiedSince]
        /// Those of them that a 304 can be an answer to (RFC 9110 §13.1.2, §13.1.3).
        public static let asksForNews: Presence = [.ifNoneMatch, .ifModifiedSince]
        /// The fields with which the hot path hands over to ``ReuseDecision``; see ``HitProfile``.
        public static let needsFullDecision: Presence = [
            .authorization, .range, .ifMatch, .ifNoneMatch, .ifModifiedSince, .ifUnmodifiedSince, .ifRange, .cacheControl, .pragma,
        ]
    }

    /// What the method means to a cache.
    public let method: Method
    /// The fields as received.
    public let fields: HTTPFields
    /// The path and query as received, if the caller gave them; the guard against cache deception looks at it.
    public let path: String?
    /// Which fields that matter are there.
    public let presence: Presence
    /// The request's directives; `Pragma: no-cache` is in them when there is no `Cache-Control` (RFC 9111 §5.4).
    public let directives: CacheControl

    /// Reads a request. Cost: one walk over its fields.
    public convenience init(httpMethod method: HTTPRequest.Method, fields: HTTPFields, path: String? = nil) {
        self.init(method: Method(method.rawValue), fields: fields, path: path)
    }

    /// Reads a request. Cost: one walk over its fields.
    public convenience init(_ request: HTTPRequest) {
        self.init(method: Method(request.method.rawValue), fields: request.headerFields, path: request.path)
    }

    /// Reads a request whose method is classified already.
    public init(method: Method, fields: HTTPFields, path: String? = nil) {
        var presence: Presence = []
        var directives = CacheControl()
        var pragmaNoCache = false
        for index in fields.indices {
            switch fields.kind(index) {
            case .authorization: presence.insert(.authorization)
            case .range: presence.insert(.range)
            case .ifMatch: presence.insert(.ifMatch)
            case .ifNoneMatch: presence.insert(.ifNoneMatch)
            case .ifModifiedSince: presence.insert(.ifModifiedSince)
            case .ifUnmodifiedSince: presence.insert(.ifUnmodifiedSince)
            case .ifRange: presence.insert(.ifRange)
            case .cacheControl:
                presence.insert(.cacheControl)
                directives.add(fields[index])
            case .pragma:
                presence.insert(.pragma)
                // Pragma's directives have the form of Cache-Control's; the one that means something is no-cache.
                var pragma = CacheControl()
                pragma.add(fields[index])
                if pragma.flags.contains(.noCache) || !pragma.noCacheFields.isEmpty { pragmaNoCache = true }
            default: break
            }
        }
        if pragmaNoCache, !presence.contains(.cacheControl) { directives.flags.insert(.noCache) }
        // Field names mean nothing in a request's no-cache (RFC 9111 §5.2.1.4).
        if !directives.noCacheFields.isEmpty { directives.flags.insert(.noCache) }
        self.method = method
        self.fields = fields
        self.path = path
        self.presence = presence
        self.directives = directives
    }

    /// Whether ``HitProfile`` alone may decide: GET or HEAD and none of the fields that need more.
    public var mayUseHitProfile: Bool {
        (method == .get || method == .head) && presence.isDisjoint(with: .needsFullDecision)
    }
}

extension CacheRequest.Method {
    /// Classifies a method by its name, which is case-sensitive (RFC 9110 §9.1). A name that is not registered as safe is unsafe.
    public init(_ name: String) {
        switch name {
        case "GET": self = .get
        case "HEAD": self = .head
        case "OPTIONS", "TRACE", "PROPFIND", "REPORT", "SEARCH", "QUERY": self = .otherSafe
        default: self = .unsafe
        }
    }
}
