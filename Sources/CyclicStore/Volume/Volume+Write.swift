// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

extension Volume {
    /// Copies an object into a membuf. It can be read from there at once.
    /// - Returns: The record's serial: of two writes or removals of a key, the one with the higher serial holds.
    @discardableResult
    func write(_ object: any StoredObject) throws(RefusedWrite) -> UInt64 {
        let key = object.key
        let (metadataBytes, payloadBytes) = (object.metadataByteCount, object.payloadByteCount)
        guard key.bytes.count <= Limits.maxKeyBytes, metadataBytes <= Limits.maxMetadataBytes else { throw .tooLarge }
        let total = RecordHeader.byteCount + key.bytes.count + metadataBytes + payloadBytes
        guard total <= recordCapacity else { throw .tooLarge }

        var deeds: [Deed] = []
        var reserved: (membuf: Membuf, entry: DirectoryEntry)?
        var refusal = RefusedWrite.noMembuf
        lock.locked {
            switch reserve(hash: key.hash, byteCount: total, kind: object.kind, &deeds) {
            case .success(let place):
                reserved = place
                pending.begin(key.hash, serial: place.entry.serial)
                // This record says what a tombstone would have said.
                owedTombstones.remove(key.hash)
            case .failure(let reason):
                statistics.writesRefused[reason, default: 0] += 1
                refusal = reason
            }
        }
        perform(deeds)
        guard let (membuf, entry) = reserved else { throw refusal }

        let bytes = membuf.bytes(of: entry, count: Int(entry.units) * superblock.recordAlignment)
        RecordHeader(
            kind: object.kind,
            hash: key.hash,
            sequence: membuf.sequence,
            serial: entry.serial,
            keyBytes: key.bytes.count,
            metadataBytes: metadataBytes,
            payloadBytes: payloadBytes,
            storedAtSeconds: UInt32(truncatingIfNeeded: nowSeconds())
        ).encode(into: bytes)
        key.bytes.withUnsafeBytes { bytes.part(RecordHeader.byteCount, $0.count).copyMemory(from: $0) }
        object.copyContent(into: bytes.part(RecordHeader.byteCount + key.bytes.count, metadataBytes + payloadBytes))
        RecordHeader.setChecksum(of: bytes.part(0, total))
        bytes.part(total, bytes.count - total).zero()

        perform(
            lock.locked {
                if pending.commit(key.hash, serial: entry.serial) {
                    index.insert(key.hash, address: address(entry, in: membuf.stripe), units: Int(entry.units))
                }
                statistics.recordsWritten += 1
                statistics.recordBytesWritten += total
                membuf.writers -= 1
                return writeIfReady(membuf)
            }
        )
        return entry.serial
    }

    /// Forgets a record and leaves a tombstone in the log, so that it stays forgotten when the index is rebuilt. Durable when the stripe
    /// with the tombstone is.
    /// - Returns: Whether the index knew it, and the removal's serial.
    func remove(_ hash: KeyHash) -> (wasKnown: Bool, serial: UInt64) {
        var deeds: [Deed] = []
        let result = lock.locked {
            let serial = takeSerial()
            // Both: a record of the key may be on its way while an older one is in the index.
            let wasPending = pending.remove(hash, serial: serial)
            let wasKnown = index.remove(hash) || wasPending
            if wasKnown {
                statistics.removals += 1
                logTombstone(hash, &deeds)
            }
            return (wasKnown, serial)
        }
        perform(deeds)
        return result
    }

    // MARK: Under the lock

    /// Leaves a tombstone in the log, now or as soon as there is room.
    func logTombstone(_ hash: KeyHash, _ deeds: inout [Deed]) {
        // A volume that was set aside takes nothing; holding on to its debts would only fill memory.
        if isOffline { return }
        switch reserve(hash: hash, byteCount: 0, kind: .tombstone, &deeds) {
        case .success(let place):
            place.membuf.writers -= 1
            owedTombstones.remove(hash)
        case .failure:
            owedTombstones.insert(hash)
        }
    }

    /// Logs what could not be logged before, as far as there is room now.
    /// - Returns: Whether anything was logged.
    func payTombstones(_ deeds: inout [Deed]) -> Bool {
        var paid = false
        while !isOffline, let hash = owedTombstones.first {
            guard case .success(let place) = findPlace(hash: hash, byteCount: 0, kind: .tombstone, &deeds) else { break }
            place.membuf.writers -= 1
            owedTombstones.remove(hash)
            paid = true
        }
        return paid
    }

    private func reserve(
        hash: KeyHash,
        byteCount: Int,
        kind: RecordKind,
        _ deeds: inout [Deed]
    ) -> Result<(membuf: Membuf, entry: DirectoryEntry), RefusedWrite> {
        if isOffline { return .failure(.volumeOffline) }
        if isClosed { return .failure(.closed) }
        return findPlace(hash: hash, byteCount: byteCount, kind: kind, &deeds)
    }

    private func findPlace(
        hash: KeyHash,
        byteCount: Int,
        kind: RecordKind,
        _ deeds: inout [Deed]
    ) -> Result<(membuf: Membuf, entry: DirectoryEntry), RefusedWrite> {
        let padded = byteCount.roundedUp(to: superblock.recordAlignment)
        if let membuf = openMembufs.first(where: { $0.room >= padded }) { return .success(take(membuf, hash, byteCount, kind)) }
        // Nothing is sealed before a new membuf is at hand: until then smaller records still fit into those that are open.
        guard let membuf = freeMembufs.last else { return .failure(.noMembuf) }
        deeds += reclaimAhead()
        guard let (stripe, sequence) = cycle.open() else { return .failure(.noCleanStripe) }
        // The oldest goes, not the fullest: no more than two neighbours in sequence are ever open together.
        if openMembufs.count >= openLimit, let oldest = openMembufs.first { deeds += seal(oldest) }
        freeMembufs.removeLast()
        membuf.begin(stripe: stripe, sequence: sequence, volumeID: superblock.volumeID, nowSeconds: nowSeconds())
        membufs[stripe] = membuf
        openMembufs.append(membuf)
        deeds += reclaimAhead()
        while membuf.room - DirectoryEntry.byteCount >= padded, let owed = owedTombstones.popFirst() {
            _ = take(membuf, owed, 0, .tombstone)
            membuf.writers -= 1
        }
        return .success(take(membuf, hash, byteCount, kind))
    }

    private func take(_ membuf: Membuf, _ hash: KeyHash, _ byteCount: Int, _ kind: RecordKind) -> (Membuf, DirectoryEntry) {
        let entry = membuf.reserve(hash: hash, serial: takeSerial(), byteCount: byteCount, kind: kind)
        membuf.writers += 1
        return (membuf, entry)
    }

    private func takeSerial() -> UInt64 {
        defer { nextSerial += 1 }
        return nextSerial
    }

    func seal(_ membuf: Membuf) -> [Deed] {
        membuf.isSealed = true
        openMembufs.removeAll { $0 === membuf }
        return writeIfReady(membuf)
    }

    private func writeIfReady(_ membuf: Membuf) -> [Deed] {
        guard membuf.isSealed, membuf.writers == 0 else { return [] }
        return [.write(membuf, oldestSequence: cycle.oldestSequence)]
    }

    func recycleIfDone(_ membuf: Membuf) {
        guard membuf.isRetired, membuf.readers == 0 else { return }
        membuf.isRetired = false
        freeMembufs.append(membuf)
    }

    // MARK: The device

    private enum WriteOutcome { case written, failed, notTaken }

    func startWrite(_ membuf: Membuf, oldestSequence: UInt64) {
        membuf.encodeFooter(volumeID: superblock.volumeID, oldestSequence: oldestSequence)
        let taken = engine.submit(
            IOOperation(kind: .write, device: device, offset: superblock.offset(of: membuf.stripe), region: membuf.memory) {
                [self] error in
                finishWrite(membuf, error == nil ? .written : .failed)
            }
        )
        if !taken { finishWrite(membuf, .notTaken) }
    }

    private func finishWrite(_ membuf: Membuf, _ outcome: WriteOutcome) {
        perform(
            lock.locked {
                switch outcome {
                case .written:
                    consecutiveFailures = 0
                    statistics.stripesWritten += 1
                    statistics.deviceBytesWritten += membuf.memory.count
                case .failed:
                    forget(membuf)
                    consecutiveFailures += 1
                    if consecutiveFailures >= failureLimit { setAside() }
                case .notTaken:
                    // The engine has stopped or is overrun; that says nothing about the device.
                    forget(membuf)
                }
                membufs[membuf.stripe] = nil
                cycle.finish(membuf.stripe, written: outcome == .written)
                membuf.isRetired = true
                recycleIfDone(membuf)
                return reclaimAhead() + flushDeeds() + roomDeeds()
            }
        )
    }

    /// What was promised from a membuf whose write failed is forgotten; the stripe's place on disk is not trusted until it is written again.
    private func forget(_ membuf: Membuf) {
        statistics.writeErrors += 1
        for entry in membuf.entries {
            let isGone = entry.isTombstone ? index.find(entry.hash) == nil : index.remove(entry.hash, at: address(entry, in: membuf.stripe))
            // An older record of the key may still be on disk, and the log no longer says that it is not to be served.
            if isGone, !pending.contains(entry.hash, newerThan: entry.serial) { owedTombstones.insert(entry.hash) }
        }
    }

    private func setAside() {
        isOffline = true
        owedTombstones = []
    }
}
