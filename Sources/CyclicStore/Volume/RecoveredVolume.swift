// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// What is known of a volume when it begins to serve: where its turn goes on, the newest records, and what is left to be read. The rest of
/// the index is made behind it: see ``Rebuilder``.
struct RecoveredVolume: ~Copyable {
    let superblock: Superblock
    /// The sequence of each stripe; nil where there is nothing to trust, ``StripeCycle/unknownSequence`` where that is not known yet.
    var sequences: [UInt64?]
    var nextSerial: UInt64 = 1
    /// Stripes whose header and footer did not agree: thrown away alone.
    var damagedStripes = 0
    /// Stripes that should hold something and do not seem to.
    var unread: [Int] = []
    var start: StripeCycle.Start
    private(set) var restart = RestartLog.off
    /// Nil: the index is complete.
    var plan: RestartPlan?
    var index: PackedIndex
    var rebuild: RebuildState?
    /// Dead records that may be on disk for longer than the word that says so.
    var outliving: [(hash: KeyHash, stripe: Int)] = []
    /// Directories of the newest stripes, which the log may not have.
    var unlogged: [(footer: StripeFooter, isHot: Bool)] = []
    /// Bytes of the log that were put right.
    var bytesWritten = 0

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
    /// mark every stripe is read: see ``readStripes(_:_:behind:trusting:progress:)``.
    /// - Parameters:
    ///   - trust: ``Trust/stripesAlone``: every stripe is read, whatever marks, log and snapshot say, and the log is written anew.
    ///   - progress: Called after each stripe while every stripe is read.
    /// - Throws: What the device says when something cannot be written. Of a start by a mark nothing has been changed then.
    init(
        reading device: any BlockDevice,
        superblock: Superblock,
        sequenceGap: UInt32,
        trusting trust: Trust = .log,
        progress: (VolumeProgress) -> Void = { _ in }
    ) throws(DeviceError) {
        self.init(empty: superblock, sequenceGap: sequenceGap)
        try find(device, sequenceGap, trust, progress)
    }

    private mutating func find(
        _ device: any BlockDevice,
        _ sequenceGap: UInt32,
        _ trust: Trust,
        _ progress: (VolumeProgress) -> Void
    ) throws(DeviceError) {
        guard superblock.regions.haveRestartLog else { return try readStripes(device, sequenceGap, progress: progress) }
        let snapshot = SnapshotHeader.newest(of: superblock, on: device)
        let mark = TurnMark.newest(of: superblock, on: device)
        if trust == .log, let mark, mark.isInitial {
            start = StripeCycle.Start(odometer: mark.head, nextSequence: 1 + UInt64(sequenceGap))
            return try begin(device, from: mark, generation: mark.generation, snapshot)
        }
        if trust == .log, let mark, mark.high - mark.low < UInt64(superblock.stripeCount) {
            try readNewest(device, mark, snapshot, sequenceGap)
            return try begin(device, from: mark, generation: mark.generation, snapshot)
        }
        let generation = mark?.generation ?? Self.generationBehind(superblock, device)
        let place = max(mark?.head ?? 0, snapshot?.head ?? 0)
        try readStripes(device, sequenceGap, behind: place, trusting: trust, progress: progress)
        try begin(device, from: nil, generation: generation, snapshot)
    }

    /// The first mark of this run: from now on the volume counts as open. Written at once, before anything else is.
    private mutating func begin(
        _ device: any BlockDevice,
        from mark: TurnMark?,
        generation: UInt64,
        _ snapshot: SnapshotHeader?
    ) throws(DeviceError) {
        let next = TurnMark(
            generation: generation + 1,
            low: mark?.low ?? start.odometer,
            head: start.odometer,
            high: start.odometer + RestartLog.reach(stripeCount: superblock.stripeCount),
            nextSequence: start.nextSequence,
            lowSequence: mark?.lowSequence ?? start.nextSequence,
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
}

extension Superblock {
    var unitsPerStripe: Int { stripeBytes / recordAlignment }
    /// Addresses of records lie below.
    var totalUnits: Int { stripeCount * unitsPerStripe }
    /// For a mean object of 32 KiB: sets the number of the index's shards; any other mean works.
    var expectedRecords: Int { stripeCount * stripeBytes / 32768 }
}
