// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Foundation
package import GyreTelemetry
import Synchronization

/// Requests that never were, sent the way of real ones: counters and log buffers of several loops, the log's bounded queue, its thread, and
/// a target. For tests and for `Benchmarks/events`.
package struct EventPathRun: Sendable {
    package var loops: Int
    package var eventsPerLoop: Int
    /// Whether a loop waits now and then until the log has caught up, which a server's never does: then nothing is dropped.
    package var waitsForRoom: Bool
    package var blocks: Int
    /// Events that may be on their way when loops wait: well below what the queue holds.
    private static let eventsUnderWayMax = 8000
    private static let eventsAtOnce = 500

    private static let (method, host, client) = (LogWord("GET"), LogWord("www.example.com"), LogWord("192.0.2.1"))
    private static let (agent, word) = (LogWord("Mozilla/5.0 (X11; Linux x86_64)"), LogWord("hit"))

    /// Events made by all loops.
    private final class Made: Sendable {
        let count = Atomic<Int>(0)
    }

    package init(loops: Int, eventsPerLoop: Int, waitsForRoom: Bool, blocks: Int = TelemetryLimits.logBlocks) {
        self.loops = loops
        self.eventsPerLoop = eventsPerLoop
        self.waitsForRoom = waitsForRoom
        self.blocks = blocks
    }

    package struct Outcome: Sendable {
        /// In the counters that the metrics page shows.
        package var counted = 0
        /// Lines the target took, and lines it did not get.
        package var written = 0
        package var dropped = 0
        package var bytes = 0
        package var seconds = 0.0
    }

    /// All of it, to the closing of the log.
    package func run(target: sending any LogTarget) -> Outcome {
        let start = ContinuousClock.now
        let writer = AccessLogWriter(target: target, blocks: blocks)
        var outcome = Outcome()
        outcome.counted = produce(into: writer)
        _ = writer.close(withinMilliseconds: 60_000)
        outcome.seconds = (ContinuousClock.now - start) / .seconds(1)
        outcome.written = writer.statistics.linesWritten
        outcome.dropped = writer.statistics.linesDropped.values.reduce(0, +)
        outcome.bytes = writer.statistics.bytesWritten
        return outcome
    }

    /// The loops' part.
    /// - Returns: Requests that the counters have.
    package func produce(into writer: AccessLogWriter) -> Int {
        let words = ReasonWords(["none"])
        let hub = LoopCountersHub(loopCount: loops, reasons: ReasonLists(originErrors: words, wireErrors: words, notStored: words))
        let done = DispatchGroup()
        let made = Made()
        for loop in 0..<loops {
            done.enter()
            Thread.detachNewThread {
                events(of: loop, counters: hub.loops[loop], AccessLogBuffer(writer: writer, layout: .json), writer, made)
                done.leave()
            }
        }
        done.wait()
        return hub.totals().durations.values.reduce(0) { $0 + $1.count }
    }

    private func events(of loop: Int, counters: LoopCounters, _ buffer: AccessLogBuffer, _ writer: AccessLogWriter, _ made: Made) {
        var target = Array("/objects/000000.html".utf8)
        var entry = AccessLogEntry()
        (entry.method, entry.host, entry.clientAddress) = (Self.method.bytes, Self.host.bytes, Self.client.bytes)
        (entry.userAgent, entry.cacheWord, entry.reasonWord) = (Self.agent.bytes, Self.word.bytes, Self.word.bytes)
        entry.status = 200
        var state = UInt64(loop + 1)
        for number in 0..<eventsPerLoop {
            // Knuth's MMIX generator; some objects come far more often than others.
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let (high, low) = (Int(state >> 44), Int(state >> 24 & 0xfffff))
            var object = (high * low >> 20) % 20_000
            for digit in (9..<15).reversed() {
                target[digit] = UInt8(0x30 + object % 10)
                object /= 10
            }
            entry.bodyBytesSent = 500 + high % 20_000
            entry.durationMicroseconds = high % 1000
            entry.timestampMilliseconds = 1_790_000_000_000 + Int64(number / 50)
            counters.countRequest(.hitMemory, durationMicroseconds: entry.durationMicroseconds, bodyBytes: entry.bodyBytesSent)
            target.withUnsafeBytes { bytes in
                entry.target = bytes
                buffer.append(entry)
            }
            if waitsForRoom, number % Self.eventsAtOnce == Self.eventsAtOnce - 1 { waitForRoom(made, writer) }
        }
        buffer.flush()
    }

    private func waitForRoom(_ made: Made, _ writer: AccessLogWriter) {
        let count = made.count.add(Self.eventsAtOnce, ordering: .relaxed).newValue
        while true {
            let statistics = writer.statistics
            let through = statistics.linesWritten + statistics.linesDropped.values.reduce(0, +)
            if count - through <= Self.eventsUnderWayMax { return }
            Thread.sleep(forTimeInterval: 0.000_1)
        }
    }
}
