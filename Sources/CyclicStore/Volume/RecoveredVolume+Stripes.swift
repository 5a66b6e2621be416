// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// A start from the stripes: without a mark that can be believed, on a volume too small for marks, and when somebody wants the index made anew.
extension RecoveredVolume {
    /// Whether a page of the footer log that fits its stripe is taken for the stripe's directory.
    enum Trust { case log, stripesAlone }

    /// Asks every stripe what is in it: two pages each, side by side and many at once. Then, on a volume with a footer log, the log is put right where
    /// it says something else, and the index is made from it behind a volume that serves; that takes about fifteen seconds for a terabyte in stripes of
    /// 1 MiB on a disk of 90,000 reads a second. Without a log every directory is read, newest first, and the index is complete.
    ///
    /// - Parameters:
    ///   - place: The odometer goes on a turn behind it, so that no snapshot from before counts: how many turns ago it was made is not known.
    ///   - trust: Whether the log is read, or every page of it written anew.
    ///   - progress: Called after each stripe of both passes.
    mutating func readStripes(
        _ device: any BlockDevice,
        _ sequenceGap: UInt32,
        behind place: UInt64 = 0,
        trusting trust: Trust = .log,
        progress: (VolumeProgress) -> Void
    ) throws(DeviceError) {
        let count = superblock.stripeCount
        var pass = VolumeProgress(done: 0, total: 2 * count, bytesRead: 0)
        func advance(bytes: Int) {
            pass.done += 1
            pass.bytesRead += bytes
            progress(pass)
        }
        var found = [UInt64?](repeating: nil, count: count)
        var lost: [Int] = []
        try StripeScanner(superblock: superblock, device: device).scanAll { (stripe, verdict) throws(DeviceError) in
            switch verdict {
            case .blank: break
            case .damaged:
                try giveUp(stripe, device)
                lost.append(stripe)
            case .intact(_, let trailer): found[stripe] = trailer.sequence
            }
            advance(bytes: 2 * Limits.pageBytes)
        }
        let highest = found.reduce(0) { max($0, $1 ?? 0) }
        if superblock.regions.haveRestartLog {
            var repair = LogRepair(superblock, device, trust, hot: passedOver(Self.newestFirst(found)))
            for first in stride(from: 0, to: count, by: LogRepair.pagesAtOnce) {
                let part = first..<min(first + LogRepair.pagesAtOnce, count)
                let unreadable = try repair.run(part, found: &found)
                for stripe in unreadable { try giveUp(stripe, device) }
                lost += unreadable
                for _ in part { advance(bytes: repair.pageBytes) }
            }
            nextSerial = max(nextSerial, repair.highestSerial + 1)
            // Past what the log says of stripes that an earlier run found void, or could not write: else it would say so of those to come.
            goOn(found, behind: place, highestSequence: max(highest, repair.highestSequence), sequenceGap)
            for stripe in Set(lost + repair.logged.filter { found[$0] == nil }).sorted() {
                try repair.empty(stripe, sequence: start.nextSequence - 1)
            }
            bytesWritten += repair.bytesWritten
            // The mark that says that the log is right must not be there before it is.
            try device.sync()
            leaveToLog(found)
        } else {
            try readDirectories(&found, device) { advance(bytes: Limits.pageBytes) }
            goOn(found, behind: place, highestSequence: highest, sequenceGap)
            sequences = found
        }
    }

    /// Where the turn goes on, and which stripes hold nothing to trust though the head has been there.
    private mutating func goOn(_ found: [UInt64?], behind place: UInt64, highestSequence: UInt64, _ sequenceGap: UInt32) {
        let newest = Self.newestFirst(found).first
        let turn = UInt64(superblock.stripeCount)
        let head = (newest.map { UInt64($0.stripe) + 1 } ?? 0) % turn
        let behind = place + 2 * turn
        start = StripeCycle.Start(
            odometer: behind + (head + turn - behind % turn) % turn,
            nextSequence: highestSequence + 1 + UInt64(sequenceGap)
        )
        let hasTurned = hasTurned(found)
        unread = found.indices.filter { found[$0] == nil && ($0 < Int(head) || hasTurned) }
    }

    /// Whether the head has come round, as far as can be seen.
    private func hasTurned(_ found: [UInt64?]) -> Bool {
        (Int(start.odometer % UInt64(found.count))..<found.count).contains { found[$0] != nil }
    }

    /// The index is made from the log, which is right.
    private mutating func leaveToLog(_ found: [UInt64?]) {
        sequences = found.map { $0.map { _ in StripeCycle.unknownSequence } }
        let turn = UInt64(superblock.stripeCount)
        let first = start.odometer - (hasTurned(found) ? turn : start.odometer % turn)
        plan = RestartPlan(logPlaces: first..<start.odometer, firstPlace: first, lowSequence: 0)
        rebuild = RebuildState(totalUnits: superblock.totalUnits, expectedCount: superblock.expectedRecords, lowSequence: 0)
    }

    /// Reads the directories, newest first, and makes the index of them.
    /// - Parameter found: The sequence of each stripe; nil afterwards where the directory cannot be read.
    private mutating func readDirectories(
        _ found: inout [UInt64?],
        _ device: any BlockDevice,
        _ advance: () -> Void
    ) throws(DeviceError) {
        let state = RebuildState(totalUnits: superblock.totalUnits, expectedCount: superblock.expectedRecords, lowSequence: 0)
        let stripes = Self.newestFirst(found).map(\.stripe)
        for _ in stripes.count..<found.count { advance() }
        try StripeScanner(superblock: superblock, device: device).footers(of: stripes) { (stripe, footer) throws(DeviceError) in
            defer { advance() }
            guard let footer, let sequence = found[stripe], footer.sequence == sequence else {
                found[stripe] = nil
                return try giveUp(stripe, device)
            }
            for entry in footer.entries { nextSerial = max(nextSerial, entry.serial &+ 1) }
            state.apply(footer.entries, stripe: stripe, sequence: sequence, unitsPerStripe: superblock.unitsPerStripe, to: &index)
        }
        state.settleAll(in: &index)
        outliving = state.takeOutliving()
        let watched = passedOver(Self.newestFirst(found))
        if !watched.isEmpty {
            plan = RestartPlan(logPlaces: 0..<0, firstPlace: 0, watched: watched.sorted(), lowSequence: 0)
            rebuild = state
        }
    }

    private static func newestFirst(_ found: [UInt64?]) -> [(stripe: Int, sequence: UInt64)] {
        var footers: [(stripe: Int, sequence: UInt64)] = []
        for (stripe, sequence) in found.enumerated() { if let sequence { footers.append((stripe, sequence)) } }
        footers.sort { $0.sequence > $1.sequence }
        return footers
    }

    /// Stripes that are older than one before them in the turn: the head went past them.
    /// - Parameter footers: Newest first.
    private func passedOver(_ footers: [(stripe: Int, sequence: UInt64)]) -> Set<Int> {
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
}
