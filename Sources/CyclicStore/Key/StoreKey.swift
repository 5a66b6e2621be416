// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// A whole key with its hash. Two keys are the same when their bytes are.
public struct StoreKey: Hashable, Sendable {
    /// Where the record lives.
    public let hash: KeyHash
    /// What the record is called; at most ``Limits/maxKeyBytes``.
    public let bytes: [UInt8]

    /// A key whose hash was computed with the store's secret (``CyclicStore/key(_:)`` does both).
    public init(hash: KeyHash, bytes: [UInt8]) {
        self.hash = hash
        self.bytes = bytes
    }

    /// Same bytes, compared without an allocation.
    @inlinable
    public func matches(_ other: UnsafeRawBufferPointer) -> Bool {
        bytes.withUnsafeBytes { mine in
            mine.count == other.count && mine.elementsEqual(other)
        }
    }

    /// Feeds one word of the hash, which is spread already.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(hash.low)
    }
}
