// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
import GyreTelemetry
import HTTPCaching
import HTTPTypes

extension Exchange {
    /// Without a stored answer to GET one to an earlier HEAD will do, while it is fresh (RFC 9110 §9.3.2).
    func lookUpHead() {
        hasLookedForHead = true
        get(proxy.store.key(RequestKey.headAnswer(fillKey.bytes))) { exchange, found, tier in
            guard let response = found as? CachedResponse, exchange.serveHead(response, tier) else { return exchange.decide(nil, .memory) }
        }
    }

    private func serveHead(_ response: CachedResponse, _ tier: CyclicStore.Tier) -> Bool {
        let verdict = proxy.purging.marks.verdict(
            primaryKey: primaryKey.bytes,
            tags: response.purgeTags,
            requestTime: response.head.requestTime
        )
        let policy = proxy.configuration.caching
        guard verdict == .current, !foundStale,
            case .fresh(let served) = ReuseDecision.decide(
                request: cacheRequest,
                stored: response.head,
                now: Clock.timestamp(),
                policy: policy
            ), Preconditions.evaluate(request: cacheRequest, stored: response.head, policy: policy) != .forward
        else { return false }
        stored = response
        storedTier = tier
        serve(served, reason: nil, result: tier == .memory ? .hitMemory : .hitDisk)
        return true
    }
}
