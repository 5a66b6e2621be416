// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// The 128-bit keyed hash of a record's key. It places a record; it never proves one: the whole key is compared on every hit.
public struct KeyHash: Hashable, Sendable {
    /// The first 64 bits: picks the index shard and slot.
    public var high: UInt64
    /// The second 64 bits.
    public var low: UInt64

    /// A hash from its two halves, as they are stored on disk.
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// The bits are already spread by a keyed hash; one word of them is enough for a table in memory.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(low)
    }
}
