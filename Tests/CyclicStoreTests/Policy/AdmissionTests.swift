// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Testing

@testable import CyclicStore

@Suite struct AdmissionTests {
    private func hash(_ number: UInt64) -> KeyHash {
        var random = SeededRandom(seed: number)
        return KeyHash(high: random.next(), low: random.next())
    }

    private func admission(_ replacement: Replacement, chance: UInt32) -> Admission {
        Admission(replacement, tuning: Tuning(writeChance: chance), maxGhosts: 4096, seed: 5)
    }

    private let turning = Admission.Circumstances(isFilling: false)
    private let filling = Admission.Circumstances(isFilling: true)

    @Test func `cyclic and the ancestor write on arrival and never again`() {
        for replacement in [Replacement.cyclic, .relocateOnHit(percent: 50)] {
            var admission = admission(replacement, chance: 0)
            #expect(admission.arrival(hash(1), bytes: 100, turning) != .skip)
            #expect(admission.departure(hash(1), bytes: 100, uses: 9, isOnDisk: false, turning) == .skip)
        }
    }

    /// Every combination of what is known of an object that leaves memory.
    @Test func `what leaves memory is written when it was used, or there is room, or by chance, and never twice`() {
        for uses in [0, 1, 5] {
            for isOnDisk in [false, true] {
                for now in [turning, filling] {
                    for chance in [0, Tuning.always] {
                        var admission = admission(.gyre, chance: chance)
                        let verdict = admission.departure(hash(1), bytes: 100, uses: uses, isOnDisk: isOnDisk, now)
                        let writes = !isOnDisk && (uses > 0 || now.isFilling || chance > 0)
                        #expect(verdict == (writes ? .write(priorUses: UseClass(uses: uses + 1)) : .skip))
                    }
                }
            }
        }
    }

    @Test func `what left unwritten is written when it comes again, once`() {
        var admission = admission(.gyre, chance: 0)
        #expect(admission.arrival(hash(1), bytes: 100, turning) == .skip)
        #expect(admission.departure(hash(1), bytes: 100, uses: 0, isOnDisk: false, turning) == .skip)
        #expect(admission.arrival(hash(1), bytes: 100, turning) == .write(priorUses: UseClass(uses: 2)))
        #expect(admission.arrival(hash(1), bytes: 100, turning) == .skip)
    }

    @Test func `small objects are chosen more often than large ones`() {
        var value = HitValue()
        for _ in 0..<100 { value.observe(bytes: 10_000) }
        var admission = Admission(.gyre, tuning: Tuning(writeChance: Tuning.always / 8), value: value, maxGhosts: 64, seed: 5)
        func share(_ bytes: Int) -> Double {
            let written = (0..<4000).filter {
                admission.departure(hash(UInt64($0)), bytes: bytes, uses: 0, isOnDisk: false, turning) != .skip
            }
            return Double(written.count) / 4000
        }
        #expect(abs(share(10_000) - 0.125) < 0.02)
        #expect(share(500) == 1)
        #expect(abs(share(10_000_000) - 0.0625) < 0.02)
    }

    @Test func `a streamed object is decided at its start`() {
        var never = admission(.gyre, chance: 0)
        #expect(never.streamed(hash(1), bytes: 100, turning) == .skip)
        #expect(never.streamed(hash(1), bytes: 100, turning) == .write(priorUses: UseClass(uses: 2)))
        var always = admission(.gyre, chance: Tuning.always)
        #expect(always.streamed(hash(2), bytes: 100, turning) != .skip)
    }

    @Test func `nothing is written when the budget is used up`() {
        let now = Admission.Circumstances(isFilling: true, pressure: .noAdmission)
        var admission = admission(.gyre, chance: Tuning.always)
        #expect(admission.departure(hash(1), bytes: 100, uses: 9, isOnDisk: false, now) == .skip)
        #expect(admission.counts.refusedByBudget == 1)
    }
}

@Suite struct GhostTableTests {
    private func hash(_ number: UInt64) -> KeyHash {
        var random = SeededRandom(seed: number)
        return KeyHash(high: random.next(), low: random.next())
    }

    @Test func `remembers the latest and forgets the oldest`() {
        var table = GhostTable(capacity: 15_872, maxCapacity: 15_872)
        for number in 0..<100_000 { table.insert(hash(UInt64(number))) }
        let late = (95_000..<100_000).filter { table.contains(hash(UInt64($0))) }.count
        let early = (0..<50_000).filter { table.contains(hash(UInt64($0))) }.count
        #expect(late > 4900, "of the latest 5,000 a table of 15,872 remembers \(late)")
        #expect(early < 50, "of the oldest 50,000 it seems to remember \(early)")
    }

    @Test func `what is removed is forgotten and what is inserted twice is held once`() {
        var table = GhostTable(capacity: 31, maxCapacity: 31)
        table.insert(hash(1))
        for _ in 0..<40 { table.insert(hash(2)) }
        let removals = [table.remove(hash(1)), table.remove(hash(1)), table.remove(hash(2)), table.contains(hash(2))]
        #expect(removals == [true, false, true, false])
    }

    @Test func `growing keeps what is remembered, up to the bound`() {
        var table = GhostTable(capacity: 31 * 8, maxCapacity: 31 * 16_384)
        for number in 0..<100 { table.insert(hash(UInt64(number))) }
        let before = (0..<100).filter { table.contains(hash(UInt64($0))) }
        #expect(before.count > 90)
        table.grow(toHold: 100_000_000)
        // In small steps: what is remembered stays so in the midst of it.
        for number in 0..<5000 {
            let capacity = table.capacity
            _ = table.remove(hash(UInt64(1_000_000 + number)))
            #expect(table.capacity - capacity <= 4 * 31)
            if number % 256 == 0 { #expect(before.allSatisfy { table.contains(hash(UInt64($0))) }) }
        }
        #expect(table.capacity == 31 * 16_384)
        #expect(before.allSatisfy { table.contains(hash(UInt64($0))) })
    }

    @Test(arguments: [31 * 8, 31 * 100, 31 * 20_000]) func `room is the nearest power of two of buckets`(wanted: Int) {
        var table = GhostTable(capacity: 31, maxCapacity: 1 << 30)
        table.grow(toHold: wanted)
        for number in 0..<20_000 { table.insert(hash(UInt64(number))) }
        #expect(Double(table.capacity) >= Double(wanted) / 2.0.squareRoot() && Double(table.capacity) <= Double(wanted) * 2.0.squareRoot())
        #expect(table.byteCount * 31 == table.capacity * 64)
    }

    @Test func `a table that grew remembers as much as one that began so large`() {
        var grown = GhostTable(capacity: 31, maxCapacity: 31 * 1024)
        grown.grow(toHold: 31 * 1024)
        var fixed = GhostTable(capacity: 31 * 1024, maxCapacity: 31 * 1024)
        for number in 0..<200_000 {
            grown.insert(hash(UInt64(number)))
            fixed.insert(hash(UInt64(number)))
        }
        let latest = 180_000..<200_000
        let counts = [grown, fixed].map { table in latest.filter { table.contains(hash(UInt64($0))) }.count }
        #expect(abs(counts[0] - counts[1]) < 20 && counts[1] > 18_000, "\(counts)")
    }

    @Test func `what was never inserted is hardly ever found`() {
        var table = GhostTable(capacity: 31 * 1024, maxCapacity: 31 * 1024)
        for number in 0..<200_000 { table.insert(hash(UInt64(number))) }
        let found = (1_000_000..<1_200_000).filter { table.contains(hash(UInt64($0))) }.count
        // 31 of 65,536, of 200,000: 95.
        #expect((40..<180).contains(found))
    }
}
