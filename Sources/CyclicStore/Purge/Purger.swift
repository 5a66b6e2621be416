// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Synchronization

/// The purges and memberships of a store: takes effect at once, becomes durable on every volume, judges what is found.
///
/// What a lookup costs: an object in memory that was stored or checked after the newest purge, one relaxed load (``newestPurge``). Anything
/// else, a short critical section and a few probes.
final class Purger: @unchecked Sendable {
    /// Purges that may wait for the disk. One more is refused.
    static let maxWaiting = 65_536

    private let newest = Atomic<UInt64>(0)
    private let newestChange = Atomic<UInt64>(0)
    private let nextSerial: @Sendable () -> UInt64
    private let entropy: @Sendable () -> UInt64
    private let onFailure: @Sendable (VolumeID) -> Void
    /// The store has, or had, volumes.
    private let hasVolumes: Bool
    /// ``stripeFloor(of:)``, for every volume.
    private let stripeFloors: [VolumeID: UInt64]

    private let lock = Lock()
    // Guarded by `lock`.
    private var ledger: PurgeLedger
    private var journals: [PurgeJournal]
    private var waiting = 0
    private var isClosed = false
    private var counts = Counts()

    /// What it has done.
    struct Counts: Hashable, Sendable {
        /// Purges taken, by the layer above.
        var purges = 0
        /// Those that were refused.
        var refused = 0
        /// Entries that are remembered.
        var entries = 0
        /// Bytes of memory they take.
        var bytes = 0
        /// How often older purges were replaced by one of everything before them: the cache lost objects by that.
        var collapses = 0
        var journals: [VolumeID: PurgeJournal.Counts] = [:]
    }

    /// - Parameters:
    ///   - journals: One for each volume that is online, its checkpoint written or to be written with its first append.
    ///   - nextSerial: The store's serial clock. Called in a critical section.
    ///   - onFailure: A journal has given up: its volume must be set aside, since it no longer learns of purges. Called once for each, on
    ///     any thread, after ``setAside(_:_:)`` was done for it.
    init(
        ledger: PurgeLedger,
        journals: [PurgeJournal] = [],
        hasVolumes: Bool,
        nextSerial: @escaping @Sendable () -> UInt64,
        entropy: @escaping @Sendable () -> UInt64,
        onFailure: @escaping @Sendable (VolumeID) -> Void
    ) {
        self.ledger = ledger
        self.journals = journals
        self.hasVolumes = hasVolumes
        stripeFloors = ledger.ages.mapValues(\.stripeFloor)
        self.nextSerial = nextSerial
        self.entropy = entropy
        self.onFailure = onFailure
        publish()
        for journal in journals {
            journal.ledger = { [weak self] in self?.compactLedger() }
            journal.onFailure = { [weak self] volume in
                self?.setAside(volume) { _ in }
                self?.onFailure(volume)
            }
        }
    }

    // MARK: Judging

    /// Serial of the newest purge. What was stored or checked at a later one is current. One relaxed load: a caller that was told of a
    /// purge, by its return or its completion, sees it.
    var newestPurge: UInt64 { newest.load(ordering: .relaxed) }

    /// Serial of the newest change of volumes. A record with a later one is where it belongs.
    var newestChangeOfVolumes: UInt64 { newestChange.load(ordering: .relaxed) }

    /// What the purges say about a record of a volume.
    ///
    /// - Parameters:
    ///   - serial: That of its write.
    ///   - tags: Hashes of its tags.
    ///   - volume: Where it was found.
    ///   - sequence: That of its stripe.
    /// - Returns: With the verdict, the serial up to which it holds.
    func verdict(
        serial: UInt64,
        hash: KeyHash,
        key: UnsafeRawBufferPointer,
        tags: UnsafeBufferPointer<UInt64>,
        volume: VolumeID,
        sequence: UInt64 = .max
    ) -> (verdict: PurgeVerdict, checked: UInt64) {
        if serial >= newestPurge, serial >= newestChangeOfVolumes { return (.current, serial) }
        if sequence < stripeFloor(of: volume) { return (.gone, serial) }
        return lock.locked {
            guard ledger.history.isValid(hash: hash, serial: serial, volume: volume) else { return (.gone, serial) }
            return (ledger.table.verdict(serial: serial, hash: hash, key: key, tags: tags), max(serial, ledger.table.newest))
        }
    }

    /// What the purges say about an object in memory.
    ///
    /// - Parameter serial: That of its write, or up to which it has been checked. A later purge that it does not survive as it was makes it
    ///   `stale` or `gone`; one that was stale before stays so, which the caller remembers.
    func verdictInMemory(
        serial: UInt64,
        hash: KeyHash,
        key: UnsafeRawBufferPointer,
        tags: UnsafeBufferPointer<UInt64>
    ) -> (verdict: PurgeVerdict, checked: UInt64) {
        if serial >= newestPurge { return (.current, serial) }
        return lock.locked {
            // Purges that are forgotten could have matched it. They are kept for as long as the volumes need them, not for the memory.
            guard serial >= ledger.table.floor else { return (.gone, serial) }
            return (ledger.table.verdict(serial: serial, hash: hash, key: key, tags: tags), max(serial, ledger.table.newest))
        }
    }

    /// As above, for what is at hand as arrays.
    func verdict(serial: UInt64, key: StoreKey, tags: [UInt64] = [], volume: VolumeID? = nil) -> PurgeVerdict {
        key.bytes.withUnsafeBytes { bytes in
            tags.withUnsafeBufferPointer { tags in
                guard let volume else { return verdictInMemory(serial: serial, hash: key.hash, key: bytes, tags: tags).verdict }
                return verdict(serial: serial, hash: key.hash, key: bytes, tags: tags, volume: volume).verdict
            }
        }
    }

    /// Whether a record that only its directory entry is known of may be trusted: for rebuilding an index and for relocation, beside
    /// ``verdict(serial:hash:key:tags:volume:)``.
    func isPlacedHere(hash: KeyHash, serial: UInt64, volume: VolumeID) -> Bool {
        if serial >= newestChangeOfVolumes { return true }
        return lock.locked { ledger.history.isValid(hash: hash, serial: serial, volume: volume) }
    }

    /// Purges up to this serial are forgotten.
    var floor: UInt64 { lock.locked { ledger.table.floor } }

    // MARK: Purging

    /// Purges. Every lookup that begins after this returns takes it into account. Calls back once, at once or on any thread.
    /// - Returns: Its serial; nil when it was refused.
    @discardableResult
    func purge(_ scope: PurgeScope, _ mode: PurgeMode, _ completion: @escaping @Sendable (PurgeOutcome) -> Void) -> UInt64? {
        var taken: (entry: PurgeEntry, journals: [PurgeJournal])?
        lock.locked {
            guard !isClosed, waiting < Self.maxWaiting else {
                counts.refused += 1
                return
            }
            // The serial is taken here: whoever takes a later one for a write and then asks for a verdict waits for this section, and so
            // sees the purge.
            let entry = ledger.table.entry(scope, mode, serial: nextSerial())
            ledger.table.insert(entry)
            newest.store(ledger.table.newest, ordering: .releasing)
            counts.purges += 1
            waiting += 1
            taken = (entry, journals)
        }
        guard let (entry, journals) = taken else {
            completion(.refused)
            return nil
        }
        record([.purge(entry)], in: journals) { [self] outcome in
            lock.locked { waiting -= 1 }
            completion(outcome)
        }
        return entry.serial
    }

    /// Calls back once, when all journals have answered.
    private func record(_ records: [JournalRecord], in journals: [PurgeJournal], _ completion: @escaping @Sendable (PurgeOutcome) -> Void) {
        guard !journals.isEmpty else { return completion(hasVolumes ? .notDurable : .memoryOnly) }
        let ticket = Ticket(journals.count, completion)
        for journal in journals {
            journal.append(records) { ticket.answer($0) }
        }
    }

    /// One purge under way on several volumes.
    private final class Ticket: @unchecked Sendable {
        private let lock = Lock()
        private var left: Int
        private var isDurable = false
        private let completion: @Sendable (PurgeOutcome) -> Void

        init(_ count: Int, _ completion: @escaping @Sendable (PurgeOutcome) -> Void) {
            left = count
            self.completion = completion
        }

        func answer(_ success: Bool) {
            let outcome = lock.locked { () -> PurgeOutcome? in
                isDurable = isDurable || success
                left -= 1
                return left > 0 ? nil : isDurable ? .durable : .notDurable
            }
            if let outcome { completion(outcome) }
        }
    }

    /// Calls back when every purge and change so far is durable, or has failed to be.
    func flush(_ completion: @escaping @Sendable () -> Void) {
        let journals = lock.locked { self.journals }
        record([], in: journals) { _ in completion() }
    }

    /// Tries again what an I/O engine had no room for. Cheap when there is nothing.
    func resume() {
        for journal in lock.locked({ journals }) { journal.resume() }
    }

    /// Takes no purges any more; those that wait are told how they ended.
    func close() {
        let journals = lock.locked {
            isClosed = true
            defer { self.journals = [] }
            return self.journals
        }
        for journal in journals {
            journal.close()
            lock.locked { counts.journals[journal.volume] = journal.snapshotCounts }
        }
    }

    // MARK: Volumes

    /// A volume has failed: its keys belong to the others from now on, for good as far as what it holds is concerned. Calls back when
    /// that is durable on the others.
    func setAside(_ volume: VolumeID, _ completion: @escaping @Sendable (PurgeOutcome) -> Void) {
        var change: (membership: Membership, left: [PurgeJournal])?
        var failed: PurgeJournal?
        lock.locked {
            guard let position = journals.firstIndex(where: { $0.volume == volume }) else { return }
            failed = journals.remove(at: position)
            ledger.ages[volume] = nil
            guard let current = ledger.history.current, !journals.isEmpty else { return }
            let membership = Membership(
                serial: nextSerial(),
                epoch: entropy(),
                placement: Placement(current.members.filter { $0.volume != volume })
            )
            ledger.add(membership)
            newestChange.store(ledger.history.newestSerial, ordering: .releasing)
            change = (membership, journals)
        }
        failed?.close()
        if let counted = failed?.snapshotCounts { lock.locked { counts.journals[volume] = counted } }
        guard let (membership, left) = change else { return completion(.notDurable) }
        // In force on the disks once every one of them has it: a crash in between must not make some of them look as if they had been away.
        record(PurgeLedger.records(of: membership), in: left) { [self] outcome in
            guard outcome == .durable else { return completion(outcome) }
            let left = lock.locked { () -> [PurgeJournal] in
                ledger.uncommitted.remove(membership.epoch)
                return journals
            }
            record([.committed(serial: membership.serial, epoch: membership.epoch)], in: left, completion)
        }
    }

    /// The volumes in force and their shares.
    var placement: Placement? { lock.locked { ledger.history.current?.placement } }

    // MARK: Forgetting

    /// Whether ``note(_:of:)`` is worth what it costs to find out the oldest stripe.
    func wantsNote(of volume: VolumeID, nextSequence: UInt64, stripes: Int) -> Bool {
        lock.locked { ledger.ages[volume, default: StripeAges([])].wantsMark(nextSequence: nextSequence, stripes: stripes) }
    }

    /// The turn of a volume as it is now. Purges and changes of volumes that nothing on any volume is older than are forgotten: not written
    /// to the next checkpoint, and dropped when the room is needed.
    func note(_ turn: StripeAges.Turn, of volume: VolumeID) {
        lock.locked {
            guard journals.contains(where: { $0.volume == volume }) else { return }
            ledger.ages[volume, default: StripeAges([])].note(turn)
            let bound = journals.map { ledger.ages[$0.volume]?.oldestSerial ?? 0 }.min() ?? 0
            guard bound > 0 else { return }
            ledger.table.expire(through: bound)
            ledger.history.expire(through: bound)
        }
    }

    /// After a crash a stripe that had been taken back may show itself again, and purges that would have matched what is in it may be
    /// forgotten: of stripes of a volume with a lower sequence than this, nothing from before the last purge is trusted.
    func stripeFloor(of volume: VolumeID) -> UInt64 { stripeFloors[volume] ?? 0 }

    /// What a checkpoint is made of.
    private func compactLedger() -> PurgeLedger {
        lock.locked {
            ledger.table.dropExpired()
            return ledger
        }
    }

    /// Numbers for metrics.
    var snapshotCounts: Counts {
        let (result, journals) = lock.locked { () -> (Counts, [PurgeJournal]) in
            var copy = counts
            copy.entries = ledger.table.count
            copy.bytes = ledger.table.byteCount
            copy.collapses = ledger.table.collapses
            return (copy, self.journals)
        }
        var all = result
        for journal in journals { all.journals[journal.volume] = journal.snapshotCounts }
        return all
    }

    private func publish() {
        lock.locked {
            newest.store(ledger.table.newest, ordering: .releasing)
            newestChange.store(ledger.history.newestSerial, ordering: .releasing)
        }
    }
}
