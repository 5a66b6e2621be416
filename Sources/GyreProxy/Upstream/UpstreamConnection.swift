// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPTypes
import HTTPWire
import NIOCore

/// One connection to the origin: writes one request at a time, parses what comes back strictly, and reads only when it is wanted.
final class UpstreamConnection: ChannelInboundHandler, LoopFlushable {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum Phase {
        case idle
        case head
        case length(UInt64)
        case chunked
        case untilClose
        /// Another protocol is spoken: everything goes to the ``TunnelPeer`` behind this handler.
        case switched
        case closed
    }

    private let pool: UpstreamPool
    private var context: ChannelHandlerContext?
    private var socket = DirectSocket()
    /// The head of a request, until the end of this turn of the loop.
    private var unsentHead = ByteBuffer()
    private var phase = Phase.idle
    private var call: PooledCall?
    private var inbound = ByteBuffer()
    private var responseHead = ResponseHead()
    private var chunks: ChunkedDecoder
    private var keepsAlive = false
    private var requestDone = true
    private var sendsChunks = false
    private var bodyIsWanted = false
    private var sawResponse = false
    private var requests = 0
    private var readIsPending = false
    private var isProcessing = false
    private var timeout: Scheduled<Void>?
    private var continueTimer: Scheduled<Void>?
    private(set) var idleSince = NIODeadline.now()

    init(pool: UpstreamPool) {
        self.pool = pool
        chunks = ChunkedDecoder(limits: pool.settings.limits, dropsForbiddenTrailers: true)
    }

    var isUsable: Bool {
        if case .idle = phase, let context { return context.channel.isActive }
        return false
    }

    // MARK: Requests

    func begin(_ call: PooledCall) {
        guard let context, case .idle = phase else { return call.lostConnection(wasReused: true, .closedEarly) }
        self.call = call
        call.attach(self)
        phase = .head
        responseHead.reset()
        sawResponse = false
        requests += 1
        requestDone = !call.request.framing.hasBody
        sendsChunks = call.request.framing == .chunked
        bodyIsWanted = false
        var head = pool.spares.take(capacity: RequestHeadWriter.capacity(call.request))
        RequestHeadWriter.write(call.request, to: &head)
        unsentHead = head
        pool.flushes.add(self)
        restartTimeout()
        readMore()
        guard !requestDone else { return }
        if call.request.expectsContinue {
            // An origin that never says 100 gets the body after a second (RFC 9110 §10.1.1 allows not to wait).
            let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
            continueTimer = context.eventLoop.scheduleTask(in: .seconds(1)) { bound.value.askForBody() }
        } else {
            askForBody()
        }
    }

    /// Sends the head of the request.
    func flushIfNeeded() {
        guard let context, unsentHead.readableBytes > 0 else { return }
        let head = unsentHead
        socket.send(&unsentHead, context)
        if unsentHead.readableBytes > 0 { writeAndFlush(unsentHead, context) }
        unsentHead = ByteBuffer()
        pool.spares.giveBack(head)
    }

    private func askForBody() {
        continueTimer?.cancel()
        continueTimer = nil
        guard !requestDone, !bodyIsWanted, let context, context.channel.isWritable else { return }
        bodyIsWanted = true
        call?.receiver?.upstreamWantsBody()
    }

    func send(_ bytes: ByteBuffer) {
        guard let context, !requestDone, bytes.readableBytes > 0 else { return }
        bodyIsWanted = false
        flushIfNeeded()
        if sendsChunks {
            context.write(wrapOutboundOut(ByteBuffer(string: String(bytes.readableBytes, radix: 16) + "\r\n")), promise: nil)
            context.write(wrapOutboundOut(bytes), promise: nil)
            writeAndFlush(ByteBuffer(string: "\r\n"), context)
        } else {
            writeAndFlush(bytes, context)
        }
        restartTimeout()
        askForBody()
    }

    func finish(trailers: HTTPFields) {
        guard let context, !requestDone else { return }
        requestDone = true
        bodyIsWanted = false
        flushIfNeeded()
        if sendsChunks {
            var end = ByteBuffer(string: "0\r\n")
            ResponseHeadWriter.write(trailers, to: &end)
            end.writeStaticString("\r\n")
            writeAndFlush(end, context)
        }
    }

    private func writeAndFlush(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
        socket.noteChannelWrite()
        context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
    }

    func readMore() {
        guard let context, !readIsPending, wantsBytes else { return }
        if inbound.readableBytes > 0, !isProcessing {
            process()
            guard wantsBytes, !readIsPending else { return }
        }
        readIsPending = true
        context.read()
    }

    private var wantsBytes: Bool {
        switch phase {
        case .closed, .switched: false
        case .idle: true
        case .head: true
        case .length, .chunked, .untilClose: call?.reads ?? false
        }
    }

    /// The call was given up: what may still come belongs to nobody.
    func abandon() {
        call = nil
        close()
    }

    func close() {
        context?.close(promise: nil)
    }

    // MARK: Channel

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func channelActive(context: ChannelHandlerContext) {
        if pool.settings.tls == nil { socket.open(context.channel) }
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        readIsPending = false
        if case .switched = phase { return context.fireChannelRead(data) }
        var bytes = unwrapInboundIn(data)
        if inbound.readableBytes == 0 { inbound = bytes } else { inbound.writeBuffer(&bytes) }
        if case .idle = phase {
            // An origin that speaks without being asked is not to be trusted with the next answer.
            close()
            return
        }
        sawResponse = true
        process()
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        readIsPending = false
        if case .switched = phase { return context.fireChannelReadComplete() }
        // An idle connection holds no buffer, and one that nobody holds is read into again.
        if inbound.readableBytes == 0 { inbound = ByteBuffer() }
        readMore()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if case .switched = phase { return context.fireChannelWritabilityChanged() }
        if context.channel.isWritable, continueTimer == nil { askForBody() }
    }

    func channelInactive(context: ChannelHandlerContext) {
        let phase = phase
        self.phase = .closed
        self.context = nil
        socket.close()
        timeout?.cancel()
        continueTimer?.cancel()
        let call = call
        self.call = nil
        switch phase {
        case .idle, .closed: break
        case .switched: return context.fireChannelInactive()
        case .untilClose: call?.end(trailers: HTTPFields())
        case .head where !sawResponse: call?.lostConnection(wasReused: requests > 1, .closedEarly)
        case .head, .length, .chunked: call?.fail(.closedEarly)
        }
        pool.wentAway(self)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // The close that follows tells the call; a reset is a close that was not clean.
        if case .untilClose = phase { phase = .length(1) }
        context.close(promise: nil)
    }

    // MARK: Parsing

    private func process() {
        guard !isProcessing else { return }
        isProcessing = true
        defer { isProcessing = false }
        takeWhatCame()
    }

    private func takeWhatCame() {
        while inbound.readableBytes > 0, let call {
            switch phase {
            case .head:
                guard parseHead(call) else { return }
            case .length(let remaining):
                guard call.reads else { return }
                let count = Int(min(remaining, UInt64(inbound.readableBytes)))
                guard let piece = inbound.readSlice(length: count) else { return }
                let left = remaining - UInt64(count)
                phase = .length(left)
                restartTimeout()
                call.receiver?.upstreamSent(piece)
                if left == 0 { endResponse(trailers: HTTPFields()) }
            case .chunked:
                guard call.reads, parseChunk(call) else { return }
            case .untilClose:
                guard call.reads else { return }
                let piece = inbound
                inbound = ByteBuffer()
                restartTimeout()
                call.receiver?.upstreamSent(piece)
            case .idle, .switched, .closed:
                return
            }
        }
    }

    private func parseHead(_ call: PooledCall) -> Bool {
        let limits = pool.settings.limits
        let result = inbound.withUnsafeReadableBytes {
            ResponseHeadParser.parse($0, answering: call.request.method, limits: limits, into: &responseHead)
        }
        switch result {
        case .incomplete:
            return false
        case .failed:
            refuse(.malformed)
            return false
        case .head(let byteCount):
            let ended = FieldReader.ended(responseHead.connection)
            let fields = inbound.withUnsafeReadableBytes { pool.fieldReader.fields(responseHead.fields, in: $0, without: ended) }
            inbound.moveReaderIndex(forwardBy: byteCount)
            restartTimeout()
            if responseHead.status == 101 {
                switchProtocols(call, fields)
                return false
            }
            if responseHead.isInterim {
                if responseHead.status == 100 { askForBody() }
                // A 100 that the client has not asked for is passed on as any other (RFC 9110 §15.2); one that it waits for goes out when its body is wanted.
                if responseHead.status != 100 || !call.request.expectsContinue {
                    call.receiver?.upstreamInterim(status: responseHead.status, fields: fields)
                }
                return true
            }
            continueTimer?.cancel()
            continueTimer = nil
            keepsAlive = responseHead.keepAlive
            let response = UpstreamResponse(
                status: responseHead.status,
                fields: fields,
                framing: responseHead.framing,
                contentLength: responseHead.contentLength,
                minorVersion: responseHead.minorVersion
            )
            switch responseHead.framing {
            case .none, .length(0): phase = .length(0)
            case .length(let count): phase = .length(count)
            case .chunked:
                chunks.reset()
                phase = .chunked
            case .untilClose: phase = .untilClose
            }
            call.receiver?.upstreamResponded(response)
            if case .length(0) = phase { endResponse(trailers: HTTPFields()) }
            return true
        }
    }

    /// A 101: right only for a protocol that was offered (RFC 9110 §15.2.2).
    private func switchProtocols(_ call: PooledCall, _ fields: HTTPFields) {
        guard let context, let chosen = UpgradeOffer.protocols(fields).first, call.request.upgrades.contains(chosen) else {
            return refuse(.malformed)
        }
        let peer = TunnelPeer(early: inbound)
        do {
            try context.channel.syncOptions?.setOption(.allowRemoteHalfClosure, value: true)
            try context.pipeline.syncOperations.addHandler(peer, position: .after(self))
        } catch {
            return refuse(.closedEarly)
        }
        phase = .switched
        inbound = ByteBuffer()
        timeout?.cancel()
        timeout = nil
        self.call = nil
        pool.wentAway(self)
        call.switched(UpstreamResponse(status: 101, fields: fields, framing: .none, contentLength: nil), peer)
    }

    private func parseChunk(_ call: PooledCall) -> Bool {
        let event = inbound.withUnsafeReadableBytes { chunks.decode($0) }
        switch event {
        case .needMore:
            inbound.clear()
            return false
        case .failed:
            refuse(.malformed)
            return false
        case .data(let range):
            inbound.moveReaderIndex(forwardBy: range.lowerBound)
            guard let piece = inbound.readSlice(length: range.count) else { return false }
            restartTimeout()
            call.receiver?.upstreamSent(piece)
            return true
        case .end(let consumed):
            inbound.moveReaderIndex(forwardBy: consumed)
            let trailers = chunks.trailerBytes.withUnsafeBytes { pool.fieldReader.fields(chunks.trailers, in: $0) }
            endResponse(trailers: trailers)
            return true
        }
    }

    private func endResponse(trailers: HTTPFields) {
        guard let call else { return }
        // The timer goes on for the next request, and finds none when there is none.
        phase = .idle
        if requestDone, inbound.readableBytes == 0, keepsAlive {
            self.call = nil
            idleSince = .now()
            call.end(trailers: trailers)
            if let context, context.channel.isActive { pool.becameIdle(self) }
            readMore()
        } else {
            // The rest of a request that was answered early, or bytes after the answer: nothing that follows could be told apart.
            self.call = nil
            call.end(trailers: trailers)
            close()
        }
    }

    private func refuse(_ failure: UpstreamFailure) {
        let call = call
        self.call = nil
        close()
        call?.fail(failure)
    }

    // MARK: Deadline

    private var lastProgress = NIODeadline.now()

    /// Coarse: one timer for a connection, moved on when it fires, not at each byte.
    private func restartTimeout() {
        lastProgress = .now()
        guard timeout == nil, let context else { return }
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        timeout = context.eventLoop.scheduleTask(in: .milliseconds(pool.settings.readTimeoutMilliseconds)) { bound.value.checkTimeout() }
    }

    private func checkTimeout() {
        timeout = nil
        guard let context, let call else { return }
        let limit = TimeAmount.milliseconds(pool.settings.readTimeoutMilliseconds)
        let due = lastProgress + limit
        // While the client does not read, the origin is not to blame.
        if !call.reads || NIODeadline.now() < due {
            let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
            timeout = context.eventLoop.scheduleTask(deadline: call.reads ? due : .now() + limit) { bound.value.checkTimeout() }
            return
        }
        refuse(.readTimeout)
    }
}
