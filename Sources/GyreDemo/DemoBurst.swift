// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif
import GyreWorkload
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
        var hitTimes = Latencies()
        var missTimes = Latencies()

        mutating func add(_ other: Result) {
            answers += other.answers
            hits += other.hits
            revalidated += other.revalidated
            misses += other.misses
            wrong += other.wrong
            hitTimes.add(other.hitTimes)
            missTimes.add(other.missTimes)
        }

        /// Latency of hits and of misses in microseconds.
        public func latency(ofHits: Bool, percentile: Double) -> Int? {
            (ofHits ? hitTimes : missTimes).microseconds(percentile)
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
        loop.execute {
            LoadConnection.connect(on: loop, host: "127.0.0.1", port: port, usesMax: .max, timeout: .seconds(10))
                .assumeIsolated().whenComplete { outcome in
                    switch outcome {
                    case .success(let connection): DemoVisit(visitor, port, promise).ask(connection)
                    case .failure(let error): promise.fail(error)
                    }
                }
        }
        return try await promise.futureResult.get()
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

/// A visitor on one connection: the next question when the last is answered.
private final class DemoVisit: AnswerListener {
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

    init(_ visitor: DemoVisitor, _ port: Int, _ promise: EventLoopPromise<DemoBurst.Result>) {
        self.visitor = visitor
        self.port = port
        self.promise = promise
    }

    func ask(_ connection: LoadConnection) {
        guard result.answers < visitor.requests else {
            connection.leave()
            return promise.succeed(result)
        }
        path = visitor.nextPath()
        matched = 0
        isRight = true
        sentAt = .now()
        let fields: HTTPHeaders = ["Host": "127.0.0.1:\(port)", "Accept-Language": "en"]
        connection.ask(HTTPRequestHead(version: .http1_1, method: .GET, uri: path, headers: fields), body: nil, self)
    }

    func began(_ head: HTTPResponseHead) {
        status = Int(head.status.code)
        cacheStatus = head.headers["Cache-Status"].last ?? ""
    }

    func came(_ bytes: ByteBuffer) {
        let expected = visitor.content.resources[path]?.body ?? []
        let end = matched + bytes.readableBytes
        isRight = isRight && end <= expected.count && expected[matched..<min(end, expected.count)].elementsEqual(bytes.readableBytesView)
        matched = end
    }

    func ended(_ connection: LoadConnection?) {
        count(seconds: Double((NIODeadline.now() - sentAt).nanoseconds) / 1e9)
        if let connection { ask(connection) } else { failed(.closedBeforeAnswer) }
    }

    func failed(_ failure: LoadFailure) { promise.fail(failure) }

    private func count(seconds: Double) {
        result.answers += 1
        if status != 200 || !isRight || matched != visitor.content.resources[path]?.body.count { result.wrong += 1 }
        if cacheStatus.contains("; hit") {
            result.hits += 1
            result.hitTimes.record(seconds: seconds)
        } else {
            if cacheStatus.contains("fwd-status=304") { result.revalidated += 1 } else { result.misses += 1 }
            result.missTimes.record(seconds: seconds)
        }
    }
}
