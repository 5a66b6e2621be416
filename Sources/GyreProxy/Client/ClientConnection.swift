// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
import GyreTelemetry
import HTTPCaching
import HTTPTypes
import HTTPWire
import NIOCore

/// One client connection: parses requests one after another, answers hits in memory at once, hands everything else to an ``Exchange``.
///
/// Nothing is read from the socket while a request is being answered and its body is not wanted: that is the backpressure on pipelining.
final class ClientConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum Phase {
        /// Waiting for a request, or in the middle of its head. Next: busy, closing.
        case idle
        /// A request is being answered. Next: idle, closing.
        case busy(Exchange)
        /// Raw bytes go to an origin and come from there. Next: closing.
        case tunnel(Tunnel)
        /// The last bytes are on their way. Next: nothing.
        case closing
    }

    let proxy: LoopContext
    private var phase = Phase.idle
    private(set) var context: ChannelHandlerContext?
    private var inbound = ByteBuffer()
    private var head = RequestHead()
    private var body: RequestBodyReader?
    private var bodyIsWanted = false
    private var clientAddress = "-"
    /// The forward proxy lets this client in, as far as its address goes.
    private var mayForward = false
    /// `Proxy-Authorization` as it was last found to be right.
    var knownCredentials: String?
    private var readIsPending = false
    private var isProcessing = false
    private var needsFlush = false
    private var inputClosed = false
    /// The answer is out and the output closed; what still comes is dropped.
    private var isLingering = false
    private var keyScratch: [UInt8] = []
    private var headStartedAt: NIODeadline?
    private var lastProgress = NIODeadline.now()

    init(proxy: LoopContext) { self.proxy = proxy }

    var isWritable: Bool { context?.channel.isWritable ?? false }
    var eventLoop: any EventLoop { proxy.loop }
    /// The request's body has not been taken to its end: nothing can follow on this connection.
    var hasUnreadBody: Bool { body != nil }

    // MARK: Channel

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func channelActive(context: ChannelHandlerContext) {
        clientAddress = context.channel.remoteAddress?.ipAddress ?? "-"
        mayForward = proxy.forward?.gate.permits(client: clientAddress) ?? false
        proxy.opened(self)
        readMore()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        readIsPending = false
        guard !isLingering else { return }
        var bytes = unwrapInboundIn(data)
        if case .tunnel(let tunnel) = phase { return tunnel.received(bytes, from: .client) }
        if inbound.readableBytes == 0 { inbound = bytes } else { inbound.writeBuffer(&bytes) }
        lastProgress = proxy.now
        process()
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        readIsPending = false
        flushIfNeeded()
        // An idle connection holds no buffer.
        if inbound.readableBytes == 0 { inbound = ByteBuffer() }
        readMore()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        lastProgress = .now()
        switch phase {
        case .busy(let exchange): exchange.clientWritabilityChanged(context.channel.isWritable)
        case .tunnel(let tunnel): if context.channel.isWritable { tunnel.becameWritable(.client) }
        case .idle, .closing: break
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.context = nil
        let phase = phase
        self.phase = .closing
        proxy.closed(self)
        switch phase {
        case .busy(let exchange): exchange.clientWentAway()
        case .tunnel(let tunnel): tunnel.closed(.client)
        case .idle, .closing: break
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event {
            inputClosed = true
            switch phase {
            case .idle: if inbound.readableBytes == 0 || !isProcessing { close() }
            case .busy(let exchange):
                // The rest of a body will never come; an answer under way still goes out.
                if !(body?.isDone ?? true) { exchange.requestBodyFailed() }
            case .tunnel(let tunnel): tunnel.inputEnded(.client)
            case .closing: if isLingering { context.close(promise: nil) }
            }
        }
        context.fireUserInboundEventTriggered(event)
    }

    func readMore() {
        guard let context, !readIsPending, !inputClosed else { return }
        switch phase {
        case .idle: break
        case .busy: guard bodyIsWanted else { return }
        case .tunnel(let tunnel): guard tunnel.reads(.client) else { return }
        case .closing: guard isLingering else { return }
        }
        readIsPending = true
        context.read()
    }

    // MARK: Requests

    private func process() {
        guard !isProcessing else { return }
        isProcessing = true
        defer { isProcessing = false }
        while true {
            switch phase {
            case .closing, .tunnel:
                return
            case .busy:
                guard bodyIsWanted, deliverBody() else { return }
            case .idle:
                guard inbound.readableBytes > 0, parseHead() else { return }
            }
        }
    }

    private func parseHead() -> Bool {
        let limits = proxy.configuration.limits
        let result = inbound.withUnsafeReadableBytes { RequestHeadParser.parse($0, limits: limits, into: &head) }
        switch result {
        case .incomplete:
            if headStartedAt == nil { headStartedAt = proxy.now }
            return false
        case .failed(let error):
            proxy.counters.countWireError(error.rawValue)
            refuse(status: error.status, reason: error.rawValue)
            return false
        case .head(let byteCount):
            headStartedAt = nil
            let startedAt = NIODeadline.now()
            if answerFromMemory(startedAt: startedAt) {
                inbound.moveReaderIndex(forwardBy: byteCount)
                return true
            }
            let request = inbound.withUnsafeReadableBytes {
                ClientRequest(
                    head,
                    in: $0,
                    defaultHost: proxy.configuration.origin?.authorityBytes ?? [],
                    keyRules: proxy.configuration.keyRules,
                    rules: proxy.configuration.rules,
                    isForwardProxy: proxy.configuration.forward != nil,
                    clientAddress: clientAddress,
                    startedAt: startedAt
                )
            }
            inbound.moveReaderIndex(forwardBy: byteCount)
            begin(request)
            return true
        }
    }

    private func begin(_ request: ClientRequest) {
        flushIfNeeded()
        let maxBody = proxy.configuration.maxRequestBodyBytes
        if case .length(let count) = request.framing, count > maxBody {
            return refuse(status: 413, reason: "body-too-large")
        }
        body =
            request.framing.hasBody
            ? RequestBodyReader(request.framing, limits: proxy.configuration.limits, maxBytes: maxBody) : nil
        bodyIsWanted = false
        let exchange = Exchange(request: request, connection: self, proxy: proxy)
        phase = .busy(exchange)
        exchange.start()
    }

    // MARK: Hit in memory

    /// The short way: a plain GET for a fresh response that lies whole in memory. No allocation but the buffer that is written.
    private func answerFromMemory(startedAt: NIODeadline) -> Bool {
        guard head.method == .get, head.framing == .none, head.targetForm == .origin || mayForwardShortly(), !head.upgrade,
            !head.hostSlice.isEmpty, head.fields.present.isDisjoint(with: .needsFullDecision), let context
        else { return false }
        keyScratch.removeAll(keepingCapacity: true)
        let object: CachedResponse? = inbound.withUnsafeReadableBytes { bytes in
            RequestKey.append(host: head.hostSlice.bytes(in: bytes), path: head.path.bytes(in: bytes), to: &keyScratch)
            if head.targetForm == .absolute, proxy.configuration.keepsForwardApart {
                RequestKey.append(part: RequestKey.forwardPart, to: &keyScratch)
            }
            return keyScratch.withUnsafeBytes { key in
                proxy.store.objectInMemory(proxy.store.hash(key), key: key) as? CachedResponse
            }
        }
        guard let object, object.fragments == nil, !object.profile.variesByRequest, object.isCurrent(by: proxy.purging.marks) else {
            return false
        }
        if let rules = proxy.configuration.rules, !allowsPlainHit(rules) { return false }
        let now = Clock.timestamp()
        guard case .fresh(let age) = object.profile.verdict(at: now) else { return false }
        let ttl = (object.profile.freshUntil.milliseconds(since: now) + 999) / 1000
        let keepsAlive = head.keepAlive && !proxy.isDraining

        let copiesBody = object.body.readableBytes <= 16 * 1024
        var out = context.channel.allocator.buffer(
            capacity: object.headBytes.readableBytes + 128 + (copiesBody ? object.body.readableBytes : 0)
        )
        out.writeImmutableBuffer(object.headBytes)
        out.writeStaticString("Age: ")
        ResponseHeadWriter.writeDecimal(UInt64(age), to: &out)
        out.writeStaticString("\r\nCache-Status: gyre; hit; ttl=")
        ResponseHeadWriter.writeDecimal(UInt64(max(0, ttl)), to: &out)
        if keepsAlive {
            out.writeStaticString(head.minorVersion == 0 ? "\r\nConnection: keep-alive\r\n\r\n" : "\r\n\r\n")
        } else {
            out.writeStaticString("\r\nConnection: close\r\n\r\n")
        }
        if copiesBody {
            out.writeImmutableBuffer(object.body)
            context.write(wrapOutboundOut(out), promise: nil)
        } else {
            context.write(wrapOutboundOut(out), promise: nil)
            context.write(wrapOutboundOut(object.body), promise: nil)
        }
        needsFlush = true
        inbound.withUnsafeReadableBytes { bytes in
            proxy.log(
                head,
                in: bytes,
                clientAddress: clientAddress,
                status: object.head.status,
                bytes: object.body.readableBytes,
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
            let fields = FieldReader.fields(head.fields, in: bytes)
            let decision = rules.decision(for: request) { name in HTTPField.Name(name).flatMap { fields[$0] } }
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

    // MARK: What an exchange does

    /// From here on the connection is one end of a tunnel. What the client has sent already goes first.
    func become(_ tunnel: Tunnel) {
        phase = .tunnel(tunnel)
        let early = inbound
        inbound = ByteBuffer()
        tunnel.received(early, from: .client)
        if inputClosed { tunnel.inputEnded(.client) }
        readMore()
    }

    /// Ends the output, or everything, behind what has been written.
    func finishOutput(closes: Bool) {
        guard let context else { return }
        if closes {
            phase = .closing
            lastProgress = proxy.now
        }
        needsFlush = false
        let bound = NIOLoopBound(context, eventLoop: proxy.loop)
        context.writeAndFlush(wrapOutboundOut(ByteBuffer())).whenComplete { _ in
            bound.value.close(mode: closes ? .all : .output, promise: nil)
        }
    }

    func write(_ bytes: ByteBuffer) {
        guard let context, bytes.readableBytes > 0 else { return }
        context.write(wrapOutboundOut(bytes), promise: nil)
        needsFlush = true
        if !isProcessing { flushIfNeeded() }
    }

    func flushIfNeeded() {
        guard needsFlush, let context else { return }
        needsFlush = false
        lastProgress = proxy.now
        context.flush()
    }

    /// The exchange will take the next piece of the request body.
    func wantBody() {
        guard case .busy = phase, body != nil else { return }
        bodyIsWanted = true
        if !isProcessing {
            process()
            readMore()
        }
    }

    /// False: nothing more to deliver now.
    private func deliverBody() -> Bool {
        guard case .busy(let exchange) = phase, body != nil else { return false }
        switch body?.next(from: &inbound) ?? .needMore {
        case .needMore:
            if inputClosed { exchange.requestBodyFailed() }
            return false
        case .data(let piece):
            bodyIsWanted = false
            if body?.isTooLong ?? false { exchange.requestBodyFailed() } else { exchange.requestBody(piece) }
        case .end(let trailers):
            bodyIsWanted = false
            body = nil
            exchange.requestBodyEnded(trailers)
        case .failed(let error):
            bodyIsWanted = false
            proxy.counters.countWireError(error.rawValue)
            exchange.requestBodyFailed()
        }
        return true
    }

    /// The answer has been written. The connection goes on with the next request, or ends.
    func finished(keepAlive: Bool) {
        guard case .busy = phase else { return }
        // A body that nobody read to its end leaves the connection in the middle of it.
        let bodyIsRead = body == nil
        body = nil
        bodyIsWanted = false
        guard keepAlive, bodyIsRead, !proxy.isDraining, !inputClosed || inbound.readableBytes > 0 else {
            return closeAfterFlush(lingers: !bodyIsRead)
        }
        phase = .idle
        lastProgress = proxy.now
        // From a fresh stack: many requests in one read must not nest.
        if !isProcessing {
            process()
            flushIfNeeded()
            readMore()
        }
    }

    /// Ends the connection when everything has been written. When the client may still be sending, its bytes are read and dropped for a moment
    /// first: closing at once would reset the connection and could take the answer away before it is read (RFC 9112 §9.6).
    private func closeAfterFlush(lingers: Bool = false) {
        phase = .closing
        lastProgress = proxy.now
        guard let context else { return }
        needsFlush = false
        let bound = NIOLoopBound((self, context), eventLoop: proxy.loop)
        context.writeAndFlush(wrapOutboundOut(ByteBuffer())).whenComplete { _ in
            let (connection, context) = bound.value
            if lingers, !connection.inputClosed {
                connection.isLingering = true
                context.close(mode: .output, promise: nil)
                connection.readMore()
            } else {
                context.close(promise: nil)
            }
        }
    }

    func close() {
        if case .tunnel(let tunnel) = phase {
            phase = .closing
            tunnel.stop()
        }
        phase = .closing
        context?.close(promise: nil)
    }

    /// Answers what could not be parsed, and closes: what follows cannot be trusted.
    private func refuse(status: Int, reason: String) {
        let page = ErrorPage.make(status: status, reason: reason, closes: true, sendsBody: true)
        context?.write(wrapOutboundOut(page), promise: nil)
        proxy.logRefusal(clientAddress: clientAddress, status: status, reason: reason)
        body = nil
        closeAfterFlush(lingers: true)
    }

    // MARK: Deadlines

    /// Called about once a second.
    func sweep(now: NIODeadline) {
        let limits = proxy.configuration.timeouts
        switch phase {
        case .idle:
            if let headStartedAt, inbound.readableBytes > 0 {
                if now > headStartedAt + limits.head { refuse(status: 408, reason: "header-timeout") }
            } else if now > lastProgress + limits.idle || proxy.isDraining {
                close()
            }
        case .busy(let exchange):
            if bodyIsWanted, now > lastProgress + limits.body {
                exchange.requestBodyFailed()
            } else if !isWritable, now > lastProgress + limits.write {
                close()
            }
        case .tunnel(let tunnel):
            tunnel.sweep(now: now)
        case .closing:
            if now > lastProgress + (isLingering ? .seconds(2) : limits.write) { context?.close(promise: nil) }
        }
    }

    /// No new requests; what is under way is finished.
    func drain() {
        if case .idle = phase, inbound.readableBytes == 0 { close() }
    }
}
