// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Makes the index again behind a volume that serves already: first the directories that are newer than the snapshot, from the footer log, newest
/// first; then the snapshot, if there is one; last the hot stripes are looked through for records that must not come back. See ``RebuildState``
/// for the order and ``RestartPlan`` for what there is to do.
///
/// One read at a time, a chunk each. A chunk that cannot be read is tried again, then its stripes are read one by one; a stripe that cannot be read
/// is left out. Memory: one chunk, and what the state needs.
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
    private var attempts = 0

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

    func start() { next() }

    private func next() {
        if place > plan.logPlaces.lowerBound { return readLog() }
        // The rest of the hot ones are older than everything else.
        while let last = hot.popLast() { applyAlone(last.stripe) }
        volume.settleRebuilt()
        if let snapshot = plan.snapshot, chunk < snapshot.chunkCount { return readSnapshot(snapshot) }
        settle()
    }

    // MARK: The log

    private func readLog() {
        let count = UInt64(volume.superblock.stripeCount)
        // A chunk does not go over the end of the ring, and is read whole where it lies.
        let last = Int((place - 1) % count)
        let pages = min(Self.pagesAtOnce, Int(place - plan.logPlaces.lowerBound), last + 1)
        let first = last - pages + 1
        let pageBytes = FooterLogPage.byteCount(stripeBytes: volume.superblock.stripeBytes)
        let buffer = PageBuffer(byteCount: pages * pageBytes)
        read(buffer, at: FooterLogPage.offset(of: first, volume.superblock)) { [self] isRead in
            for end in stride(from: pages, to: 0, by: -Self.stripesAtOnce) {
                let batch = (max(0, end - Self.stripesAtOnce)..<end).reversed().map { number in
                    let stripe = first + number
                    let bytes = UnsafeRawBufferPointer(buffer.region).part(number * pageBytes, pageBytes)
                    return (stripe, isRead ? FooterLogPage(decoding: bytes, stripe: stripe, volume.superblock) : nil)
                }
                apply(batch)
            }
            place -= UInt64(pages)
            volume.rebuildAdvanced()
            next()
        }
    }

    private func apply(_ batch: [(stripe: Int, page: FooterLogPage?)]) {
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
        } catch { volume.lock.locked { volume.setAside() } }
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

    private func readSnapshot(_ snapshot: SnapshotHeader) {
        let buffer = PageBuffer(byteCount: SnapshotHeader.chunkBytes)
        let end = SnapshotHeader.slot(snapshot.generation, in: volume.superblock.regions.snapshot).end
        let length = max(0, min(SnapshotHeader.chunkBytes, end - offset))
        read(buffer, length: length, at: offset) { [self] isRead in
            let content =
                isRead
                ? SnapshotChunk.content(
                    of: UnsafeRawBufferPointer(buffer.region).part(0, length),
                    number: chunk,
                    generation: snapshot.generation,
                    volumeID: volume.superblock.volumeID
                ) : nil
            guard let content else { return doWithoutSnapshot() }
            install(content)
            offset += SnapshotChunk.length(used: content.count)
            chunk += 1
            volume.rebuildAdvanced()
            next()
        }
    }

    /// The snapshot is damaged: everything comes from the log, from its end once more, for what the snapshot should have had was passed over.
    private func doWithoutSnapshot() {
        plan.logPlaces = min(plan.firstPlace, plan.logPlaces.lowerBound)..<plan.logPlaces.upperBound
        plan.snapshot = nil
        place = plan.logPlaces.upperBound
        hot = plan.hot.sorted { $0.sequence < $1.sequence }
        volume.snapshotIsDamaged(pieces: plan.pieces(pagesAtOnce: Self.pagesAtOnce))
        next()
    }

    private func install(_ content: UnsafeRawBufferPointer) {
        var offset = 0
        while offset + SnapshotChunk.shardHeaderBytes <= content.count {
            let end = volume.lock.locked { () -> Int in
                for _ in 0..<64 where offset + SnapshotChunk.shardHeaderBytes <= content.count {
                    let shard = Int(content.field(offset, as: UInt32.self))
                    let groups = Int(content.field(offset + 4, as: UInt32.self))
                    let length = groups * PackedIndex.groupSlots * 8
                    offset += SnapshotChunk.shardHeaderBytes
                    guard shard < volume.index.shardCount, offset + length <= content.count else { return content.count }
                    if groups > 0 { volume.install(shard: shard, groups: groups, from: content.part(offset, length), plan.stripes) }
                    offset += length
                }
                return offset
            }
            offset = end
        }
    }

    // MARK: The end

    /// Records in hot stripes that are not the last word on their key are watched from now on: see ``SupersededRecords``.
    private func settle() {
        let stripes = plan.watched + volume.hotFound
        if settled < stripes.count {
            let stripe = stripes[settled]
            settled += 1
            return FooterReader(superblock: volume.superblock, device: volume.device, engine: volume.engine).read(stripe: stripe) {
                [self] in
                if case .footer(let footer) = $0 { volume.watchDead(footer) }
                next()
            }
        }
        volume.endRebuild()
    }

    private func read(_ buffer: PageBuffer, length: Int? = nil, at offset: Int, _ then: @escaping @Sendable (Bool) -> Void) {
        let region = buffer.region.part(0, length ?? buffer.region.count)
        let taken = volume.engine.submit(
            IOOperation(kind: .read, device: volume.device, offset: offset, region: region) { [self] error in
                withExtendedLifetime(buffer) {}
                if error != nil, attempts < 3 {
                    attempts += 1
                    return read(buffer, length: length, at: offset, then)
                }
                attempts = 0
                then(error == nil)
            }
        )
        if !taken { volume.waitToRebuild { [self] in read(buffer, length: length, at: offset, then) } }
    }
}
