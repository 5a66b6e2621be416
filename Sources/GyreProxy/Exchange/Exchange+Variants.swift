// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
import HTTPCaching
import HTTPTypes
import HTTPWire

/// What was found under one of the keys that a request selects.
struct FoundVariant {
    let object: any StoredObject
    let head: StoredHead
    let tier: CyclicStore.Tier
    /// A soft purge matches it.
    let isStale: Bool

    init?(_ object: (any StoredObject)?, _ tier: CyclicStore.Tier, isStale: Bool) {
        switch object {
        case let response as CachedResponse: head = response.head
        case let partial as PartialResponse: head = partial.head
        default: return nil
        }
        guard let object else { return nil }
        self.object = object
        self.tier = tier
        self.isStale = isStale
    }
}

extension Exchange {
    /// Looks for a response by each known set of selecting fields, and takes the most recent of those that match (RFC 9111 §4).
    func lookUpVariants(of marker: VariantMarker, from index: Int = 0, _ found: [FoundVariant] = []) {
        guard index < marker.specifications.count else { return decide(found) }
        let key = proxy.store.key(marker.variantKey(marker.specifications[index], for: request.fields))
        get(key) { exchange, object, tier in
            let variant = FoundVariant(object, tier, isStale: exchange.foundStale)
            exchange.lookUpVariants(of: marker, from: index + 1, found + (variant.map { [$0] } ?? []))
        }
    }

    private func decide(_ found: [FoundVariant]) {
        // Parts that do not have what is asked for are no answer while there is a whole.
        let policy = proxy.configuration.caching
        let suitable = found.filter {
            guard let partial = $0.object as? PartialResponse else { return true }
            return PartialAnswer.suffices(partial, cacheRequest, policy)
        }
        let candidates = suitable.isEmpty ? found : suitable
        guard let best = VariantSelection.mostRecent(candidates.map(\.head)) else { return decide(nil, .memory) }
        foundStale = candidates[best].isStale
        if let partial = candidates[best].object as? PartialResponse {
            decide(partial)
        } else {
            decide(candidates[best].object as? CachedResponse, candidates[best].tier)
        }
    }

    /// The conditions that ask the origin which of the stored variants is the one for this request (RFC 9111 §4.1, §4.3.1). Empty when the request has
    /// its own, or no variant has a tag.
    var variantConditions: HTTPFields {
        var conditions = HTTPFields()
        guard let marker, stored == nil, partial == nil, !marker.variants.isEmpty, request.method == .get, !goesAlone,
            cacheRequest.presence.isDisjoint(with: [.range, .ifMatch, .ifNoneMatch, .ifModifiedSince, .ifUnmodifiedSince])
        else { return conditions }
        var tags: [[UInt8]] = []
        for variant in marker.variants where !tags.contains(variant.tag) { tags.append(variant.tag) }
        conditions.append(HTTPField(name: .ifNoneMatch, value: Array(tags.joined(separator: [0x2c, 0x20]))))
        return conditions
    }
}
