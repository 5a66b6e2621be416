// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// What the bytes at a record's place are worth.
package enum RecordVerdict: String, Sendable, Hashable, Codable, CaseIterable {
    /// The record is there and its checksum is right.
    case intact
    /// No record begins there, or it reaches past its place.
    case malformed
    /// A record of another stripe image is there.
    case sequence
    /// A record of another key is there.
    case otherKey = "other-key"
    /// The record is there and damaged.
    case checksum
    /// A removal has no bytes to check.
    case tombstone

    init(_ refusal: RecordHeader.Refusal) {
        switch refusal {
        case .malformed: self = .malformed
        case .sequence: self = .sequence
        case .otherKey: self = .otherKey
        case .checksum: self = .checksum
        }
    }
}

/// One line of a stripe's directory and the record it points at.
package struct RecordSummary: Sendable, Hashable, Codable {
    /// `object`, `fragmented-head`, `fragment` or `tombstone`.
    package var kind: String
    /// Where it begins in its stripe, in bytes. 0 for a tombstone.
    package var offset: Int
    /// Its length with padding, in bytes. 0 for a tombstone.
    package var length: Int
    /// Of two records of a key, the one with the higher serial holds.
    package var serial: UInt64
    /// 32 hexadecimal digits of the key's hash.
    package var hash: String
    /// What its bytes are worth.
    package var verdict: RecordVerdict
    /// The key as text: what is not printable ASCII is written `\xNN`. Nil unless the record is intact.
    package var key: String?
    /// Bytes of the metadata. Nil unless the record is intact.
    package var metadataBytes: Int?
    /// Bytes of the payload. Nil unless the record is intact.
    package var payloadBytes: Int?
    /// Seconds since 1970, when it was stored. Nil unless the record is intact.
    package var storedAtSeconds: UInt32?

    init(_ entry: DirectoryEntry, offset: Int, bytes: UnsafeRawBufferPointer?, sequence: UInt64) {
        kind = entry.kind.name
        self.offset = offset
        length = bytes?.count ?? 0
        serial = entry.serial
        hash = VolumeID(word0: entry.hash.high, word1: entry.hash.low).description
        guard let bytes else {
            verdict = .tombstone
            return
        }
        do throws(RecordHeader.Refusal) {
            let header = try entry.header(checking: bytes, sequence: sequence)
            verdict = .intact
            key = Self.printable(bytes.part(header.keyOffset, header.keyBytes))
            metadataBytes = header.metadataBytes
            payloadBytes = header.payloadBytes
            storedAtSeconds = header.storedAtSeconds
        } catch {
            verdict = RecordVerdict(error)
        }
    }

    /// Text for bytes that may be anything: safe for a terminal, and different for different bytes.
    static func printable(_ bytes: UnsafeRawBufferPointer) -> String {
        var text = ""
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "\\"): text += "\\\\"
            case 0x20...0x7e: text.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16)
                text += digits.utf8.count == 1 ? "\\x0" + digits : "\\x" + digits
            }
        }
        return text
    }
}

extension DirectoryEntry {
    /// The header of the record that this line of a directory points at.
    /// - Throws: What is wrong with the record. Both agree on everything that both say, or it is not the one meant.
    func header(checking bytes: UnsafeRawBufferPointer, sequence: UInt64) throws(RecordHeader.Refusal) -> RecordHeader {
        let header = try RecordHeader(checking: bytes, sequence: sequence, hash: hash)
        guard header.serial == serial, header.kind == kind else { throw .otherKey }
        return header
    }
}

extension RecordKind {
    /// A stable short name.
    package var name: String {
        switch self {
        case .object: "object"
        case .fragmentedHead: "fragmented-head"
        case .fragment: "fragment"
        case .tombstone: "tombstone"
        }
    }
}
