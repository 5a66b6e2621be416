// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Testing

@testable import CyclicStore

@Suite struct MemoryTierTests {
    private func object(_ number: Int, bytes: Int) -> PlainObject {
        let key = StoreKey(
            hash: KeyHash(high: UInt64(number), low: UInt64(number) &* 0x9e37_79b9_7f4a_7c15),
            bytes: Array("\(number)".utf8)
        )
        return PlainObject(RecordImage(kind: .object, key: key, metadata: [], payload: OwnedBytes(capacity: bytes)))
    }

    @Test(arguments: [UInt64(1), 2]) func `never holds more than its capacity and counts what it holds`(seed: UInt64) {
        let tier = MemoryTier(capacityBytes: 100_000)
        var random = SeededRandom(seed: seed)
        for _ in 0..<20_000 {
            let number = Int(random.next() % 300)
            switch random.next() % 4 {
            case 0: tier.insert(object(number, bytes: Int(random.next() % 2000)), serial: nil)
            case 1: tier.remove(object(number, bytes: 0).key.hash, serial: nil)
            default: _ = tier.object(for: object(number, bytes: 0).key.hash)
            }
            #expect(tier.summary.bytes <= 100_000)
        }
        let held = (0..<300).compactMap { tier.object(for: object($0, bytes: 0).key.hash) }
        #expect(held.count == tier.summary.objects && held.reduce(0) { $0 + $1.memoryBytes } == tier.summary.bytes)
    }

    @Test func `objects asked for again outlive a flood of others`() {
        let tier = MemoryTier(capacityBytes: 200_000)
        for number in 0..<20 { tier.insert(object(number, bytes: 1000), serial: nil) }
        for number in 0..<20 { _ = tier.object(for: object(number, bytes: 0).key.hash) }
        for number in 1000..<3000 { tier.insert(object(number, bytes: 1000), serial: nil) }
        let survivors = (0..<20).filter { tier.contains(object($0, bytes: 0).key.hash) }
        #expect(survivors.count == 20)
    }

    @Test func `an object above an eighth of the memory is not kept`() {
        let tier = MemoryTier(capacityBytes: 80_000)
        #expect(!tier.insert(object(1, bytes: 20_000), serial: nil).isKept && tier.summary.objects == 0)
    }

    @Test func `what departs carries its uses and whether it is on the disk`() {
        let tier = MemoryTier(capacityBytes: 20_000, smallShare: 0.5)
        tier.insert(object(0, bytes: 1000), serial: nil, isDirty: true)
        tier.insert(object(1, bytes: 1000), serial: nil, isDirty: true)
        tier.insert(object(2, bytes: 1000), serial: nil)
        let clean = object(3, bytes: 1000)
        tier.insert(clean, serial: nil, isDirty: true)
        tier.markClean(clean)
        for _ in 0..<5 { _ = tier.object(for: object(1, bytes: 0).key.hash) }
        #expect(Set(tier.dirtyObjects().map(\.key)) == [object(0, bytes: 0).key, object(1, bytes: 0).key])
        #expect(tier.isDirty(object(0, bytes: 0).key.hash) && !tier.isDirty(clean.key.hash))
        var gone: [KeyHash: MemoryTier.Departure] = [:]
        for number in 100..<200 {
            for _ in 0..<2 { _ = tier.object(for: object(number - 1, bytes: 0).key.hash) }
            for departure in tier.insert(object(number, bytes: 1000), serial: nil).departures {
                gone[departure.object.key.hash] = departure
            }
        }
        #expect(gone[object(0, bytes: 0).key.hash]?.isDirty == true && gone[object(0, bytes: 0).key.hash]?.uses == 0)
        #expect(gone[object(1, bytes: 0).key.hash]?.isDirty == true && gone[object(1, bytes: 0).key.hash]?.uses == 5)
        #expect(gone[object(2, bytes: 0).key.hash]?.isDirty == false)
        #expect(gone[clean.key.hash]?.isDirty == false)
        #expect(tier.dirtyObjects().isEmpty)
    }

    @Test func `an object that cannot be kept departs at once when it is nowhere else`() {
        let tier = MemoryTier(capacityBytes: 80_000)
        let large = object(1, bytes: 20_000)
        #expect(tier.insert(large, serial: nil, isDirty: true).departures.map(\.isDirty) == [true])
        #expect(tier.insert(large, serial: nil).departures.isEmpty)
    }

    @Test func `a replaced object does not depart and its successor is not marked clean in its place`() {
        let tier = MemoryTier(capacityBytes: 80_000)
        let old = object(1, bytes: 1000)
        tier.insert(old, serial: 1, isDirty: true)
        #expect(tier.insert(object(1, bytes: 1000), serial: 2, isDirty: true).departures.isEmpty)
        tier.markClean(old)
        #expect(tier.isDirty(old.key.hash))
    }
}
