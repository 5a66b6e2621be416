// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

public import HTTPTypes

/// Requests that validate stored responses, and what a 304 does to them (RFC 9111 §4.3).
public enum Revalidation {
    /// The conditional fields for validating stored responses of one resource (RFC 9111 §4.3.1): `If-None-Match` with all their entity tags, and
    /// `If-Modified-Since` when a single response is validated and no range is asked for. Empty when none has a validator.
    public static func conditions(for stored: [StoredHead], isRangeRequest: Bool = false) -> HTTPFields {
        var result = HTTPFields()
        var tags: [UInt8] = []
        for head in stored {
            guard let field = head.fields.single("etag"), field.withValue({ EntityTag(lenient: $0, 0..<$0.count) }) != nil else { continue }
            if !tags.isEmpty { tags.append(contentsOf: ", ".utf8) }
            field.withUnsafeBytesOfValue { tags.append(contentsOf: $0) }
        }
        if !tags.isEmpty { result.append(HTTPField(name: .ifNoneMatch, value: tags)) }
        if stored.count == 1, !isRangeRequest || tags.isEmpty, let field = stored[0].fields.single("last-modified"),
            field.withValue({ HTTPDate.parse($0, now: stored[0].responseTime) }) != nil
        {
            result.append(HTTPField(name: .ifModifiedSince, value: field.valueBytes))
        }
        return result
    }

    /// The fields of a request to the origin that is to fill or validate the cache: the client's own preconditions and range go, because the answer is for
    /// everyone, and `conditions` come in their place. Hop-by-hop fields are not touched; see ``HopByHop``.
    ///
    /// - Parameters:
    ///   - keepsRange: leave `Range` and `If-Range` in, for fetching a part.
    ///   - keepsConditions: leave the client's preconditions in: nothing is stored that could answer them, so they are the origin's to judge.
    public static func requestFields(
        _ client: HTTPFields,
        conditions: HTTPFields = HTTPFields(),
        keepsRange: Bool = false,
        keepsConditions: Bool = false
    ) -> HTTPFields {
        func isKept(_ name: String) -> Bool {
            switch FieldKind(name) {
            case .ifMatch, .ifNoneMatch, .ifModifiedSince, .ifUnmodifiedSince: keepsConditions
            case .range, .ifRange: keepsRange
            default: true
            }
        }
        var result =
            client.indices.allSatisfy { isKept(client.canonicalName($0)) }
            ? client : client.kept(moreCapacity: conditions.count, where: isKept)
        result.append(contentsOf: conditions)
        return result
    }

    /// What a 304 or the answer to a HEAD does to one stored response.
    public enum Outcome: Sendable, Equatable {
        /// The stored head is replaced by this one; the body stays.
        case updated(StoredHead)
        /// Answer this request with the updated head. It may not be kept: remove the stored response, unless the reason is about the request alone
        /// (``NoStoreReason/isAboutRequest``), then leave it as it was.
        case serveOnce(StoredHead, NoStoreReason)
        /// The message does not speak of this response: do not update it (RFC 9111 §4.3.4).
        case refused(Mismatch)
    }

    /// Why a message does not update a stored response.
    public enum Mismatch: String, Sendable, CaseIterable {
        /// The entity tags differ.
        case entityTag = "etag-mismatch"
        /// The modification times differ.
        case lastModified = "last-modified-mismatch"
        /// The lengths differ (HEAD only, RFC 9111 §4.3.5).
        case contentLength = "content-length-mismatch"
        /// The message has a validator and the stored response has none.
        case noValidator = "no-validator"
        /// The status is not the one that updates.
        case status
    }
}
