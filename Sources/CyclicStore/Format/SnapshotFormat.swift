// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// What the snapshot says of one stripe, in one word.
struct SnapshotStripe: Hashable, Sendable {
    var word: UInt64

    static let unknown = SnapshotStripe(word: 0)
    static let neverWritten = SnapshotStripe(word: (1 << 63) - 1)

    init(word: UInt64) { self.word = word }
    init(sequence: UInt64, isHot: Bool) { word = sequence | (isHot ? 1 << 63 : 0) }

    var isHot: Bool { word >> 63 != 0 }
    /// Nil: not known, or never written.
    var sequence: UInt64? { self == .unknown || self == .neverWritten ? nil : word & ((1 << 63) - 1) }
}

/// The first page of a snapshot slot. It is written last, when everything behind it is on disk.
struct SnapshotHeader: Hashable, Sendable {
    static let magic: UInt64 = 0x3131_5041_4e53_5947  // "GYSNAP11"

    /// Grows with every snapshot.
    var generation: UInt64
    /// Stripes with this sequence or a higher one are not in it.
    var lowSequence: UInt64
    /// Every stripe with a sequence from ``Volume/openWindow`` below `lowSequence` on was opened at this place or behind it.
    var low: UInt64
    var head: UInt64
    var nextSequence: UInt64
    var nextSerial: UInt64
    /// Entries, about: the index went on while it was copied.
    var entryCount: UInt64
    var shardCount: UInt64
    /// Chunks behind the header, one after the other, of ``chunkBytes`` at most.
    var chunkCount: UInt64
    /// How many of them, from the first on, hold the sequences of the stripes.
    var stripeChunkCount: UInt64

    static let chunkBytes = 1 << 20
    static let fieldCount = 10

    /// Where the slot of a generation lies.
    static func slot(_ generation: UInt64, in region: VolumeRegion) -> VolumeRegion { region.half(Int(generation % 2)) }

    func encode(into page: UnsafeMutableRawBufferPointer, volumeID: VolumeID) {
        page.zero()
        page.setField(0, Self.magic)
        page.setField(8, volumeID.word0)
        page.setField(16, volumeID.word1)
        let words = [
            generation, lowSequence, low, head, nextSequence, nextSerial, entryCount, shardCount, chunkCount, stripeChunkCount,
        ]
        for (number, word) in words.enumerated() { page.setField(24 + number * 8, word) }
        page.setField(Limits.pageBytes - 4, Checksum.of(UnsafeRawBufferPointer(page).part(0, Limits.pageBytes - 4)))
    }

    init(
        generation: UInt64,
        lowSequence: UInt64,
        low: UInt64,
        head: UInt64,
        nextSequence: UInt64,
        nextSerial: UInt64,
        shardCount: Int
    ) {
        self.generation = generation
        self.lowSequence = lowSequence
        self.low = low
        self.head = head
        self.nextSequence = nextSequence
        self.nextSerial = nextSerial
        entryCount = 0
        self.shardCount = UInt64(shardCount)
        chunkCount = 0
        stripeChunkCount = 0
    }

    init?(decoding page: UnsafeRawBufferPointer, volumeID: VolumeID) {
        guard page.field(0, as: UInt64.self) == Self.magic, page.field(8) == volumeID.word0, page.field(16) == volumeID.word1,
            page.field(Limits.pageBytes - 4, as: UInt32.self) == Checksum.of(page.part(0, Limits.pageBytes - 4))
        else { return nil }
        func word(_ number: Int) -> UInt64 { page.field(24 + number * 8) }
        (generation, lowSequence, low, head, nextSequence) = (word(0), word(1), word(2), word(3), word(4))
        (nextSerial, entryCount, shardCount, chunkCount, stripeChunkCount) = (word(5), word(6), word(7), word(8), word(9))
        guard low <= head, stripeChunkCount <= chunkCount, chunkCount < 1 << 32 else { return nil }
    }

    /// The newest snapshot whose header is whole, read on the calling thread.
    static func newest(of superblock: Superblock, on device: any BlockDevice) -> SnapshotHeader? {
        let region = superblock.regions.snapshot
        guard !region.isEmpty else { return nil }
        var newest: SnapshotHeader?
        for number in 0..<2 as Range<UInt64> {
            let page = PageBuffer(byteCount: Limits.pageBytes)
            do throws(DeviceError) { try device.read(at: slot(number, in: region).offset, into: page.region) } catch { continue }
            guard let header = SnapshotHeader(decoding: UnsafeRawBufferPointer(page.region), volumeID: superblock.volumeID),
                header.generation % 2 == number
            else { continue }
            if header.generation > newest?.generation ?? 0 { newest = header }
        }
        return newest
    }
}

/// One piece of a snapshot: a header of 64 bytes, then stripes or shards. Written to its place in the slot, as many pages as it fills.
struct SnapshotChunk {
    static let headerBytes = 64
    static let magic: UInt64 = 0x4b4e_4843_534e_5947  // "GYNSCHNK"
    static let capacity = SnapshotHeader.chunkBytes - headerBytes
    /// Number and groups before the slots of a shard.
    static let shardHeaderBytes = 8

    /// Bytes that a chunk takes on the device.
    static func length(used: Int) -> Int { (headerBytes + used).roundedUp(to: Limits.pageBytes) }

    /// - Parameter used: Bytes behind the header that count.
    static func seal(_ chunk: UnsafeMutableRawBufferPointer, number: UInt64, generation: UInt64, used: Int, volumeID: VolumeID) {
        chunk.part(0, headerBytes).zero()
        chunk.setField(0, magic)
        chunk.setField(8, volumeID.word0)
        chunk.setField(16, volumeID.word1)
        chunk.setField(24, generation)
        chunk.setField(32, number)
        chunk.setField(40, UInt32(used))
        chunk.setField(44, Checksum.of(UnsafeRawBufferPointer(chunk).part(headerBytes, used)))
        chunk.setField(60, Checksum.of(UnsafeRawBufferPointer(chunk).part(0, 60)))
    }

    /// What is in a chunk; nil when it is not whole or not the one that was asked for.
    static func content(
        of chunk: UnsafeRawBufferPointer,
        number: UInt64,
        generation: UInt64,
        volumeID: VolumeID
    ) -> UnsafeRawBufferPointer? {
        guard chunk.count >= headerBytes, chunk.field(0, as: UInt64.self) == magic, chunk.field(8) == volumeID.word0,
            chunk.field(16) == volumeID.word1, chunk.field(24) == generation, chunk.field(32) == number,
            chunk.field(60, as: UInt32.self) == Checksum.of(chunk.part(0, 60))
        else { return nil }
        let used = Int(chunk.field(40, as: UInt32.self))
        guard headerBytes + used <= chunk.count else { return nil }
        let content = chunk.part(headerBytes, used)
        return Checksum.of(content) == chunk.field(44) ? content : nil
    }
}

/// The shards in a chunk's content, one after the other.
struct SnapshotShards: IteratorProtocol {
    private let content: UnsafeRawBufferPointer
    private var offset = 0

    struct Shard {
        var number: Int
        var groups: Int
        var slots: UnsafeRawBufferPointer
    }

    init(_ content: UnsafeRawBufferPointer) { self.content = content }

    mutating func next() -> Shard? {
        guard offset + SnapshotChunk.shardHeaderBytes <= content.count else { return nil }
        let groups = Int(content.field(offset + 4, as: UInt32.self))
        let begin = offset + SnapshotChunk.shardHeaderBytes
        let length = groups * PackedIndex.groupSlots * 8
        guard begin + length <= content.count else { return nil }
        defer { offset = begin + length }
        return Shard(number: Int(content.field(offset, as: UInt32.self)), groups: groups, slots: content.part(begin, length))
    }
}
