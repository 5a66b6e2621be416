// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Testing

@testable import CyclicStore

@Suite struct PlacementTests {
    private static func members(_ weights: [UInt32], seed: UInt64) -> [Placement.Member] {
        var random = SeededRandom(seed: seed)
        return weights.map { Placement.Member(volume: VolumeID(word0: random.next(), word1: random.next()), weight: $0) }
    }

    private static func hashes(_ count: Int, seed: UInt64) -> [KeyHash] {
        var random = SeededRandom(seed: seed ^ 0xabcd)
        return (0..<count).map { _ in KeyHash(high: random.next(), low: random.next()) }
    }

    @Test(
        arguments: [
            [1, 1], [1, 3], [10, 20, 30, 40], [1_000_000, 1], [7, 7, 7, 7, 7, 7, 7, 7], [4_000_000_000, 2_000_000_000, 1],
        ] as [[UInt32]]
    ) func `each volume has its share of the weights`(weights: [UInt32]) {
        for seed in 0..<4 as Range<UInt64> {
            let placement = Placement(Self.members(weights, seed: seed))
            let count = 40_000
            var found = [Int](repeating: 0, count: weights.count)
            for hash in Self.hashes(count, seed: seed) { found[placement.home(of: hash) ?? 0] += 1 }
            let total = weights.reduce(0.0) { $0 + Double($1) }
            for (number, weight) in zip(found, weights) {
                let share = Double(weight) / total
                let expected = share * Double(count)
                // Five standard deviations of the binomial distribution.
                let bound = 5 * (expected * (1 - share)).squareRoot() + 1
                #expect(abs(Double(number) - expected) <= bound, "seed \(seed): \(number) keys, expected \(expected) ± \(bound)")
            }
        }
    }

    @Test(arguments: 0..<10 as Range<UInt64>) func `when a volume goes only its keys move, when one comes they move only to it`(
        seed: UInt64
    ) {
        var random = SeededRandom(seed: seed)
        let many = Self.members((0..<8).map { _ in UInt32(random.next() % 1000 + 1) }, seed: seed)
        let gone = many[Int(random.next() % 8)].volume
        let few = Placement(many.filter { $0.volume != gone }.shuffled(using: &random))
        let all = Placement(many)
        for hash in Self.hashes(5000, seed: seed) {
            let home = all.volume(of: hash)
            if home != gone { #expect(few.volume(of: hash) == home) } else { #expect(few.volume(of: hash) != gone) }
            // What is excluded counts as gone.
            let position = many.firstIndex { $0.volume == gone } ?? 0
            let excluded = all.home(of: hash, excluding: 1 << UInt64(position)).map { many[$0].volume }
            #expect(excluded == few.volume(of: hash))
        }
    }

    @Test func `a larger weight takes keys from the others and gives none`() {
        let before = Self.members([5, 5, 5], seed: 3)
        var after = before
        after[1] = Placement.Member(volume: before[1].volume, weight: 8)
        for hash in Self.hashes(5000, seed: 3) {
            let (old, new) = (Placement(before).home(of: hash), Placement(after).home(of: hash))
            #expect(old == new || new == 1)
        }
    }

    /// A build that computed another place would lose every record: these were computed by this code on x86-64 and with Python's integers.
    @Test func `the answers are the same on every machine`() {
        let placement = Placement(
            (1...5).map { Placement.Member(volume: VolumeID(word0: $0 &* 0x0101, word1: $0 << 40), weight: UInt32($0 * 100)) }
        )
        let homes = (0..<32).map { placement.home(of: KeyHash(high: UInt64($0) &* 0x9e37_79b9_7f4a_7c15, low: UInt64($0) << 7)) ?? -1 }
        #expect(homes == Self.knownHomes)
    }

    static let knownHomes: [Int] = [1, 4, 3, 4, 4, 1, 3, 3, 4, 4, 1, 4, 4, 4, 4, 1, 4, 3, 3, 3, 3, 3, 4, 4, 0, 1, 3, 4, 3, 3, 3, 4]

    @Test func `without a volume there is no place`() {
        #expect(Placement([]).home(of: KeyHash(high: 1, low: 2)) == nil)
        #expect(Placement(Self.members([1], seed: 1)).home(of: KeyHash(high: 1, low: 2), excluding: 1) == nil)
    }

    @Test func `logarithms are exact at powers of two, grow, and are close in between`() {
        let table = Log2Table.shared
        for exponent in 0..<64 as Range<UInt64> { #expect(table.log2(1 << exponent) == exponent << 48) }
        var last: UInt64 = 0
        for step in 2..<20_000 as Range<UInt64> {
            let value = table.log2(step)
            #expect(value > last)
            last = value
        }
        // 3^k: k times the logarithm of 3.
        var (power, one) = (UInt64(3), Double(table.log2(3)))
        for count in 2..<40 {
            power *= 3
            #expect(abs(Double(table.log2(power)) - one * Double(count)) < 1e-4 * Double(1 << 48))
        }
        one = Double(table.log2(10)) / Double(UInt64(1) << 48)
        #expect(abs(one - 3.321_928_094_887_362) < 1e-6)
    }
}
