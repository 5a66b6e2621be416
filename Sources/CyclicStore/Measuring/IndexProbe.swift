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

    /// Whether there is an entry for a number's hash.
    public func find(_ number: UInt64) -> Bool { index.use(Self.hash(number)) != nil }

    /// Two rounds of a mixing function: spread like a keyed hash, and far cheaper, so that the table is measured and not the hash.
    private static func hash(_ number: UInt64) -> KeyHash {
        var random = SeededRandom(seed: number &* 0xd134_2543_de82_ef95)
        return KeyHash(high: random.next(), low: random.next())
    }
}
