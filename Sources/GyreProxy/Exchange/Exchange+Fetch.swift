// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
import GyreTelemetry
import HTTPCaching
import HTTPTypes
import HTTPWire
import NIOCore

extension Exchange {
    /// Fetches for the cache: the client's own preconditions stay here, the given ones go to the origin. A range that is not stored is
    /// fetched as it is and passed on.
    func fetchForCache(conditions: HTTPFields) {
        if request.method == .head { return stored == nil ? fetchShared(.head, conditions: HTTPFields()) : validateByHead(conditions) }
        fetchShared(stored == nil && cacheRequest.presence.contains(.range) ? .range : .whole, conditions: conditions)
    }

    /// Passes the request on as it is; nothing is stored. Who wants nothing but what is stored gets 504 (RFC 9111 §5.2.1.7).
    func passThrough(_ forward: CacheOutcome.Forward, detail: String?) {
        if cacheRequest.directives.flags.contains(.onlyIfCached) {
            return fail(status: 504, reason: "only-if-cached (\(detail ?? forward.rawValue))")
        }
        outcome.forward = forward
        if let detail { outcome.detail = detail }
        result = forward == .uriMiss || forward == .varyMiss || forward == .miss ? .miss : .bypass
        let fields = ForwardedFields.request(request, fields: request.fields, proxy)
        send(fields: fields, method: request.method, methodName: request.methodName, framing: request.framing, PassThrough(exchange: self))
    }

    /// A HEAD goes on with the stored validators, and what comes back updates or outdates the stored answer to GET (RFC 9111 §4.3.5).
    private func validateByHead(_ conditions: HTTPFields) {
        var fields = ForwardedFields.request(request, fields: request.fields, proxy)
        fields.fields = Revalidation.requestFields(fields.fields, conditions: conditions)
        result = .miss
        send(fields: fields, method: .head, methodName: "HEAD", framing: .none, HeadFetch(exchange: self, conditions: conditions))
    }

    /// The rest of a body whose fragments were lost on the way: asked for by range, and only good if it is the same representation.
    func fetchRest(from position: UInt64, to end: UInt64) {
        guard let stored, let tag = stored.head.entityTag, !tag.isWeak, let etag = stored.head.fields[.eTag] else {
            return fail(status: 502, reason: "fragments-lost")
        }
        proxy.store.remove(stored.key)
        var fields = ForwardedFields.request(request, fields: request.fields, proxy)
        fields.fields = Revalidation.requestFields(fields.fields)
        fields.fields[.range] = "bytes=\(position)-\(end - 1)"
        fields.fields[.ifRange] = etag
        stream = nil
        send(
            fields: fields,
            method: .get,
            methodName: "GET",
            framing: .none,
            RestFetch(exchange: self, from: position, to: end, etag: etag)
        )
    }

    func send(
        fields: OutgoingFields,
        method: Method,
        methodName: String,
        framing: BodyFraming,
        upgrades: [String] = [],
        _ receiver: any UpstreamReceiver
    ) {
        phase = .fetching
        proxy.counters.countOriginRequest()
        call = proxy.upstream.start(
            UpstreamRequest(
                method: method,
                methodName: methodName,
                target: request.path,
                fields: fields,
                framing: framing,
                expectsContinue: request.expectsContinue && framing.hasBody,
                upgrades: upgrades
            ),
            to: route,
            receiver
        )
    }

    // MARK: What comes back

    /// Sends a fetched response's head on; with a slice, that of the part of it that the client asked for.
    func relayHead(_ response: UpstreamResponse, slice: FillSlice? = nil) {
        var fields = HopByHop.endToEnd(response.fields, direction: .response)
        // One that is no date may be replaced (RFC 9110 §6.6.1).
        if fields.contains(.date), fields.date(now: Clock.timestamp()) == nil { fields[.date] = nil }
        receivedMinorVersion = response.minorVersion
        if let slice { return sendHead(slice, fields: fields) }
        let length: AnswerLength
        switch response.framing {
        case .none: length = response.contentLength.map { response.status < 200 || response.status == 204 ? .none : .toldOnly($0) } ?? .none
        case .length(let count): length = request.method == .head ? .toldOnly(count) : .exactly(count)
        case .chunked, .untilClose: length = request.method == .head ? .none : .unknown
        }
        outcome.source = .origin
        sendHead(status: response.status, fields: fields, length: length)
    }

    /// A 304 is for who has asked by a condition, and for nobody else (RFC 9110 §15.4.5). True: the request has been answered otherwise.
    func refusesUnasked304(_ response: UpstreamResponse) -> Bool {
        guard response.status == 304, request.method == .get || request.method == .head,
            cacheRequest.presence.isDisjoint(with: .asksForNews)
        else { return false }
        call?.cancel()
        upstreamBroke(.unaskedNotModified)
        return true
    }

    /// Sends a piece of body on, and stops reading from the origin while the client does not keep up.
    func relay(_ bytes: ByteBuffer) {
        proxy.counters.countOriginResponse(bytes: bytes.readableBytes)
        sendBody(bytes)
        updateReading()
    }

    func upstreamBroke(_ failure: UpstreamFailure) {
        proxy.counters.countOriginError(failure.rawValue)
        call = nil
        fetch?.abandon("incomplete", proxy)
        fetch = nil
        fail(status: failure.status, reason: failure.rawValue)
    }

    /// A trusted proxy has ended TLS before this one: the site's own links, and so its `Location`, say https.
    private var cameByTLS: Bool {
        proxy.configuration.trustsForwarded && !request.isForward && request.fields[.xForwardedProto]?.lowercased() == "https"
    }

    /// Unsafe requests that succeeded make what is stored for their target invalid (RFC 9111 §4.4).
    func invalidate(_ response: UpstreamResponse) {
        guard cacheRequest.method == .unsafe, let target = request.targetURI else { return }
        let invalid = Invalidation(
            method: cacheRequest.method,
            target: cameByTLS ? target.secured : target,
            status: response.status,
            fields: response.fields
        )
        for (index, uri) in invalid.targets.enumerated() {
            let key = proxy.purging.rules.key(of: cameByTLS ? uri.inClearText : uri)
            // While it is there.
            proxy.purging.invalidateGroups(
                of: index == 0 ? primaryKey : proxy.store.key(key),
                origin: target.originBytes,
                selecting: request.fields
            )
            proxy.purging.invalidate(.key(key))
        }
        for group in invalid.groups { proxy.purging.invalidate(.tag(PurgeSubject.group(group, origin: target.originBytes))) }
    }

    /// Sends an interim response on to a client that can take it (RFC 9110 §15.2). It is never stored (RFC 8297).
    func relayInterim(status: Int, fields: HTTPFields) {
        guard request.minorVersion >= 1, !headIsSent else { return }
        var buffer = ByteBuffer()
        ResponseHeadWriter.writeStatusLine(status, to: &buffer)
        ResponseHeadWriter.write(HopByHop.endToEnd(fields, direction: .response), to: &buffer)
        buffer.writeStaticString("\r\n")
        write(buffer)
    }
}
