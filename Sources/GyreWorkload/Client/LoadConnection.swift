// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

package import NIOCore
package import NIOHTTP1
import NIOPosix

/// Hears an answer. All calls come on the connection's loop; after `ended` or `failed` there are none.
package protocol AnswerListener: AnyObject {
    func began(_ head: HTTPResponseHead)
    func came(_ bytes: ByteBuffer)
    /// - Parameter connection: Can take the next request; nil when it closes.
    func ended(_ connection: LoadConnection?)
    func failed(_ failure: LoadFailure)
}

/// Why there was no whole answer.
package enum LoadFailure: String, CaseIterable, Error, Sendable {
    case connect = "no connection"
    /// A connection that had been used before was closed before anything of the answer came: asking again is right.
    case closedBeforeAnswer = "closed before the answer"
    case closedInAnswer = "closed in the answer"
    case malformed = "malformed answer"
    case timeout
    case overload = "not sent: too many wait"
}

/// A connection that asks one thing at a time. It belongs to its event loop.
package final class LoadConnection: ChannelInboundHandler {
    package typealias InboundIn = HTTPClientResponsePart
    package typealias OutboundOut = HTTPClientRequestPart

    private var context: ChannelHandlerContext?
    private var listener: (any AnswerListener)?
    private var hasHead = false
    private var isReusable = true
    /// Requests sent so far.
    package private(set) var uses = 0
    /// Requests it may be used for.
    package let usesMax: Int

    package init(usesMax: Int = .max) { self.usesMax = usesMax }

    /// Connects on a loop.
    package static func connect(
        on loop: any EventLoop,
        host: String,
        port: Int,
        usesMax: Int,
        timeout: TimeAmount
    ) -> EventLoopFuture<LoadConnection> {
        let connection = NIOLoopBound(LoadConnection(usesMax: usesMax), eventLoop: loop)
        return ClientBootstrap(group: loop)
            .connectTimeout(timeout)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHTTPClientHandlers()
                    try channel.pipeline.syncOperations.addHandler(connection.value)
                }
            }
            .connect(host: host, port: port)
            .flatMapThrowing { _ in connection }
            .map { $0.value }
    }

    /// Whether it is open and nothing is under way.
    package var isIdle: Bool { listener == nil && isReusable && context?.channel.isActive == true }

    package func ask(_ head: HTTPRequestHead, body: ByteBuffer?, _ listener: any AnswerListener) {
        guard let context, context.channel.isActive else { return listener.failed(.closedBeforeAnswer) }
        self.listener = listener
        hasHead = false
        uses += 1
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if let body { context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil) }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    /// Closes at once; whoever listens hears nothing more.
    package func leave() {
        listener = nil
        isReusable = false
        context?.close(promise: nil)
    }

    package func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    package func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            if head.status.code < 200 { return }
            hasHead = true
            isReusable = head.isKeepAlive
            listener?.began(head)
        case .body(let bytes): listener?.came(bytes)
        case .end:
            guard hasHead, let listener else { return }
            self.listener = nil
            let staysOpen = isReusable && uses < usesMax && context.channel.isActive
            isReusable = staysOpen
            if !staysOpen { context.close(promise: nil) }
            listener.ended(staysOpen ? self : nil)
        }
    }

    package func channelInactive(context: ChannelHandlerContext) {
        isReusable = false
        fail(hasHead ? .closedInAnswer : .closedBeforeAnswer)
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        isReusable = false
        // The decoder's word for an answer that ends too early is no word about its form.
        let isMalformed = error is HTTPParserError && error as? HTTPParserError != .invalidEOFState
        fail(isMalformed ? .malformed : hasHead ? .closedInAnswer : .closedBeforeAnswer)
        context.close(promise: nil)
    }

    private func fail(_ failure: LoadFailure) {
        let listener = listener
        self.listener = nil
        listener?.failed(failure)
    }
}
