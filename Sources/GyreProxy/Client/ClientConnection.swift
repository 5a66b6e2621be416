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
final class ClientConnection: ChannelInboundHandler, LoopFlushable {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    enum Phase {
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
    var phase = Phase.idle
    private(set) var context: ChannelHandlerContext?
    var inbound = ByteBuffer()
    var head = RequestHead()
    private var body: RequestBodyReader?
    var bodyIsWanted = false
    var clientAddress = "-"
    /// The forward proxy lets this client in, as far as its address goes.
    var mayForward = false
    /// `Proxy-Authorization` as it was last found to be right.
    var knownCredentials: String?
    private var readIsPending = false
    private var isProcessing = false
    var needsFlush = false
    /// The loop flushes at the end of this turn.
    private var isFlushDue = false
    /// The head of an answer, and what has come of its body: what is small goes out in one piece.
    private var gathered = ByteBuffer()
    /// A body behind it that is not copied.
    private var gatheredBody = ByteBuffer()
    private var socket = DirectSocket()
    /// The channel has been given bytes that it has not been told to send.
    private var channelNeedsFlush = false
    var inputClosed = false
    /// The answer is out and the output closed; what still comes is dropped.
    var isLingering = false
    var keyScratch: [UInt8] = []
    /// What the short way has asked the store for the request at hand.
    var earlyLookup: EarlyLookup?
    var headStartedAt: NIODeadline?
    var lastProgress = NIODeadline.now()

    var sendingPace: Pace
    var readingPace: Pace
    var bytesIn: UInt64 = 0
    var bytesOut: UInt64 = 0
    /// Of these, what the system had taken at the last look.
    var drainedBytes: UInt64 = 0

    init(proxy: LoopContext) {
        self.proxy = proxy
        sendingPace = proxy.configuration.timeouts.pace
        readingPace = proxy.configuration.timeouts.pace
    }

    /// As the channel said last; it says so before a write that fills it returns.
    private(set) var isWritable = true
    var eventLoop: any EventLoop { proxy.loop }
    /// The request's body has not been taken to its end: nothing can follow on this connection.
    var hasUnreadBody: Bool { body != nil }

    // MARK: Channel

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func channelActive(context: ChannelHandlerContext) {
        clientAddress = context.channel.remoteAddress?.ipAddress ?? "-"
        mayForward = proxy.forward?.gate.permits(client: clientAddress) ?? false
        socket.open(context.channel)
        proxy.opened(self)
        readMore()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        readIsPending = false
        guard !isLingering else { return }
        var bytes = unwrapInboundIn(data)
        bytesIn &+= UInt64(bytes.readableBytes)
        if case .tunnel(let tunnel) = phase { return tunnel.received(bytes, from: .client) }
        if inbound.readableBytes == 0 { inbound = bytes } else { inbound.writeBuffer(&bytes) }
        lastProgress = proxy.now
        process()
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        readIsPending = false
        if needsFlush { flushSoon() }
        // An idle connection holds no buffer.
        if inbound.readableBytes == 0 { inbound = ByteBuffer() }
        readMore()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        lastProgress = .now()
        isWritable = context.channel.isWritable
        switch phase {
        case .busy(let exchange): exchange.clientWritabilityChanged(isWritable)
        case .tunnel(let tunnel): if isWritable { tunnel.becameWritable(.client) }
        case .idle:
            guard isWritable, !isProcessing else { return }
            process()
            flushIfNeeded()
            readMore()
        case .closing: break
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.context = nil
        socket.close()
        isWritable = false
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
        case .idle: guard isWritable else { return }
        // Where no body is expected one read is asked for all the same: it brings the next request or the end, and not to ask and to ask again
        // would be two system calls for each request. What it has brought waits, and no more is read.
        case .busy: guard bodyIsWanted || (body == nil && inbound.readableBytes == 0) else { return }
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
                // Pipelined hits pile up no further than the connection takes them.
                if needsFlush, !isWritable {
                    flushIfNeeded()
                    guard isWritable else { return }
                }
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
            // Just now: it came with the last bytes, or its turn came when the answer before was finished.
            let startedAt = lastProgress
            if answerAtOnce(startedAt: startedAt) {
                inbound.moveReaderIndex(forwardBy: byteCount)
                return true
            }
            let request = inbound.withUnsafeReadableBytes {
                ClientRequest(
                    head,
                    in: $0,
                    reader: proxy.fieldReader,
                    defaultHost: proxy.configuration.defaultHost,
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
            proxy.counters.countRefusal(RequestRefusal.bodyTooLarge.rawValue)
            return refuse(status: RequestRefusal.bodyTooLarge.status, reason: RequestRefusal.bodyTooLarge.rawValue)
        }
        body =
            request.framing.hasBody
            ? RequestBodyReader(request.framing, limits: proxy.configuration.limits, maxBytes: maxBody) : nil
        bodyIsWanted = false
        sendingPace.reset()
        readingPace.reset()
        let exchange = Exchange(request: request, connection: self, proxy: proxy, earlyLookup: earlyLookup)
        earlyLookup = nil
        phase = .busy(exchange)
        exchange.start()
    }

    // MARK: What an exchange does

    func write(_ bytes: ByteBuffer) {
        guard context != nil, bytes.readableBytes > 0 else { return }
        bytesOut &+= UInt64(bytes.readableBytes)
        if gathered.readableBytes > 0, gatheredBody.readableBytes == 0,
            max(gathered.readableBytes, bytes.readableBytes) <= HitAnswer.copiedBodyBytes
        {
            gathered.writeImmutableBuffer(bytes)
        } else {
            writeGathered()
            writeToChannel(bytes)
        }
        flushSoon()
    }

    /// Writes the head of an answer, which waits for the beginning of its body until everything is flushed.
    func writeHead(_ bytes: ByteBuffer) {
        guard context != nil else { return }
        bytesOut &+= UInt64(bytes.readableBytes)
        keepBack(bytes)
        flushSoon()
    }

    /// Keeps an answer, or its beginning, until everything is flushed, behind what was kept back before.
    /// - Parameter body: What follows, too large to be copied.
    func keepBack(_ bytes: ByteBuffer, body: ByteBuffer = ByteBuffer()) {
        writeGathered()
        gathered = bytes
        gatheredBody = body
    }

    /// Hands over what was kept back: before anything else is written or flushed.
    func writeGathered() {
        guard gathered.readableBytes > 0 || gatheredBody.readableBytes > 0 else { return }
        writeToChannel(gathered)
        gathered = ByteBuffer()
        guard gatheredBody.readableBytes > 0 else { return }
        writeToChannel(gatheredBody)
        gatheredBody = ByteBuffer()
    }

    private func writeToChannel(_ bytes: ByteBuffer) {
        guard let context, bytes.readableBytes > 0 else { return }
        socket.noteChannelWrite()
        channelNeedsFlush = true
        context.write(wrapOutboundOut(bytes), promise: nil)
    }

    /// Sends what was kept back, past the channel where that has nothing to send before it.
    private func sendGathered(_ context: ChannelHandlerContext) {
        let head = gathered
        if gatheredBody.readableBytes > 0 { socket.send(&gathered, &gatheredBody, context) } else { socket.send(&gathered, context) }
        writeGathered()
        gathered = ByteBuffer()
        gatheredBody = ByteBuffer()
        proxy.spares.giveBack(head)
    }

    private func flushSoon() {
        needsFlush = true
        // While requests are taken, whoever brought them flushes behind the last of them.
        guard !isProcessing, !isFlushDue else { return }
        isFlushDue = true
        proxy.flushes.add(self)
    }

    func flushIfNeeded() {
        isFlushDue = false
        guard needsFlush, let context else { return }
        needsFlush = false
        if case .busy = phase { lastProgress = proxy.now }
        if gathered.readableBytes > 0 { sendGathered(context) }
        if channelNeedsFlush {
            channelNeedsFlush = false
            context.flush()
        }
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
            if body?.isTooLong ?? false { exchange.requestBodyRefused(.bodyTooLarge) } else { exchange.requestBody(piece) }
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
            if needsFlush { flushSoon() }
            readMore()
        }
    }

    /// Ends the connection when everything has been written. When the client may still be sending, its bytes are read and dropped for a moment
    /// first: closing at once would reset the connection and could take the answer away before it is read (RFC 9112 §9.6).
    func closeAfterFlush(lingers: Bool = false) {
        phase = .closing
        lastProgress = proxy.now
        guard let context else { return }
        needsFlush = false
        writeGathered()
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

    func closeNow() { context?.close(promise: nil) }

    func close() {
        flushIfNeeded()
        if case .tunnel(let tunnel) = phase {
            phase = .closing
            tunnel.stop()
        }
        phase = .closing
        context?.close(promise: nil)
    }

    /// Answers what could not be parsed, and closes: what follows cannot be trusted.
    func refuse(status: Int, reason: String) {
        let page = ErrorPage.make(status: status, reason: reason, closes: true, sendsBody: true)
        writeGathered()
        writeToChannel(page)
        proxy.logRefusal(clientAddress: clientAddress, status: status, reason: reason)
        body = nil
        closeAfterFlush(lingers: true)
    }
}
