// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

public import HTTPTypes

extension Revalidation {
    /// Applies the answer to a HEAD to a stored answer to GET that the HEAD could have chosen (RFC 9111 §4.3.5).
    ///
    /// On ``Outcome/refused(_:)`` the stored response no longer is what the origin has: make it stale (``StoredHead/expire(at:)``) or remove it.
    /// The exception is ``Mismatch/status``: an answer other than 200 says nothing about it.
    public static func update(
        _ stored: StoredHead,
        request: CacheRequest,
        headStatus: Int,
        headFields: HTTPFields,
        requestTime: Timestamp,
        responseTime: Timestamp,
        policy: CachingPolicy,
        jitter: Double = 0
    ) -> Outcome {
        guard headStatus == 200, stored.status == 200 else { return .refused(.status) }
        let new = ResponseFacts(status: 200, fields: headFields, responseTime: responseTime, policy: policy)
        let old = ResponseFacts(status: 200, fields: stored.fields, responseTime: stored.responseTime, policy: policy)
        // "Matching values for any received validator fields": one that the answer to HEAD does not have says nothing.
        if let newTag = new.entityTag, newTag != old.entityTag { return .refused(.entityTag) }
        if let newTime = new.lastModified, newTime != old.lastModified { return .refused(.lastModified) }
        if let length = new.contentLength, let known = stored.bodyByteCount, length != known { return .refused(.contentLength) }
        return refreshed(
            stored,
            request: request,
            with: headFields,
            facts: new,
            requestTime: requestTime,
            responseTime: responseTime,
            policy: policy,
            jitter: jitter
        )
    }
}
