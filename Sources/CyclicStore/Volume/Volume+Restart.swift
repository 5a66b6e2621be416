// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// What is written beside the stripes for the next start: see ``RestartLog``.
extension Volume {
    // MARK: Under the lock

    /// Whether the next stripe may be opened: it is clean, and a start would look at it.
    var canOpenNext: Bool { cycle.canOpen() && restart.allows(cycle.nextPlace) }

    /// Marks and directories that are due.
    func restartDeeds() -> [Deed] {
        guard restart.isOn, !isOffline else { return [] }
        let wantsMark = restart.wantsMark(at: cycle.nextPlace)
        var deeds: [Deed] = []
        if restart.wantsLogWrite || (wantsMark && restart.hasPages) { deeds += logDeeds() }
        if wantsMark { deeds.append(.writeMark(nextMark())) }
        return deeds
    }

    /// What the engine had no room for: whenever an operation has ended.
    func heldUpDeeds() -> [Deed] {
        var deeds: [Deed] = []
        if restart.isMarkHeldUp { deeds += restartDeeds() }
        if let step = waitingRebuild {
            waitingRebuild = nil
            deeds.append(.tell(step))
        }
        return deeds
    }

    /// Writes every directory that is not in the log yet.
    func logDeeds() -> [Deed] {
        let runs = restart.takeRuns()
        return runs.map { run in .writeLog(run, run.compactMap { restart.pages[$0] }) }
    }

    func nextMark(closedSnapshot: UInt64 = 0) -> TurnMark {
        restart.nextMark(
            cycle: cycle,
            filling: membufs.keys,
            nextSerial: serials.latest + 1,
            closedSnapshot: closedSnapshot
        )
    }

    /// A stripe's directory goes to the log.
    /// - Parameter hasStayed: The head has just passed over it, and the entries say how often the records were used until then.
    func log(_ entries: [DirectoryEntry], stripe: Int, hasStayed: Bool = false) {
        restart.add(
            RestartLog.Page(sequence: cycle.sequence(stripe), isHot: hasStayed, hasUsesSincePass: hasStayed, entries: entries),
            stripe: stripe,
            at: cycle.odometer
        )
    }

    /// What a snapshot that begins now says of its beginning.
    private func snapshotHeader(_ generation: UInt64) -> SnapshotHeader {
        let lowSequence = membufs.values.reduce(cycle.nextSequence) { min($0, $1.sequence) }
        // Back to the first stripe that may have been open together with the oldest one that is open now.
        var low = cycle.odometer
        var place = low
        while place + UInt64(cycle.count) > cycle.odometer {
            place -= 1
            let stripe = Int(place % UInt64(cycle.count))
            if cycle.sequence(stripe) + UInt64(Self.openWindow) + 1 >= lowSequence {
                low = place
            } else if cycle.phase(stripe) != .hot {
                break
            }
        }
        return SnapshotHeader(
            generation: generation,
            lowSequence: lowSequence,
            low: low,
            head: cycle.odometer,
            nextSequence: cycle.nextSequence,
            nextSerial: serials.latest + 1,
            shardCount: index.shardCount
        )
    }

    // MARK: The device

    /// - Parameter isPaid: Its bytes have been taken from the budget.
    func writeMark(_ mark: TurnMark, isPaid: Bool = false, _ completion: @escaping @Sendable (Bool) -> Void = { _ in }) {
        let page = PageBuffer(byteCount: Limits.pageBytes)
        mark.encode(into: page.region, volumeID: superblock.volumeID)
        let finish: @Sendable (RestartLog.MarkOutcome) -> Void = { [self] outcome in
            perform(
                lock.locked {
                    restart.finishMark(outcome)
                    // Where there was no room nothing is tried again before something else has ended, or a tick has come.
                    if case .notTaken = outcome { return [] }
                    // A device on which one page cannot be written is failing.
                    return (restart.markFailures >= failureLimit ? setAside() : []) + roomDeeds() + flushDeeds()
                }
            )
            if case .written = outcome { completion(true) } else { completion(false) }
        }
        guard isPaid || governor.takeAside(Limits.pageBytes) else { return finish(.notTaken) }
        let write = IOOperation(
            kind: .write,
            device: device,
            offset: TurnMark.offset(of: mark.generation, in: superblock.regions.marks),
            region: page.region
        ) { [self] error in
            withExtendedLifetime(page) {}
            guard error == nil else { return finish(.failed) }
            countWritten(Limits.pageBytes)
            sync { outcome in
                switch outcome {
                case .done: finish(.written(mark))
                case .failed: finish(.failed)
                case .notTaken: finish(.notTaken)
                }
            }
        }
        if !engine.submit(write) { finish(.notTaken) }
    }

    func writeLog(_ run: ClosedRange<Int>, _ pages: [RestartLog.Page]) {
        let pageBytes = FooterLogPage.byteCount(stripeBytes: superblock.stripeBytes)
        let buffer = PageBuffer(byteCount: pageBytes * run.count)
        for (number, page) in pages.enumerated() {
            FooterLogPage.encode(
                page.entries,
                stripe: run.lowerBound + number,
                sequence: page.sequence,
                isHot: page.isHot,
                hasUsesSincePass: page.hasUsesSincePass,
                volumeID: superblock.volumeID,
                into: buffer.region.part(number * pageBytes, pageBytes)
            )
        }
        let finish: @Sendable (RestartLog.RunOutcome) -> Void = { [self] outcome in
            perform(
                lock.locked {
                    restart.finishRun(run, pages, outcome, at: cycle.odometer)
                    return outcome == .notTaken ? [] : heldUpDeeds()
                }
            )
        }
        guard governor.takeAside(buffer.region.count) else { return finish(.notTaken) }
        let offset = FooterLogPage.offset(of: run.lowerBound, superblock)
        let write = IOOperation(kind: .write, device: device, offset: offset, region: buffer.region) { [self] error in
            if error == nil { countWritten(buffer.region.count) }
            finish(error == nil ? .written : .failed)
        }
        if !engine.submit(write) { finish(.notTaken) }
    }

    func countWritten(_ bytes: Int) { lock.locked { statistics.deviceBytesWritten += bytes } }

    // MARK: The budget

    /// Takes bytes of the write budget for something beside the stripes. Calls back once: at once where there are enough, else at a tick; with false
    /// when the store closes before there are.
    func whenAffordable(_ bytes: Int, _ then: @escaping @Sendable (Bool) -> Void) {
        if governor.takeAside(bytes) { return then(true) }
        let waits = lock.locked {
            if !waitsNoMore { waitingForBudget.append((bytes, then)) }
            return !waitsNoMore
        }
        if !waits { then(false) }
    }

    func askBudgetAgain() {
        let waiting = lock.locked {
            defer { waitingForBudget = [] }
            return waitingForBudget
        }
        for (bytes, then) in waiting { whenAffordable(bytes, then) }
    }

    /// Whatever waits for the budget is not written: records in membufs are forgotten, as when their write had failed.
    func waitNoMore() {
        let waiting = lock.locked {
            waitsNoMore = true
            defer { waitingWrites = [] }
            return waitingWrites
        }
        for membuf in waiting { abandon(membuf) }
        askBudgetAgain()
    }

    // MARK: Snapshots

    /// Begins a snapshot if one is due.
    func snapshotIfDue() {
        let isDue = lock.locked {
            !isOffline && !isClosed && !isRebuilding && restart.wantsSnapshot(at: cycle.odometer, stripeBytes: superblock.stripeBytes)
        }
        if isDue { writeSnapshot() }
    }

    /// Writes the index to the volume.
    /// - Parameter completion: Called once, with the snapshot's generation, or nil when there is none.
    func writeSnapshot(_ completion: @escaping @Sendable (UInt64?) -> Void = { _ in }) {
        let begun: (header: SnapshotHeader, stripes: [SnapshotStripe])? = lock.locked {
            guard restart.isOn, !restart.isSnapshotUnderWay, !isOffline, !isRebuilding else { return nil }
            let header = snapshotHeader(restart.beginSnapshot())
            return (header, (0..<cycle.count).map { cycle.snapshot(of: $0) })
        }
        guard let begun else { return completion(nil) }
        let writer = SnapshotWriter(volume: self, header: begun.header, stripes: begun.stripes) { [self] bytes in
            lock.locked { restart.endSnapshot(begun.header.generation, begunAt: begun.header.head, bytes: bytes) }
            completion(bytes.map { _ in begun.header.generation })
        }
        writer.start()
    }

    /// For a clean stop, when nothing is written any more and everything is on the device: the next start finds all it needs in the
    /// snapshot. Calls back once, also when that failed; then the next start is that after a crash.
    func saveForRestart(_ completion: @escaping @Sendable () -> Void) {
        let runs: [Deed] = lock.locked { restart.isOn && !isOffline ? logDeeds() : [] }
        perform(runs)
        writeSnapshot { [self] generation in
            guard let generation else { return completion() }
            whenAffordable(Limits.pageBytes) { [self] isPaid in
                let mark: TurnMark? = lock.locked {
                    guard isPaid, membufs.isEmpty, !restart.isMarkUnderWay else { return nil }
                    return nextMark(closedSnapshot: generation)
                }
                guard let mark else { return completion() }
                writeMark(mark, isPaid: true) { _ in completion() }
            }
        }
    }
}
