// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import NIOCore

/// The far end of a tunnel: bytes of a connection to an origin, read only when they are wanted.
final class TunnelPeer: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// How long the last bytes may take when the client has gone.
    private static let lastWrites = TimeAmount.seconds(60)

    private var context: ChannelHandlerContext?
    private var tunnel: Tunnel?
    private var readIsPending = false
    /// What came with the answer that began the tunnel.
    private var early: ByteBuffer
    private var inputClosed = false
    private var isGone = false

    init(early: ByteBuffer = ByteBuffer()) { self.early = early }

    var isWritable: Bool { context?.channel.isWritable ?? false }

    /// From here on bytes go to the tunnel.
    func begin(_ tunnel: Tunnel) {
        self.tunnel = tunnel
        if early.readableBytes > 0 {
            tunnel.received(early, from: .origin)
            early = ByteBuffer()
        }
        if isGone { return tunnel.closed(.origin) }
        if inputClosed { tunnel.inputEnded(.origin) }
        readMore()
    }

    func write(_ bytes: ByteBuffer) {
        guard let context else { return }
        context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
    }

    func readMore() {
        guard let context, !readIsPending, let tunnel, tunnel.reads(.origin) else { return }
        readIsPending = true
        context.read()
    }

    /// Ends the output, or everything, behind what has been written.
    func finishOutput(closes: Bool) {
        guard let context else { return }
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        // An origin that takes nothing any more must not hold what nobody waits for.
        let alarm = closes ? context.eventLoop.scheduleTask(in: Self.lastWrites) { bound.value.close(promise: nil) } : nil
        context.writeAndFlush(wrapOutboundOut(ByteBuffer())).whenComplete { _ in
            alarm?.cancel()
            bound.value.close(mode: closes ? .all : .output, promise: nil)
        }
    }

    func close() { context?.close(promise: nil) }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        readIsPending = false
        tunnel?.received(unwrapInboundIn(data), from: .origin)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        readIsPending = false
        readMore()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { tunnel?.becameWritable(.origin) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event {
            inputClosed = true
            tunnel?.inputEnded(.origin)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        isGone = true
        self.context = nil
        let tunnel = tunnel
        self.tunnel = nil
        tunnel?.closed(.origin)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
