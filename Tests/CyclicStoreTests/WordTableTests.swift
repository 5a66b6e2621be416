// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Testing

@testable import CyclicStore

@Suite("Words of a rebuild")
struct WordTableTests {
    /// Few values of the low half, so that runs of slots meet and wrap round the end.
    @Test("agrees with a dictionary", arguments: 1...20 as ClosedRange<UInt64>)
    func agrees(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var table = WordTable()
        var model: [KeyHash: UInt64] = [:]
        for step in 1...20_000 as ClosedRange<UInt64> {
            let low = random.next() % 40 &- 20
            let hash = KeyHash(high: random.next() % 12, low: low)
            switch random.next() % 8 {
            case 0, 1, 2:
                table.set(hash, to: .init(serial: step, sequence: step % 5 + 1, address: nil, units: 0))
                model[hash] = step
            case 3:
                #expect(table.remove(hash)?.serial == model.removeValue(forKey: hash))
            case 4:
                let wanted = random.next() % 5 + 1
                let isSaid = model[hash].map { $0 % 5 + 1 == wanted } ?? false
                #expect(table.remove(hash, saidBy: wanted)?.serial == (isSaid ? model[hash] : nil))
                if isSaid { model[hash] = nil }
            default:
                #expect(table.find(hash)?.serial == model[hash])
            }
            #expect(table.count == model.count)
        }
        for (hash, serial) in model { #expect(table.find(hash)?.serial == serial) }
    }

    @Test("keeps all of a word")
    func words() {
        var table = WordTable()
        let (kept, removed) = (KeyHash(high: 1, low: 2), KeyHash(high: 2, low: 2))
        table.set(kept, to: .init(serial: 7, sequence: 3, address: RecordAddress(units: 1 << 35), units: 16_383))
        table.set(removed, to: .init(serial: 8, sequence: 4, address: nil, units: 0))
        #expect(table.find(kept)?.address == RecordAddress(units: 1 << 35))
        #expect(table.find(kept)?.units == 16_383)
        #expect(table.find(kept)?.sequence == 3)
        #expect(table.find(removed) != nil && table.find(removed)?.address == nil)
    }
}
