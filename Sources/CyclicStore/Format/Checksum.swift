// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CCyclicStore

/// CRC-32C over regions that need not lie side by side.
struct Checksum {
    private(set) var value: UInt32 = 0

    mutating func add(_ bytes: UnsafeRawBufferPointer) {
        value = gyre_crc32c(value, bytes.baseAddress, bytes.count)
    }

    static func of(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        gyre_crc32c(0, bytes.baseAddress, bytes.count)
    }
}
