// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CAllocationCounter
import GyreTelemetry
import Testing

/// Ceilings, not timings: what is on the path of every request takes no memory once it is warm.
@Suite(.enabled(if: gyre_allocations_counted(), "allocations cannot be counted in this build"))
struct AllocationTests {
    static func allocations(_ body: () -> Void) -> UInt64 {
        let before = gyre_allocations_of_thread()
        body()
        return gyre_allocations_of_thread() - before
    }

    /// Takes everything and keeps nothing.
    final class Forgetting: LogTarget {
        func write(_ bytes: UnsafeRawBufferPointer) throws(LogTargetError) {}
    }

    @Test func anAllocationIsSeen() {
        var kept: [[Int]] = []
        #expect(Self.allocations { kept.append(Array(repeating: 1, count: 1000)) } > 0)
        #expect(kept.count == 1)
    }

    @Test(arguments: AccessLogLayout.allCases)
    func aLineAllocatesNothing(layout: AccessLogLayout) {
        let blocks = 4
        let writer = AccessLogWriter(target: Forgetting(), blockBytes: 0, blocks: blocks)
        let buffer = AccessLogBuffer(writer: writer, layout: layout)
        var entry = LogSamples.full
        entry.userAgent = LogWord("quotes \" and é and \u{1}").bytes
        func lines(_ count: Int) {
            for number in 0..<count {
                entry.timestampMilliseconds += 7
                entry.durationMicroseconds = number
                buffer.append(entry)
                if number % 100 == 99 { buffer.flush() }
            }
        }
        var least = UInt64.max
        // The thread may be slow to give blocks back, and then one more is made; with four at most, the rounds soon have all.
        for _ in 0...blocks { least = min(least, Self.allocations { lines(2000) }) }
        #expect(least == 0)
        #expect(writer.close(withinMilliseconds: 60_000))
    }

    @Test(arguments: AccessLogLayout.allCases)
    func aDroppedLineAllocatesNothing(layout: AccessLogLayout) {
        let (gate, record) = (Gate(), LogRecord())
        let writer = AccessLogWriter(target: StallingTarget(gate, record), blocks: 1)
        let buffer = AccessLogBuffer(writer: writer, layout: layout)
        let entry = LogSamples.full
        buffer.append(entry)
        buffer.flush()
        #expect(Self.allocations { for _ in 0..<1000 { buffer.append(entry) } } == 0)
        #expect(writer.statistics.linesDropped[.queueFull] == 1000)
        gate.open()
        #expect(writer.close(withinMilliseconds: 60_000))
    }

    @Test func countingARequestAllocatesNothing() {
        let words = ReasonWords(["timeout"])
        let hub = LoopCountersHub(loopCount: 1, reasons: ReasonLists(originErrors: words, wireErrors: words, notStored: words))
        let loop = hub.loops[0]
        let count = Self.allocations {
            for number in 0..<1000 {
                loop.connectionOpened()
                loop.countRequest(.hitMemory, durationMicroseconds: number, bodyBytes: number)
                loop.countRequest(.miss, durationMicroseconds: number * 1000, bodyBytes: number)
                loop.countOriginRequest()
                loop.countOriginResponse(bytes: number)
                loop.countOriginError("timeout")
                loop.countNotStored("unknown")
                loop.connectionClosed()
            }
        }
        #expect(count == 0)
        #expect(hub.totals().requests == 2000)
    }
}
