// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Testing

@testable import CyclicStore

@Suite struct StripeCycleTests {
    /// Every size, every head, every number of clean stripes, then a long walk of random legal events, with the invariants checked after each.
    @Test(arguments: 4...8) func `keeps its invariants from every start through any events`(count: Int) {
        for goal in 1...3 {
            for newest in 0..<count {
                var sequences = [UInt64?](repeating: nil, count: count)
                for back in 0..<count where back % 3 != 2 { sequences[(newest + count - back) % count] = UInt64(100 - back) }
                walk(
                    StripeCycle(sequences: sequences, cleanGoal: goal, sequenceGap: 0),
                    seed: UInt64(count * 100 + goal * 10 + newest)
                )
            }
        }
    }

    private func walk(_ start: StripeCycle, seed: UInt64) {
        var cycle = start
        var random = SeededRandom(seed: seed)
        var filling: [Int] = []
        var reclaiming: [Int] = []
        var leases: [Int] = []
        var lastSequence: UInt64 = 0
        for _ in 0..<400 {
            switch random.next() % 6 {
            case 0:
                if let opened = cycle.open() {
                    #expect(opened.sequence > lastSequence, "sequences only grow")
                    #expect(!leases.contains(opened.stripe), "a stripe under a read is not opened, seed \(seed)")
                    lastSequence = opened.sequence
                    filling.append(opened.stripe)
                }
            case 1:
                if !filling.isEmpty {
                    cycle.finish(filling.remove(at: Int(random.next() % UInt64(filling.count))), written: random.next() % 5 != 0)
                }
            case 2:
                while let stripe = cycle.reclaimNext() { reclaiming.append(stripe) }
            case 3:
                if !reclaiming.isEmpty { cycle.emptied(reclaiming.remove(at: Int(random.next() % UInt64(reclaiming.count)))) }
            case 4:
                let stripe = Int(random.next() % UInt64(cycle.count))
                if cycle.phase(stripe) == .live || cycle.phase(stripe) == .reclaiming {
                    cycle.lease(stripe)
                    leases.append(stripe)
                }
            default:
                if !leases.isEmpty { cycle.release(leases.remove(at: Int(random.next() % UInt64(leases.count)))) }
            }
            cycle.checkInvariants()
        }
    }

    @Test func `a stripe is not clean before its last reader is done`() {
        var cycle = StripeCycle(sequences: [1, 2, 3, 4], cleanGoal: 1, sequenceGap: 0)
        let first = cycle.reclaimNext()
        #expect(first == 0)
        cycle.lease(0)
        cycle.emptied(0)
        let early = cycle.open()
        #expect(cycle.phase(0) == .draining && early == nil)
        cycle.release(0)
        let opened = cycle.open()
        #expect(opened?.stripe == 0)
    }

    @Test func `after a restart the head follows the newest stripe`() {
        var cycle = StripeCycle(sequences: [5, 6, 3, 4], cleanGoal: 1, sequenceGap: 0)
        #expect(cycle.head == 2 && cycle.nextSequence == 7)
        let next = cycle.reclaimNext()
        #expect(next == 2)
    }

    @Test func `what was taken back counts as on disk until other bytes are there for good`() throws {
        // Stripe 0 is the oldest of a volume that has turned.
        var cycle = StripeCycle(sequences: (0..<8).map { UInt64(10 + $0) }, cleanGoal: 2)
        #expect(cycle.oldestOnDisk == 10)
        let oldestFound = cycle.reclaimNext()
        let oldest = try #require(oldestFound)
        cycle.emptied(oldest)
        #expect(cycle.oldestOnDisk == 10, "nothing points to it; a start would find it")
        let openedFound = cycle.open()
        let opened = try #require(openedFound)
        #expect(opened.stripe == oldest && cycle.oldestOnDisk == 10)
        cycle.finish(opened.stripe, written: true)
        #expect(cycle.oldestOnDisk == 10, "a loss of power may undo the write")
        cycle.isOnDisk(opened.stripe, sequence: opened.sequence)
        #expect(cycle.oldestOnDisk == 11)
        // A write that failed leaves what was there.
        let nextFound = cycle.reclaimNext()
        let next = try #require(nextFound)
        cycle.emptied(next)
        let secondFound = cycle.open()
        let second = try #require(secondFound)
        cycle.finish(second.stripe, written: false)
        cycle.isOnDisk(opened.stripe, sequence: opened.sequence)
        #expect(cycle.oldestOnDisk == 11)
    }
}
