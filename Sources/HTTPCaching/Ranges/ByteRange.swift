// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// A run of bytes of a representation, both ends included, as RFC 9110 §14.1.2 counts them.
public struct ByteRange: Sendable, Hashable {
    /// The offset of the first byte.
    public let first: UInt64
    /// The offset of the last byte; never before ``first``.
    public let last: UInt64

    /// A range; `nil` when the last byte lies before the first.
    public init?(first: UInt64, last: UInt64) {
        guard first <= last else { return nil }
        self.first = first
        self.last = last
    }

    /// The number of bytes; saturates.
    public var count: UInt64 { (last - first).addedSaturating(1) }

    /// Whether another range lies wholly inside.
    public func contains(_ other: ByteRange) -> Bool {
        first <= other.first && other.last <= last
    }

    /// One range over both and what lies between.
    func joined(_ other: ByteRange) -> ByteRange {
        ByteRange(first: min(first, other.first), last: max(last, other.last)) ?? self
    }
}
