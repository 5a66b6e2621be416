// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
import GyreTelemetry
import HTTPCaching
import HTTPTypes
import NIOCore

extension Exchange {
    /// Begins to store a response that passes.
    func beginKeeping(_ head: StoredHead, _ response: UpstreamResponse) {
        var head = head
        head.receivedMinorVersion = response.minorVersion
        let fetch = Fetch(
            proxy: proxy,
            primaryKey: primaryKey,
            marker: marker,
            selecting: request.fields,
            head: head,
            partial: partial,
            response
        )
        if fetch.failure == nil {
            self.fetch = fetch
            outcome.isStored = true
            outcome.ttlSeconds = head.ttlSeconds(at: Clock.timestamp())
        } else {
            fetch.abandon("body-too-large", proxy)
            outcome.detail = "body-too-large"
        }
    }

    /// Stores a piece of the body.
    func keep(_ bytes: ByteBuffer) {
        fetch?.append(bytes, proxy, pause: { holdForDisk(true) }, resume: { [self] in holdForDisk(false) })
    }

    /// The body is whole.
    func endKeeping(trailers: HTTPFields) {
        guard let fetch else { return }
        self.fetch = nil
        if let reason = fetch.complete(trailers: trailers, proxy), outcome.detail == nil { outcome.detail = reason }
    }

    /// Whether a response that this request brought may be stored.
    func storeDecision(_ response: UpstreamResponse, requestTime: Timestamp) -> StoreDecision {
        StoreDecision.decide(
            request: cacheRequest,
            status: response.status,
            fields: response.fields,
            requestTime: requestTime,
            responseTime: Clock.timestamp(),
            policy: request.policy(proxy.configuration.caching, status: response.status, fields: response.fields),
            jitter: proxy.jitter()
        )
    }

    /// An answer to POST can be stored for GET when it says so (RFC 9110 §9.3.3).
    func storeAnswerToPost(_ response: UpstreamResponse) {
        guard let target = request.targetURI else { return }
        // The POST has just made invalid what was asked for before this moment; its own answer is not that.
        let now = Clock.timestamp().adding(milliseconds: 1)
        let decision = StoreDecision.decideOnPost(
            request: cacheRequest,
            target: target,
            status: response.status,
            fields: response.fields,
            requestTime: now,
            responseTime: now,
            policy: request.policy(proxy.configuration.caching, status: response.status, fields: response.fields),
            jitter: proxy.jitter()
        )
        if case .store(var head) = decision, head.partial == nil {
            head.correctedInitialAgeMilliseconds += max(now.milliseconds(since: startedAt), 0)
            beginKeeping(head, response)
        }
    }
}
