// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
import GyreTelemetry
import HTTPCaching
import HTTPTypes
import HTTPWire
import NIOCore

extension Exchange {
    /// `PURGE`: the URL with all its variants, for permitted clients. Hard, unless `Soft-Purge: 1` says soft; answered when it is durable.
    func purge() {
        guard isPermittedToPurge else { return fail(status: 403, reason: "purge-not-permitted") }
        guard !request.framing.hasBody else { return fail(status: 400, reason: "purge-with-body") }
        let mode: PurgeMode = request.fields[.softPurge] == "1" ? .soft : .hard
        let bound = NIOLoopBound(self, eventLoop: proxy.loop)
        phase = .serving
        proxy.purging.purge(.key(RequestKey.withoutParts(primaryKey.bytes)), mode: mode) { outcome in
            bound.eventLoop.execute { bound.value.purged(outcome) }
        }
    }

    private func purged(_ outcome: PurgeOutcome) {
        guard phase != .done else { return }
        guard outcome != .refused else { return fail(status: 503, reason: "purge-refused") }
        result = .bypass
        let body = ByteBuffer(string: "{\"purge\":\"\(outcome.rawValue)\"}\n")
        var fields = HTTPFields()
        fields[.contentType] = "application/json"
        fields[.cacheControl] = "no-store"
        self.outcome.detail = "purge"
        sendHead(status: 200, fields: fields, length: .exactly(UInt64(body.readableBytes)))
        sendBody(body)
        finish()
    }

    /// An address alone proves nothing when the request has come through a proxy of which that address is.
    private var isPermittedToPurge: Bool {
        let passed = request.fields.contains { field in
            switch field.name.canonicalName {
            case "via", "forwarded", "x-forwarded-for", "x-real-ip": true
            default: false
            }
        }
        return !passed && proxy.configuration.purgers.contains { $0.contains(request.clientAddress) }
    }
}
