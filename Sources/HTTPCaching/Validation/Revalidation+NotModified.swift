// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

public import HTTPTypes

extension Revalidation {
    /// Applies a 304 to the stored response that was validated (RFC 9111 §4.3.4, §3.2).
    ///
    /// - Parameters:
    ///   - stored: the response whose validators were sent.
    ///   - request: the client's request; its selecting fields and `Authorization` count.
    ///   - notModified: the fields of the 304 as received.
    ///   - requestTime: when the validating request was sent.
    ///   - responseTime: when the 304 arrived.
    ///   - policy: the operator's decisions.
    ///   - jitter: a random number in 0..<1.
    ///
    /// When the outcome is ``Outcome/refused(_:)``, the stored response is not the one the origin has: fetch without conditions.
    public static func update(
        _ stored: StoredHead,
        request: CacheRequest,
        notModified: HTTPFields,
        requestTime: Timestamp,
        responseTime: Timestamp,
        policy: CachingPolicy,
        jitter: Double = 0
    ) -> Outcome {
        let facts = ResponseFacts(status: 304, fields: notModified, responseTime: responseTime, policy: policy)
        let old = ResponseFacts(status: stored.status, fields: stored.fields, responseTime: stored.responseTime, policy: policy)
        if let mismatch = Self.mismatch(old: old, new: facts) { return .refused(mismatch) }
        return refreshed(
            stored,
            request: request,
            with: notModified,
            facts: facts,
            requestTime: requestTime,
            responseTime: responseTime,
            policy: policy,
            jitter: jitter
        )
    }

    /// The stored responses that a 304 updates, by index (RFC 9111 §4.3.4), when several were validated with one request.
    public static func selected(_ stored: [StoredHead], by notModified: HTTPFields, responseTime: Timestamp, policy: CachingPolicy) -> [Int]
    {
        let new = ResponseFacts(status: 304, fields: notModified, responseTime: responseTime, policy: policy)
        let old = stored.map { ResponseFacts(status: $0.status, fields: $0.fields, responseTime: $0.responseTime, policy: policy) }
        if let tag = new.entityTag, !tag.isWeak {
            return stored.indices.filter { old[$0].entityTag?.matchesStrongly(tag) ?? false }
        }
        var candidates: [Int]
        if let tag = new.entityTag {
            candidates = stored.indices.filter { old[$0].entityTag?.matchesWeakly(tag) ?? false }
        } else if let time = new.lastModified {
            candidates = stored.indices.filter { old[$0].lastModified == time }
        } else {
            // No validator: only a single response can be meant.
            return stored.count == 1 ? [0] : []
        }
        guard let best = VariantSelection.mostRecent(candidates.map { stored[$0] }) else { return [] }
        candidates = [candidates[best]]
        return candidates
    }

    /// RFC 9111 §4.3.4. A 304 without any validator answers the condition that was sent, so it is about this response.
    private static func mismatch(old: ResponseFacts, new: ResponseFacts) -> Mismatch? {
        if let tag = new.entityTag {
            guard let oldTag = old.entityTag else {
                return old.lastModified != nil && old.lastModified == new.lastModified ? nil : .noValidator
            }
            // A strong tag must be matched by a strong one; a weak one says no more than sameness of meaning.
            return (tag.isWeak ? oldTag.matchesWeakly(tag) : oldTag.matchesStrongly(tag)) ? nil : .entityTag
        }
        if old.entityTag == nil, let time = new.lastModified {
            guard let oldTime = old.lastModified else { return .noValidator }
            return time == oldTime ? nil : .lastModified
        }
        return nil
    }

    static func refreshed(
        _ stored: StoredHead,
        request: CacheRequest,
        with newFields: HTTPFields,
        facts: ResponseFacts,
        requestTime: Timestamp,
        responseTime: Timestamp,
        policy: CachingPolicy,
        jitter: Double
    ) -> Outcome {
        let withheld = policy.isShared ? facts.directives.privateFields : []
        let fields = merged(
            stored.fields,
            with: HopByHop.endToEnd(newFields, direction: .response),
            withheld: withheld,
            facts: facts,
            policy: policy
        )
        var decisionFields = fields
        // Age is not kept among the fields, but it counts.
        for field in newFields where FieldKind(field.name) == .age { decisionFields.append(field) }
        let asGet = CacheRequest(method: .get, fields: request.fields, path: request.path)
        let decision = StoreDecision.decide(
            request: asGet,
            status: stored.status,
            fields: decisionFields,
            requestTime: requestTime,
            responseTime: responseTime,
            policy: policy,
            jitter: jitter
        )
        switch decision {
        case .store(var head):
            keepBody(of: stored, in: &head)
            return .updated(head)
        case .refuse(let reason):
            var head = stored
            head.fields = fields
            head.requestTime = requestTime
            head.responseTime = responseTime
            head.date = facts.effectiveDate
            let age = AgeCalculation(
                date: facts.effectiveDate,
                ageValueSeconds: facts.ageSeconds,
                requestTime: requestTime,
                responseTime: responseTime
            )
            head.correctedInitialAgeMilliseconds = age.correctedInitialMilliseconds
            head.freshness = FreshnessLifetime(seconds: 0, source: .none)
            head.rules.insert(.alwaysValidate)
            return .serveOnce(head, reason)
        }
    }

    /// What belongs to the stored bytes is not the new message's to change.
    private static func keepBody(of stored: StoredHead, in head: inout StoredHead) {
        head.trailers = stored.trailers
        head.bodyByteCount = stored.bodyByteCount
        head.partial = stored.partial
        for rule in [StoredRules.partial, .incomplete, .cameByHTTP10] {
            if stored.rules.contains(rule) { head.rules.insert(rule) } else { head.rules.remove(rule) }
        }
    }

    /// RFC 9111 §3.2: each field of the new message replaces the stored ones of its name.
    ///
    /// Not taken over: fields that are not stored (§3.1), `Content-Length`, and the fields the stored bytes depend on: `Content-Encoding` and
    /// `Content-Range` describe bytes that were not sent again, so another value could only be wrong.
    private static func merged(
        _ old: HTTPFields,
        with new: HTTPFields,
        withheld: [String],
        facts: ResponseFacts,
        policy: CachingPolicy
    ) -> HTTPFields {
        func isTaken(_ name: String) -> Bool {
            switch name {
            case "content-length", "content-encoding", "content-range", "age", "trailer": false
            case "date": facts.isDateValid
            case "set-cookie": policy.setCookie != .strip
            default: !withheld.contains(name)
            }
        }
        var replaced: Set<String> = []
        for field in new where isTaken(field.name.canonicalName) { replaced.insert(field.name.canonicalName) }
        // Without a readable Date in the 304 the time of its arrival is the date (RFC 9110 §6.6.1).
        if !facts.isDateValid { replaced.insert("date") }
        var result = HTTPFields()
        result.reserveCapacity(old.count + new.count)
        for field in old where !replaced.contains(field.name.canonicalName) { result.append(field) }
        for field in new where isTaken(field.name.canonicalName) { result.append(field) }
        if !facts.isDateValid { result.append(HTTPField(name: .date, value: HTTPDate.string(facts.effectiveDate))) }
        return result
    }
}
