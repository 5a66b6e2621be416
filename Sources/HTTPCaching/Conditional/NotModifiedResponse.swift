// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

public import HTTPTypes

/// The head of a 304 made by the cache.
public enum NotModifiedResponse {
    /// The fields of the 304 (RFC 9110 §15.4.5): what the 200 would have, without the metadata of a body that is not sent. `Last-Modified` stays only
    /// where there is no `ETag`. `Age` and `Cache-Status` are the proxy's to add.
    ///
    /// - Parameter fields: those that the 200 would have. Without validation that is ``StoredHead/fieldsForUnvalidatedUse``: what
    ///   `no-cache="…"` names is not sent in a 304 either (RFC 9111 §5.2.2.4).
    public static func fields(from fields: HTTPFields) -> HTTPFields {
        let hasTag = fields.contains { FieldKind($0.name) == .etag }
        var result = HTTPFields()
        result.reserveCapacity(fields.count)
        for field in fields {
            switch field.name.canonicalName {
            case "content-length", "content-type", "content-encoding", "content-language", "content-range", "content-disposition",
                "trailer",
                "accept-ranges", "transfer-encoding", "content-md5", "content-digest", "repr-digest", "digest":
                continue
            case "last-modified": if !hasTag { result.append(field) }
            default: result.append(field)
            }
        }
        return result
    }
}
