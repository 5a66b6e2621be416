// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Where records go: which membuf, and when it is sealed and written. All but the device's part is called under the lock.
extension Volume {
    /// Who asks for room. What is carried forward never takes the last of it, and new records leave some for what is carried.
    enum Purpose { case fresh, relocation, tombstone }

    /// - Parameter room: Bytes that must be free in the membuf, for more records that follow this one at once.
    func reserve(
        _ wanted: Reservation,
        for purpose: Purpose,
        room: Int = 0,
        _ deeds: inout [Deed]
    ) -> Result<Reserved, RefusedWrite> {
        if isOffline { return .failure(.volumeOffline) }
        if isClosed { return .failure(.closed) }
        return findPlace(wanted, for: purpose, room: room, &deeds)
    }

    /// A record's place. Its membuf is not written before the place is committed or given up.
    struct Reserved {
        var membuf: Membuf
        var entry: DirectoryEntry
        /// Of a record that is carried: uses that the index has counted and the entry has.
        var countedUses = UseClass.none
    }

    func findPlace(
        _ wanted: Reservation,
        for purpose: Purpose,
        room: Int = 0,
        _ deeds: inout [Deed]
    ) -> Result<Reserved, RefusedWrite> {
        let padded = max(room, wanted.byteCount.roundedUp(to: superblock.recordAlignment))
        if purpose == .relocation, gathersSurvivors {
            if let membuf = survivorMembuf, membuf.room >= padded { return .success(take(membuf, wanted)) }
        } else if let membuf = openMembufs.first(where: { $0.room >= padded }) {
            return .success(take(membuf, wanted))
        }
        // Nothing is sealed before a new membuf is at hand: until then smaller records still fit into those that are open.
        let spare = gathersSurvivors && purpose != .relocation && survivorMembuf == nil ? 1 : 0
        // Asked before anything that is waited for: nobody waits for the budget, who gets no bytes is refused.
        guard governor.mayOpen(superblock.stripeBytes, for: purpose == .relocation ? .relocation : .admission) else {
            return .failure(.overBudget)
        }
        guard freeMembufs.count > spare else { return .failure(.noMembuf) }
        deeds += reclaimAhead()
        guard canOpenNext else {
            deeds += restartDeeds()
            return .failure(.noCleanStripe)
        }
        guard let (stripe, sequence) = cycle.open(), let membuf = freeMembufs.popLast() else { return .failure(.noMembuf) }
        deeds += sealOutrun()
        membuf.begin(stripe: stripe, sequence: sequence, volumeID: superblock.volumeID, nowSeconds: nowSeconds())
        membufs[stripe] = membuf
        if purpose == .relocation, gathersSurvivors {
            if let full = survivorMembuf { deeds += seal(full) }
            survivorMembuf = membuf
        } else {
            // The oldest goes, not the fullest: so the stripes of new records close nearly in order.
            if openMembufs.count >= openLimit, let oldest = openMembufs.first { deeds += seal(oldest) }
            openMembufs.append(membuf)
        }
        deeds += reclaimAhead() + restartDeeds()
        precondition(membuf.room >= padded, "what no stripe can hold was asked a place for")
        while membuf.room - DirectoryEntry.byteCount >= padded, let owed = owedTombstones.popFirst() {
            release(take(membuf, .tombstone(owed.hash, serial: owed.serial)))
        }
        return .success(take(membuf, wanted))
    }

    func take(_ membuf: Membuf, _ wanted: Reservation) -> Reserved {
        membuf.writers += 1
        return Reserved(membuf: membuf, entry: membuf.reserve(wanted))
    }

    private func release(_ reserved: Reserved) { reserved.membuf.writers -= 1 }

    // MARK: Tombstones

    /// Leaves a tombstone in the log, now or as soon as there is room.
    /// - Parameter old: What the index knew of the key.
    func logTombstone(_ hash: KeyHash, serial: UInt64, replacing old: PackedIndex.Entry?, _ deeds: inout [Deed]) {
        // A volume that was set aside takes nothing; holding on to its debts would only fill memory.
        if isOffline { return }
        switch reserve(.tombstone(hash, serial: serial), for: .tombstone, &deeds) {
        case .success(let place):
            release(place)
            owedTombstones.remove(hash)
            if let old { supersede(hash, old, by: place.membuf.sequence) }
        case .failure:
            // A key that the index did not know has, at most, a record in a stripe that was taken back and not yet overwritten.
            guard old != nil || owedTombstones.count < Self.owedLimit else { return }
            owedTombstones.insert(hash, serial: serial)
            if let old { bury(hash, old) }
        }
    }

    /// Logs what could not be logged before, as far as there is room now.
    func payTombstones(_ deeds: inout [Deed]) {
        while !isOffline, let (hash, serial) = owedTombstones.first {
            let tombstone = Reservation.tombstone(hash, serial: serial)
            guard case .success(let place) = findPlace(tombstone, for: .tombstone, &deeds) else { break }
            release(place)
            owedTombstones.remove(hash)
        }
    }

    /// A record has been replaced or removed by a word in the stripe with this sequence. Where a restart could find the record and not the
    /// word, it leaves its directory or is watched: see ``SupersededRecords``.
    func supersede(_ hash: KeyHash, _ old: PackedIndex.Entry, by sequence: UInt64) {
        let stripe = old.address.stripe(unitsPerStripe: unitsPerStripe)
        guard cycle.sequence(stripe) > sequence else { return }
        bury(hash, old)
    }

    /// Sees to it that a restart never takes a dead record for the last word on its key.
    private func bury(_ hash: KeyHash, _ old: PackedIndex.Entry) {
        let stripe = old.address.stripe(unitsPerStripe: unitsPerStripe)
        guard let membuf = membufs[stripe] else { return superseded.add(hash, in: stripe) }
        if membuf.isBeingWritten {
            membuf.diedWhileWritten.append(hash)
        } else {
            membuf.cancel(unitInStripe: old.address.unitInStripe(unitsPerStripe: unitsPerStripe))
        }
    }

    // MARK: Sealing

    func seal(_ membuf: Membuf) -> [Deed] {
        membuf.isSealed = true
        governor.seal(superblock.stripeBytes)
        openMembufs.removeAll { $0 === membuf }
        if survivorMembuf === membuf { survivorMembuf = nil }
        return writeIfReady(membuf)
    }

    /// Every membuf that takes records.
    var allOpen: [Membuf] { openMembufs + (survivorMembuf.map { [$0] } ?? []) }

    /// Seals what has been open for too many stripes.
    private func sealOutrun() -> [Deed] {
        allOpen.filter { $0.sequence + UInt64(Self.openWindow) < cycle.nextSequence }.flatMap { seal($0) }
    }

    /// Seals the membuf that the tail has come to: the turn is complete and must go on.
    func sealBlocking() -> [Deed] {
        guard let stripe = cycle.blocking, let membuf = membufs[stripe], !membuf.isSealed else { return [] }
        return seal(membuf)
    }

    func writeIfReady(_ membuf: Membuf) -> [Deed] {
        guard membuf.isSealed, membuf.writers == 0, !membuf.isBeingWritten else { return [] }
        if let guarded = overwriteGuards[membuf.stripe] {
            let before = membufs.values.filter { $0.sequence <= guarded && $0 !== membuf }
            if !before.isEmpty {
                if !guardedWrites.contains(where: { $0 === membuf }) { guardedWrites.append(membuf) }
                // Lower sequences wait for still lower ones only: there is always one that waits for nobody.
                return before.filter { !$0.isSealed }.sorted { $0.sequence < $1.sequence }.flatMap { seal($0) }
            }
            switch membuf.guardState {
            case .none:
                membuf.guardState = .underWay
                return [.syncBefore(membuf)]
            case .underWay: return []
            case .synced: break
            }
        }
        membuf.isBeingWritten = true
        return [.write(membuf)]
    }

    /// Under the lock, when a membuf is done.
    func guardedDeeds() -> [Deed] {
        let waiting = guardedWrites
        guardedWrites = []
        return waiting.flatMap { writeIfReady($0) }
    }

    /// A stripe holds a record, or had a word, on a key of which an older record is on disk elsewhere. Should the process die when the stripe
    /// has been overwritten and the newest word on the key is still in a membuf, a restart would find the older record alone. Should the power fail,
    /// the device may keep the overwriting and lose the word, or what overwrote the older record: so both are synced first.
    func guardOverwrite(_ stripe: Int, of hash: KeyHash) {
        var sequence = cycle.nextSequence - 1
        if let entry = index.find(hash) {
            guard let membuf = membufs[entry.address.stripe(unitsPerStripe: unitsPerStripe)] else { return }
            sequence = membuf.sequence
        }
        overwriteGuards[stripe] = max(overwriteGuards[stripe] ?? 0, sequence)
    }

    func recycleIfDone(_ membuf: Membuf) {
        guard membuf.isRetired, membuf.readers == 0 else { return }
        membuf.isRetired = false
        freeMembufs.append(membuf)
    }

    // MARK: The device

    private enum WriteOutcome { case written, failed, notTaken }

    func startWrite(_ membuf: Membuf) {
        if lock.locked({ isOffline }) { return abandon(membuf) }
        guard governor.take(superblock.stripeBytes) else {
            let waits = lock.locked {
                if !waitsNoMore { waitingWrites.append(membuf) }
                return !waitsNoMore
            }
            return waits ? () : abandon(membuf)
        }
        membuf.encodeFooter(volumeID: superblock.volumeID)
        let taken = engine.submit(
            IOOperation(kind: .write, device: device, offset: superblock.offset(of: membuf.stripe), region: membuf.memory) {
                [self] error in
                finishWrite(membuf, error == nil ? .written : .failed)
            }
        )
        if !taken { finishWrite(membuf, .notTaken) }
    }

    /// A membuf that cannot be written since the volume has failed, or since there are no bytes for it in time.
    func abandon(_ membuf: Membuf) {
        lock.locked { membuf.isBeingWritten = true }
        governor.unseal(superblock.stripeBytes)
        finishWrite(membuf, .failed)
    }

    private func finishWrite(_ membuf: Membuf, _ outcome: WriteOutcome) {
        perform(
            lock.locked {
                var deeds: [Deed] = []
                switch outcome {
                case .written:
                    consecutiveFailures = 0
                    statistics.stripesWritten += 1
                    statistics.deviceBytesWritten += membuf.memory.count
                    // What was on disk there before is gone when it is synced.
                    noteOverwritten(membuf)
                    overwriteGuards[membuf.stripe] = nil
                    for hash in membuf.diedWhileWritten { superseded.add(hash, in: membuf.stripe) }
                    log(membuf.entries, stripe: membuf.stripe)
                case .failed:
                    forget(membuf)
                    consecutiveFailures += 1
                    if consecutiveFailures >= failureLimit { deeds += setAside() }
                case .notTaken:
                    // The engine has stopped or is overrun; that says nothing about the device.
                    forget(membuf)
                }
                // What is there now is nothing, or what was there before: it must not be taken for something newer.
                if outcome != .written { log([], stripe: membuf.stripe) }
                membufs[membuf.stripe] = nil
                cycle.finish(membuf.stripe, written: outcome == .written)
                membuf.isRetired = true
                recycleIfDone(membuf)
                return deeds + heldUpDeeds() + guardedDeeds() + reclaimAhead() + restartDeeds()
                    + (outcome == .notTaken ? refusedFlushDeeds() : flushDeeds()) + roomDeeds()
            }
        )
    }

    /// What was promised from a membuf whose write failed is forgotten; the stripe's place on disk is not trusted until it is written again.
    private func forget(_ membuf: Membuf) {
        statistics.writeErrors += 1
        for entry in membuf.entries {
            let isGone =
                entry.isTombstone ? index.find(entry.hash) == nil : index.remove(entry.hash, at: address(entry, in: membuf.stripe)) != nil
            if isGone { noteForgotten(entry.hash) }
            // An older record of the key may still be on disk, and the log no longer says that it is not to be served.
            if isGone, !pending.contains(entry.hash, newerThan: entry.serial) { owedTombstones.insert(entry.hash, serial: entry.serial) }
        }
    }

    /// Nothing is read or written here any more. Membufs that the write budget holds back are given up: no tick comes for them.
    func setAside() -> [Deed] {
        defer { waitingWrites = [] }
        isOffline = true
        owedTombstones = OwedTombstones()
        return waitingWrites.map { .write($0) }
    }
}

extension Reservation {
    static func tombstone(_ hash: KeyHash, serial: UInt64) -> Reservation {
        Reservation(hash: hash, serial: serial, byteCount: 0, kind: .tombstone)
    }
}
