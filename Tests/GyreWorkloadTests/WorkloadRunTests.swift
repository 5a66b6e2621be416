// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CacheLab
import CyclicStore
import Foundation
import GyreProxy
import GyreTelemetry
import GyreTestKit
import GyreWorkload
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
import Testing

@Suite(.serialized) struct WorkloadRunTests {
    static func settings() -> WorkloadSettings {
        var settings = WorkloadSettings()
        (settings.workingSet, settings.rate, settings.rampSeconds, settings.plateauSeconds, settings.idleSeconds) = (300, 400, 0.5, 2, 0.5)
        return settings
    }

    @Test func `Gyre answers everything rightly and hits what could be hit`() async throws {
        let settings = Self.settings()
        let content = WorkloadOriginContent(settings, run: "t", thinkSeconds: 0)
        let origin = try await OriginListener.start(content: content)
        var configuration = ProxyConfiguration(origin: .init(host: "127.0.0.1", port: origin.port))
        configuration.listenPort = 0
        var storeConfiguration = StoreConfiguration()
        storeConfiguration.memoryBytes = 64 << 20
        let store = try CyclicStore.open(storeConfiguration, factory: ResponseFactory())
        let log = AccessLogWriter(target: NoLogTarget())
        let proxy = try await ProxyServer.start(configuration, store: store, accessLog: log, layout: .combined)
        let result = try await WorkloadRun(settings, load: LoadSettings(host: "127.0.0.1", port: proxy.port), content: content).run()
        await proxy.shutDown(withinMilliseconds: 200)
        _ = log.close()
        await store.close()
        await origin.shutDown()

        let total = result.total(measuredOnly: true)
        #expect(result.isComplete)
        #expect(total.wrong.isEmpty && total.errorCount == 0, "\(total.wrong) \(total.statuses) \(total.failures)")
        #expect(abs(Double(total.requests) - 1600) < 200)
        #expect(abs(total.hitRatio - total.offeredHitRatio) < 0.06, "\(total.hitRatio) of \(total.offeredHitRatio)")
        #expect(abs(total.offeredHitRatio - result.offer.hitRatio) < 0.02, "the plan said \(result.offer.hitRatio)")
        #expect(
            total.hitTimes.count + total.joinedTimes.count == total.hits && total.joinedTimes.count == total.joined
                && total.missTimes.count == total.requests - total.hits
        )
        #expect(result.originRequests == 0, "the caller counts at its origin")
    }

    /// A cache that is an origin of its own and gets something wrong.
    struct BadCache: OriginContent {
        let inner: WorkloadOriginContent
        let change: @Sendable (HTTPRequestHead, OriginAnswer, WorkloadOriginContent) -> OriginAnswer
        func answer(_ request: HTTPRequestHead) -> OriginAnswer { change(request, inner.answer(request), inner) }
    }

    private func run(
        _ settings: WorkloadSettings = Self.settings(),
        adjust: (inout LoadSettings) -> Void = { _ in },
        _ change: @escaping @Sendable (HTTPRequestHead, OriginAnswer, WorkloadOriginContent) -> OriginAnswer
    ) async throws -> PhaseResult {
        var settings = settings
        (settings.maxRequests, settings.rate) = (600, 1000)
        let content = WorkloadOriginContent(settings, run: "t", thinkSeconds: 0)
        let cache = try await OriginListener.start(content: BadCache(inner: content, change: change))
        var load = LoadSettings(host: "127.0.0.1", port: cache.port)
        adjust(&load)
        let result = try await WorkloadRun(settings, load: load, content: content).run()
        await cache.shutDown()
        return result.total(measuredOnly: false)
    }

    @Test func `one bit that is wrong is found, wherever it is`() async throws {
        let total = try await run { request, answer, _ in
            guard answer.body.readableBytes > 0 else { return answer }
            var answer = answer
            let position = answer.body.readableBytes * 7 / 8
            let byte = answer.body.getInteger(at: position, as: UInt8.self) ?? 0
            answer.body.setInteger(byte ^ 0x10, at: position)
            return answer
        }
        #expect((total.wrong[.bytes] ?? 0) > 500 && total.wrong.count == 1, "\(total.wrong)")
    }

    @Test func `a body cut short is found`() async throws {
        let total = try await run { _, answer, _ in
            var answer = answer
            if answer.body.readableBytes > 100 {
                answer.body = answer.body.getSlice(at: 0, length: answer.body.readableBytes - 1) ?? answer.body
            }
            return answer
        }
        #expect((total.wrong[.length] ?? 0) > 400, "\(total.wrong)")
    }

    @Test func `a version that is out of date is found, and one that is not yet`() async throws {
        var settings = Self.settings()
        settings.daySeconds = 0.01
        settings.mix = RequestMix()
        // Objects change every two seconds at least; this cache never asks again.
        let kept = Kept()
        let total = try await run(settings, adjust: { $0.staleTolerance = 0 }) { request, answer, _ in kept.answer(request.uri, answer) }
        #expect((total.wrong[.stale] ?? 0) > 10, "\(total.wrong)")

        let early = try await run(settings) { _, answer, _ in
            var answer = answer
            answer.fields.replaceOrAdd(name: "X-Workload-Version", value: "1000000")
            return answer
        }
        #expect((early.wrong[.version] ?? 0) > 500, "\(early.wrong)")
    }

    private final class Kept: Sendable {
        private let answers = Mutex<[String: OriginAnswer]>([:])
        func answer(_ path: String, _ answer: OriginAnswer) -> OriginAnswer {
            answers.withLock { answers in
                if let kept = answers[path] { return kept }
                answers[path] = answer
                return answer
            }
        }
    }

    @Test func `what no shared cache may store is missed when it comes from one`() async throws {
        // It forgets to tell the origin who asks, so that every answer looks like one from the cache.
        let settings = Self.settings()
        let content = WorkloadOriginContent(settings, run: "t", thinkSeconds: 0)
        let silent = try await OriginListener.start(content: SilentCache(inner: content))
        var few = settings
        few.maxRequests = 300
        let result = try await WorkloadRun(few, load: LoadSettings(host: "127.0.0.1", port: silent.port), content: content).run()
        await silent.shutDown()
        #expect((result.total(measuredOnly: false).wrong[.shared] ?? 0) > 30)
    }

    private struct SilentCache: OriginContent {
        let inner: WorkloadOriginContent
        func answer(_ request: HTTPRequestHead) -> OriginAnswer {
            var request = request
            request.headers.remove(name: "X-Workload-Request")
            return inner.answer(request)
        }
    }

    @Test func `304 for what has changed is found`() async throws {
        let total = try await run { request, answer, _ in
            request.headers.contains(name: "If-Modified-Since") ? OriginAnswer(status: .notModified) : answer
        }
        #expect((total.wrong[.notModified] ?? 0) > 0)
    }

    @Test func `errors have their kinds and are not wrong bytes`() async throws {
        let total = try await run { _, _, _ in OriginAnswer(status: .badGateway) }
        #expect(total.statuses[502] ?? 0 > 500 && total.requests == 0 && total.wrong.isEmpty)

        let settings = Self.settings()
        var few = settings
        few.maxRequests = 20
        let content = WorkloadOriginContent(few, run: "t", thinkSeconds: 0)
        let result = try await WorkloadRun(few, load: LoadSettings(host: "127.0.0.1", port: try FreePort.next()), content: content).run()
        #expect(result.total(measuredOnly: false).failures == [.connect: 20])
    }

    /// Begins an answer and closes.
    private final class CuttingHandler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let channel = context.channel
            channel.writeAndFlush(ByteBuffer(string: "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nten bytes.")).whenComplete { _ in
                channel.close(promise: nil)
            }
        }
    }

    @Test func `an answer that ends too early was closed, not malformed`() async throws {
        let cache = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(CuttingHandler()) }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        var settings = Self.settings()
        settings.maxRequests = 20
        let load = LoadSettings(host: "127.0.0.1", port: cache.localAddress?.port ?? 0)
        let content = WorkloadOriginContent(settings, run: "t", thinkSeconds: 0)
        let total = try await WorkloadRun(settings, load: load, content: content).run().total(measuredOnly: false)
        try await cache.close()
        #expect(total.failures.keys.allSatisfy { $0 == .closedInAnswer } && total.errorCount > 10, "\(total.failures)")
    }

    /// Takes its origin for dead.
    private struct BlindCache: OriginContent {
        func answer(_ request: HTTPRequestHead) -> OriginAnswer { OriginAnswer(status: .badGateway) }
    }

    @Test func `a cache that does not ask its origin yet is asked until it does`() async throws {
        let settings = Self.settings()
        let origin = try await OriginListener.start(content: WorkloadOriginContent(settings, run: "t", thinkSeconds: 0))
        let blind = try await OriginListener.start(content: BlindCache())
        var probe = TargetProbe(LoadSettings(host: "127.0.0.1", port: blind.port), run: "t")
        probe.seconds = 0.3
        let isReached = await probe.reaches(origin)
        #expect(!isReached && blind.requests > 1)
        let isAsked = await TargetProbe(LoadSettings(host: "127.0.0.1", port: origin.port), run: "t").reaches(origin)
        #expect(isAsked && origin.requests == 1)
        await blind.shutDown()
        await origin.shutDown()
    }

    /// Everyone waits for it.
    private struct SlowCache: OriginContent {
        let inner: WorkloadOriginContent
        func answer(_ request: HTTPRequestHead) -> OriginAnswer { inner.answer(request) }
        func thinkTime() -> TimeAmount? { .milliseconds(50) }
    }

    @Test func `a server too slow for the rate shows in the times from when requests were due`() async throws {
        var settings = Self.settings()
        (settings.maxRequests, settings.rate) = (100, 1000)
        let content = WorkloadOriginContent(settings, run: "t", thinkSeconds: 0)
        let cache = try await OriginListener.start(content: SlowCache(inner: content))
        var load = LoadSettings(host: "127.0.0.1", port: cache.port)
        // Two connections and 50 ms each: 40 a second, so the last one is answered after 2.5 s and was due after 0.1 s.
        load.connections = 2
        let result = try await WorkloadRun(settings, load: load, content: content).run()
        await cache.shutDown()
        let total = result.total(measuredOnly: false)
        #expect(total.missTimes.maxMicroseconds ?? 0 > 2_000_000)
        #expect(total.serviceTimes.microseconds(50) ?? 0 < 500_000)
    }

    @Test func `a run that is stopped ends and says so`() async throws {
        let settings = Self.settings()
        let content = WorkloadOriginContent(settings, run: "t", thinkSeconds: 0)
        let origin = try await OriginListener.start(content: content)
        let run = WorkloadRun(settings, load: LoadSettings(host: "127.0.0.1", port: origin.port), content: content)
        async let ending = run.run()
        try await eventually(within: .seconds(10), "some answers") { (await run.progress()?.requests ?? 0) > 20 }
        run.stop()
        let result = try await ending
        await origin.shutDown()
        #expect(!result.isComplete && result.total(measuredOnly: false).requests > 20)
    }

    @Test func `percentiles are those of the samples to three digits`() {
        var random = SeededRandom(seed: 8)
        var samples: [Double] = []
        var latencies = Latencies()
        for _ in 0..<50_000 {
            let seconds = Distribution.logNormal(mean: 0.01, deviation: 0.05).sample(&random)
            samples.append(seconds)
            latencies.record(seconds: seconds)
        }
        samples.sort()
        for percentile in Latencies.percentiles {
            let exact = samples[Int((percentile / 100 * Double(samples.count) - 1e-6).rounded(.up)) - 1] * 1e6
            let found = Double(latencies.microseconds(percentile) ?? 0)
            #expect(abs(found - exact) <= max(1, exact * 0.002), "p\(percentile): \(found) for \(exact)")
        }
    }

    @Test func `a process's use is found, and a device that is not there is not`() throws {
        let use = try #require(ProcessUse.now(of: Int(ProcessInfo.processInfo.processIdentifier)))
        #expect(use.processorSeconds > 0 && use.residentBytes > 1 << 20)
        #expect(ProcessUse.now(of: 0x7fff_fff0) == nil)
        #expect(ProcessUse.deviceBytesWritten("/dev/no-such-device") == nil)
    }
}
