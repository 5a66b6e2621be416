// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

extension FieldSet {
    /// Request fields that a stored response's times alone cannot answer: ranges, preconditions, request directives, credentials.
    ///
    /// A GET or HEAD without any of them may take the short way through the cache.
    public static let needsFullDecision: FieldSet = [
        .range, .ifMatch, .ifNoneMatch, .ifModifiedSince, .ifUnmodifiedSince, .ifRange, .cacheControl, .pragma, .authorization,
    ]

    /// The five preconditions of RFC 9110 §13.1 and `If-Range`.
    public static let preconditions: FieldSet = [
        .ifMatch, .ifNoneMatch, .ifModifiedSince, .ifUnmodifiedSince, .ifRange,
    ]

    /// Fields for one connection only, never passed on (RFC 9110 §7.6.1). `Connection` itself may name more of them.
    public static let hopByHop: FieldSet = [
        .connection, .keepAlive, .proxyConnection, .te, .trailer, .transferEncoding, .upgrade, .http2Settings,
    ]

    /// Fields that a trailer section may not carry (RFC 9110 §6.5.1): framing, routing, request modifiers, authentication, response
    /// control, and how the content is to be processed.
    ///
    /// `ETag`, `Date` and all unknown names pass. In a request the fields are refused: no honest sender puts one there, and a peer
    /// further on that merges trailers into the head would be misled by it. In a response such a field is dropped and the rest passes,
    /// because the content is whole and trailers are kept apart.
    public static let forbiddenInTrailers: FieldSet = [
        .host, .connection, .contentLength, .transferEncoding, .te, .trailer, .upgrade, .expect, .keepAlive, .proxyConnection,
        .proxyAuthenticate, .proxyAuthorization, .http2Settings, .maxForwards, .range, .ifMatch, .ifNoneMatch, .ifModifiedSince,
        .ifUnmodifiedSince, .ifRange, .cacheControl, .pragma, .authorization, .age, .expires, .vary, .location, .cookie, .setCookie,
        .wwwAuthenticate, .contentType, .contentEncoding, .contentRange, .retryAfter,
    ]
}
