// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// One file or device, its stripes, membufs and index. Mechanism only: what to store is decided above.
///
/// One lock guards the state; it is held for lookups and bookkeeping, never over I/O or copying of records. What to do outside the lock
/// comes out of it as a list of ``Deed``s.
final class Volume: @unchecked Sendable {
    let superblock: Superblock
    let device: any BlockDevice
    let engine: any IOEngine
    let nowSeconds: @Sendable () -> UInt64
    let unitsPerStripe: Int
    /// The largest record, header and padding included.
    let recordCapacity: Int
    private let openLimit: Int
    private let failureLimit = 3

    private let lock = Lock()
    // Everything below is guarded by `lock`.
    private var index: PackedIndex
    private var cycle: StripeCycle
    private var freeMembufs: [Membuf]
    private var openMembufs: [Membuf] = []
    /// The membuf that stands for a stripe, while one does.
    private var membufs: [Int: Membuf] = [:]
    private var membufCount: Int
    private var nextSerial: UInt64
    private var statistics = VolumeStatistics()
    private var writesUnderWay = 0
    private var reclaimsUnderWay = 0
    private var consecutiveFailures = 0
    private var isOffline = false
    private var isClosed = false
    private var settledWaiters: [@Sendable () -> Void] = []
    private var roomWaiters: [@Sendable () -> Void] = []

    /// A volume whose index has been rebuilt.
    init(
        recovered: consuming RecoveredVolume,
        device: any BlockDevice,
        engine: any IOEngine,
        membufs membufCount: Int,
        nowSeconds: @escaping @Sendable () -> UInt64
    ) {
        superblock = recovered.superblock
        self.device = device
        self.engine = engine
        self.nowSeconds = nowSeconds
        unitsPerStripe = superblock.stripeBytes / superblock.recordAlignment
        recordCapacity = Membuf.capacity(stripeBytes: superblock.stripeBytes, recordAlignment: superblock.recordAlignment)
        // Membufs and clean stripes must leave most of a small volume readable.
        let membufCount = max(2, min(membufCount, superblock.stripeCount / 2))
        self.membufCount = membufCount
        openLimit = membufCount >= 4 ? 2 : 1
        let (stripeBytes, alignment) = (superblock.stripeBytes, superblock.recordAlignment)
        freeMembufs = (0..<membufCount).map { _ in Membuf(stripeBytes: stripeBytes, recordAlignment: alignment) }
        cycle = StripeCycle(sequences: recovered.sequences, cleanGoal: max(1, min(4, superblock.stripeCount / 4)))
        nextSerial = recovered.nextSerial
        statistics.damagedStripes = recovered.damagedStripes
        index = recovered.takeIndex()
        perform(lock.locked { reclaimAhead() })
    }

    // MARK: Lookup

    /// Whether the index has an entry for the hash. No proof that the record is readable.
    func contains(_ hash: KeyHash) -> Bool {
        lock.locked { !isOffline && index.find(hash) != nil }
    }

    func snapshotStatistics() -> VolumeStatistics {
        lock.locked {
            var copy = statistics
            copy.records = index.count
            copy.indexBytes = index.byteCount + cycle.count * 24
            copy.liveStripes = cycle.liveCount
            copy.stripes = cycle.count
            copy.isOffline = isOffline
            return copy
        }
    }

    // MARK: Reading

    /// Where a record's bytes are, with whatever keeps them there.
    enum Place {
        case membuf(Membuf, address: RecordAddress, unitsToRead: Int)
        case disk(stripe: Int, sequence: UInt64, address: RecordAddress, unitsToRead: Int)
        case nowhere(MissReason)
    }

    /// Finds a record and pins it: every place but `nowhere` must be given back by ``release(_:)``.
    func pin(_ hash: KeyHash) -> Place {
        lock.locked {
            if isOffline { return .nowhere(.volumeOffline) }
            guard let entry = index.find(hash, countingUse: true) else { return .nowhere(.absent) }
            let stripe = entry.address.stripe(unitsPerStripe: unitsPerStripe)
            if let membuf = membufs[stripe] {
                membuf.readers += 1
                statistics.membufReads += 1
                return .membuf(membuf, address: entry.address, unitsToRead: entry.unitsToRead)
            }
            cycle.lease(stripe)
            return .disk(
                stripe: stripe,
                sequence: cycle.sequence(stripe),
                address: entry.address,
                unitsToRead: entry.unitsToRead
            )
        }
    }

    func release(_ place: Place) {
        perform(
            lock.locked {
                switch place {
                case .membuf(let membuf, _, _):
                    membuf.readers -= 1
                    recycleIfDone(membuf)
                case .disk(let stripe, _, _, _):
                    cycle.release(stripe)
                case .nowhere:
                    break
                }
                return reclaimAhead() + roomDeeds()
            }
        )
    }

    /// A pinned record turned out unusable: forgets it and counts why.
    func reject(_ hash: KeyHash, at address: RecordAddress, _ reason: MissReason) {
        lock.locked {
            switch reason {
            case .otherKey:
                statistics.falseMatches += 1
                return
            case .damaged:
                statistics.damagedRecords += 1
            case .readError:
                statistics.readErrors += 1
            case .absent, .busy, .volumeOffline:
                return
            }
            index.remove(hash, at: address)
        }
    }

    func countRead(bytes: Int, withoutHop: Bool) {
        lock.locked {
            statistics.deviceReads += 1
            statistics.deviceBytesRead += bytes
            if withoutHop { statistics.readsWithoutHop += 1 }
        }
    }

    // MARK: Writing

    /// Copies an object into a membuf. It can be read from there at once.
    func write(_ object: any StoredObject) throws(RefusedWrite) {
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
            case .success(let place): reserved = place
            case .failure(let reason):
                statistics.writesRefused += 1
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
                index.insert(
                    key.hash,
                    address: RecordAddress(
                        stripe: membuf.stripe,
                        unitsPerStripe: unitsPerStripe,
                        unitInStripe: Int(entry.unitInStripe)
                    ),
                    units: Int(entry.units)
                )
                statistics.recordsWritten += 1
                statistics.recordBytesWritten += total
                membuf.writers -= 1
                return writeIfReady(membuf)
            }
        )
    }

    /// Forgets a record and leaves a tombstone in the log, so that it stays forgotten when the index is rebuilt.
    /// - Returns: Whether the index knew it.
    func remove(_ hash: KeyHash) -> Bool {
        var known = false
        var deeds: [Deed] = []
        lock.locked {
            known = index.remove(hash)
            guard known, !isOffline, !isClosed else { return }
            statistics.removals += 1
            if case .success(let place) = reserve(hash: hash, byteCount: 0, kind: .tombstone, &deeds) {
                place.membuf.writers -= 1
                deeds += writeIfReady(place.membuf)
            }
        }
        perform(deeds)
        return known
    }

    /// Calls back once when a membuf or a stripe has become free. False: there is room now, and no call will come.
    func whenRoom(_ callback: @escaping @Sendable () -> Void) -> Bool {
        lock.locked {
            guard freeMembufs.isEmpty || !cycle.canOpen, !isOffline, !isClosed else { return false }
            roomWaiters.append(callback)
            return true
        }
    }

    private func roomDeeds() -> [Deed] {
        guard !roomWaiters.isEmpty, isOffline || isClosed || (!freeMembufs.isEmpty && cycle.canOpen) else { return [] }
        let waiters = roomWaiters
        roomWaiters = []
        return [.tell(waiters)]
    }

    private func reserve(
        hash: KeyHash,
        byteCount: Int,
        kind: RecordKind,
        _ deeds: inout [Deed]
    ) -> Result<(membuf: Membuf, entry: DirectoryEntry), RefusedWrite> {
        if isOffline { return .failure(.volumeOffline) }
        if isClosed { return .failure(.closed) }
        let padded = byteCount.roundedUp(to: superblock.recordAlignment)
        if let membuf = openMembufs.first(where: { $0.room >= padded }) { return .success(take(membuf, hash, byteCount, kind)) }
        if openMembufs.count >= openLimit, let fullest = openMembufs.min(by: { $0.room < $1.room }) {
            deeds += seal(fullest)
        }
        guard let membuf = freeMembufs.last else { return .failure(.noMembuf) }
        deeds += reclaimAhead()
        guard let (stripe, sequence) = cycle.open() else { return .failure(.noCleanStripe) }
        freeMembufs.removeLast()
        membuf.begin(stripe: stripe, sequence: sequence, volumeID: superblock.volumeID, nowSeconds: nowSeconds())
        membufs[stripe] = membuf
        openMembufs.append(membuf)
        deeds += reclaimAhead()
        return .success(take(membuf, hash, byteCount, kind))
    }

    private func take(_ membuf: Membuf, _ hash: KeyHash, _ byteCount: Int, _ kind: RecordKind) -> (Membuf, DirectoryEntry) {
        let entry = membuf.reserve(hash: hash, serial: nextSerial, byteCount: byteCount, kind: kind)
        nextSerial += 1
        membuf.writers += 1
        return (membuf, entry)
    }

    private func seal(_ membuf: Membuf) -> [Deed] {
        membuf.isSealed = true
        openMembufs.removeAll { $0 === membuf }
        return writeIfReady(membuf)
    }

    private func writeIfReady(_ membuf: Membuf) -> [Deed] {
        guard membuf.isSealed, membuf.writers == 0, !membuf.isRetired else { return [] }
        writesUnderWay += 1
        return [.write(membuf)]
    }

    private func recycleIfDone(_ membuf: Membuf) {
        guard membuf.isRetired, membuf.readers == 0 else { return }
        membuf.isRetired = false
        freeMembufs.append(membuf)
    }

    // MARK: Deeds

    /// What must happen outside the lock.
    private enum Deed {
        case write(Membuf)
        case readDirectory(stripe: Int, sequence: UInt64)
        case tell([@Sendable () -> Void])
    }

    private func reclaimAhead() -> [Deed] {
        guard !isOffline else { return [] }
        var deeds: [Deed] = []
        while let stripe = cycle.reclaimNext() {
            reclaimsUnderWay += 1
            deeds.append(.readDirectory(stripe: stripe, sequence: cycle.sequence(stripe)))
        }
        return deeds
    }

    private func perform(_ deeds: [Deed]) {
        for deed in deeds {
            switch deed {
            case .write(let membuf): startWrite(membuf)
            case .readDirectory(let stripe, let sequence): startReclaim(stripe, sequence: sequence)
            case .tell(let waiters): for waiter in waiters { waiter() }
            }
        }
    }

    private func startWrite(_ membuf: Membuf) {
        membuf.encodeFooter(volumeID: superblock.volumeID)
        let taken = engine.submit(
            IOOperation(kind: .write, device: device, offset: superblock.offset(of: membuf.stripe), region: membuf.memory) {
                [self] error in
                finishWrite(membuf, error)
            }
        )
        if !taken { finishWrite(membuf, DeviceError(.write, errno: 11, offset: superblock.offset(of: membuf.stripe))) }
    }

    private func finishWrite(_ membuf: Membuf, _ error: DeviceError?) {
        perform(
            lock.locked {
                writesUnderWay -= 1
                if error == nil {
                    consecutiveFailures = 0
                    statistics.stripesWritten += 1
                    statistics.deviceBytesWritten += membuf.memory.count
                } else {
                    // What was promised from this membuf is forgotten; the stripe's place on disk is not trusted until it is written again.
                    statistics.writeErrors += 1
                    consecutiveFailures += 1
                    for entry in membuf.entries where !entry.isTombstone { index.remove(entry.hash, at: address(entry, in: membuf.stripe)) }
                    if consecutiveFailures >= failureLimit { isOffline = true }
                }
                membufs[membuf.stripe] = nil
                cycle.finish(membuf.stripe, written: error == nil)
                membuf.isRetired = true
                recycleIfDone(membuf)
                return reclaimAhead() + settledDeeds() + roomDeeds()
            }
        )
    }

    private func address(_ entry: DirectoryEntry, in stripe: Int) -> RecordAddress {
        RecordAddress(stripe: stripe, unitsPerStripe: unitsPerStripe, unitInStripe: Int(entry.unitInStripe))
    }

    // MARK: Reclaim

    private func startReclaim(_ stripe: Int, sequence: UInt64) {
        let reader = FooterReader(superblock: superblock, device: device, engine: engine)
        reader.read(stripe: stripe) { [self] footer in
            finishReclaim(stripe, footer: footer.flatMap { $0.sequence == sequence ? $0 : nil })
        }
    }

    private func finishReclaim(_ stripe: Int, footer: StripeFooter?) {
        perform(
            lock.locked {
                if let footer {
                    for entry in footer.entries where !entry.isTombstone {
                        if index.remove(entry.hash, at: address(entry, in: stripe)) { statistics.recordsReclaimed += 1 }
                    }
                } else {
                    // The directory is unreadable: whatever points into this stripe must go all the same.
                    let before = index.count
                    index.removeAll(
                        from: RecordAddress(stripe: stripe, unitsPerStripe: unitsPerStripe, unitInStripe: 0),
                        upTo: RecordAddress(stripe: stripe + 1, unitsPerStripe: unitsPerStripe, unitInStripe: 0)
                    )
                    statistics.recordsReclaimed += before - index.count
                }
                statistics.stripesReclaimed += 1
                reclaimsUnderWay -= 1
                cycle.emptied(stripe)
                return reclaimAhead() + settledDeeds() + roomDeeds()
            }
        )
    }

    // MARK: Flush and close

    /// Writes every open membuf, full or not, and calls back when nothing is under way any more.
    func flush(_ completion: @escaping @Sendable () -> Void) {
        perform(
            lock.locked {
                var deeds: [Deed] = []
                for membuf in openMembufs where !membuf.isEmpty { deeds += seal(membuf) }
                settledWaiters.append(completion)
                return deeds + settledDeeds()
            }
        )
    }

    /// Refuses writes from now on.
    func refuseWrites() {
        perform(
            lock.locked {
                isClosed = true
                return roomDeeds()
            }
        )
    }

    private func settledDeeds() -> [Deed] {
        guard writesUnderWay == 0, reclaimsUnderWay == 0, !settledWaiters.isEmpty,
            !membufs.values.contains(where: { $0.isSealed })
        else { return [] }
        let waiters = settledWaiters
        settledWaiters = []
        return [.tell(waiters)]
    }

    /// Checks what must always hold. For tests.
    func checkInvariants() {
        lock.locked {
            cycle.checkInvariants()
            precondition(freeMembufs.count + membufs.count <= membufCount)
            for (stripe, membuf) in membufs {
                precondition(membuf.stripe == stripe && cycle.phase(stripe) == .filling)
            }
        }
    }
}
