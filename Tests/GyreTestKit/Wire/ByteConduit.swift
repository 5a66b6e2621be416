// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import NIOCore
import NIOPosix

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// One TCP connection seen as bytes. Nothing is read from the socket that nobody asked for, so a reader that stops makes backpressure.
struct ByteConduit: Sendable {
    let channel: any Channel
    private let handler: NIOLoopBound<ConduitHandler>

    /// Makes a conduit of a new channel; on the channel's loop.
    static func install(on channel: any Channel) -> EventLoopFuture<ByteConduit> {
        channel.eventLoop.makeCompletedFuture {
            let handler = ConduitHandler(loop: channel.eventLoop)
            try channel.pipeline.syncOperations.addHandler(handler)
            return ByteConduit(channel: channel, handler: NIOLoopBound(handler, eventLoop: channel.eventLoop))
        }
    }

    /// The next bytes; `nil` at the end of the stream.
    ///
    /// - Parameter timeout: how long to wait; `nil` waits until the connection ends.
    func receive(within timeout: Duration?) async throws -> ByteBuffer? {
        let handler = handler
        let limit = timeout.map { TimeAmount($0) }
        return try await channel.eventLoop.flatSubmit { handler.value.receive(within: limit) }.get()
    }

    /// Writes, and comes back when the socket has taken all of it.
    func send(_ bytes: ByteBuffer) async throws {
        try await channel.writeAndFlush(bytes).get()
    }

    func send(_ bytes: [UInt8]) async throws {
        try await send(ByteBuffer(bytes: bytes))
    }

    /// Ends the sending side alone.
    func finishSending() async throws {
        try await channel.close(mode: .output).get()
    }

    /// Closes both sides; an error on the way is of no interest.
    func close() async {
        channel.close(promise: nil)
        await closed()
    }

    /// Starts to close; for places that cannot wait.
    func startClosing() { channel.close(promise: nil) }

    /// Closes so that the peer sees a reset: a linger of zero seconds drops what is unsent and sends RST.
    func reset() async {
        if let provider = channel as? any SocketOptionProvider {
            try? await provider.setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
        }
        await close()
    }

    /// Comes back when the connection is gone.
    func closed() async {
        try? await channel.closeFuture.get()
    }
}

/// Collects what has arrived and hands it to the one who waits. Lives on its channel's loop.
private final class ConduitHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let loop: any EventLoop
    private var context: ChannelHandlerContext?
    private var received = ByteBuffer()
    private var hasEnded = false
    private var failure: (any Error)?
    private var waiter: EventLoopPromise<ByteBuffer?>?
    private var alarm: Scheduled<Void>?

    init(loop: any EventLoop) { self.loop = loop }

    func receive(within limit: TimeAmount?) -> EventLoopFuture<ByteBuffer?> {
        guard let context, waiter == nil else {
            return finished()
        }
        if received.readableBytes > 0 || hasEnded || failure != nil { return finished() }
        let promise = loop.makePromise(of: ByteBuffer?.self)
        waiter = promise
        if let limit {
            alarm = loop.assumeIsolated().scheduleTask(in: limit) { [self] in
                waiter = nil
                promise.fail(TestKitError.timedOut)
            }
        }
        context.read()
        return promise.futureResult
    }

    /// What is there, without waiting.
    private func finished() -> EventLoopFuture<ByteBuffer?> {
        if received.readableBytes > 0 {
            defer { received = ByteBuffer() }
            return loop.makeSucceededFuture(received)
        }
        if let failure { return loop.makeFailedFuture(failure) }
        return hasEnded ? loop.makeSucceededFuture(nil) : loop.makeFailedFuture(TestKitError.systemRefused)
    }

    private func deliver() {
        guard let promise = waiter else { return }
        guard received.readableBytes > 0 || hasEnded || failure != nil else {
            context?.read()
            return
        }
        waiter = nil
        alarm?.cancel()
        alarm = nil
        promise.completeWith(finished())
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        hasEnded = true
        deliver()
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        if received.readableBytes == 0 {
            received = bytes
        } else {
            received.writeBuffer(&bytes)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) { deliver() }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .inputClosed? = event as? ChannelEvent {
            hasEnded = true
            deliver()
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        hasEnded = true
        deliver()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        failure = error
        deliver()
        context.close(promise: nil)
    }
}
