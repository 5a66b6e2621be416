// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Testing

@testable import CyclicStore

@Suite struct ReplacementTests {
    /// A fragment of a quarter of a mebibyte is small beside requests of four: by itself it would be carried for hardly any use.
    @Test func `all parts of an object are judged by its size, with one verdict`() {
        var value = HitValue()
        for _ in 0..<100 { value.observe(bytes: 4 << 20) }
        let policy = ReclaimPolicy(.gyre, tuning: Tuning(relocationUses: 4), value: value)
        func verdict(_ uses: Int, bytes: Int = 256 << 10, of objectBytes: Int? = nil) -> ReclaimPolicy.RecordVerdict {
            policy.record(.init(isIndexed: true, uses: UseClass(uses: uses), bytes: bytes, objectBytes: objectBytes))
        }
        #expect(verdict(1) == .relocate && verdict(1, of: 4 << 20) == .drop && verdict(3, of: 4 << 20) == .drop)
        #expect(verdict(4, of: 4 << 20) == .relocate && verdict(4, of: 16 << 20) == .drop && verdict(8, of: 16 << 20) == .relocate)
        for uses in 0..<16 { #expect(verdict(uses, bytes: 512, of: 16 << 20) == verdict(uses, of: 16 << 20), "head and fragment") }
    }

    @Test func `a stripe of parts is as hot as their share of what the object's hits are worth`() {
        var value = HitValue()
        for _ in 0..<100 { value.observe(bytes: 1 << 20) }
        let policy = ReclaimPolicy(.gyre, tuning: Tuning(relocationUses: 1), value: value)
        func heat(_ parts: Int, bytes: Int, of objectBytes: Int?) -> Float {
            var facts = ReclaimPolicy.StripeFacts(stripeBytes: 1 << 20, stripeCount: 100, hotStripes: 0)
            for _ in 0..<parts {
                facts.add(.init(isIndexed: true, uses: UseClass(uses: 8), bytes: bytes, objectBytes: objectBytes), under: policy)
            }
            return facts.heat
        }
        #expect(abs(heat(4, bytes: 256 << 10, of: 1 << 20) - heat(1, bytes: 1 << 20, of: nil)) < 0.001)
    }

    @Test func `the size of an object takes a byte, never too short and at most a quarter too long`() {
        #expect(ObjectSize.record.bytes == nil)
        for bytes in [1, 1024, 1025, 5000, 300_000, 1 << 20, 7_777_777, 5 << 30, 1 << 45] {
            let kept = ObjectSize(ofPartOf: bytes).bytes ?? 0
            #expect(kept >= bytes && kept <= max(1024, bytes + bytes / 4 + 1024), "\(bytes) is kept as \(kept)")
        }
        #expect(ObjectSize(ofPartOf: .max).bytes ?? 0 > 1 << 50)
    }

    @Test(arguments: [
        ("cyclic", Replacement.cyclic), ("gyre", .gyre), ("relocate-on-hit", .relocateOnHit(percent: 50)),
        ("relocate-on-hit=0", .relocateOnHit(percent: 0)), ("relocate-on-hit=100", .relocateOnHit(percent: 100)),
    ]) func `is read from text`(text: String, expected: Replacement) {
        #expect(Replacement(text) == expected)
        #expect(Replacement(expected.description) == expected)
    }

    @Test(arguments: ["", "Gyre", "relocate-on-hit=", "relocate-on-hit=101", "relocate-on-hit=-1", "relocate-on-hit=5 ", "lru"])
    func `refuses other text`(text: String) {
        #expect(Replacement(text) == nil)
    }
}

@Suite struct UseClassTests {
    @Test func `classes have the documented floors`() {
        let floors = (0..<16).map { UseClass(fourBits: $0).uses }
        #expect(floors == [0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 256])
    }

    @Test func `a number falls into the highest class that is not above it`() {
        for uses in 0..<600 {
            let value = UseClass(uses: uses)
            #expect(value.uses <= uses)
            if value < .most { #expect(UseClass(fourBits: UInt64(value.rawValue) + 1).uses > uses) }
        }
    }

    @Test func `counting up by chance is right on average`() {
        var random = SeededRandom(seed: 7)
        for count in [1, 3, 4, 10, 40, 100] {
            var sum = 0
            for _ in 0..<2000 {
                var value = UseClass.none
                for _ in 0..<count { value = value.addingUse(random: UInt32(truncatingIfNeeded: random.next())) }
                sum += value.uses
            }
            let mean = Double(sum) / 2000
            // The floor of a class understates by up to a third.
            #expect(mean <= Double(count) * 1.1 && mean >= Double(count) * 0.7, "\(count) uses counted as \(mean)")
        }
    }

    @Test func `the highest class stays`() {
        #expect(UseClass.most.addingUse(random: 0) == .most)
    }

    @Test func `halving ends at none`() {
        var value = UseClass.most
        for _ in 0..<9 { value = value.halved }
        #expect(value == .none)
    }
}

@Suite struct ReclaimPolicyTests {
    private func record(_ uses: Int, isIndexed: Bool = true) -> ReclaimPolicy.RecordFacts {
        ReclaimPolicy.RecordFacts(isIndexed: isIndexed, uses: UseClass(uses: uses), bytes: 1000)
    }

    /// A stripe of ten records, this many of them worth carrying.
    private func stripe(
        _ count: Int,
        uses: Int = 8,
        hot: Int = 0,
        leastHeat: Float = 0,
        _ policy: ReclaimPolicy
    ) -> ReclaimPolicy.StripeFacts {
        var facts = ReclaimPolicy.StripeFacts(stripeBytes: 10_000, stripeCount: 100, hotStripes: hot, leastHeat: leastHeat)
        for _ in 0..<count { facts.add(record(uses), under: policy) }
        return facts
    }

    @Test func `cyclic and the ancestor relocate nothing at reclaim`() {
        for replacement in [Replacement.cyclic, .relocateOnHit(percent: 0)] {
            let policy = ReclaimPolicy(replacement)
            for uses in [0, 1, 256] { #expect(policy.record(record(uses)) == .drop) }
            #expect(policy.stripe(stripe(10, policy)) == .reclaim)
        }
    }

    @Test func `the ancestor copies a hit when more than its share of the stripes was written since`() {
        for percent in 0...100 {
            let policy = ReclaimPolicy(.relocateOnHit(percent: percent))
            for since in 0...100 {
                let copies = policy.copiesToHead(.init(stripesSince: since, stripeCount: 100))
                #expect(copies == (percent < 100 && since > percent))
            }
        }
        #expect(!ReclaimPolicy(.gyre).copiesToHead(.init(stripesSince: 99, stripeCount: 100)))
        #expect(!ReclaimPolicy(.cyclic).copiesToHead(.init(stripesSince: 99, stripeCount: 100)))
    }

    @Test func `gyre relocates from the threshold on and never what the index has left`() {
        for threshold in 1...4 {
            let policy = ReclaimPolicy(.gyre, tuning: Tuning(relocationUses: Float(threshold)))
            for uses in 0...8 {
                let isKept = UseClass(uses: uses).uses >= threshold
                #expect(policy.record(record(uses)) == (isKept ? .relocate : .drop))
                #expect(policy.record(record(uses, isIndexed: false)) == .drop)
            }
        }
        #expect(ReclaimPolicy(.gyre, tuning: Tuning(relocationUses: .infinity)).record(record(256)) == .drop)
    }

    @Test func `prior uses count for three quarters and are forgotten after some turns without use`() {
        let policy = ReclaimPolicy(.gyre, tuning: Tuning(relocationUses: 4))
        var random = SeededRandom(seed: 3)
        for prior in [4, 8, 32, 256] {
            var facts = record(0)
            facts.priorUses = UseClass(uses: prior)
            #expect(policy.record(facts) == (prior * 3 >= 16 ? .relocate : .drop))
            var turns = 0
            while policy.record(facts) == .relocate {
                facts.random = UInt32(truncatingIfNeeded: random.next())
                facts.priorUses = policy.carriedUses(facts)
                turns += 1
            }
            #expect(turns < 40)
        }
    }

    @Test func `small objects need fewer uses and no object needs more than twice those of one of mean size`() {
        var value = HitValue()
        for _ in 0..<100 { value.observe(bytes: 1000) }
        let policy = ReclaimPolicy(.gyre, tuning: Tuning(relocationUses: 4), value: value)
        func uses(_ bytes: Int) -> Int {
            (0...256).first {
                policy.record(.init(isIndexed: true, uses: UseClass(uses: $0), bytes: bytes)) == .relocate
            } ?? 1000
        }
        #expect(uses(1000) == 4 && uses(100) == 1 && uses(1_000_000) == 8)
        var equal = HitValue(byteShare: 1)
        equal.observe(bytes: 1000)
        #expect(abs(equal.cost(bytes: 10) - 1) < 0.001 && abs(equal.cost(bytes: 100_000) - 1) < 0.001)
    }

    @Test func `rounding by chance is right on average`() {
        var random = SeededRandom(seed: 9)
        for score in [Float(0.3), 2.25, 5, 20.5, 200, 1000] {
            var sum = 0
            for _ in 0..<4000 { sum += UseClass(uses: score, random: UInt32(truncatingIfNeeded: random.next())).uses }
            #expect(abs(Float(sum) / 4000 - min(score, 256)) < max(0.05, score * 0.05))
        }
    }

    @Test func `hot stripes stay within their share of the volume`() {
        let policy = ReclaimPolicy(.gyre)
        for hot in 0...100 {
            let verdict = policy.stripe(stripe(9, hot: hot, leastHeat: 1000, policy))
            #expect(verdict == (hot < ReclaimPolicy.maxHotPercentOfVolume ? .stay : .reclaim))
        }
        #expect(policy.stripe(stripe(7, policy)) == .reclaim, "too little of it is worth its place")
    }

    @Test func `when the hot share is used up, a stripe takes the place of the coolest if it is a quarter hotter`() {
        let policy = ReclaimPolicy(.gyre)
        let heat = stripe(10, uses: 8, policy).heat
        #expect(heat == 80)
        #expect(policy.stripe(stripe(10, hot: 25, leastHeat: heat / 1.2, policy)) == .reclaim)
        #expect(policy.stripe(stripe(10, hot: 25, leastHeat: heat / 1.25, policy)) == .replaceCoolest)
        #expect(policy.stripe(stripe(10, hot: 24, leastHeat: heat / 1.25, policy)) == .stay, "while there is room, nobody gives way")
        let tiny = ReclaimPolicy.StripeFacts(stripeBytes: 0, stripeCount: 3, hotStripes: 0)
        #expect(policy.stripe(tiny) == .reclaim, "a volume too small for hot stripes has none to replace")
    }
}
