// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// One line of a stripe's directory: enough to rebuild the index and to reclaim the stripe without reading its records.
struct DirectoryEntry: Hashable, Sendable {
    static let byteCount = 32

    var hash: KeyHash
    /// Grows by one with every record and removal of the volume; the higher one wins when a key occurs twice.
    var serial: UInt64
    /// Where the record begins in its stripe, in units of the record alignment. 0 for a tombstone.
    var unitInStripe: UInt16
    /// How long the record is, in the same units. 0 for a tombstone.
    var units: UInt16
    var kind: RecordKind
    /// What its uses before it came here count for at reclaim: see ``ReclaimPolicy``.
    var priorUses = UseClass.none
    /// How often it was used before it came here, in memory or in another stripe: for ``ReuseStatistics``.
    var usesBefore = UseClass.none
    /// Of the object that the record is a part of.
    var objectSize = ObjectSize.record

    var isTombstone: Bool { kind == .tombstone }

    /// Whether the record lies within its stripe, behind the header.
    func isSound(unitsPerStripe: Int) -> Bool {
        isTombstone || (unitInStripe > 0 && units > 0 && Int(unitInStripe) + Int(units) <= unitsPerStripe)
    }

    func encode(into bytes: UnsafeMutableRawBufferPointer, at offset: Int) {
        bytes.setField(offset, hash.high)
        bytes.setField(offset + 8, hash.low)
        bytes.setField(offset + 16, serial)
        bytes.setField(offset + 24, unitInStripe)
        bytes.setField(offset + 26, units)
        bytes.setField(offset + 28, kind.rawValue)
        bytes.setField(offset + 29, priorUses.rawValue)
        bytes.setField(offset + 30, objectSize.rawValue)
        bytes.setField(offset + 31, usesBefore.rawValue)
    }

    init(
        hash: KeyHash,
        serial: UInt64,
        unitInStripe: UInt16,
        units: UInt16,
        kind: RecordKind,
        priorUses: UseClass = .none,
        usesBefore: UseClass = .none,
        objectSize: ObjectSize = .record
    ) {
        self.hash = hash
        self.serial = serial
        self.unitInStripe = unitInStripe
        self.units = units
        self.kind = kind
        self.priorUses = priorUses
        self.usesBefore = usesBefore
        self.objectSize = objectSize
    }

    init?(decoding bytes: UnsafeRawBufferPointer, at offset: Int) {
        guard let kind = RecordKind(rawValue: bytes.field(offset + 28)), let priorUses = UseClass(rawValue: bytes.field(offset + 29)),
            let usesBefore = UseClass(rawValue: bytes.field(offset + 31))
        else { return nil }
        self.priorUses = priorUses
        self.usesBefore = usesBefore
        self.kind = kind
        objectSize = ObjectSize(rawValue: bytes.field(offset + 30))
        hash = KeyHash(high: bytes.field(offset), low: bytes.field(offset + 8))
        serial = bytes.field(offset + 16)
        unitInStripe = bytes.field(offset + 24)
        units = bytes.field(offset + 26)
    }
}
