// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// The small site the demo puts the cache in front of: an HTTP/1.1 origin on a free port of the loopback address.
public final class DemoSite: Sendable {
    /// Its port.
    public let port: Int
    let content: DemoContent
    private let group: MultiThreadedEventLoopGroup
    private let listener: any Channel
    private let counts: Counts

    final class Counts: Sendable {
        let requests = Atomic<Int>(0)
        let bytes = Atomic<Int>(0)
    }

    /// Starts the site.
    public static func start() async throws -> DemoSite {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let content = DemoContent()
        let counts = Counts()
        do {
            let listener = try await ServerBootstrap(group: group)
                .serverChannelOption(.backlog, value: 256)
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.configureHTTPServerPipeline(withErrorHandling: true)
                        try channel.pipeline.syncOperations.addHandler(DemoSiteHandler(content: content, counts: counts))
                    }
                }
                .bind(host: "127.0.0.1", port: 0).get()
            return DemoSite(listener: listener, group: group, content: content, counts: counts)
        } catch {
            try? await group.shutdownGracefully()
            throw error
        }
    }

    private init(listener: any Channel, group: MultiThreadedEventLoopGroup, content: DemoContent, counts: Counts) {
        self.listener = listener
        self.group = group
        self.content = content
        self.counts = counts
        port = listener.localAddress?.port ?? 0
    }

    /// Requests answered.
    public var requests: Int { counts.requests.load(ordering: .relaxed) }
    /// Bytes of bodies sent.
    public var bytes: Int { counts.bytes.load(ordering: .relaxed) }

    /// Stops at once.
    public func shutDown() async {
        try? await listener.close()
        try? await group.shutdownGracefully()
    }
}

private final class DemoSiteHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let content: DemoContent
    private let counts: DemoSite.Counts
    private var request: HTTPRequestHead?

    init(content: DemoContent, counts: DemoSite.Counts) {
        self.content = content
        self.counts = counts
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): request = head
        case .body: break
        case .end:
            guard let request else { return }
            self.request = nil
            answer(request, context)
        }
    }

    private func answer(_ request: HTTPRequestHead, _ context: ChannelHandlerContext) {
        counts.requests.add(1, ordering: .relaxed)
        let resource = content.resources[request.uri]
        var status = resource == nil ? HTTPResponseStatus.notFound : .ok
        var body = resource?.body ?? Array("there is no \(request.uri)\n".utf8)
        if let etag = resource?.etag, request.headers["If-None-Match"].contains(etag) {
            status = .notModified
            body = []
        }
        var head = HTTPResponseHead(version: .http1_1, status: status)
        head.headers.add(name: "Content-Type", value: resource?.contentType ?? "text/plain; charset=utf-8")
        head.headers.add(name: "Cache-Control", value: resource?.cacheControl ?? "max-age=5")
        if let etag = resource?.etag { head.headers.add(name: "ETag", value: etag) }
        if let vary = resource?.vary { head.headers.add(name: "Vary", value: vary) }
        if status != .notModified { head.headers.add(name: "Content-Length", value: String(body.count)) }
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if request.method != .HEAD, !body.isEmpty {
            counts.bytes.add(body.count, ordering: .relaxed)
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: body)))), promise: nil)
        }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
