// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// A start from nothing but the stripes: every header and trailer, then every directory from the newest to the oldest.
extension RecoveredVolume {
    /// - Parameters:
    ///   - place: Where the odometer goes on.
    ///   - writesLog: Whether what the stripes say goes into the footer log.
    mutating func readEverything(
        _ device: any BlockDevice,
        _ sequenceGap: UInt32,
        behind place: UInt64 = 0,
        writesLog: Bool = false,
        progress: (VolumeProgress) -> Void = { _ in }
    ) throws(DeviceError) {
        var footers: [(stripe: Int, sequence: UInt64)] = []
        var lost: [Int] = []
        var pass = VolumeProgress(done: 0, total: superblock.stripeCount * 2, bytesRead: 0)
        func advance(pages: Int) {
            pass.done += 1
            pass.bytesRead += pages * Limits.pageBytes
            progress(pass)
        }
        let scanner = StripeScanner(superblock: superblock, device: device)
        try scanner.scanAll { (stripe, verdict) throws(DeviceError) in
            switch verdict {
            case .blank: break
            case .damaged:
                try giveUp(stripe, device)
                lost.append(stripe)
            case .intact(_, let trailer): footers.append((stripe, trailer.sequence))
            }
            advance(pages: 2)
        }
        pass.total = superblock.stripeCount + footers.count
        footers.sort { $0.sequence > $1.sequence }
        let logged = superblock.regions.haveRestartLog ? loggedSequences(device) : []
        let log = writesLog ? LogCopy(superblock, device, hot: passedOver(footers)) : nil
        let state = RebuildState(totalUnits: superblock.totalUnits, expectedCount: superblock.expectedRecords, lowSequence: 0)
        var turn = footers.makeIterator()
        try scanner.footers(of: footers.map(\.stripe)) { (stripe, footer) throws(DeviceError) in
            defer { advance(pages: 1) }
            guard let sequence = turn.next()?.sequence else { return }
            guard let footer, footer.sequence == sequence else {
                try giveUp(stripe, device)
                lost.append(stripe)
                return
            }
            if !logged.isEmpty, logged[stripe] > sequence { return }
            sequences[stripe] = sequence
            for entry in footer.entries { nextSerial = max(nextSerial, entry.serial &+ 1) }
            state.apply(footer.entries, stripe: stripe, sequence: sequence, unitsPerStripe: superblock.unitsPerStripe, to: &index)
            try log?.write(footer.entries, stripe: stripe, sequence: sequence)
        }
        state.settleAll(in: &index)
        outliving = state.takeOutliving()
        // Before the first stripe that can be trusted there is none to come back to.
        let newest = footers.first { sequences[$0.stripe] != nil }
        let count = UInt64(superblock.stripeCount)
        let head = (newest.map { UInt64($0.stripe) + 1 } ?? 0) % count
        let behind = max(place, count)
        start = StripeCycle.Start(
            odometer: behind + (head + count - behind % count) % count,
            // Past what the log says of stripes that an earlier run found void, or could not write: else it would say so of those to come.
            nextSequence: max(footers.first?.sequence ?? 0, logged.max() ?? 0) + 1 + UInt64(sequenceGap)
        )
        for stripe in lost { try log?.write([], stripe: stripe, sequence: start.nextSequence - 1) }
        let hasTurned = (Int(head)..<superblock.stripeCount).contains { sequences[$0] != nil }
        unread = (0..<superblock.stripeCount).filter { sequences[$0] == nil && ($0 < Int(head) || hasTurned) }
        let found = footers.filter { sequences[$0.stripe] != nil }
        let watched = passedOver(found)
        if !watched.isEmpty {
            plan = RestartPlan(logPlaces: 0..<0, firstPlace: 0, watched: watched.sorted(), lowSequence: 0)
            rebuild = state
        }
    }

    /// What the log says of every stripe; 0 where it says nothing that can be read.
    private func loggedSequences(_ device: any BlockDevice) -> [UInt64] {
        let pageBytes = FooterLogPage.byteCount(stripeBytes: superblock.stripeBytes)
        let pagesAtOnce = 256
        let buffer = PageBuffer(byteCount: pagesAtOnce * pageBytes)
        var sequences: [UInt64] = []
        for first in stride(from: 0, to: superblock.stripeCount, by: pagesAtOnce) {
            let part = first..<min(first + pagesAtOnce, superblock.stripeCount)
            let region = buffer.region.part(0, part.count * pageBytes)
            do throws(DeviceError) {
                try device.read(at: FooterLogPage.offset(of: first, superblock), into: region)
            } catch {
                sequences += part.map { loggedSequence($0, device) }
                continue
            }
            for stripe in part {
                let page = UnsafeRawBufferPointer(region).part((stripe - first) * pageBytes, pageBytes)
                sequences.append(FooterLogPage(decoding: page, stripe: stripe, superblock)?.sequence ?? 0)
            }
        }
        return sequences
    }

    /// Stripes that are older than one before them in the turn: the head went past them.
    /// - Parameter footers: Newest first.
    func passedOver(_ footers: [(stripe: Int, sequence: UInt64)]) -> Set<Int> {
        guard let newest = footers.first else { return [] }
        var byStripe: [Int: UInt64] = [:]
        for (stripe, sequence) in footers { byStripe[stripe] = sequence }
        var passed: Set<Int> = []
        var highest: UInt64 = 0
        for step in 1...superblock.stripeCount {
            let stripe = (newest.stripe + step) % superblock.stripeCount
            guard let sequence = byStripe[stripe] else { continue }
            if sequence < highest { passed.insert(stripe) }
            highest = max(highest, sequence)
        }
        return passed
    }

    /// A stripe that cannot be read now must not come back when it can be.
    mutating func giveUp(_ stripe: Int, _ device: any BlockDevice) throws(DeviceError) {
        damagedStripes += 1
        try StripeScanner(superblock: superblock, device: device).void(stripe)
    }

    mutating func scan(_ stripe: Int, _ device: any BlockDevice) throws(DeviceError) -> StripeFooter? {
        let scanner = StripeScanner(superblock: superblock, device: device)
        switch scanner.scan(stripe) {
        case .blank: return nil
        case .damaged:
            try giveUp(stripe, device)
            return nil
        case .intact(_, let trailer):
            guard let footer = scanner.footer(of: stripe), footer.sequence == trailer.sequence else {
                try giveUp(stripe, device)
                return nil
            }
            return footer
        }
    }
}

/// Writes the footer log anew while the directories are read.
private struct LogCopy {
    let superblock: Superblock
    let device: any BlockDevice
    /// Stripes that the head went past.
    let hot: Set<Int>
    private let page: PageBuffer

    init(_ superblock: Superblock, _ device: any BlockDevice, hot: Set<Int>) {
        self.superblock = superblock
        self.device = device
        self.hot = hot
        page = PageBuffer(byteCount: FooterLogPage.byteCount(stripeBytes: superblock.stripeBytes))
    }

    func write(_ entries: [DirectoryEntry], stripe: Int, sequence: UInt64) throws(DeviceError) {
        FooterLogPage.encode(
            entries,
            stripe: stripe,
            sequence: sequence,
            isHot: hot.contains(stripe),
            volumeID: superblock.volumeID,
            into: page.region
        )
        try device.write(at: FooterLogPage.offset(of: stripe, superblock), from: UnsafeRawBufferPointer(page.region))
    }
}
