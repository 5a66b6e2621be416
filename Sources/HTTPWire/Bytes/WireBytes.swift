// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// The bytes under a parser. Every unsafe read of this module is in this file.
///
/// Sound because: the base pointer and the count come from one buffer that outlives the call (a parser never keeps a `WireBytes`),
/// every index is checked against `count` by the code that makes it, and debug builds assert it here.
struct WireBytes {
    let base: UnsafeRawPointer
    let count: Int

    @inline(__always)
    init(base: UnsafeRawPointer, count: Int) {
        self.base = base
        self.count = count
    }

    @inline(__always)
    subscript(index: Int) -> UInt8 {
        assert(index >= 0 && index < count)
        return base.load(fromByteOffset: index, as: UInt8.self)
    }

    /// Eight bytes, the first one in the lowest place.
    @inline(__always)
    func word(at index: Int) -> UInt64 {
        assert(index >= 0 && index + 8 <= count)
        return UInt64(littleEndian: base.loadUnaligned(fromByteOffset: index, as: UInt64.self))
    }

    /// Four bytes, the first one in the lowest place.
    @inline(__always)
    func halfWord(at index: Int) -> UInt64 {
        assert(index >= 0 && index + 4 <= count)
        return UInt64(UInt32(littleEndian: base.loadUnaligned(fromByteOffset: index, as: UInt32.self)))
    }

    /// The bytes of a slice that lies within these.
    @inline(__always)
    func part(_ slice: ByteSlice) -> WireBytes {
        part(from: Int(slice.start), to: slice.end)
    }

    @inline(__always)
    func part(from start: Int, to end: Int) -> WireBytes {
        assert(start >= 0 && start <= end && end <= count)
        return WireBytes(base: base + start, count: end &- start)
    }
}
