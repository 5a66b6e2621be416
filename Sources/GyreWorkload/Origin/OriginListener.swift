// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

package import NIOCore
package import NIOHTTP1
import NIOPosix
import Synchronization

/// What an origin answers with.
package struct OriginAnswer: Sendable {
    package var status: HTTPResponseStatus
    /// Without `Content-Length`, which follows from the body.
    package var fields: HTTPHeaders
    /// Not sent in answer to HEAD, nor with a 304.
    package var body: ByteBuffer

    package init(status: HTTPResponseStatus, fields: HTTPHeaders = [:], body: ByteBuffer = ByteBuffer()) {
        self.status = status
        self.fields = fields
        self.body = body
    }
}

/// Knows the answers of an origin.
package protocol OriginContent: Sendable {
    /// The answer to a request, whose body has come and is not looked at.
    func answer(_ request: HTTPRequestHead) -> OriginAnswer
    /// How long it thinks before it asks for the answer.
    func thinkTime() -> TimeAmount?
    /// Requests that a connection takes before the origin closes it.
    func requestsPerConnection() -> Int
}

extension OriginContent {
    package func thinkTime() -> TimeAmount? { nil }
    package func requestsPerConnection() -> Int { .max }
}

/// An HTTP/1.1 origin on an address of this machine.
package final class OriginListener: Sendable {
    /// Its port.
    package let port: Int
    private let group: MultiThreadedEventLoopGroup
    private let listener: any Channel
    private let counts: Counts

    final class Counts: Sendable {
        let requests = Atomic<Int>(0)
        let bytes = Atomic<Int>(0)
    }

    /// Starts to listen.
    /// - Parameter port: 0 takes a free one.
    package static func start(host: String = "127.0.0.1", port: Int = 0, content: some OriginContent) async throws -> OriginListener {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let counts = Counts()
        do {
            let listener = try await ServerBootstrap(group: group)
                .serverChannelOption(.backlog, value: 1024)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.configureHTTPServerPipeline(withErrorHandling: true)
                        try channel.pipeline.syncOperations.addHandler(OriginHandler(content: content, counts: counts))
                    }
                }
                .bind(host: host, port: port).get()
            return OriginListener(listener: listener, group: group, counts: counts)
        } catch {
            try? await group.shutdownGracefully()
            throw error
        }
    }

    private init(listener: any Channel, group: MultiThreadedEventLoopGroup, counts: Counts) {
        self.listener = listener
        self.group = group
        self.counts = counts
        port = listener.localAddress?.port ?? 0
    }

    /// Requests answered.
    package var requests: Int { counts.requests.load(ordering: .relaxed) }
    /// Bytes of bodies sent.
    package var bytes: Int { counts.bytes.load(ordering: .relaxed) }

    /// Stops at once.
    package func shutDown() async {
        try? await listener.close()
        try? await group.shutdownGracefully()
    }
}

private final class OriginHandler<Content: OriginContent>: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let content: Content
    private let counts: OriginListener.Counts
    private var request: HTTPRequestHead?
    private var left: Int

    init(content: Content, counts: OriginListener.Counts) {
        self.content = content
        self.counts = counts
        left = content.requestsPerConnection()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): request = head
        case .body: break
        case .end:
            guard let request else { return }
            self.request = nil
            // The pipeline hands out the next request only when this one is answered.
            guard let pause = content.thinkTime() else { return answer(request, context) }
            let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            context.eventLoop.scheduleTask(in: pause) {
                let (handler, context) = bound.value
                if context.channel.isActive { handler.answer(request, context) }
            }
        }
    }

    private func answer(_ request: HTTPRequestHead, _ context: ChannelHandlerContext) {
        counts.requests.add(1, ordering: .relaxed)
        let answer = content.answer(request)
        var head = HTTPResponseHead(version: .http1_1, status: answer.status, headers: answer.fields)
        let hasBody = answer.status != .notModified
        if hasBody { head.headers.replaceOrAdd(name: "Content-Length", value: String(answer.body.readableBytes)) }
        left -= 1
        let isLast = left <= 0 || !request.isKeepAlive
        if isLast { head.headers.replaceOrAdd(name: "Connection", value: "close") }
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if hasBody, request.method != .HEAD, answer.body.readableBytes > 0 {
            counts.bytes.add(answer.body.readableBytes, ordering: .relaxed)
            context.write(wrapOutboundOut(.body(.byteBuffer(answer.body))), promise: nil)
        }
        let sent = isLast ? context.eventLoop.makePromise(of: Void.self) : nil
        if let sent {
            let channel = context.channel
            // The other side closes first: a close with bytes unread would be a reset, which may overtake the answer (RFC 9112 §9.6).
            sent.futureResult.whenComplete { _ in
                channel.close(mode: .output, promise: nil)
                channel.eventLoop.scheduleTask(in: .seconds(2)) { channel.close(promise: nil) }
            }
        }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: sent)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
