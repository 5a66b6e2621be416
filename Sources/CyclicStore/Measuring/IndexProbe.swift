// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// The index by itself, for the benchmarks.
@_spi(Measuring)
public final class IndexProbe {
    private var index: PackedIndex
    private let addresses: UInt64

    /// An index for a volume that holds so many objects of that mean size in records aligned to 64 bytes.
    public init(expectedCount: Int, meanObjectBytes: Int) {
        let units = expectedCount * meanObjectBytes / 64
        addresses = UInt64(units - 1)
        index = PackedIndex(totalUnits: units, expectedCount: expectedCount)
    }

    /// Entries.
    public var count: Int { index.count }

    /// Adds the entry of a number's hash.
    public func insert(_ number: UInt64) {
        let hash = Self.hash(number)
        index.insert(hash, address: RecordAddress(units: 1 + hash.high % addresses), units: 512)
    }

    /// Looks for so many numbers at random, from `first` up to, not including, `end`, and counts those that have an entry. Every lookup that finds
    /// something counts a use.
    public func find(_ count: Int, from first: UInt64, to end: UInt64) -> Int { Self.find(count, first, end, in: &index) }

    /// On the table itself: a class is checked for overlapping accesses at every one.
    private static func find(_ count: Int, _ first: UInt64, _ end: UInt64, in index: inout PackedIndex) -> Int {
        var random = SeededRandom(seed: first &+ 3)
        var found = 0
        for _ in 0..<count {
            let number = first + random.next().multipliedFullWidth(by: end - first).high
            if index.use(hash(number)) != nil { found += 1 }
        }
        return found
    }

    /// Two rounds of a mixing function: spread like a keyed hash, and far cheaper, so that the table is measured and not the hash.
    private static func hash(_ number: UInt64) -> KeyHash {
        var random = SeededRandom(seed: number &* 0xd134_2543_de82_ef95)
        return KeyHash(high: random.next(), low: random.next())
    }
}
