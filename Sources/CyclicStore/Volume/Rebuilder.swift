// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Makes the index again behind a volume that serves already: first the directories that are newer than the snapshot, from the footer log, newest
/// first; then the snapshot, if there is one; last the hot stripes are looked through for records that must not come back. See ``RebuildState``
/// for the order and ``RestartPlan`` for what there is to do.
///
/// While a chunk is applied the next one is read. A chunk that cannot be read is tried again, then its stripes are read one by one; a stripe that
/// cannot be read is left out. Memory: two chunks, and what the state needs.
final class Rebuilder: @unchecked Sendable {
    // Unchecked: used by one completion after another, never by two at once.
    private let volume: Volume
    private var plan: RestartPlan
    /// Places below this one are still to be read from the log.
    private var place: UInt64
    /// Hot stripes that wait for their turn by sequence, ascending.
    private var hot: [(sequence: UInt64, stripe: Int)]
    private var chunk: UInt64
    private var offset: Int
    private var settled = 0
    /// The read of the piece that is to be applied next, and that of the one behind it.
    private var reading: PieceRead?
    private var ahead: PieceRead?
    private var isFirstPiece = true

    private static let pagesAtOnce = 256
    /// Directories that are applied in one hold of the lock.
    private static let stripesAtOnce = 16

    init(_ plan: RestartPlan, _ volume: Volume) {
        self.volume = volume
        self.plan = plan
        place = plan.logPlaces.upperBound
        hot = plan.snapshot == nil ? plan.hot.sorted { $0.sequence < $1.sequence } : []
        chunk = plan.snapshot?.stripeChunkCount ?? 0
        offset = plan.shardOffset
    }

    func start() { go() }

    private enum Step {
        case goOn
        /// Whatever it waits for calls ``go()``.
        case wait
        case end
    }

    /// Goes on until there is something to wait for.
    private func go() {
        while case .goOn = step() {}
    }

    private func step() -> Step {
        if place > plan.logPlaces.lowerBound { return readLog() }
        // The rest of the hot ones are older than everything else.
        while let last = hot.popLast() { applyAlone(last.stripe) }
        volume.settleRebuilt()
        if let snapshot = plan.snapshot, chunk < snapshot.chunkCount { return readSnapshot(snapshot) }
        return settle()
    }

    /// The bytes of a piece, once they are there.
    private func read(_ range: Range<Int>) -> PieceRead.Result? {
        let piece = reading ?? ahead ?? PieceRead(range, volume)
        (reading, ahead) = (piece, nil)
        assert(piece.range == range)
        guard let result = piece.result(orCall: { [self] in go() }) else { return nil }
        reading = nil
        return result
    }

    private func readAhead(_ range: Range<Int>) { ahead = PieceRead(range, volume) }

    // MARK: The log

    private func readLog() -> Step {
        let part = logPart(below: place)
        guard let piece = read(logRange(part)) else { return .wait }
        let next = place - UInt64(part.count)
        if next > plan.logPlaces.lowerBound { readAhead(logRange(logPart(below: next))) }
        let pageBytes = FooterLogPage.byteCount(stripeBytes: volume.superblock.stripeBytes)
        let pages = part.reversed().map { stripe -> (stripe: Int, page: FooterLogPage?) in
            let bytes = UnsafeRawBufferPointer(piece.buffer.region).part((stripe - part.lowerBound) * pageBytes, pageBytes)
            return (stripe, piece.isRead ? FooterLogPage(decoding: bytes, stripe: stripe, volume.superblock) : nil)
        }
        if isFirstPiece { expect(like: pages.map(\.page)) }
        for begin in stride(from: 0, to: pages.count, by: Self.stripesAtOnce) {
            apply(pages[begin..<min(pages.count, begin + Self.stripesAtOnce)])
        }
        place = next
        volume.rebuildAdvanced()
        return .goOn
    }

    /// Stripes whose pages are read in one go: not over the end of the ring.
    private func logPart(below place: UInt64) -> Range<Int> {
        let last = Int((place - 1) % UInt64(volume.superblock.stripeCount))
        let pages = min(Self.pagesAtOnce, Int(place - plan.logPlaces.lowerBound), last + 1)
        return last - pages + 1..<last + 1
    }

    private func logRange(_ part: Range<Int>) -> Range<Int> {
        FooterLogPage.offset(of: part.lowerBound, volume.superblock)..<FooterLogPage.offset(of: part.upperBound, volume.superblock)
    }

    /// Where everything comes from the log, the first directories tell about how many records there are. What they replace is counted too: see
    /// ``Volume/trimIndex()``.
    private func expect(like pages: [FooterLogPage?]) {
        isFirstPiece = false
        guard plan.snapshot == nil else { return }
        let records = pages.reduce(0) { $0 + ($1?.entries?.count { !$0.isTombstone } ?? 0) }
        volume.expectRecords(records * plan.logPlaces.count / max(1, pages.count))
    }

    private func apply(_ batch: some Sequence<(stripe: Int, page: FooterLogPage?)>) {
        var ready: [StripeFooter] = []
        for (stripe, page) in batch {
            guard let page, let entries = page.entries else {
                // Never logged, damaged, or too long: the stripe knows.
                applyRead(stripe, isHot: page?.isHot ?? true, &ready)
                continue
            }
            let footer = StripeFooter(
                volumeID: volume.superblock.volumeID,
                sequence: page.sequence,
                stripe: UInt32(stripe),
                entries: entries
            )
            take(footer, isHot: page.isHot, &ready)
        }
        volume.applyRebuilt(ready)
    }

    private func applyRead(_ stripe: Int, isHot: Bool, _ ready: inout [StripeFooter]) {
        let scanner = StripeScanner(superblock: volume.superblock, device: volume.device)
        switch scanner.scan(stripe) {
        case .blank: volume.learnEmpty(stripe, isDamaged: false)
        case .damaged: giveUp(stripe)
        case .intact:
            guard let footer = scanner.footer(of: stripe) else { return giveUp(stripe) }
            take(footer, isHot: isHot, &ready)
        }
    }

    /// A stripe that cannot be read now must not come back when it can be. Where even that fails the volume is beyond help.
    private func giveUp(_ stripe: Int) {
        do throws(DeviceError) {
            try StripeScanner(superblock: volume.superblock, device: volume.device).void(stripe)
        } catch { volume.perform(volume.lock.locked { volume.setAside() }) }
        volume.learnEmpty(stripe, isDamaged: true)
    }

    /// A hot stripe is older than its place says: it waits until its sequence comes.
    private func take(_ footer: StripeFooter, isHot: Bool, _ ready: inout [StripeFooter]) {
        // It could not be read when the newest were looked for: now it is too late for it.
        guard footer.sequence < volume.firstSequence else { return giveUp(Int(footer.stripe)) }
        // A stripe whose write failed has a sequence that says nothing.
        if footer.entries.isEmpty { return volume.learn(Int(footer.stripe), sequence: footer.sequence) }
        // What is older than anything that the newer words could have been written beside is in the snapshot, and no more is needed of it.
        if plan.snapshot != nil, footer.sequence + UInt64(Volume.openWindow) + 1 < plan.lowSequence {
            return volume.learn(Int(footer.stripe), sequence: footer.sequence)
        }
        if isHot {
            let position = hot.firstIndex { $0.sequence > footer.sequence } ?? hot.count
            hot.insert((footer.sequence, Int(footer.stripe)), at: position)
            return
        }
        while let last = hot.last, last.sequence > footer.sequence {
            hot.removeLast()
            volume.applyRebuilt(ready)
            ready = []
            applyAlone(last.stripe)
        }
        ready.append(footer)
    }

    private func applyAlone(_ stripe: Int) {
        guard let footer = StripeScanner(superblock: volume.superblock, device: volume.device).footer(of: stripe) else { return }
        volume.applyRebuilt([footer])
        volume.noteHot(stripe)
    }

    // MARK: The snapshot

    private func readSnapshot(_ snapshot: SnapshotHeader) -> Step {
        let end = SnapshotHeader.slot(snapshot.generation, in: volume.superblock.regions.snapshot).end
        func range(_ offset: Int) -> Range<Int> { offset..<max(offset, min(end, offset + SnapshotHeader.chunkBytes)) }
        guard let piece = read(range(offset)) else { return .wait }
        let content =
            piece.isRead
            ? SnapshotChunk.content(
                of: UnsafeRawBufferPointer(piece.buffer.region),
                number: chunk,
                generation: snapshot.generation,
                volumeID: volume.superblock.volumeID
            ) : nil
        guard let content else {
            doWithoutSnapshot()
            return .goOn
        }
        offset += SnapshotChunk.length(used: content.count)
        chunk += 1
        if chunk < snapshot.chunkCount { readAhead(range(offset)) }
        volume.install(content, plan.stripes)
        volume.rebuildAdvanced()
        return .goOn
    }

    /// The snapshot is damaged: everything comes from the log, from its end once more, for what the snapshot should have had was passed over.
    private func doWithoutSnapshot() {
        plan.logPlaces = min(plan.firstPlace, plan.logPlaces.lowerBound)..<plan.logPlaces.upperBound
        plan.snapshot = nil
        place = plan.logPlaces.upperBound
        isFirstPiece = true
        hot = plan.hot.sorted { $0.sequence < $1.sequence }
        volume.snapshotIsDamaged(pieces: plan.pieces(pagesAtOnce: Self.pagesAtOnce))
    }

    // MARK: The end

    /// Records in hot stripes that are not the last word on their key are watched from now on: see ``SupersededRecords``.
    private func settle() -> Step {
        let stripes = plan.watched + volume.hotFound
        guard settled < stripes.count else {
            volume.trimIndex()
            volume.endRebuild()
            return .end
        }
        let stripe = stripes[settled]
        let reader = FooterReader(superblock: volume.superblock, device: volume.device, engine: volume.engine)
        reader.readStayed(stripe: stripe, sequence: volume.lock.locked { volume.cycle.sequence(stripe) }) { [self] outcome in
            switch outcome {
            case .footer(let footer): volume.watchDead(footer)
            case .unreadable: volume.noteUnread(stripe)
            case .busy: return volume.waitToRebuild { [self] in go() }
            }
            settled += 1
            go()
        }
        return .wait
    }
}

/// A read of one piece of the log or the snapshot, for one that may come for it later. An error is no result: it is tried again, three times, once
/// somebody waits.
private final class PieceRead: @unchecked Sendable {
    // Unchecked: the mutable fields are guarded by `lock`.
    let range: Range<Int>
    private let volume: Volume
    private let buffer: PageBuffer
    private let lock = Lock()
    private var state = State.idle
    private var attempts = 0
    private var waiter: (@Sendable () -> Void)?

    private enum State {
        case idle
        case underWay
        case ended(isRead: Bool)
    }

    struct Result {
        var isRead: Bool
        var buffer: PageBuffer
    }

    /// Begins the read if the engine has room.
    init(_ range: Range<Int>, _ volume: Volume) {
        self.range = range
        self.volume = volume
        buffer = PageBuffer(byteCount: range.count)
        begin()
    }

    /// What was read; nil when that is not known yet, and then the callback is called once.
    func result(orCall callback: @escaping @Sendable () -> Void) -> Result? {
        let (result, isIdle) = lock.locked { () -> (Result?, Bool) in
            if case .ended(let isRead) = state { return (Result(isRead: isRead, buffer: buffer), false) }
            waiter = callback
            if case .idle = state { return (nil, true) }
            return (nil, false)
        }
        if isIdle { begin() }
        return result
    }

    private func begin() {
        lock.locked { state = .underWay }
        let operation = IOOperation(kind: .read, device: volume.device, offset: range.lowerBound, region: buffer.region) { [self] error in
            finish(error == nil)
        }
        guard !volume.engine.submit(operation) else { return }
        let mustWait = lock.locked {
            state = .idle
            return waiter != nil
        }
        if mustWait { volume.waitToRebuild { [self] in begin() } }
    }

    private func finish(_ isRead: Bool) {
        let (waiter, again) = lock.locked { () -> ((@Sendable () -> Void)?, Bool) in
            attempts += 1
            guard isRead || attempts > 3 else {
                state = .idle
                return (nil, self.waiter != nil)
            }
            state = .ended(isRead: isRead)
            defer { self.waiter = nil }
            return (self.waiter, false)
        }
        if again { begin() }
        waiter?()
    }
}
