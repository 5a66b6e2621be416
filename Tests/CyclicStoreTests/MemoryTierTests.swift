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
        #expect(!tier.insert(object(1, bytes: 20_000), serial: nil) && tier.summary.objects == 0)
    }
}
