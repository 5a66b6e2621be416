// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
import HTTPCaching
import HTTPTypes
import NIOCore

extension ProxyServer {
    /// What the server would do with a request for a URL, and why, in lines of text; nil when it is no http or https URL with a host.
    ///
    /// Asks the store as a request does, so what it tells of may come to memory by it.
    public func explain(method: String = "GET", url: String, fields: [(name: String, value: String)]) async -> String? {
        guard let uri = TargetURI(url).flatMap({ purging.rules.meant(by: $0).first }) else { return nil }
        var requestFields = HTTPFields()
        for (name, value) in fields {
            guard let name = HTTPField.Name(name) else { continue }
            requestFields.append(HTTPField(name: name, value: value))
        }
        let request = CacheRequest(method: .init(method), fields: requestFields, path: String(decoding: uri.pathAndQuery, as: UTF8.self))
        let rules = purging.rules.rules?.decision(
            for: RuleRequest(
                method: method,
                authority: uri.authorityBytes,
                pathAndQuery: CacheKey.target(of: uri, rules: configuration.keyRules)
            )
        ) { name in HTTPField.Name(name).flatMap { requestFields[$0] } }
        var keyBytes = purging.rules.key(of: uri)
        for part in rules?.keyParts ?? [] { RequestKey.append(part: part, to: &keyBytes) }
        let key = store.key(keyBytes)
        var explanation = Explanation(policy: configuration.caching)
        explanation.request(method, url, request, key: key.bytes)
        if let rules, explanation.rules(rules) { return explanation.text }
        guard request.method == .get || request.method == .head else {
            explanation.pass(reason: "\(method) is not answered from the cache (RFC 9111 §4)")
            return explanation.text
        }
        var (found, tier) = await get(key)
        var isVariant = false
        let marker = found as? VariantMarker
        if let marker {
            isVariant = true
            var matching: [FoundVariant] = []
            var selecting: [Vary] = []
            for vary in marker.specifications {
                let (object, tier) = await get(store.key(marker.variantKey(vary, for: requestFields)))
                guard let variant = FoundVariant(object, tier, isStale: false) else { continue }
                matching.append(variant)
                selecting.append(vary)
            }
            let best = VariantSelection.mostRecent(matching.map(\.head))
            found = best.map { matching[$0].object }
            tier = best.map { matching[$0].tier } ?? .memory
            let vary = best.map { selecting[$0] } ?? marker.specifications.first
            explanation.variants(marker, selected: vary?.secondaryKey(for: requestFields) ?? [])
        }
        if found == nil, request.method == .head {
            let base = (marker?.specifications.first).flatMap { marker?.variantKey($0, for: requestFields) } ?? key.bytes
            (found, tier) = await get(store.key(RequestKey.headAnswer(base)))
        }
        switch found {
        case let response as CachedResponse:
            explanation.response(response, tier: tier)
            tell(response.head, key, request, &explanation)
        case let partial as PartialResponse:
            explanation.parts(partial)
            tell(partial.wholeHead, key, request, &explanation)
        default:
            explanation.nothing(
                isVariant: isVariant,
                isPassing: shared.passing.contains(key, now: Clock.timestamp()),
                isFilling: shared.fills.contains(key),
                request: request
            )
        }
        return explanation.text
    }

    private func tell(_ stored: StoredHead, _ key: StoreKey, _ request: CacheRequest, _ explanation: inout Explanation) {
        let tags = PurgeSubject.tags(of: stored, primaryKey: key.bytes)
        let verdict = purging.marks.verdict(primaryKey: key.bytes, tags: tags, requestTime: stored.requestTime)
        explanation.purge(verdict)
        var head = stored
        switch verdict {
        case .current: break
        case .stale: head.expire(at: Clock.timestamp())
        case .gone:
            return explanation.nothing(isVariant: false, isPassing: false, isFilling: false, request: request)
        }
        explanation.decision(request, head: head)
    }

    private func get(_ key: StoreKey) async -> ((any StoredObject)?, CyclicStore.Tier) {
        await withCheckedContinuation { continuation in
            store.get(key) { lookup in
                switch lookup {
                case .found(let object, let tier), .stale(let object, let tier): continuation.resume(returning: (object, tier))
                case .miss: continuation.resume(returning: (nil, .disk))
                }
            }
        }
    }
}
