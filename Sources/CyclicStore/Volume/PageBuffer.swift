// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Page-aligned memory for one transfer, freed when nobody refers to it any more.
final class PageBuffer: @unchecked Sendable {
    // Unchecked: used by one transfer at a time.
    let region: UnsafeMutableRawBufferPointer

    init(byteCount: Int) {
        var base: UnsafeMutableRawPointer?
        guard posix_memalign(&base, Limits.pageBytes, byteCount) == 0, let base else {
            fatalError("out of memory allocating \(byteCount) bytes")
        }
        region = UnsafeMutableRawBufferPointer(start: base, count: byteCount)
    }

    deinit { free(region.baseAddress) }
}
