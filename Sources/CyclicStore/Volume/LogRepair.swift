// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Compares the footer log with the stripes, and writes what it does not have.
struct LogRepair {
    private let superblock: Superblock
    private let device: any BlockDevice
    private let scanner: StripeScanner
    private let buffer: PageBuffer
    let pageBytes: Int
    private let trust: RecoveredVolume.Trust
    /// Stripes that the head went past.
    private let hot: Set<Int>
    /// Of all directories.
    private(set) var highestSerial: UInt64 = 0
    /// Of what the log said.
    private(set) var highestSequence: UInt64 = 0
    /// Stripes without anything to trust of which the log says something.
    private(set) var logged: [Int] = []
    private(set) var bytesWritten = 0

    static let pagesAtOnce = 256

    init(_ superblock: Superblock, _ device: any BlockDevice, _ trust: RecoveredVolume.Trust, hot: Set<Int>) {
        self.trust = trust
        self.hot = hot
        self.superblock = superblock
        self.device = device
        scanner = StripeScanner(superblock: superblock, device: device)
        pageBytes = FooterLogPage.byteCount(stripeBytes: superblock.stripeBytes)
        buffer = PageBuffer(byteCount: pageBytes * Self.pagesAtOnce)
    }

    /// - Parameter found: The sequences of some neighbours. Nil afterwards where a stripe is older than what the log says, or cannot be read.
    /// - Returns: Those that cannot be read.
    mutating func run(_ part: Range<Int>, found: inout [UInt64?]) throws(DeviceError) -> [Int] {
        let region = buffer.region.part(0, part.count * pageBytes)
        var isRead = true
        do throws(DeviceError) {
            try device.read(at: FooterLogPage.offset(of: part.lowerBound, superblock), into: region)
        } catch { isRead = false }
        // What cannot be read is written anew.
        if !isRead { region.zero() }
        var unknown: [Int] = []
        for stripe in part {
            let bytes = UnsafeRawBufferPointer(region).part((stripe - part.lowerBound) * pageBytes, pageBytes)
            let page = FooterLogPage(decoding: bytes, stripe: stripe, superblock)
            if let page { highestSequence = max(highestSequence, page.sequence) }
            guard let sequence = found[stripe] else {
                if page != nil || !isRead { logged.append(stripe) }
                continue
            }
            // What the stripe had been taken back for was never written.
            if let page, page.sequence > sequence {
                found[stripe] = nil
                continue
            }
            if trust == .log, let page, page.sequence == sequence, page.isHot == hot.contains(stripe), let entries = page.entries {
                note(entries)
            } else {
                unknown.append(stripe)
            }
        }
        guard !unknown.isEmpty else { return [] }
        var unreadable: [Int] = []
        try scanner.footers(of: unknown) { (stripe, footer) throws(DeviceError) in
            guard let footer, footer.sequence == found[stripe] else {
                found[stripe] = nil
                unreadable.append(stripe)
                return
            }
            note(footer.entries)
            FooterLogPage.encode(
                footer.entries,
                stripe: stripe,
                sequence: footer.sequence,
                isHot: hot.contains(stripe),
                volumeID: superblock.volumeID,
                into: region.part((stripe - part.lowerBound) * pageBytes, pageBytes)
            )
        }
        try write(region, at: part.lowerBound)
        return unreadable
    }

    /// The log says of a stripe that nothing is in it.
    mutating func empty(_ stripe: Int, sequence: UInt64) throws(DeviceError) {
        let page = buffer.region.part(0, pageBytes)
        FooterLogPage.encode([], stripe: stripe, sequence: sequence, isHot: false, volumeID: superblock.volumeID, into: page)
        try write(page, at: stripe)
    }

    private mutating func write(_ pages: UnsafeMutableRawBufferPointer, at stripe: Int) throws(DeviceError) {
        try device.write(at: FooterLogPage.offset(of: stripe, superblock), from: UnsafeRawBufferPointer(pages))
        bytesWritten += pages.count
    }

    private mutating func note(_ entries: [DirectoryEntry]) {
        for entry in entries { highestSerial = max(highestSerial, entry.serial) }
    }
}
