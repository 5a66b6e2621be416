// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// A range of bytes, relative to the start of the region that was parsed. Eight bytes in size, owns nothing.
public struct ByteSlice: Sendable, Hashable {
    /// The offset of the first byte.
    public var start: UInt32
    /// The number of bytes.
    public var count: UInt32

    /// Makes a slice.
    @inlinable
    public init(start: UInt32, count: UInt32) {
        self.start = start
        self.count = count
    }

    /// A slice of nothing.
    @inlinable
    public static var empty: ByteSlice { ByteSlice(start: 0, count: 0) }

    /// The offset after the last byte.
    @inlinable
    public var end: Int { Int(start) + Int(count) }

    /// Whether there is no byte in it.
    @inlinable
    public var isEmpty: Bool { count == 0 }

    /// The same as a range of offsets.
    @inlinable
    public var range: Range<Int> { Int(start)..<end }

    /// The bytes themselves. `region` must begin where the parsed one began.
    ///
    /// - Returns: the bytes, or nothing when `region` is too short to hold them.
    @inlinable
    public func bytes(in region: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        guard end <= region.count else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        return UnsafeRawBufferPointer(rebasing: region[range])
    }

    /// From offsets that the parsers know to fit 32 bits: ``WireLimits/largestHeadBytes`` bounds them.
    @inline(__always)
    init(from start: Int, to end: Int) {
        self.start = UInt32(truncatingIfNeeded: start)
        self.count = UInt32(truncatingIfNeeded: end &- start)
    }
}
