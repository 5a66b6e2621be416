// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
import HTTPCaching
import HTTPTypes
import NIOCore

extension Exchange {
    /// Begins to store a response that passes.
    func beginKeeping(_ head: StoredHead, _ response: UpstreamResponse) {
        let fetch = Fetch(proxy: proxy, primaryKey: primaryKey, marker: marker, request: request, head: head, response)
        if fetch.failure == nil {
            self.fetch = fetch
            outcome.isStored = true
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

    /// An answer to POST can be stored for GET when it says so (RFC 9110 §9.3.3).
    func storeAnswerToPost(_ response: UpstreamResponse) {
        guard let target = request.targetURI else { return }
        let now = Clock.timestamp()
        let decision = StoreDecision.decideOnPost(
            request: cacheRequest,
            target: target,
            status: response.status,
            fields: response.fields,
            requestTime: startedAt,
            responseTime: now,
            policy: proxy.configuration.caching,
            jitter: Double.random(in: 0..<1)
        )
        if case .store(let head) = decision, head.partial == nil { beginKeeping(head, response) }
    }
}
