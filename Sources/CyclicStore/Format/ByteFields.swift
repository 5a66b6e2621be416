// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Little-endian fields at fixed offsets of a region. Every access is bounds-checked by the buffer in debug builds and by the
/// caller's fixed layouts in release builds.
extension UnsafeRawBufferPointer {
    @inline(__always)
    func field<T: FixedWidthInteger>(_ offset: Int, as type: T.Type = T.self) -> T {
        T(littleEndian: loadUnaligned(fromByteOffset: offset, as: T.self))
    }

    func part(_ offset: Int, _ count: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: self[offset..<(offset + count)])
    }
}

extension UnsafeMutableRawBufferPointer {
    @inline(__always)
    func setField<T: FixedWidthInteger>(_ offset: Int, _ value: T) {
        storeBytes(of: value.littleEndian, toByteOffset: offset, as: T.self)
    }

    func part(_ offset: Int, _ count: Int) -> UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(rebasing: self[offset..<(offset + count)])
    }

    func zero() {
        if let base = baseAddress { base.initializeMemory(as: UInt8.self, repeating: 0, count: count) }
    }
}

extension Int {
    /// Rounded up to a multiple of a power of two.
    @inline(__always)
    func roundedUp(to alignment: Int) -> Int {
        (self &+ (alignment &- 1)) & ~(alignment &- 1)
    }

    @inline(__always)
    func roundedDown(to alignment: Int) -> Int {
        self & ~(alignment &- 1)
    }
}
