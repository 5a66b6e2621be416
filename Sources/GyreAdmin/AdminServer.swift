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

    /// A request for an action.
    public struct Request: Sendable {
        /// What stands behind the question mark, decoded, in order.
        public var query: [(name: String, value: String)]

        /// The first value of a name.
        public subscript(name: String) -> String? { query.first { $0.name == name }?.value }
        /// All values of a name.
        public func all(_ name: String) -> [String] { query.filter { $0.name == name }.map(\.value) }
    }

    /// Something that is done or asked for each time anew, and may take a while.
    public struct Action: Sendable {
        let isPost: Bool
        let perform: @Sendable (Request) async -> Page

        /// A question, for GET.
        public static func get(_ perform: @escaping @Sendable (Request) async -> Page) -> Action { Action(isPost: false, perform: perform) }
        /// An order, for POST.
        public static func post(_ perform: @escaping @Sendable (Request) async -> Page) -> Action { Action(isPost: true, perform: perform) }
    }

    /// Where it listens.
    public let port: Int
    private let group: MultiThreadedEventLoopGroup
    private let listener: any Channel

    /// Starts listening.
    /// - Parameters:
    ///   - pages: What each path answers, made anew for each request, on the server's own thread.
    ///   - actions: What each path does.
    public static func start(
        host: String,
        port: Int,
        pages: [String: @Sendable () -> Page],
        actions: [String: Action] = [:]
    )
        async throws -> AdminServer
    {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        do {
            let listener = try await ServerBootstrap(group: group)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.configureHTTPServerPipeline(withErrorHandling: true)
                        try channel.pipeline.syncOperations.addHandler(AdminHandler(pages: pages, actions: actions))
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

    private let actions: [String: AdminServer.Action]

    init(pages: [String: @Sendable () -> AdminServer.Page], actions: [String: AdminServer.Action]) {
        self.pages = pages
        self.actions = actions
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
        let path = String(request.uri.prefix { $0 != "?" })
        let reads = request.method == .GET || request.method == .HEAD
        if let action = actions[path] {
            guard action.isPost ? request.method == .POST : reads else {
                return refuse(action.isPost ? "POST" : "GET, HEAD", request, context)
            }
            // A page that somebody looks at can make a browser send orders to this address; browsers say where they come from.
            if action.isPost, request.headers.contains(name: "Origin") {
                return write(.init(status: 403, "orders do not come from web pages\n"), request, context)
            }
            let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            let loop = context.eventLoop
            let query = Self.query(request.uri)
            Task {
                let page = await action.perform(AdminServer.Request(query: query))
                loop.execute {
                    let (handler, context) = bound.value
                    handler.write(page, request, context)
                }
            }
        } else if !reads {
            refuse("GET, HEAD", request, context)
        } else if let make = pages[path] {
            write(make(), request, context)
        } else {
            let known = (Array(pages.keys) + Array(actions.keys)).sorted().joined(separator: ", ")
            write(.init(status: 404, "there is \(known)\n"), request, context)
        }
    }

    private func refuse(_ allow: String, _ request: HTTPRequestHead, _ context: ChannelHandlerContext) {
        write(.init(status: 405, "only \(allow) is answered here\n"), request, context, allow: allow)
    }

    private func write(_ page: AdminServer.Page, _ request: HTTPRequestHead, _ context: ChannelHandlerContext, allow: String? = nil) {
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

    /// `a=1&b=x%20y`, decoded; a plus sign is itself.
    private static func query(_ uri: String) -> [(name: String, value: String)] {
        guard let mark = uri.firstIndex(of: "?") else { return [] }
        return uri[uri.index(after: mark)...].split(separator: "&").map { part in
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (decoded(pair[0]), pair.count == 2 ? decoded(pair[1]) : "")
        }
    }

    private static func decoded(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            if byte == 0x25, let code = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16), rest.count >= 2 {
                bytes.append(code)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
