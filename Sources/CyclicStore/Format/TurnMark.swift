// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// How far the head of a volume may have come. On disk before the head goes on, so that a start knows which stripes to look at itself.
///
/// Places are counted by an odometer that never goes back: stripe = odometer modulo the number of stripes.
struct TurnMark: Hashable, Sendable {
    static let magic: UInt64 = 0x3131_4b52_414d_5947  // "GYMARK11"

    /// Grows with every mark.
    var generation: UInt64
    /// The footer log has the directory of every stripe opened before this place.
    var low: UInt64
    /// Where the head was.
    var head: UInt64
    /// No stripe at this place or behind it is opened before a newer mark is on disk.
    var high: UInt64
    /// The sequence that the next stripe was to get.
    var nextSequence: UInt64
    /// Every stripe opened at or behind `low` has this sequence or a higher one.
    var lowSequence: UInt64
    /// Records and removals up to here have lower serials.
    var nextSerial: UInt64
    /// The snapshot of this generation holds all there is: the volume was closed. 0 when it was not.
    var closedSnapshot: UInt64

    /// For a volume that has just been formatted.
    static func initial(stripeCount: Int) -> TurnMark {
        let start = UInt64(stripeCount)
        return TurnMark(
            generation: 1,
            low: start,
            head: start,
            high: start,
            nextSequence: 1,
            lowSequence: 1,
            nextSerial: 1,
            closedSnapshot: 0
        )
    }

    /// Nothing has ever been opened.
    var isInitial: Bool { nextSequence == 1 && low == high }

    /// Where the mark of a generation lies on the device.
    static func offset(of generation: UInt64, in region: VolumeRegion) -> Int {
        region.offset + Int(generation % 2) * Limits.pageBytes
    }

    func encode(into page: UnsafeMutableRawBufferPointer, volumeID: VolumeID) {
        page.zero()
        page.setField(0, Self.magic)
        page.setField(8, volumeID.word0)
        page.setField(16, volumeID.word1)
        for (number, word) in words.enumerated() { page.setField(24 + number * 8, word) }
        page.setField(Limits.pageBytes - 4, Checksum.of(UnsafeRawBufferPointer(page).part(0, Limits.pageBytes - 4)))
    }

    private var words: [UInt64] { [generation, low, head, high, nextSequence, lowSequence, nextSerial, closedSnapshot] }

    init(
        generation: UInt64,
        low: UInt64,
        head: UInt64,
        high: UInt64,
        nextSequence: UInt64,
        lowSequence: UInt64,
        nextSerial: UInt64,
        closedSnapshot: UInt64
    ) {
        self.generation = generation
        self.low = low
        self.head = head
        self.high = high
        self.nextSequence = nextSequence
        self.lowSequence = lowSequence
        self.nextSerial = nextSerial
        self.closedSnapshot = closedSnapshot
    }

    init?(decoding page: UnsafeRawBufferPointer, volumeID: VolumeID) {
        guard page.field(0, as: UInt64.self) == Self.magic, page.field(8) == volumeID.word0, page.field(16) == volumeID.word1,
            page.field(Limits.pageBytes - 4, as: UInt32.self) == Checksum.of(page.part(0, Limits.pageBytes - 4))
        else { return nil }
        func word(_ number: Int) -> UInt64 { page.field(24 + number * 8) }
        self.init(
            generation: word(0),
            low: word(1),
            head: word(2),
            high: word(3),
            nextSequence: word(4),
            lowSequence: word(5),
            nextSerial: word(6),
            closedSnapshot: word(7)
        )
        guard low <= head, head <= high, lowSequence <= nextSequence, nextSequence < 1 << 63 else { return nil }
    }

    /// The newest mark of a volume, read on the calling thread. Nil: neither page can be trusted.
    static func newest(of superblock: Superblock, on device: any BlockDevice) -> TurnMark? {
        let region = superblock.regions.marks
        guard !region.isEmpty else { return nil }
        var newest: TurnMark?
        for number in 0..<2 as Range<UInt64> {
            let page = PageBuffer(byteCount: Limits.pageBytes)
            // A read that fails once may be one that works the next time; to take the older mark for the newest would be an error.
            var isRead = false
            for _ in 0..<3 where !isRead {
                do throws(DeviceError) {
                    try device.read(at: offset(of: number, in: region), into: page.region)
                    isRead = true
                } catch {}
            }
            guard isRead else { return nil }
            guard let mark = TurnMark(decoding: UnsafeRawBufferPointer(page.region), volumeID: superblock.volumeID),
                mark.generation % 2 == number
            else { continue }
            if mark.generation > newest?.generation ?? 0 { newest = mark }
        }
        return newest
    }
}
