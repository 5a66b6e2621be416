// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// One line of the journal: 32 bytes, a fact that stays true for ever. So journals can be united, and read in any order.
enum JournalRecord: Hashable, Sendable {
    case purge(PurgeEntry)
    /// Purges up to this serial match nothing any more on this volume, as long as stripes below the ``stripeFloor`` are not trusted.
    case floor(UInt64)
    /// Stripes of this volume with a lower sequence had been taken back.
    case stripeFloor(serial: UInt64, sequence: UInt64)
    /// Stripes of this volume with this sequence or a later one were opened after this serial.
    case stripeMark(serial: UInt64, sequence: UInt64)
    /// A membership of so many volumes; its ``member`` records carry its serial. It is in force once a ``committed`` record for it is on any volume.
    case membership(serial: UInt64, epoch: UInt64, count: Int)
    case member(serial: UInt64, Placement.Member)
    case committed(serial: UInt64, epoch: UInt64)
    /// What was written before this serial cannot be judged any more, on any volume.
    case historyFloor(UInt64)
    /// What was written before this serial on one volume is out of date.
    case volumeFloor(serial: UInt64, VolumeID)

    static let byteCount = 32

    /// The serial it carries: the store's next one is higher.
    var serial: UInt64 {
        switch self {
        case .purge(let entry): entry.serial
        case .floor(let serial), .historyFloor(let serial): serial
        case .membership(let serial, _, _), .member(let serial, _), .committed(let serial, _), .volumeFloor(let serial, _): serial
        case .stripeFloor(let serial, _), .stripeMark(let serial, _): serial
        }
    }

    private enum Kind: UInt8 {
        case key = 1
        case tag, prefix, everything, floor, membership, member, committed, historyFloor, volumeFloor, stripeFloor, stripeMark
    }

    func encode(into bytes: UnsafeMutableRawBufferPointer, at offset: Int) {
        func put(_ kind: Kind, _ word0: UInt64 = 0, _ word1: UInt64 = 0, mode: PurgeMode = .hard, length: Int = 0, number: UInt32 = 0) {
            bytes.setField(offset, serial)
            bytes.setField(offset + 8, word0)
            bytes.setField(offset + 16, word1)
            bytes.setField(offset + 24, kind.rawValue)
            bytes.setField(offset + 25, mode == .hard ? UInt8(0) : 1)
            bytes.setField(offset + 26, UInt16(length))
            bytes.setField(offset + 28, number)
        }
        switch self {
        case .purge(let entry):
            switch entry.subject {
            case .key(let id): put(.key, id, mode: entry.mode)
            case .tag(let id): put(.tag, id, mode: entry.mode)
            case .prefix(let byteCount, let id): put(.prefix, id, mode: entry.mode, length: byteCount)
            case .everything: put(.everything, mode: entry.mode)
            }
        case .floor: put(.floor)
        case .stripeFloor(_, let sequence): put(.stripeFloor, sequence)
        case .stripeMark(_, let sequence): put(.stripeMark, sequence)
        case .membership(_, let epoch, let count): put(.membership, epoch, number: UInt32(count))
        case .member(_, let member): put(.member, member.volume.word0, member.volume.word1, number: member.weight)
        case .committed(_, let epoch): put(.committed, epoch)
        case .historyFloor: put(.historyFloor)
        case .volumeFloor(_, let volume): put(.volumeFloor, volume.word0, volume.word1)
        }
    }

    /// Nil for what this version does not know.
    init?(decoding bytes: UnsafeRawBufferPointer, at offset: Int) {
        let serial: UInt64 = bytes.field(offset)
        let (word0, word1): (UInt64, UInt64) = (bytes.field(offset + 8), bytes.field(offset + 16))
        let mode: PurgeMode = bytes.field(offset + 25, as: UInt8.self) == 0 ? .hard : .soft
        let length = Int(bytes.field(offset + 26, as: UInt16.self))
        let number: UInt32 = bytes.field(offset + 28)
        func purge(_ subject: PurgeEntry.Subject) -> JournalRecord {
            .purge(PurgeEntry(subject: subject, mode: mode, serial: serial))
        }
        guard serial > 0, serial < 1 << 63, let kind = Kind(rawValue: bytes.field(offset + 24)) else { return nil }
        switch kind {
        case .key: self = purge(.key(word0))
        case .tag: self = purge(.tag(word0))
        case .prefix: self = length == 0 ? purge(.everything) : purge(.prefix(byteCount: length, word0))
        case .everything: self = purge(.everything)
        case .floor: self = .floor(serial)
        case .membership: self = .membership(serial: serial, epoch: word0, count: Int(number))
        case .member: self = .member(serial: serial, Placement.Member(volume: VolumeID(word0: word0, word1: word1), weight: number))
        case .committed: self = .committed(serial: serial, epoch: word0)
        case .historyFloor: self = .historyFloor(serial)
        case .stripeFloor: self = .stripeFloor(serial: serial, sequence: word0)
        case .stripeMark: self = .stripeMark(serial: serial, sequence: word0)
        case .volumeFloor: self = .volumeFloor(serial: serial, VolumeID(word0: word0, word1: word1))
        }
    }
}
