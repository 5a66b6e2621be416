// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A region of memory with one owner and a window of meaningful bytes in it. Freed when dropped, or handed on with ``take()``
/// to an owner that frees it with `free`, so that bytes read from the disk reach a socket without a copy.
public struct OwnedBytes: ~Copyable, @unchecked Sendable {
    // Unchecked: the region has one owner at a time.
    private let region: UnsafeMutableRawBufferPointer
    /// Where the meaningful bytes begin.
    public private(set) var offset: Int
    /// How many they are.
    public private(set) var count: Int

    /// Uninitialised memory of `capacity` bytes, page-aligned when asked for; the window is the whole region.
    public init(capacity: Int, pageAligned: Bool = false) {
        let size = max(1, capacity)
        var base: UnsafeMutableRawPointer?
        if pageAligned {
            if posix_memalign(&base, Limits.pageBytes, size) != 0 { base = nil }
        } else {
            base = malloc(size)
        }
        guard let base else { fatalError("out of memory allocating \(size) bytes") }
        region = UnsafeMutableRawBufferPointer(start: base, count: size)
        offset = 0
        count = capacity
    }

    /// A copy of some bytes.
    public init(copying bytes: UnsafeRawBufferPointer) {
        self.init(capacity: bytes.count)
        region.copyMemory(from: bytes)
    }

    deinit { systemFree(region.baseAddress) }

    /// Moves the window.
    public mutating func narrow(to window: Range<Int>) {
        precondition(window.lowerBound >= 0 && window.upperBound <= region.count)
        offset = window.lowerBound
        count = window.count
    }

    /// The meaningful bytes in a region of their own, which is no longer than they are.
    func copy() -> OwnedBytes {
        OwnedBytes(copying: UnsafeRawBufferPointer(rebasing: region[offset..<(offset + count)]))
    }

    /// All bytes of the region.
    public var capacity: Int { region.count }

    /// The meaningful bytes.
    public func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try body(UnsafeRawBufferPointer(rebasing: region[offset..<(offset + count)]))
    }

    /// The whole region, for writing.
    public mutating func withRegion<Result>(_ body: (UnsafeMutableRawBufferPointer) throws -> Result) rethrows -> Result {
        try body(region)
    }

    static func free(_ region: UnsafeMutableRawBufferPointer) { systemFree(region.baseAddress) }

    /// Gives the region away: the caller frees its base address with `free`. ``offset`` and ``count`` say which bytes count.
    public consuming func take() -> UnsafeMutableRawBufferPointer {
        let region = region
        discard self
        return region
    }
}

private func systemFree(_ base: UnsafeMutableRawPointer?) { free(base) }
