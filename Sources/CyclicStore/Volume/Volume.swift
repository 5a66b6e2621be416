// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// One file or device, its stripes, membufs and index. Mechanism only: what to store is decided above.
///
/// One lock guards the state; it is held for lookups and bookkeeping, never over I/O or copying of records. What to do outside the lock
/// comes out of it as a list of ``Deed``s. Reading is here; `Volume+Write`, `+Place`, `+Reclaim`, `+Relocation`, `+Flush` and `+Room` have the
/// rest.
final class Volume: @unchecked Sendable {
    let superblock: Superblock
    let device: any BlockDevice
    let engine: any IOEngine
    let syncs: DeviceSyncs
    let nowSeconds: @Sendable () -> UInt64
    let unitsPerStripe: Int
    /// The largest record, header and padding included.
    let recordCapacity: Int
    /// Membufs filled with new records at the same time.
    let openLimit: Int
    /// Relocated records have a membuf of their own; without it they go where the new ones go.
    let gathersSurvivors: Bool
    /// No membuf stays open while more stripes than this are opened after it: a restart compares the serials of records in stripes that are no
    /// further apart, and of no others.
    static let openWindow = 48
    let failureLimit = 3
    let serials: SerialClock
    /// What was written before this run has a lower sequence.
    let firstSequence: UInt64
    let isPurged: PurgeCheck
    let governor: WriteGovernor

    /// Whether a record was purged since it was written, hard or soft: such a record is not carried forward.
    typealias PurgeCheck = @Sendable (_ record: RecordHeader, _ key: UnsafeRawBufferPointer, _ tags: UnsafeRawBufferPointer) -> Bool

    let lock = Lock()
    // Everything below is guarded by `lock`.
    var index: PackedIndex
    var cycle: StripeCycle
    var freeMembufs: [Membuf]
    /// Those that take new records, in order of sequence.
    var openMembufs: [Membuf] = []
    /// The one that takes relocated records.
    var survivorMembuf: Membuf?
    /// The membuf that stands for a stripe, while one does.
    var membufs: [Int: Membuf] = [:]
    let membufCount: Int
    var policy: ReclaimPolicy
    var superseded = SupersededRecords()
    /// Stripes that may hold something nobody knows of, since they could not be read, until they are overwritten.
    var unreadStripes: Set<Int> = []
    /// Stripes that must not be overwritten before every membuf up to this sequence is on the device: see ``guardOverwrite(_:of:)``.
    var overwriteGuards: [Int: UInt64] = [:]
    /// Stripes written since the last sync.
    var unsynced = UnsyncedStripes()
    /// Sealed membufs whose stripe is guarded.
    var guardedWrites: [Membuf] = []
    var pending = PendingRecords()
    /// Keys that were forgotten when there was no room to log it: the log gets a tombstone for each as soon as there is. At most
    /// ``owedLimit`` of them are keys that the index did not know.
    var owedTombstones = OwedTombstones()
    static let owedLimit = 1 << 16
    /// Stripes to be reclaimed whose directory the engine had no room to read.
    var waitingReclaims: [Deed] = []
    var relocationsUnderWay = 0
    /// What is written for the next start.
    var restart: RestartLog
    /// While the index is being made again.
    var rebuild: RebuildState?
    /// A step of the rebuild that the engine had no room for.
    var waitingRebuild: (@Sendable () -> Void)?
    var hotFoundAtStart: [Int] = []
    var rebuildWaiters: [@Sendable () -> Void] = []
    /// Sealed membufs that the write budget holds back.
    var waitingWrites: [Membuf] = []
    /// Who waits for bytes of the budget to write beside the stripes.
    var waitingForBudget: [(bytes: Int, then: @Sendable (Bool) -> Void)] = []
    /// The store closes and has waited long enough: what has no bytes is not written.
    var waitsNoMore = false
    /// Any bits will do, another each time.
    var dice = SeededRandom(seed: 1)
    var reuse: ReuseStatistics
    /// What is on disk of it, and of the write budget's day; nil when that is not known.
    var savedStatistics: KeptStatistics?
    var statisticsGeneration: UInt64
    var isSavingStatistics = false
    /// Who wants everything saved while a save is under way.
    var statisticsWaiters: [@Sendable () -> Void] = []
    var statisticsSavedAtSeconds: UInt64 = 0
    /// ``WriteGovernor/spent`` at that time.
    var spentWhenSaved = 0
    /// What an earlier run left of the budget's day.
    let keptAtStart: KeptStatistics
    var flushWaiters: [FlushWaiter] = []
    var roomWaiters: [@Sendable () -> Void] = []
    var statistics = VolumeStatistics()
    var consecutiveFailures = 0
    var isOffline = false
    var isClosed = false

    /// What must happen outside the lock.
    enum Deed {
        case write(Membuf)
        case syncBefore(Membuf)
        case readDirectory(stripe: Int, sequence: UInt64)
        case relocate(Relocation)
        case writeMark(TurnMark)
        case writeLog(ClosedRange<Int>, [RestartLog.Page])
        case tell(@Sendable () -> Void)
    }

    /// A volume whose index has been rebuilt.
    init(
        recovered: consuming RecoveredVolume,
        device: any BlockDevice,
        engine: any IOEngine,
        syncs: DeviceSyncs? = nil,
        membufs membufCount: Int,
        replacement: Replacement = .cyclic,
        serials: SerialClock? = nil,
        governor: WriteGovernor? = nil,
        isPurged: @escaping PurgeCheck = { _, _, _ in false },
        nowSeconds: @escaping @Sendable () -> UInt64
    ) {
        superblock = recovered.superblock
        self.device = device
        self.engine = engine
        self.syncs = syncs ?? DeviceSyncs(device: device, engine: engine)
        self.nowSeconds = nowSeconds
        self.serials = serials ?? SerialClock(nowSeconds: nowSeconds)
        self.isPurged = isPurged
        self.governor = governor ?? WriteGovernor(.unlimited, nanoseconds: { 0 })
        policy = ReclaimPolicy(replacement)
        let found = StatisticsPages(recovered.superblock)?.read(device)
        keptAtStart = found?.kept ?? KeptStatistics()
        reuse = keptAtStart.reuse
        savedStatistics = found?.kept
        statisticsGeneration = found?.generation ?? 0
        unitsPerStripe = superblock.stripeBytes / superblock.recordAlignment
        recordCapacity = Membuf.capacity(stripeBytes: superblock.stripeBytes, recordAlignment: superblock.recordAlignment)
        // Membufs and clean stripes must leave most of a small volume readable.
        let membufCount = max(2, min(membufCount, superblock.stripeCount / 2))
        self.membufCount = membufCount
        openLimit = membufCount >= 4 ? 2 : 1
        gathersSurvivors = replacement == .gyre && membufCount >= 4 && superblock.stripeCount >= 16
        let (stripeBytes, alignment) = (superblock.stripeBytes, superblock.recordAlignment)
        freeMembufs = (0..<membufCount).map { _ in Membuf(stripeBytes: stripeBytes, recordAlignment: alignment) }
        cycle = StripeCycle(
            sequences: recovered.sequences,
            cleanGoal: StripeCycle.cleanGoal(stripes: superblock.stripeCount),
            start: recovered.start
        )
        restart = recovered.restart
        firstSequence = recovered.start.nextSequence
        self.serials.advance(past: recovered.nextSerial - 1)
        statistics.damagedStripes = recovered.damagedStripes
        statistics.deviceBytesWritten = recovered.bytesWritten
        self.governor.charge(recovered.bytesWritten)
        unreadStripes = Set(recovered.unread)
        for (hash, stripe) in recovered.outliving { superseded.add(hash, in: stripe) }
        let plan = recovered.plan
        rebuild = recovered.takeRebuild()
        index = recovered.takeIndex()
        rebuild?.pieces = plan?.pieces() ?? 0
        rebuild?.piecesLeft = rebuild?.pieces ?? 0
        rebuild?.startedAtSeconds = nowSeconds()
        perform(lock.locked { reclaimAhead() })
        if let plan { Rebuilder(plan, self).start() }
    }

    // MARK: Lookup

    /// Whether the index has an entry for the hash. No proof that the record is readable.
    func contains(_ hash: KeyHash) -> Bool {
        lock.locked { !isOffline && index.find(hash) != nil }
    }

    /// False: a read would find nothing.
    func mayHold(_ hash: KeyHash) -> Bool {
        lock.locked { isOffline || index.find(hash) != nil }
    }

    func snapshotStatistics() -> VolumeStatistics {
        lock.locked {
            var copy = statistics
            copy.records = index.count
            copy.indexBytes = index.byteCount + cycle.byteCount
            copy.liveStripes = cycle.liveCount
            copy.stripes = cycle.count
            copy.reuse = reuse
            copy.hotStripes = cycle.hotCount
            copy.watchedRecords = superseded.count
            copy.isOffline = isOffline
            copy.rebuildPieces = rebuild?.pieces ?? 0
            copy.rebuildPiecesLeft = rebuild?.piecesLeft ?? 0
            copy.isRebuilding = isRebuilding
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
            guard let entry = index.use(hash) else { return .nowhere(.absent) }
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
                return heldUpDeeds() + reclaimAhead() + flushDeeds() + roomDeeds()
            }
        )
    }

    /// A record turned out unusable: forgets it and counts why.
    func reject(_ hash: KeyHash, at address: RecordAddress, _ reason: MissReason) {
        perform(
            lock.locked {
                switch reason {
                case .otherKey:
                    statistics.falseMatches += 1
                    return []
                case .damaged:
                    statistics.damagedRecords += 1
                case .readError:
                    statistics.readErrors += 1
                case .purged:
                    // The purge speaks for the key after a restart, too.
                    if index.remove(hash, at: address) != nil { noteForgotten(hash) }
                    return []
                case .absent, .busy, .volumeOffline:
                    return []
                }
                guard let old = index.remove(hash, at: address), !pending.contains(hash, newerThan: 0) else { return [] }
                noteForgotten(hash)
                // The medium may be sound and only this read was not. What happens to the key from now on must not be undone when a
                // restart finds the old record again.
                var deeds: [Deed] = []
                logTombstone(hash, serial: serials.next(), replacing: old, &deeds)
                return deeds
            }
        )
    }

    func countRead(bytes: Int, withoutHop: Bool) {
        lock.locked {
            statistics.deviceReads += 1
            statistics.deviceBytesRead += bytes
            if withoutHop { statistics.readsWithoutHop += 1 }
        }
    }

    /// Uses of a record that others saw, the memory tier for one, so that reclaim knows of them.
    func addUses(_ uses: Int, of hash: KeyHash) { lock.locked { index.addUses(uses, to: hash) } }

    /// Sets what adapts while the store runs.
    func tune(_ tuning: Tuning, _ value: HitValue? = nil) {
        lock.locked {
            policy.tuning = tuning
            if let value { policy.value = value }
        }
    }

    /// Whether the head has not yet come round once since the volume was made: nothing is lost by writing freely.
    var isFilling: Bool { lock.locked { cycle.isFilling } }

    func address(_ entry: DirectoryEntry, in stripe: Int) -> RecordAddress {
        RecordAddress(stripe: stripe, unitsPerStripe: unitsPerStripe, unitInStripe: Int(entry.unitInStripe))
    }

    func perform(_ deeds: [Deed]) {
        for deed in deeds {
            switch deed {
            case .write(let membuf): startWrite(membuf)
            case .syncBefore(let membuf): syncBefore(membuf)
            case .readDirectory(let stripe, let sequence): startReclaim(stripe, sequence: sequence)
            case .relocate(let relocation): relocation.start()
            case .writeMark(let mark): writeMark(mark)
            case .writeLog(let run, let pages): writeLog(run, pages)
            case .tell(let waiter): waiter()
            }
        }
    }
}
