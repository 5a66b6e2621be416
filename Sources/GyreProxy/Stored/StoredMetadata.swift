// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPCaching

/// The first byte of a record's metadata says what the rest is.
enum StoredMetadata {
    static let responseTag: UInt8 = 1
    static let variantsTag: UInt8 = 2
    static let partsTag: UInt8 = 3

    static func encode(_ head: StoredHead) -> [UInt8] {
        var bytes = [responseTag]
        head.encode(into: &bytes)
        return bytes
    }

    static func head(_ bytes: [UInt8]) -> StoredHead? {
        guard bytes.first == responseTag else { return nil }
        return bytes.withUnsafeBytes { StoredHead(decoding: UnsafeRawBufferPointer(rebasing: $0[1...])) }
    }
}
