// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import NIOCore
import NIOHTTP1
import NIOPosix

/// The operator's door: metrics, health and readiness over HTTP on an address of its own.
public final class AdminServer: Sendable {
    /// An answer to a request for a page.
    public struct Page: Sendable {
        var status: HTTPResponseStatus
        var contentType: String
        var body: [UInt8]

        /// A page with a status, a type and bytes.
        public init(status: Int = 200, contentType: String = "text/plain; charset=utf-8", body: [UInt8]) {
            self.status = HTTPResponseStatus(statusCode: status)
            self.contentType = contentType
            self.body = body
        }

        /// A page of text.
        public init(status: Int = 200, _ text: String) { self.init(status: status, body: Array(text.utf8)) }
    }

    /// Where it listens.
    public let port: Int
    private let group: MultiThreadedEventLoopGroup
    private let listener: any Channel

    /// Starts listening.
    /// - Parameter pages: What each path answers, made anew for each request, on the server's own thread.
    public static func start(host: String, port: Int, pages: [String: @Sendable () -> Page]) async throws -> AdminServer {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        do {
            let listener = try await ServerBootstrap(group: group)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.configureHTTPServerPipeline(withErrorHandling: true)
                        try channel.pipeline.syncOperations.addHandler(AdminHandler(pages: pages))
                    }
                }
                .bind(host: host, port: port).get()
            return AdminServer(listener: listener, group: group)
        } catch {
            try? await group.shutdownGracefully()
            throw error
        }
    }

    private init(listener: any Channel, group: MultiThreadedEventLoopGroup) {
        self.listener = listener
        self.group = group
        port = listener.localAddress?.port ?? 0
    }

    /// Stops at once.
    public func shutDown() async {
        try? await listener.close()
        try? await group.shutdownGracefully()
    }
}

private final class AdminHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let pages: [String: @Sendable () -> AdminServer.Page]
    private var request: HTTPRequestHead?

    init(pages: [String: @Sendable () -> AdminServer.Page]) { self.pages = pages }

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
        var page: AdminServer.Page
        var allow: String?
        if request.method != .GET, request.method != .HEAD {
            page = .init(status: 405, "only GET and HEAD are answered here\n")
            allow = "GET, HEAD"
        } else if let make = pages[String(request.uri.prefix { $0 != "?" })] {
            page = make()
        } else {
            page = .init(status: 404, "there is \(pages.keys.sorted().joined(separator: ", "))\n")
        }
        var head = HTTPResponseHead(version: .http1_1, status: page.status)
        head.headers.add(name: "Content-Type", value: page.contentType)
        head.headers.add(name: "Content-Length", value: String(page.body.count))
        head.headers.add(name: "Cache-Control", value: "no-store")
        if let allow { head.headers.add(name: "Allow", value: allow) }
        let keepsAlive = request.isKeepAlive
        if !keepsAlive { head.headers.add(name: "Connection", value: "close") }
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if request.method != .HEAD { context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: page.body)))), promise: nil) }
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in
            if !keepsAlive { bound.value.close(promise: nil) }
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
