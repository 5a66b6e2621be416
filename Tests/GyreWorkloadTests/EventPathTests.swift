// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CacheLab
import Foundation
import GyreTelemetry
import GyreTestKit
import GyreWorkload
import Synchronization
import Testing

/// Events from loops through counters and log to the lab, with consumers that behave and others that do not.
@Suite(.serialized) struct EventPathTests {
    private static let perLoop = 40_000

    private final class Forgetting: LogTarget {
        func write(_ bytes: UnsafeRawBufferPointer) throws(LogTargetError) {}
    }

    private final class Failing: LogTarget {
        func write(_ bytes: UnsafeRawBufferPointer) throws(LogTargetError) { throw LogTargetError(.write, errorNumber: 5) }
    }

    /// Stands still from some block on, until it is let go.
    private final class Stalling: LogTarget {
        let gate = DispatchSemaphore(value: 0)
        private var blocks = 0
        func write(_ bytes: UnsafeRawBufferPointer) throws(LogTargetError) {
            blocks += 1
            if blocks == 3 { gate.wait() }
        }
    }

    private func sampler() -> SharedSampler { SharedSampler(AccessLogSampler(format: .json, objectsMax: 512)) }

    @Test func `everything arrives when the loops give it time`() {
        let sampler = sampler()
        let run = EventPathRun(loops: 2, eventsPerLoop: Self.perLoop, waitsForRoom: true)
        let result = run.run(target: SampledLogTarget(Forgetting(), sampler))
        #expect(result.counted == 2 * Self.perLoop && result.written == 2 * Self.perLoop && result.dropped == 0)
        let now = sampler.now
        #expect(now.requests == 2 * Self.perLoop && now.unreadable == 0 && now.skipped == 0)
        #expect(now.distances.sampledObjects <= 512)
        let ratio = now.distances.hitRatios(bytes: 1 << 30).objects
        #expect(ratio > 0.5, "objects come back: \(ratio)")
    }

    @Test func `a consumer that stalls costs lines that are counted, and no loop waits`() {
        let (stalling, sampler) = (Stalling(), sampler())
        let run = EventPathRun(loops: 2, eventsPerLoop: Self.perLoop, waitsForRoom: false, blocks: 4)
        let writer = AccessLogWriter(target: SampledLogTarget(stalling, sampler), blocks: 4)
        let counted = run.produce(into: writer)
        #expect(counted == 2 * Self.perLoop)
        #expect((writer.statistics.linesDropped[.queueFull] ?? 0) > Self.perLoop)
        stalling.gate.signal()
        #expect(writer.close(withinMilliseconds: 60_000))
        let statistics = writer.statistics
        #expect(statistics.linesWritten + statistics.linesDropped.values.reduce(0, +) == 2 * Self.perLoop)
        #expect(sampler.now.requests == statistics.linesWritten)
    }

    @Test func `a consumer that throws loses its lines, the lab none`() {
        let sampler = sampler()
        let result = EventPathRun(loops: 2, eventsPerLoop: Self.perLoop, waitsForRoom: true).run(
            target: SampledLogTarget(Failing(), sampler)
        )
        #expect(result.written == 0 && result.dropped == 2 * Self.perLoop && result.counted == 2 * Self.perLoop)
        #expect(sampler.now.requests == 2 * Self.perLoop)
    }

    /// Tells when it is let go of.
    private final class Leaving: LogTarget {
        private let gone: Gone
        init(_ gone: Gone) { self.gone = gone }
        deinit { gone.flag.store(true, ordering: .releasing) }
        func write(_ bytes: UnsafeRawBufferPointer) throws(LogTargetError) {}
    }

    private final class Gone: Sendable {
        let flag = Atomic<Bool>(false)
    }

    private func produceAroundClosing(_ gone: Gone) {
        let writer = AccessLogWriter(target: Leaving(gone))
        let run = EventPathRun(loops: 1, eventsPerLoop: 1000, waitsForRoom: false)
        #expect(run.produce(into: writer) == 1000)
        #expect(writer.close(withinMilliseconds: 60_000))
        let before = writer.statistics
        #expect(run.produce(into: writer) == 1000)
        #expect(writer.statistics.linesWritten == before.linesWritten)
        #expect((writer.statistics.linesDropped[.closed] ?? 0) == 1000)
    }

    @Test func `when a consumer goes away what comes after is counted as dropped, and nothing is kept`() async throws {
        let gone = Gone()
        produceAroundClosing(gone)
        try await eventually(within: .seconds(30), "the target was let go of") { gone.flag.load(ordering: .acquiring) }
    }
}
