// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// The fixed 64 bytes before a record's key, metadata and payload.
struct RecordHeader: Hashable, Sendable {
    static let byteCount = 64
    static let magic: UInt32 = 0x3152_5947  // "GYR1"

    var kind: RecordKind
    var hash: KeyHash
    /// The sequence of the stripe the record was written in: a record of an earlier turn of the volume does not match.
    var sequence: UInt64
    var serial: UInt64
    var keyBytes: Int
    var metadataBytes: Int
    var payloadBytes: Int
    var storedAtSeconds: UInt32
    /// Purge tags that follow the header, 8 bytes each.
    var tagCount = 0
    /// The locality group; 0 for none.
    var run = LocalityRun.none

    /// Where the key begins.
    var keyOffset: Int { Self.byteCount + tagCount * 8 }
    /// Where the metadata begin.
    var metadataOffset: Int { keyOffset + keyBytes }
    /// Where the payload begins.
    var payloadOffset: Int { metadataOffset + metadataBytes }
    /// Bytes of the record without padding.
    var totalBytes: Int { payloadOffset + payloadBytes }

    /// The purge tags of a record that was checked.
    func tags(in record: UnsafeRawBufferPointer) -> [UInt64] {
        (0..<tagCount).map { record.field(Self.byteCount + $0 * 8) }
    }

    /// Writes all but the checksum, which covers everything behind it.
    func encode(into bytes: UnsafeMutableRawBufferPointer) {
        bytes.setField(0, Self.magic)
        bytes.setField(4, UInt32(0))
        bytes.setField(8, sequence)
        bytes.setField(16, hash.high)
        bytes.setField(24, hash.low)
        bytes.setField(32, serial)
        bytes.setField(40, UInt32(metadataBytes))
        bytes.setField(44, UInt32(payloadBytes))
        bytes.setField(48, UInt16(keyBytes))
        bytes.setField(50, kind.rawValue)
        bytes.setField(51, UInt8(tagCount))
        bytes.setField(52, storedAtSeconds)
        bytes.setField(56, run.group)
        bytes.setField(60, run.unitsBefore)
        bytes.setField(62, run.unitsAfter)
    }

    static func setChecksum(of record: UnsafeMutableRawBufferPointer) {
        record.setField(4, Checksum.of(UnsafeRawBufferPointer(record).part(8, record.count - 8)))
    }

    init(
        kind: RecordKind,
        hash: KeyHash,
        sequence: UInt64,
        serial: UInt64,
        keyBytes: Int,
        metadataBytes: Int,
        payloadBytes: Int,
        storedAtSeconds: UInt32,
        tagCount: Int = 0,
        run: LocalityRun = .none
    ) {
        self.kind = kind
        self.hash = hash
        self.sequence = sequence
        self.serial = serial
        self.keyBytes = keyBytes
        self.metadataBytes = metadataBytes
        self.payloadBytes = payloadBytes
        self.storedAtSeconds = storedAtSeconds
        self.tagCount = tagCount
        self.run = run
    }

    /// Why the bytes at a record's place are not that record.
    enum Refusal: Error, Equatable {
        /// No record begins here, or it reaches past the bytes that were read.
        case malformed
        /// A record of another turn of the volume.
        case sequence
        /// Another key: a false match of the index, harmless.
        case otherKey
        /// The right record, damaged.
        case checksum
    }

    /// Parses and checks everything that makes a record trustworthy: shape, sequence, hash, checksum. `bytes` begin at the record.
    init(checking bytes: UnsafeRawBufferPointer, sequence: UInt64, hash: KeyHash) throws(Refusal) {
        guard bytes.count >= Self.byteCount, bytes.field(0, as: UInt32.self) == Self.magic,
            let kind = RecordKind(rawValue: bytes.field(50)), kind != .tombstone
        else { throw .malformed }
        self.init(
            kind: kind,
            hash: KeyHash(high: bytes.field(16), low: bytes.field(24)),
            sequence: bytes.field(8),
            serial: bytes.field(32),
            keyBytes: Int(bytes.field(48, as: UInt16.self)),
            metadataBytes: Int(bytes.field(40, as: UInt32.self)),
            payloadBytes: Int(bytes.field(44, as: UInt32.self)),
            storedAtSeconds: bytes.field(52),
            tagCount: Int(bytes.field(51, as: UInt8.self)),
            run: LocalityRun(group: bytes.field(56), unitsBefore: bytes.field(60), unitsAfter: bytes.field(62))
        )
        guard self.sequence == sequence else { throw .sequence }
        guard self.hash == hash else { throw .otherKey }
        guard totalBytes <= bytes.count, tagCount <= Limits.maxTags else { throw .malformed }
        guard bytes.field(4, as: UInt32.self) == Checksum.of(bytes.part(8, totalBytes - 8)) else { throw .checksum }
    }
}
