// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// A part of a volume between the superblock and stripe 0. Empty: the volume is too small for it, and what it is for is done without.
package struct VolumeRegion: Hashable, Sendable {
    /// Where it begins on the device, in bytes; a multiple of the page.
    package var offset: Int
    /// How long it is, in bytes; a multiple of the page.
    package var byteCount: Int

    static let none = VolumeRegion(offset: 0, byteCount: 0)

    var isEmpty: Bool { byteCount == 0 }
    var end: Int { offset + byteCount }

    /// The first or second half: for what is kept in two generations, so that writing the new one never touches the old.
    func half(_ number: Int) -> VolumeRegion {
        VolumeRegion(offset: offset + number * (byteCount / 2), byteCount: byteCount / 2)
    }
}

/// What lies between the superblock and stripe 0, in this order and without gaps but for the rounding of the last one's end to a stripe.
package struct VolumeRegions: Hashable, Sendable {
    /// Two halves: purges and the members of the store.
    package var journal = VolumeRegion.none
    /// Two pages: the reuse statistics, written in turn.
    package var statistics = VolumeRegion.none
    /// A page for every stripe in order of position: their directories once more, so that a start reads them in one go.
    package var footerLog = VolumeRegion.none
    /// Two slots: the index, written in turn.
    package var snapshot = VolumeRegion.none
    /// Two pages: how far the head may have come, written in turn.
    package var marks = VolumeRegion.none

    static let none = VolumeRegions()

    /// A start need not read every stripe: it has marks, log and snapshot.
    var haveRestartLog: Bool { !marks.isEmpty && !footerLog.isEmpty && !snapshot.isEmpty }

    private var inOrder: [VolumeRegion] { [journal, statistics, footerLog, snapshot, marks] }

    /// Those that are there, by name.
    var named: [(String, VolumeRegion)] {
        [("journal", journal), ("statistics", statistics), ("footer-log", footerLog), ("snapshot", snapshot), ("marks", marks)]
            .filter { !$0.1.isEmpty }
    }

    /// Where the last region ends; 0 without regions.
    var end: Int { inOrder.map(\.end).max() ?? 0 }

    /// The sizes for a volume. A volume of which they would take more than half, or leave too few stripes, keeps a small journal and the statistics.
    init(volumeBytes: Int, stripeBytes: Int) {
        let unit = 64 * 1024
        let journalHalf = max(unit, min(16 << 20, (volumeBytes / 512).roundedUp(to: unit)))
        let snapshotSlot = max(unit, (volumeBytes / 512).roundedUp(to: unit))
        let logBytes = (volumeBytes / stripeBytes * FooterLogPage.byteCount(stripeBytes: stripeBytes)).roundedUp(to: 2 * Limits.pageBytes)
        place(
            from: stripeBytes,
            [
                2 * journalHalf, 2 * Limits.pageBytes, logBytes, 2 * snapshotSlot, 2 * Limits.pageBytes,
            ]
        )
        let leavesTooFewStripes = volumeBytes - end.roundedUp(to: stripeBytes) < Limits.minStripes * stripeBytes
        if leavesTooFewStripes || end - stripeBytes > volumeBytes / 2 {
            place(from: stripeBytes, [2 * JournalCycle.minPagesPerHalf * Limits.pageBytes, 2 * Limits.pageBytes, 0, 0, 0])
        }
    }

    private init() {}

    private mutating func place(from start: Int, _ sizes: [Int]) {
        var offset = start
        let regions = sizes.map { size in
            defer { offset += size }
            return size == 0 ? VolumeRegion.none : VolumeRegion(offset: offset, byteCount: size)
        }
        (journal, statistics, footerLog, snapshot, marks) = (regions[0], regions[1], regions[2], regions[3], regions[4])
    }

    // MARK: In the superblock

    func encode(into page: UnsafeMutableRawBufferPointer, at offset: Int) {
        for (index, region) in inOrder.enumerated() {
            page.setField(offset + index * 16, UInt64(truncatingIfNeeded: region.offset))
            page.setField(offset + index * 16 + 8, UInt64(truncatingIfNeeded: region.byteCount))
        }
    }

    init(decoding page: UnsafeRawBufferPointer, at offset: Int) {
        func region(_ index: Int) -> VolumeRegion {
            VolumeRegion(
                offset: Int(truncatingIfNeeded: page.field(offset + index * 16, as: UInt64.self)),
                byteCount: Int(truncatingIfNeeded: page.field(offset + index * 16 + 8, as: UInt64.self))
            )
        }
        (journal, statistics, footerLog, snapshot, marks) = (region(0), region(1), region(2), region(3), region(4))
    }

    /// Whether the regions lie between the superblock and stripe 0, one after the other, and those in two halves can be halved.
    func isSound(from start: Int, to dataOffset: Int) -> Bool {
        var position = start
        for region in inOrder where region != .none {
            guard region.byteCount > 0, region.byteCount <= dataOffset, region.offset >= position,
                region.offset <= dataOffset - region.byteCount,
                region.offset % Limits.pageBytes == 0, region.byteCount % (2 * Limits.pageBytes) == 0
            else { return false }
            position = region.end
        }
        return true
    }
}
