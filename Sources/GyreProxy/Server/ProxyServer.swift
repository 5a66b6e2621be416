// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

public import CyclicStore
public import GyreTelemetry
import NIOCore
import NIOPosix
import Synchronization

/// The caching proxy: listens, serves, drains. One event loop for each worker.
public final class ProxyServer: Sendable {
    /// Where it listens.
    public let address: String
    /// Its port, also when any free one was asked for.
    public let port: Int
    /// Counters of all loops.
    public let counters: LoopCountersHub
    private let group: MultiThreadedEventLoopGroup
    private let listener: any Channel
    let contexts: [NIOLoopBound<LoopContext>]
    private let sweeps: [RepeatedTask]
    let configuration: ProxyConfiguration
    let store: CyclicStore
    let shared: ProxyShared
    private let sampler: RequestSampler?
    var purging: Purging { shared.purging }
    private let didClose = Atomic<Bool>(false)

    /// Starts serving. The store and the log stay the caller's to close, after ``shutDown(withinMilliseconds:)``.
    public static func start(
        _ configuration: ProxyConfiguration,
        store: CyclicStore,
        accessLog: AccessLogWriter,
        layout: AccessLogLayout
    ) async throws -> ProxyServer {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: configuration.workers)
        let forward = configuration.forward.map { ForwardServices($0) }
        do {
            let settings = try PoolSettings(configuration, forward: forward)
            let reasons = ReasonLists(
                originErrors: ReasonWords(UpstreamFailure.self),
                wireErrors: ProxyReasons.wireErrors,
                notStored: ProxyReasons.notStored,
                refusals: ReasonWords(RequestRefusal.self)
            )
            let counters = LoopCountersHub(loopCount: configuration.workers, reasons: reasons)
            let shared = ProxyShared(configuration, store: store, forward: forward)
            let sampler = configuration.samplesRequests ? RequestSampler(start: Clock.timestamp()) : nil
            var contexts: [NIOLoopBound<LoopContext>] = []
            var sweeps: [RepeatedTask] = []
            for (index, loop) in group.makeIterator().enumerated() {
                let counter = counters.loops[index]
                let context = try await loop.submit {
                    NIOLoopBound(
                        LoopContext(
                            loop: loop,
                            store: store,
                            configuration: configuration,
                            shared: shared,
                            poolSettings: settings,
                            counters: counter,
                            accessLog: AccessLogBuffer(writer: accessLog, layout: layout),
                            sampler: sampler.map { LoopSampler($0) }
                        ),
                        eventLoop: loop
                    )
                }.get()
                contexts.append(context)
                sweeps.append(
                    loop.scheduleRepeatedTask(initialDelay: .seconds(1), delay: .seconds(1)) { _ in context.value.sweep() }
                )
            }
            let byLoop = contexts
            let listener = try await ServerBootstrap(group: group)
                .serverChannelOption(.backlog, value: 4096)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
                .childChannelOption(.autoRead, value: false)
                .childChannelOption(.allowRemoteHalfClosure, value: true)
                .childChannelOption(.maxMessagesPerRead, value: 4)
                .childChannelOption(.recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 1024, initial: 2048, maximum: 65536))
                .childChannelOption(.writeBufferWaterMark, value: .init(low: 128 * 1024, high: 512 * 1024))
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        guard let bound = byLoop.first(where: { $0.isFor(channel.eventLoop) }) else {
                            throw ChannelError.inappropriateOperationForState
                        }
                        try channel.pipeline.syncOperations.addHandler(ClientConnection(proxy: bound.value))
                    }
                }
                .bind(host: configuration.listenHost, port: configuration.listenPort).get()
            forward?.ownPort.set(listener.localAddress?.port ?? 0)
            return ProxyServer(
                listener: listener,
                group: group,
                counters: counters,
                contexts: contexts,
                sweeps: sweeps,
                configuration: configuration,
                store: store,
                shared: shared,
                sampler: sampler
            )
        } catch {
            try? await group.shutdownGracefully()
            await forward?.shutDown()
            throw error
        }
    }

    private init(
        listener: any Channel,
        group: MultiThreadedEventLoopGroup,
        counters: LoopCountersHub,
        contexts: [NIOLoopBound<LoopContext>],
        sweeps: [RepeatedTask],
        configuration: ProxyConfiguration,
        store: CyclicStore,
        shared: ProxyShared,
        sampler: RequestSampler?
    ) {
        self.listener = listener
        self.group = group
        self.counters = counters
        self.contexts = contexts
        self.sweeps = sweeps
        self.configuration = configuration
        self.store = store
        self.shared = shared
        self.sampler = sampler
        address = configuration.listenHost
        port = listener.localAddress?.port ?? 0
    }

    /// The requests for some of the objects, of the last week at most; nil when none are kept. Costs some tens of milliseconds of the caller's thread.
    public func requestSample() async -> RequestSample? {
        guard let sampler else { return nil }
        for context in contexts { try? await context.eventLoop.submit { context.value.flushSample() }.get() }
        return sampler.sample()
    }

    /// Stops listening, lets answers under way finish, then closes what is left after the given time. Every loop has ended when it returns.
    public func shutDown(withinMilliseconds limit: Int64) async {
        guard !didClose.exchange(true, ordering: .relaxed) else { return }
        try? await listener.close()
        await withTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                for context in self.contexts {
                    try? await context.eventLoop.flatSubmit { context.value.drain() }.get()
                }
            }
            tasks.addTask { try? await Task.sleep(for: .milliseconds(limit)) }
            await tasks.next()
            // What has not drained by now is closed, which also ends the waiting.
            for context in self.contexts { try? await context.eventLoop.submit { context.value.closeAll() }.get() }
            tasks.cancelAll()
        }
        for sweep in sweeps { sweep.cancel() }
        try? await group.shutdownGracefully()
        await shared.forward?.shutDown()
    }
}

extension NIOLoopBound {
    fileprivate func isFor(_ loop: any EventLoop) -> Bool { eventLoop === loop }
}
