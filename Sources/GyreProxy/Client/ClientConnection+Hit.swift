// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
import HTTPCaching
import HTTPTypes
import HTTPWire
import NIOCore

/// A plain hit, answered where the request lies.
extension ClientConnection {
    /// The short way: a plain GET for a fresh response that lies whole in memory, or on the disk where it can be read without waiting. In memory no
    /// allocation: the buffer that is written is used again. What the disk was asked and could not be used here is left in `earlyLookup`.
    func answerAtOnce(startedAt: NIODeadline) -> Bool {
        guard head.method == .get, head.framing == .none, head.targetForm == .origin || mayForwardShortly(), !head.upgrade,
            !head.hostSlice.isEmpty, head.fields.present.isDisjoint(with: .needsFullDecision)
        else { return false }
        keyScratch.removeAll(keepingCapacity: true)
        inbound.withUnsafeReadableBytes { bytes in
            RequestKey.append(host: head.hostSlice.bytes(in: bytes), path: head.path.bytes(in: bytes), to: &keyScratch)
            if head.targetForm == .absolute, proxy.configuration.keepsForwardApart {
                RequestKey.append(part: RequestKey.forwardPart, to: &keyScratch)
            }
        }
        let hash = keyScratch.withUnsafeBytes { proxy.store.hash($0) }
        let object = keyScratch.withUnsafeBytes { proxy.store.objectInMemory(hash, key: $0) as? CachedResponse }
        if object == nil, proxy.store.isMemoryOnly { return false }
        if let rules = proxy.configuration.rules, !allowsPlainHit(rules) { return false }
        if let object { return answer(with: object, hash, from: .memory, startedAt: startedAt) }
        let lookup = EarlyLookup(proxy.store.key(keyScratch), proxy)
        if case .found(let object as CachedResponse, let tier) = lookup.result, answer(with: object, hash, from: tier, startedAt: startedAt)
        {
            return true
        }
        earlyLookup = lookup
        return false
    }

    private func answer(with object: CachedResponse, _ hash: KeyHash, from tier: CyclicStore.Tier, startedAt: NIODeadline) -> Bool {
        guard object.fragments == nil, !object.profile.variesByRequest, object.isCurrent(by: proxy.purging.marks), context != nil else {
            return false
        }
        let now = Clock.timestamp()
        guard case .fresh(let age) = object.profile.verdict(at: now) else { return false }
        let ttl = (object.profile.freshUntil.milliseconds(since: now) + 999) / 1000
        let keepsAlive = head.keepAlive && !proxy.isDraining && (head.minorVersion > 0 || head.targetForm == .origin)

        let answer = HitAnswer(object)
        let lastFields: StaticString =
            switch (keepsAlive, head.minorVersion) {
            case (false, _): "\r\nConnection: close\r\n\r\n"
            case (true, 0): "\r\nConnection: keep-alive\r\n\r\n"
            case (true, _): "\r\n\r\n"
            }
        var out = proxy.spares.take(capacity: answer.capacity)
        answer.write(
            to: &out,
            ageSeconds: age,
            ttlSeconds: ttl,
            key: proxy.configuration.showsKey ? keyScratch : nil,
            lastFields: lastFields
        )
        keepBack(out, body: answer.copiesBody ? ByteBuffer() : object.body)
        needsFlush = true
        bytesOut &+= UInt64(object.headBytes.readableBytes + object.body.readableBytes)
        inbound.withUnsafeReadableBytes { bytes in
            proxy.log(
                head,
                in: bytes,
                clientAddress: clientAddress,
                status: object.status,
                bytes: object.body.readableBytes,
                keyHash: hash,
                from: tier,
                at: now,
                startedAt: startedAt
            )
        }
        if !keepsAlive { closeAfterFlush() }
        return true
    }

    /// Whether no rule wants more than what lies under the URL as it is.
    private func allowsPlainHit(_ rules: RuleSet) -> Bool {
        inbound.withUnsafeReadableBytes { bytes in
            let path = head.path.bytes(in: bytes)
            let request = RuleRequest(
                method: "GET",
                authority: head.hostSlice.bytes(in: bytes),
                pathAndQuery: path.first == 0x2f ? Array(path) : [0x2f] + Array(path)
            )
            // Most rules look at no field.
            var fields: HTTPFields?
            let decision = rules.decision(for: request) { name in
                let known = fields ?? proxy.fieldReader.fields(head.fields, in: bytes)
                fields = known
                return HTTPField.Name(name).flatMap { known[$0] }
            }
            return decision?.allowsPlainHit ?? true
        }
    }

    /// Whether a request in absolute form may take the short way: everything that the gate would ask has been answered for this connection.
    private func mayForwardShortly() -> Bool {
        guard mayForward, head.targetForm == .absolute, head.scheme == .http, let forward = proxy.forward, !forward.gate.judgesHosts,
            forward.gate.permits(port: Int(head.port ?? 80), tunnel: false)
        else { return false }
        guard forward.authenticator != nil else { return true }
        guard let knownCredentials, let value = head.fields.firstValue(of: .proxyAuthorization) else { return false }
        return inbound.withUnsafeReadableBytes { value.bytes(in: $0).elementsEqual(knownCredentials.utf8) }
    }
}
