// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// A set of known field names in one word: which fields occur in a head, or which ones a question is about.
///
/// The hot path asks `head.fields.present.isDisjoint(with: .needsFullDecision)` and does not look at a field at all.
public struct FieldSet: OptionSet, Sendable, Hashable {
    /// One bit for each ``KnownField``.
    public let rawValue: UInt64

    /// Makes a set from its bits.
    @inlinable
    public init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    /// The set of one name.
    @inlinable
    public init(_ field: KnownField) {
        self.rawValue = 1 << UInt64(field.rawValue & 63)
    }

    /// Whether the name is in the set.
    @inlinable
    public func contains(_ field: KnownField) -> Bool {
        rawValue >> UInt64(field.rawValue & 63) & 1 == 1
    }

    /// At least one field with a name that has no case in ``KnownField``.
    public static let other = FieldSet(.other)
    /// `Host`
    public static let host = FieldSet(.host)
    /// `Connection`
    public static let connection = FieldSet(.connection)
    /// `Content-Length`
    public static let contentLength = FieldSet(.contentLength)
    /// `Transfer-Encoding`
    public static let transferEncoding = FieldSet(.transferEncoding)
    /// `TE`
    public static let te = FieldSet(.te)
    /// `Trailer`
    public static let trailer = FieldSet(.trailer)
    /// `Upgrade`
    public static let upgrade = FieldSet(.upgrade)
    /// `Expect`
    public static let expect = FieldSet(.expect)
    /// `Keep-Alive`
    public static let keepAlive = FieldSet(.keepAlive)
    /// `Proxy-Connection`
    public static let proxyConnection = FieldSet(.proxyConnection)
    /// `Proxy-Authenticate`
    public static let proxyAuthenticate = FieldSet(.proxyAuthenticate)
    /// `Proxy-Authorization`
    public static let proxyAuthorization = FieldSet(.proxyAuthorization)
    /// `Proxy-Authentication-Info`
    public static let proxyAuthenticationInfo = FieldSet(.proxyAuthenticationInfo)
    /// `HTTP2-Settings`
    public static let http2Settings = FieldSet(.http2Settings)
    /// `Max-Forwards`
    public static let maxForwards = FieldSet(.maxForwards)
    /// `Range`
    public static let range = FieldSet(.range)
    /// `If-Match`
    public static let ifMatch = FieldSet(.ifMatch)
    /// `If-None-Match`
    public static let ifNoneMatch = FieldSet(.ifNoneMatch)
    /// `If-Modified-Since`
    public static let ifModifiedSince = FieldSet(.ifModifiedSince)
    /// `If-Unmodified-Since`
    public static let ifUnmodifiedSince = FieldSet(.ifUnmodifiedSince)
    /// `If-Range`
    public static let ifRange = FieldSet(.ifRange)
    /// `Cache-Control`
    public static let cacheControl = FieldSet(.cacheControl)
    /// `Pragma`
    public static let pragma = FieldSet(.pragma)
    /// `Authorization`
    public static let authorization = FieldSet(.authorization)
    /// `Age`
    public static let age = FieldSet(.age)
    /// `Date`
    public static let date = FieldSet(.date)
    /// `Expires`
    public static let expires = FieldSet(.expires)
    /// `ETag`
    public static let etag = FieldSet(.etag)
    /// `Last-Modified`
    public static let lastModified = FieldSet(.lastModified)
    /// `Vary`
    public static let vary = FieldSet(.vary)
    /// `Location`
    public static let location = FieldSet(.location)
    /// `Cache-Status`
    public static let cacheStatus = FieldSet(.cacheStatus)
    /// `CDN-Cache-Control`
    public static let cdnCacheControl = FieldSet(.cdnCacheControl)
    /// `Surrogate-Control`
    public static let surrogateControl = FieldSet(.surrogateControl)
    /// `Surrogate-Key`
    public static let surrogateKey = FieldSet(.surrogateKey)
    /// `Cache-Tag`
    public static let cacheTag = FieldSet(.cacheTag)
    /// `Cache-Groups`
    public static let cacheGroups = FieldSet(.cacheGroups)
    /// `Cache-Group-Invalidation`
    public static let cacheGroupInvalidation = FieldSet(.cacheGroupInvalidation)
    /// `CDN-Loop`
    public static let cdnLoop = FieldSet(.cdnLoop)
    /// `Cookie`
    public static let cookie = FieldSet(.cookie)
    /// `Accept`
    public static let accept = FieldSet(.accept)
    /// `Accept-Encoding`
    public static let acceptEncoding = FieldSet(.acceptEncoding)
    /// `Accept-Language`
    public static let acceptLanguage = FieldSet(.acceptLanguage)
    /// `User-Agent`
    public static let userAgent = FieldSet(.userAgent)
    /// `Referer`
    public static let referer = FieldSet(.referer)
    /// `Origin`
    public static let origin = FieldSet(.origin)
    /// `Via`
    public static let via = FieldSet(.via)
    /// `Forwarded`
    public static let forwarded = FieldSet(.forwarded)
    /// `X-Forwarded-For`
    public static let xForwardedFor = FieldSet(.xForwardedFor)
    /// `X-Forwarded-Proto`
    public static let xForwardedProto = FieldSet(.xForwardedProto)
    /// `X-Forwarded-Host`
    public static let xForwardedHost = FieldSet(.xForwardedHost)
    /// `Content-Type`
    public static let contentType = FieldSet(.contentType)
    /// `Content-Encoding`
    public static let contentEncoding = FieldSet(.contentEncoding)
    /// `Content-Language`
    public static let contentLanguage = FieldSet(.contentLanguage)
    /// `Content-Location`
    public static let contentLocation = FieldSet(.contentLocation)
    /// `Content-Range`
    public static let contentRange = FieldSet(.contentRange)
    /// `Accept-Ranges`
    public static let acceptRanges = FieldSet(.acceptRanges)
    /// `Server`
    public static let server = FieldSet(.server)
    /// `Set-Cookie`
    public static let setCookie = FieldSet(.setCookie)
    /// `Link`
    public static let link = FieldSet(.link)
    /// `Retry-After`
    public static let retryAfter = FieldSet(.retryAfter)
    /// `WWW-Authenticate`
    public static let wwwAuthenticate = FieldSet(.wwwAuthenticate)
}
