// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// The field names that a cache or a proxy acts on. Any other name is ``other``.
///
/// There is room for 63 of them, so that a set of names is one word: ``FieldSet``. The raw value is the bit, and is not stable
/// between versions: do not store it.
public enum KnownField: UInt8, Sendable, CaseIterable {
    /// A name that has no case here.
    case other = 0

    // Connection and message control.

    /// `Host`
    case host
    /// `Connection`
    case connection
    /// `Content-Length`
    case contentLength
    /// `Transfer-Encoding`
    case transferEncoding
    /// `TE`
    case te
    /// `Trailer`
    case trailer
    /// `Upgrade`
    case upgrade
    /// `Expect`
    case expect
    /// `Keep-Alive`
    case keepAlive
    /// `Proxy-Connection`
    case proxyConnection
    /// `Proxy-Authenticate`
    case proxyAuthenticate
    /// `Proxy-Authorization`
    case proxyAuthorization
    /// `Proxy-Authentication-Info`
    case proxyAuthenticationInfo
    /// `HTTP2-Settings`
    case http2Settings
    /// `Max-Forwards`
    case maxForwards

    // Ranges and preconditions.

    /// `Range`
    case range
    /// `If-Match`
    case ifMatch
    /// `If-None-Match`
    case ifNoneMatch
    /// `If-Modified-Since`
    case ifModifiedSince
    /// `If-Unmodified-Since`
    case ifUnmodifiedSince
    /// `If-Range`
    case ifRange

    // What steers a cache.

    /// `Cache-Control`
    case cacheControl
    /// `Pragma`
    case pragma
    /// `Authorization`
    case authorization
    /// `Age`
    case age
    /// `Date`
    case date
    /// `Expires`
    case expires
    /// `ETag`
    case etag
    /// `Last-Modified`
    case lastModified
    /// `Vary`
    case vary
    /// `Location`
    case location

    // What caches and networks say to each other.

    /// `Cache-Status`
    case cacheStatus
    /// `CDN-Cache-Control`
    case cdnCacheControl
    /// `Surrogate-Control`
    case surrogateControl
    /// `Surrogate-Key`
    case surrogateKey
    /// `Cache-Tag`
    case cacheTag
    /// `Cache-Groups`
    case cacheGroups
    /// `Cache-Group-Invalidation`
    case cacheGroupInvalidation
    /// `CDN-Loop`
    case cdnLoop

    // About the client and its wishes.

    /// `Cookie`
    case cookie
    /// `Accept`
    case accept
    /// `Accept-Encoding`
    case acceptEncoding
    /// `Accept-Language`
    case acceptLanguage
    /// `User-Agent`
    case userAgent
    /// `Referer`
    case referer
    /// `Origin`
    case origin

    // The way a message went.

    /// `Via`
    case via
    /// `Forwarded`
    case forwarded
    /// `X-Forwarded-For`
    case xForwardedFor
    /// `X-Forwarded-Proto`
    case xForwardedProto
    /// `X-Forwarded-Host`
    case xForwardedHost

    // About the content and the origin.

    /// `Content-Type`
    case contentType
    /// `Content-Encoding`
    case contentEncoding
    /// `Content-Language`
    case contentLanguage
    /// `Content-Location`
    case contentLocation
    /// `Content-Range`
    case contentRange
    /// `Accept-Ranges`
    case acceptRanges
    /// `Server`
    case server
    /// `Set-Cookie`
    case setCookie
    /// `Link`
    case link
    /// `Retry-After`
    case retryAfter
    /// `WWW-Authenticate`
    case wwwAuthenticate
}
