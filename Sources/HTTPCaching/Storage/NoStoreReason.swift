// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Why a response is not stored. The raw name stands in `Cache-Status`, log, metrics and explanations.
public enum NoStoreReason: String, Sendable, CaseIterable {
    /// The method is not GET (RFC 9111 §3).
    case method
    /// An interim response (RFC 9110 §15.2); 103 among them (RFC 8297).
    case interimStatus = "interim-status"
    /// A status code outside 100...599 (RFC 9110 §15).
    case invalidStatus = "invalid-status"
    /// A 304 is no response to store but an update (RFC 9111 §4.3.4).
    case notModified = "not-modified"
    /// The status speaks of this request's own fields, body or connection, so that it answers no other: 407, 412, 416, 431 and the like.
    case statusAboutRequest = "status-about-request"
    /// The response says `no-store` (RFC 9111 §5.2.2.5).
    case noStore = "no-store"
    /// The request says `no-store` (RFC 9111 §5.2.1.5).
    case requestNoStore = "request-no-store"
    /// `private` in a shared cache (RFC 9111 §5.2.2.7).
    case isPrivate = "private"
    /// The request was authorized and the response does not permit sharing (RFC 9111 §3.5).
    case authorization
    /// `Vary: *` or an unreadable `Vary`: no request would match (RFC 9111 §4.1).
    case varyStar = "vary-star"
    /// `must-understand` and a status code this cache has no rules for (RFC 9111 §5.2.2.3).
    case statusNotUnderstood = "status-not-understood"
    /// The status is not heuristically cacheable and nothing says explicitly that it may be stored (RFC 9111 §3).
    case notExplicit = "not-explicit"
    /// Never fresh, no validator, and never to be served stale: the stored response could not be used.
    case unusable
    /// The operator refuses responses that set cookies.
    case setCookie = "set-cookie"
    /// A 206 without a readable `Content-Range`, or with several parts (RFC 9111 §3.3).
    case partialUnsupported = "partial-unsupported"
    /// The type contradicts the file extension in the path.
    case typeMismatch = "type-mismatch"
    /// A rule of the operator's.
    case rule
    /// More fields or bytes than ``CachingLimits`` allow.
    case tooLarge = "too-large"

    /// Whether the next response for the same resource will likely meet the same refusal, so that it is worth remembering (hit-for-miss) and
    /// requests need not wait for each other.
    public var isWorthRemembering: Bool {
        switch self {
        case .noStore, .isPrivate, .varyStar, .statusNotUnderstood, .notExplicit, .unusable, .setCookie, .typeMismatch, .rule, .tooLarge:
            true
        case .method, .interimStatus, .invalidStatus, .notModified, .requestNoStore, .authorization, .partialUnsupported,
            .statusAboutRequest:
            false
        }
    }

    /// Whether the refusal comes from the request alone, and says nothing about a response that is stored already.
    public var isAboutRequest: Bool {
        switch self {
        case .method, .requestNoStore, .authorization, .statusAboutRequest: true
        default: false
        }
    }
}
