// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// A stripe's directory once more, in the footer log: pages lie side by side, so that a start reads the directories of many stripes in one go.
/// A directory that is too long for the page is read from its stripe.
struct FooterLogPage {
    static let headerBytes = 64
    static let magic: UInt64 = 0x3131_474f_4c46_5947  // "GYFLOG11"

    var sequence: UInt64
    var stripe: UInt32
    /// The stripe stays in place while the head passes: it is older than its place says.
    var isHot: Bool
    /// See ``StripeFooter/hasUsesSincePass``.
    var hasUsesSincePass: Bool
    /// Nil: it is too long for the page.
    var entries: [DirectoryEntry]?

    /// Bytes of a page: 1/256 of a stripe, a page of the device at least.
    static func byteCount(stripeBytes: Int) -> Int { max(Limits.pageBytes, stripeBytes / 256) }

    /// Where a stripe's page lies on the device.
    static func offset(of stripe: Int, _ superblock: Superblock) -> Int {
        superblock.regions.footerLog.offset + stripe * byteCount(stripeBytes: superblock.stripeBytes)
    }

    private static let longFlag: UInt32 = 1
    private static let hotFlag: UInt32 = 2
    private static let passFlag: UInt32 = 4

    /// - Parameter entries: The whole directory; of one that is too long only its length is kept.
    static func encode(
        _ entries: [DirectoryEntry],
        stripe: Int,
        sequence: UInt64,
        isHot: Bool,
        hasUsesSincePass: Bool = false,
        volumeID: VolumeID,
        into page: UnsafeMutableRawBufferPointer
    ) {
        page.zero()
        let fits = headerBytes + entries.count * DirectoryEntry.byteCount <= page.count
        page.setField(0, magic)
        page.setField(8, volumeID.word0)
        page.setField(16, volumeID.word1)
        page.setField(24, sequence)
        page.setField(32, UInt32(stripe))
        page.setField(36, UInt32(entries.count))
        page.setField(40, (fits ? 0 : longFlag) | (isHot ? hotFlag : 0) | (hasUsesSincePass ? passFlag : 0))
        if fits {
            for (number, entry) in entries.enumerated() {
                entry.encode(into: page, at: headerBytes + number * DirectoryEntry.byteCount)
            }
        }
        page.setField(60, checksum(UnsafeRawBufferPointer(page), entries: fits ? entries.count : 0))
    }

    private static func checksum(_ page: UnsafeRawBufferPointer, entries: Int) -> UInt32 {
        let directory = Checksum.of(page.part(headerBytes, entries * DirectoryEntry.byteCount))
        return Checksum.of(page.part(0, 60)) ^ (directory &* 0x9e37_79b1)
    }

    /// Nil when the page was never written, or not whole, or is another stripe's.
    init?(decoding page: UnsafeRawBufferPointer, stripe: Int, _ superblock: Superblock) {
        guard page.field(0, as: UInt64.self) == Self.magic, page.field(8) == superblock.volumeID.word0,
            page.field(16) == superblock.volumeID.word1, page.field(32) == UInt32(stripe)
        else { return nil }
        let (count, flags) = (Int(page.field(36, as: UInt32.self)), page.field(40, as: UInt32.self))
        let here = flags & Self.longFlag == 0 ? count : 0
        guard Self.headerBytes + here * DirectoryEntry.byteCount <= page.count, page.field(60) == Self.checksum(page, entries: here) else {
            return nil
        }
        sequence = page.field(24)
        self.stripe = UInt32(stripe)
        isHot = flags & Self.hotFlag != 0
        hasUsesSincePass = flags & Self.passFlag != 0
        guard flags & Self.longFlag == 0 else {
            entries = nil
            return
        }
        let units = superblock.stripeBytes / superblock.recordAlignment
        var found: [DirectoryEntry] = []
        found.reserveCapacity(count)
        for number in 0..<count {
            guard let entry = DirectoryEntry(decoding: page, at: Self.headerBytes + number * DirectoryEntry.byteCount),
                entry.isSound(unitsPerStripe: units)
            else { return nil }
            found.append(entry)
        }
        entries = found
    }
}
