// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif
import Histogram
import NIOCore
import NIOHTTP1
import NIOPosix

/// A bounded burst of requests for the demo site, by way of the cache: keep-alive connections, popular pages asked for more often,
/// every body checked.
public struct DemoBurst: Sendable {
    /// Requests in all.
    public var requests = 3000
    /// Connections at the same time.
    public var connections = 16
    /// The same seed asks for the same pages.
    public var seed: UInt64 = 1

    /// The usual burst.
    public init() {}

    /// What the answers said.
    public struct Result: Sendable {
        /// Answers in all.
        public var answers = 0
        /// Answers with `hit`.
        public var hits = 0
        /// Answers that were validated with the origin and had not changed.
        public var revalidated = 0
        /// Everything else that came from the origin.
        public var misses = 0
        /// Answers whose body was not what the site holds.
        public var wrong = 0
        /// Microseconds to the last byte.
        var hitMicroseconds = Histogram<UInt64>(numberOfSignificantValueDigits: .three)
        var missMicroseconds = Histogram<UInt64>(numberOfSignificantValueDigits: .three)

        mutating func add(_ other: Result) {
            answers += other.answers
            hits += other.hits
            revalidated += other.revalidated
            misses += other.misses
            wrong += other.wrong
            hitMicroseconds.add(other.hitMicroseconds)
            missMicroseconds.add(other.missMicroseconds)
        }

        /// Latency of hits and of misses in microseconds.
        public func latency(ofHits: Bool, percentile: Double) -> Int? {
            let histogram = ofHits ? hitMicroseconds : missMicroseconds
            return histogram.totalCount == 0 ? nil : Int(histogram.valueAtPercentile(percentile))
        }
    }

    /// Runs the burst against a cache on this machine.
    public func run(against port: Int, site: DemoSite) async throws -> Result {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let results = try await withThrowingTaskGroup(of: Result.self) { tasks in
            for connection in 0..<connections {
                let share = requests / connections + (connection < requests % connections ? 1 : 0)
                tasks.addTask {
                    try await Self.drive(
                        group,
                        port,
                        DemoVisitor(content: site.content, seed: seed &+ UInt64(connection) &* 7919, requests: share)
                    )
                }
            }
            var total = Result()
            for try await result in tasks { total.add(result) }
            return total
        }
        try? await group.shutdownGracefully()
        return results
    }

    private static func drive(_ group: MultiThreadedEventLoopGroup, _ port: Int, _ visitor: DemoVisitor) async throws -> Result {
        let loop = group.next()
        let promise = loop.makePromise(of: Result.self)
        let channel = try await ClientBootstrap(group: loop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHTTPClientHandlers()
                    try channel.pipeline.syncOperations.addHandler(DemoVisitorHandler(visitor: visitor, port: port, promise: promise))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        let result = try await promise.futureResult.get()
        try? await channel.close()
        return result
    }
}

/// Chooses what to ask for.
struct DemoVisitor: Sendable {
    let content: DemoContent
    private var random: DemoRandom
    let requests: Int

    init(content: DemoContent, seed: UInt64, requests: Int) {
        self.content = content
        random = DemoRandom(state: seed | 1)
        self.requests = requests
    }

    /// Popularity falls off like 1/rank (Breslau et al., INFOCOM 1999).
    mutating func nextPath() -> String {
        let count = Double(content.paths.count)
        let rank = min(Int(exp(random.unit() * log(count + 1))) - 1, content.paths.count - 1)
        return content.paths[max(0, rank)]
    }
}

private final class DemoVisitorHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private var visitor: DemoVisitor
    private let port: Int
    private let promise: EventLoopPromise<DemoBurst.Result>
    private var result = DemoBurst.Result()
    private var path = ""
    private var sentAt = NIODeadline.now()
    private var cacheStatus = ""
    private var status = 0
    private var matched = 0
    private var isRight = true
    private var isDone = false

    init(visitor: DemoVisitor, port: Int, promise: EventLoopPromise<DemoBurst.Result>) {
        self.visitor = visitor
        self.port = port
        self.promise = promise
    }

    func channelActive(context: ChannelHandlerContext) { ask(context) }

    private func ask(_ context: ChannelHandlerContext) {
        guard result.answers < visitor.requests else {
            isDone = true
            return promise.succeed(result)
        }
        path = visitor.nextPath()
        matched = 0
        isRight = true
        sentAt = .now()
        var head = HTTPRequestHead(version: .http1_1, method: .GET, uri: path)
        head.headers.add(name: "Host", value: "127.0.0.1:\(port)")
        head.headers.add(name: "Accept-Language", value: "en")
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            status = Int(head.status.code)
            cacheStatus = head.headers["Cache-Status"].last ?? ""
        case .body(let bytes):
            let expected = visitor.content.resources[path]?.body ?? []
            let end = matched + bytes.readableBytes
            isRight =
                isRight && end <= expected.count && expected[matched..<min(end, expected.count)].elementsEqual(bytes.readableBytesView)
            matched = end
        case .end:
            count(microseconds: UInt64((NIODeadline.now() - sentAt).nanoseconds / 1000))
            ask(context)
        }
    }

    private func count(microseconds: UInt64) {
        result.answers += 1
        if status != 200 || !isRight || matched != visitor.content.resources[path]?.body.count { result.wrong += 1 }
        if cacheStatus.contains("; hit") {
            result.hits += 1
            result.hitMicroseconds.record(microseconds)
        } else {
            if cacheStatus.contains("fwd-status=304") { result.revalidated += 1 } else { result.misses += 1 }
            result.missMicroseconds.record(microseconds)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        if !isDone { promise.fail(ChannelError.ioOnClosedChannel) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if !isDone {
            isDone = true
            promise.fail(error)
        }
        context.close(promise: nil)
    }
}
