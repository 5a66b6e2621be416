// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// What is known of a volume when it begins to serve: where its turn goes on, the newest records, and what is left to be read. The rest of
/// the index is made behind it: see ``Rebuilder``.
struct RecoveredVolume: ~Copyable {
    let superblock: Superblock
    /// The sequence of each stripe; nil where there is nothing to trust, ``StripeCycle/unknownSequence`` where that is not known yet.
    private(set) var sequences: [UInt64?]
    private(set) var nextSerial: UInt64 = 1
    /// Stripes whose header and footer did not agree: thrown away alone.
    private(set) var damagedStripes = 0
    /// Stripes that should hold something and do not seem to.
    private(set) var unread: [Int] = []
    private(set) var start: StripeCycle.Start
    private(set) var restart = RestartLog.off
    /// Nil: the index is complete.
    private(set) var plan: RestartPlan?
    private var index: PackedIndex
    private var rebuild: RebuildState?

    /// A volume with nothing in it.
    /// - Parameter sequenceGap: Sequences to leave out. A stripe of an earlier run that was torn by a crash may carry some of the numbers behind
    ///   the newest one that can be read; a random gap keeps its records from ever passing for those of a stripe to come.
    init(empty superblock: Superblock, sequenceGap: UInt32) {
        self.superblock = superblock
        sequences = [UInt64?](repeating: nil, count: superblock.stripeCount)
        start = StripeCycle.Start(odometer: UInt64(superblock.stripeCount), nextSequence: 1 + UInt64(sequenceGap))
        index = PackedIndex(totalUnits: superblock.totalUnits, expectedCount: superblock.expectedRecords)
    }

    consuming func takeIndex() -> PackedIndex { index }
    mutating func takeRebuild() -> RebuildState? {
        defer { rebuild = nil }
        return rebuild
    }

    /// Finds the head and the newest records, and what the rest of the index is to be made from. Reads the stripes that the newest mark
    /// leaves open and the sequences of the others, from the snapshot: some milliseconds, whatever the size of the volume. Without a
    /// mark every stripe is read.
    /// - Throws: What the device says when the first mark of this run cannot be written; nothing has been changed then.
    init(reading device: any BlockDevice, superblock: Superblock, sequenceGap: UInt32) throws(DeviceError) {
        self.init(empty: superblock, sequenceGap: sequenceGap)
        if superblock.regions.haveRestartLog { try readAndBegin(device, sequenceGap) } else { try readEverything(device, sequenceGap) }
    }

    private mutating func readAndBegin(_ device: any BlockDevice, _ sequenceGap: UInt32) throws(DeviceError) {
        let count = UInt64(superblock.stripeCount)
        let snapshot = SnapshotHeader.newest(of: superblock, on: device)
        guard let mark = TurnMark.newest(of: superblock, on: device) else {
            try readEverything(device, sequenceGap, behind: snapshot?.head ?? 0)
            let generation = Self.generationBehind(superblock, device)
            return try begin(device, from: nil, generation: generation, logCompleteAt: start.odometer + count, snapshot)
        }
        if mark.isInitial {
            start = StripeCycle.Start(odometer: mark.head, nextSequence: 1 + UInt64(sequenceGap))
            return try begin(device, from: mark, generation: mark.generation, logCompleteAt: 0, snapshot)
        }
        if mark.high - mark.low >= count {
            try readEverything(device, sequenceGap, behind: max(mark.head, snapshot?.head ?? 0))
            return try begin(device, from: mark, generation: mark.generation, logCompleteAt: start.odometer + count, snapshot)
        }
        try readNewest(device, mark, snapshot, sequenceGap)
        try begin(device, from: mark, generation: mark.generation, logCompleteAt: 0, snapshot)
    }

    // MARK: By the newest mark

    private mutating func readNewest(
        _ device: any BlockDevice,
        _ mark: TurnMark,
        _ snapshot: SnapshotHeader?,
        _ sequenceGap: UInt32
    ) throws(DeviceError) {
        let count = UInt64(superblock.stripeCount)
        var found: [(place: UInt64, footer: StripeFooter)] = []
        sequences = [UInt64?](repeating: StripeCycle.unknownSequence, count: superblock.stripeCount)
        let known = usable(snapshot, mark, device)
        var plan = RestartPlan(
            logPlaces: min(known?.header.low ?? mark.high - count, mark.low)..<mark.low,
            snapshot: known?.header,
            shardOffset: known?.shardOffset ?? 0,
            firstPlace: mark.high - count,
            stripes: known?.stripes ?? [],
            lowSequence: known?.header.lowSequence ?? 0
        )
        if let known {
            for (stripe, word) in known.stripes.enumerated() {
                sequences[stripe] = word == .neverWritten ? nil : word.sequence ?? StripeCycle.unknownSequence
                if word.isHot { plan.watched.append(stripe) }
            }
            for place in plan.logPlaces { sequences[Int(place % count)] = StripeCycle.unknownSequence }
        }
        var lost: [(place: UInt64, stripe: Int)] = []
        for place in mark.low..<mark.high {
            let stripe = Int(place % count)
            sequences[stripe] = nil
            guard let footer = try scan(stripe, device) else {
                lost.append((place, stripe))
                continue
            }
            if footer.sequence < mark.lowSequence, isVoid(footer, device) { continue }
            sequences[stripe] = footer.sequence
            found.append((place, footer))
        }
        nextSerial = max(nextSerial, mark.nextSerial, known?.header.nextSerial ?? 1)
        // Of those that the mark left open, what it did not allow for is from the turn before.
        var recent = found.filter { $0.footer.sequence >= mark.lowSequence }
        recent.sort { $0.footer.sequence < $1.footer.sequence }
        let newest = recent.last { $0.footer.sequence >= mark.nextSequence }
        start = StripeCycle.Start(
            odometer: max(mark.head, newest.map { $0.place + 1 } ?? 0),
            nextSequence: max(mark.nextSequence, newest.map { $0.footer.sequence + 1 } ?? 0) + UInt64(sequenceGap)
        )
        unread = lost.filter { $0.place < start.odometer || $0.place >= 2 * count }.map(\.stripe)
        // What the log says of a stripe that was being written at a crash is from the turn before.
        for (place, stripe) in lost where place < start.odometer {
            let empty = StripeFooter(
                volumeID: superblock.volumeID,
                sequence: start.nextSequence - 1,
                stripe: UInt32(stripe),
                entries: []
            )
            unlogged.append((empty, false))
        }
        let state = RebuildState(
            totalUnits: superblock.totalUnits,
            expectedCount: superblock.expectedRecords,
            lowSequence: plan.lowSequence
        )
        for (_, footer) in recent.reversed() {
            for entry in footer.entries { nextSerial = max(nextSerial, entry.serial &+ 1) }
            state.apply(
                footer.entries,
                stripe: Int(footer.stripe),
                sequence: footer.sequence,
                unitsPerStripe: superblock.unitsPerStripe,
                to: &index
            )
            unlogged.append((footer, false))
        }
        for (place, footer) in found where footer.sequence < mark.lowSequence {
            // The head has passed over it, and the log may not say so.
            if place < start.odometer { unlogged.append((footer, true)) }
            if known == nil {
                plan.hot.append((footer.sequence, Int(footer.stripe)))
            } else if place < start.odometer {
                plan.watched.append(Int(footer.stripe))
            }
        }
        self.plan = plan
        rebuild = state
    }

    /// Whether the log knows of a later turn, whose write failed: what is in the stripe had been taken back then.
    private func isVoid(_ footer: StripeFooter, _ device: any BlockDevice) -> Bool {
        let page = PageBuffer(byteCount: FooterLogPage.byteCount(stripeBytes: superblock.stripeBytes))
        let stripe = Int(footer.stripe)
        do throws(DeviceError) {
            try device.read(at: FooterLogPage.offset(of: stripe, superblock), into: page.region)
        } catch { return false }
        let logged = FooterLogPage(decoding: UnsafeRawBufferPointer(page.region), stripe: stripe, superblock)
        return logged.map { $0.sequence > footer.sequence } ?? false
    }

    /// Directories of the newest stripes, which the log may not have.
    private var unlogged: [(footer: StripeFooter, isHot: Bool)] = []

    /// The snapshot and its stripes, if what came after it can be told from what it has.
    private func usable(
        _ snapshot: SnapshotHeader?,
        _ mark: TurnMark,
        _ device: any BlockDevice
    ) -> (header: SnapshotHeader, stripes: [SnapshotStripe], shardOffset: Int)? {
        guard let snapshot, Int(snapshot.shardCount) == index.shardCount, mark.high - min(mark.high, snapshot.low) < superblock.stripeCount,
            snapshot.head <= mark.high
        else { return nil }
        var stripes: [SnapshotStripe] = []
        stripes.reserveCapacity(superblock.stripeCount)
        let slot = SnapshotHeader.slot(snapshot.generation, in: superblock.regions.snapshot)
        let end = slot.end
        var offset = slot.offset + Limits.pageBytes
        for number in 0..<snapshot.stripeChunkCount {
            let chunk = PageBuffer(byteCount: SnapshotHeader.chunkBytes)
            let region = chunk.region.part(0, max(0, min(SnapshotHeader.chunkBytes, end - offset)))
            do throws(DeviceError) { try device.read(at: offset, into: region) } catch { return nil }
            guard
                let content = SnapshotChunk.content(
                    of: UnsafeRawBufferPointer(region),
                    number: number,
                    generation: snapshot.generation,
                    volumeID: superblock.volumeID
                )
            else { return nil }
            offset += SnapshotChunk.length(used: content.count)
            for position in 0..<(content.count / 8) { stripes.append(SnapshotStripe(word: content.field(position * 8))) }
        }
        return stripes.count == superblock.stripeCount ? (snapshot, stripes, offset) : nil
    }

    /// The first mark of this run: from now on the volume counts as open. Written at once, before anything else is.
    private mutating func begin(
        _ device: any BlockDevice,
        from mark: TurnMark?,
        generation: UInt64,
        logCompleteAt: UInt64,
        _ snapshot: SnapshotHeader?
    ) throws(DeviceError) {
        let count = UInt64(superblock.stripeCount)
        let isComplete = logCompleteAt == 0
        let next = TurnMark(
            generation: generation + 1,
            low: isComplete ? mark?.low ?? start.odometer : start.odometer - count,
            head: start.odometer,
            high: start.odometer + RestartLog.reach(stripeCount: superblock.stripeCount),
            nextSequence: start.nextSequence,
            lowSequence: isComplete ? mark?.lowSequence ?? start.nextSequence : 0,
            nextSerial: nextSerial,
            closedSnapshot: 0
        )
        let page = PageBuffer(byteCount: Limits.pageBytes)
        next.encode(into: page.region, volumeID: superblock.volumeID)
        try device.write(
            at: TurnMark.offset(of: next.generation, in: superblock.regions.marks),
            from: UnsafeRawBufferPointer(page.region)
        )
        try device.sync()
        restart = RestartLog(
            isOn: true,
            stripeCount: superblock.stripeCount,
            mark: next,
            logCompleteAt: logCompleteAt,
            snapshotGeneration: snapshot?.generation ?? 0
        )
        for (footer, isHot) in unlogged {
            restart.add(
                RestartLog.Page(sequence: footer.sequence, isHot: isHot, entries: footer.entries),
                stripe: Int(footer.stripe),
                at: start.odometer
            )
        }
        unlogged = []
    }

    /// Both marks are damaged: a number that is higher than theirs were is guessed from what can still be read of them.
    private static func generationBehind(_ superblock: Superblock, _ device: any BlockDevice) -> UInt64 {
        var highest: UInt64 = 0
        for number in 0..<2 as Range<UInt64> {
            let page = PageBuffer(byteCount: Limits.pageBytes)
            do throws(DeviceError) {
                try device.read(at: TurnMark.offset(of: number, in: superblock.regions.marks), into: page.region)
            } catch { continue }
            let written: UInt64 = UnsafeRawBufferPointer(page.region).field(24)
            if written < 1 << 48 { highest = max(highest, written) }
        }
        return highest + 2
    }

    // MARK: By every stripe

    /// - Parameter place: Where the odometer goes on.
    private mutating func readEverything(_ device: any BlockDevice, _ sequenceGap: UInt32, behind place: UInt64 = 0) throws(DeviceError) {
        var footers: [(stripe: Int, sequence: UInt64)] = []
        let scanner = StripeScanner(superblock: superblock, device: device)
        for stripe in 0..<superblock.stripeCount {
            switch scanner.scan(stripe) {
            case .blank: break
            case .damaged: try giveUp(stripe, device)
            case .intact(_, let trailer): footers.append((stripe, trailer.sequence))
            }
        }
        footers.sort { $0.sequence > $1.sequence }
        let state = RebuildState(totalUnits: superblock.totalUnits, expectedCount: superblock.expectedRecords, lowSequence: 0)
        for (stripe, sequence) in footers {
            guard let footer = scanner.footer(of: stripe), footer.sequence == sequence else {
                try giveUp(stripe, device)
                continue
            }
            if superblock.regions.haveRestartLog, isVoid(footer, device) { continue }
            sequences[stripe] = sequence
            for entry in footer.entries { nextSerial = max(nextSerial, entry.serial &+ 1) }
            state.apply(footer.entries, stripe: stripe, sequence: sequence, unitsPerStripe: superblock.unitsPerStripe, to: &index)
        }
        state.settleAll(in: &index)
        // Before the first stripe that can be trusted there is none to come back to.
        let newest = footers.first { sequences[$0.stripe] != nil }
        let count = UInt64(superblock.stripeCount)
        let head = (newest.map { UInt64($0.stripe) + 1 } ?? 0) % count
        let behind = max(place, count)
        start = StripeCycle.Start(
            odometer: behind + (head + count - behind % count) % count,
            nextSequence: (footers.first?.sequence ?? 0) + 1 + UInt64(sequenceGap)
        )
        let hasTurned = (Int(head)..<superblock.stripeCount).contains { sequences[$0] != nil }
        unread = (0..<superblock.stripeCount).filter { sequences[$0] == nil && ($0 < Int(head) || hasTurned) }
        // Whoever is older than a stripe before it in the turn was passed over by the head.
        var plan = RestartPlan(logPlaces: 0..<0, firstPlace: 0, lowSequence: 0)
        var highest: UInt64 = 0
        for place in start.odometer..<(start.odometer + count) {
            guard let sequence = sequences[Int(place % count)] else { continue }
            if sequence < highest { plan.watched.append(Int(place % count)) }
            highest = max(highest, sequence)
        }
        if !plan.watched.isEmpty { (self.plan, rebuild) = (plan, state) }
    }

    /// A stripe that cannot be read now must not come back when it can be.
    private mutating func giveUp(_ stripe: Int, _ device: any BlockDevice) throws(DeviceError) {
        damagedStripes += 1
        try StripeScanner(superblock: superblock, device: device).void(stripe)
    }

    private mutating func scan(_ stripe: Int, _ device: any BlockDevice) throws(DeviceError) -> StripeFooter? {
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

extension Superblock {
    var unitsPerStripe: Int { stripeBytes / recordAlignment }
    /// Addresses of records lie below.
    var totalUnits: Int { stripeCount * unitsPerStripe }
    /// For a mean object of 32 KiB: sets the number of the index's shards; any other mean works.
    var expectedRecords: Int { stripeCount * stripeBytes / 32768 }
}
