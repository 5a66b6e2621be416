// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// The unit the journal is written in: one page, with a header of 64 bytes and up to 126 records.
struct JournalPage: Hashable, Sendable {
    static let byteCount = Limits.pageBytes
    static let headerBytes = 64
    static let recordCapacity = (byteCount - headerBytes) / JournalRecord.byteCount
    private static let magic: UInt64 = 0x3131_4c4e_524a_5947  // "GYJRNL11"
    private static let checksumOffset = 60

    var volume: VolumeID
    /// Which writing of the half it belongs to.
    var epoch: UInt64
    /// Position in the half, in pages. A copy carries the position of the original.
    var position: Int
    /// Pages of the checkpoint that the half begins with.
    var checkpointPages: Int
    /// 0 in the checkpoint; then one more with every append.
    var commit: UInt64
    /// Position of the first page of the same append.
    var commitPosition: Int
    var records: [JournalRecord]

    func encode(into page: UnsafeMutableRawBufferPointer) {
        page.zero()
        page.setField(0, Self.magic)
        page.setField(8, volume.word0)
        page.setField(16, volume.word1)
        page.setField(24, epoch)
        page.setField(32, commit)
        page.setField(40, UInt32(position))
        page.setField(44, UInt32(checkpointPages))
        page.setField(48, UInt32(commitPosition))
        page.setField(52, UInt16(records.count))
        for (index, record) in records.enumerated() {
            record.encode(into: page, at: Self.headerBytes + index * JournalRecord.byteCount)
        }
        page.setField(Self.checksumOffset, Self.checksum(UnsafeRawBufferPointer(page)))
    }

    /// Nil for a page that is damaged, of another volume, or none.
    init?(decoding page: UnsafeRawBufferPointer, volume: VolumeID) {
        guard page.count >= Self.byteCount, page.field(0, as: UInt64.self) == Self.magic,
            VolumeID(word0: page.field(8), word1: page.field(16)) == volume,
            page.field(Self.checksumOffset, as: UInt32.self) == Self.checksum(page)
        else { return nil }
        self.volume = volume
        epoch = page.field(24)
        commit = page.field(32)
        position = Int(page.field(40, as: UInt32.self))
        checkpointPages = Int(page.field(44, as: UInt32.self))
        commitPosition = Int(page.field(48, as: UInt32.self))
        let count = min(Int(page.field(52, as: UInt16.self)), Self.recordCapacity)
        records = (0..<count).compactMap {
            JournalRecord(decoding: page, at: Self.headerBytes + $0 * JournalRecord.byteCount)
        }
    }

    init(
        volume: VolumeID,
        epoch: UInt64,
        position: Int,
        checkpointPages: Int,
        commit: UInt64,
        commitPosition: Int,
        records: [JournalRecord]
    ) {
        self.volume = volume
        self.epoch = epoch
        self.position = position
        self.checkpointPages = checkpointPages
        self.commit = commit
        self.commitPosition = commitPosition
        self.records = records
    }

    private static func checksum(_ page: UnsafeRawBufferPointer) -> UInt32 {
        var checksum = Checksum()
        checksum.add(page.part(0, checksumOffset))
        checksum.add(page.part(headerBytes, byteCount - headerBytes))
        return checksum.value
    }
}
