// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Why a stale response is served. The raw name stands in `Cache-Status`, log and metrics.
public enum StaleReason: String, Sendable, CaseIterable {
    /// The request's `max-stale` (RFC 9111 §5.2.1.2).
    case maxStale = "max-stale"
    /// `stale-while-revalidate` (RFC 5861 §3).
    case staleWhileRevalidate = "stale-while-revalidate"
    /// The operator's grace.
    case grace
    /// `stale-if-error` (RFC 5861 §4).
    case staleIfError = "stale-if-error"
    /// The origin could not be reached and the operator allows it (RFC 9111 §4.2.4).
    case unreachable
    /// Still fresh: it was only being validated at the client's wish.
    case stillFresh = "still-fresh"
}

/// Why a stored response must be validated before use.
public enum ValidationReason: String, Sendable, CaseIterable {
    /// It is stale (RFC 9111 §4.2).
    case stale
    /// It says `no-cache` (RFC 9111 §5.2.2.4).
    case noCache = "no-cache"
    /// The request says `no-cache` or `Pragma: no-cache` (RFC 9111 §5.2.1.4, §5.4).
    case requestNoCache = "request-no-cache"
    /// It is older than the request's `max-age` (RFC 9111 §5.2.1.1).
    case requestMaxAge = "request-max-age"
    /// It is not fresh for as long as the request's `min-fresh` (RFC 9111 §5.2.1.3).
    case requestMinFresh = "request-min-fresh"
}

/// Why nothing stored can be used.
public enum MissReason: String, Sendable, CaseIterable {
    /// Nothing is stored under the key.
    case uriMiss = "uri-miss"
    /// What is stored was selected by other request fields (RFC 9111 §4.1).
    case varyMiss = "vary-miss"
    /// The method is not answered from the cache (RFC 9111 §4).
    case method
    /// What is stored is a part that does not cover the request (RFC 9111 §3.3).
    case partial
    /// The stored body is not complete (RFC 9111 §3.3).
    case incomplete
}
