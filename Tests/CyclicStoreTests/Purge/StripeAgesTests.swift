// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Testing

@testable import CyclicStore

@Suite struct StripeAgesTests {
    /// A volume turns, some stripes stay longer; the model knows when each was opened.
    @Test(arguments: 0..<30 as Range<UInt64>) func `no stripe that is left is older than it is said to be`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var ages = StripeAges([])
        let stripes = Int(random.next() % 200) + 4
        var openedAt: [UInt64: UInt64] = [:]
        var serial: UInt64 = 100
        var best: UInt64 = 0
        for sequence in 1..<(UInt64(stripes) * 8) {
            serial += random.next() % 5 + 1
            if ages.wantsMark(nextSequence: sequence, stripes: stripes) {
                let oldest = openedAt.keys.min() ?? sequence
                ages.note(.init(serial: serial, nextSequence: sequence, oldestSequence: oldest))
            }
            serial += random.next() % 5 + 1
            openedAt[sequence] = serial
            for old in openedAt.keys where old + UInt64(stripes) < sequence && (old % 37 != 0 || old + 3 * UInt64(stripes) < sequence) {
                openedAt[old] = nil
            }
            let oldestSerial = openedAt.values.min() ?? 0
            #expect(ages.oldestSerial < oldestSerial, "seed \(seed)")
            #expect(ages.oldestSerial >= best)
            best = ages.oldestSerial
            #expect(ages.records.count <= StripeAges.maxRecords)
            #expect(StripeAges(ages.records.shuffled(using: &random)) == ages, "seed \(seed)")
        }
        #expect(best > 0)
    }
}
