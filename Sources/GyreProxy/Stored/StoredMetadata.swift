// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPCaching

extension StoredHead {
    /// The minor version of the protocol that the response came by.
    var receivedMinorVersion: UInt8 {
        get { rules.contains(.cameByHTTP10) ? 0 : 1 }
        set { if newValue == 0 { rules.insert(.cameByHTTP10) } else { rules.remove(.cameByHTTP10) } }
    }
}

extension EncodedHead {
    /// The minor version of the protocol that the response came by.
    var receivedMinorVersion: UInt8 { rules.contains(.cameByHTTP10) ? 0 : 1 }
}

/// The first byte of a record's metadata says what the rest is.
enum StoredMetadata {
    static let responseTag: UInt8 = 1
    static let variantsTag: UInt8 = 2
    static let partsTag: UInt8 = 3

    static func encode(_ head: StoredHead) -> [UInt8] {
        head.encoded(behind: responseTag)
    }

    /// What a plain hit needs of a head; nil where the bytes are none. A head that passes here is decoded by ``head(_:)`` too.
    static func encodedHead(_ bytes: [UInt8]) -> EncodedHead? {
        bytes.first == responseTag ? EncodedHead(bytes.span.extracting(1...)) : nil
    }

    static func head(_ bytes: [UInt8]) -> StoredHead? {
        guard bytes.first == responseTag else { return nil }
        return bytes.withUnsafeBytes { StoredHead(decoding: UnsafeRawBufferPointer(rebasing: $0[1...])) }
    }
}
