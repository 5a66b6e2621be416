// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Testing

@testable import CyclicStore

@Suite struct HotStripesTests {
    @Test func `the coolest is always on top`() {
        var random = SeededRandom(seed: 3)
        var hot = HotStripes(stripeCount: 50)
        var model: [Int: Float] = [:]
        for _ in 0..<5000 {
            let stripe = Int(random.next() % 50)
            if random.next() % 3 == 0 {
                hot.remove(stripe)
                model[stripe] = nil
            } else {
                let heat = Float(random.next() % 1000)
                hot.set(stripe, heat: heat)
                model[stripe] = heat
            }
            #expect(hot.count == model.count)
            #expect(hot.coolest?.heat == model.values.min())
            #expect(hot.coolest.map { model[$0.stripe] == $0.heat } ?? model.isEmpty)
            #expect((0..<50).allSatisfy { hot.contains($0) == (model[$0] != nil) })
        }
    }

    /// Up to six of eight stripes live, the first two judged hot.
    private func cycleWithTwoHot() -> StripeCycle {
        var cycle = StripeCycle(sequences: (1...8).map { UInt64($0) }, cleanGoal: 1)
        for heat in [Float(5), 3] {
            guard let stripe = cycle.reclaimNext() else { break }
            let isKept = cycle.keep(stripe, heat: heat)
            #expect(isKept)
        }
        return cycle
    }

    @Test func `the coolest goes back into the turn, is still readable, and is reclaimed when its time comes`() {
        var cycle = cycleWithTwoHot()
        // The turn goes on behind both of them.
        for _ in 0..<2 {
            if let stripe = cycle.reclaimNext() { cycle.emptied(stripe) }
            if let (opened, _) = cycle.open() { cycle.finish(opened, written: true) }
        }
        #expect(cycle.hotCount == 2 && cycle.leastHeat == 3)
        let isReleased = cycle.releaseCoolest()
        #expect(isReleased)
        cycle.checkInvariants()
        #expect(cycle.hotCount == 1 && cycle.leastHeat == 5)
        #expect(cycle.phase(1) == .live && cycle.holds(1, sequence: 2) && cycle.wasHot(1))
        // It is older than its place says, as every stripe is that the head has passed over.
        #expect(cycle.snapshot(of: 1).isHot)
        var reclaimed: [Int] = []
        for _ in 0..<12 where !reclaimed.contains(1) {
            while let stripe = cycle.reclaimNext() {
                reclaimed.append(stripe)
                if stripe != 0 || !cycle.keep(0, heat: 5) { cycle.emptied(stripe) }
            }
            if let (opened, _) = cycle.open() { cycle.finish(opened, written: true) }
            cycle.checkInvariants()
        }
        #expect(reclaimed.last == 1)
    }

    @Test func `between head and tail none is put back`() {
        var cycle = cycleWithTwoHot()
        let isReleased = cycle.releaseCoolest()
        #expect(!isReleased, "the tail has passed it and the head has not")
        cycle.checkInvariants()
        #expect(cycle.hotCount == 2)
        var none = StripeCycle(sequences: [1, 2, 3, 4], cleanGoal: 1)
        let released = none.releaseCoolest()
        #expect(!released)
    }
}
