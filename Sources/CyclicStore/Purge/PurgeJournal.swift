// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// The journal of one volume: makes records durable, several of them with one write and one sync, and calls back. Never waits.
///
/// What arrives while a write is under way goes with the next one. After a write that failed everything is written anew into the other half, three
/// times at most. A sync that failed ends the journal at once, and the volume with it: what it should have made durable is lost, stripes too, and
/// trying only the sync again would believe it (Rebello et al., "Can applications recover from fsync failures?", USENIX ATC 2020).
final class PurgeJournal: @unchecked Sendable {
    let volume: VolumeID
    private let device: any BlockDevice
    private let engine: any IOEngine
    private let syncs: DeviceSyncs
    private let region: VolumeRegion
    private let image: JournalImage
    static let maxFailures = 3

    private let lock = Lock()
    // Guarded by `lock`.
    private var waiting = Batch()
    private var isWorking = false
    private var isClosed = false
    private var parked: (() -> Void)?
    private var counts = Counts()
    // Touched only by whoever works: one after the other.
    private var cycle: JournalCycle
    private var failures = 0
    /// Asked for every byte that is about to be written.
    private let governor: WriteGovernor
    /// Set once, before anything is appended.
    var ledger: @Sendable () -> PurgeLedger?
    /// Told once when the journal gives up.
    var onFailure: @Sendable (VolumeID) -> Void = { _ in }

    /// What it has done.
    struct Counts: Hashable, Sendable {
        var appends = 0
        var checkpoints = 0
        var records = 0
        var syncs = 0
        /// Bytes written.
        var bytes = 0
    }

    private struct Batch {
        var records: [JournalRecord] = []
        var completions: [@Sendable (Bool) -> Void] = []
    }

    init(
        device: any BlockDevice,
        engine: any IOEngine,
        syncs: DeviceSyncs,
        region: VolumeRegion,
        volume: VolumeID,
        contents: JournalReader.Contents,
        governor: WriteGovernor? = nil
    ) {
        self.device = device
        self.engine = engine
        self.syncs = syncs
        self.region = region
        self.volume = volume
        self.governor = governor ?? WriteGovernor(.unlimited, nanoseconds: { 0 })
        image = JournalImage(volume: volume)
        ledger = { nil }
        cycle = JournalCycle(
            pagesPerHalf: JournalReader.pagesPerHalf(region),
            halfInUse: contents.halfInUse,
            highestEpoch: contents.highestEpoch
        )
    }

    var snapshotCounts: Counts { lock.locked { counts } }

    /// Calls back once, on any thread: true when the records are durable. What they say must be in the ledger already. Without records:
    /// when everything before is.
    func append(_ records: [JournalRecord], _ completion: @escaping @Sendable (Bool) -> Void) {
        let (isTaken, begins) = lock.locked {
            guard !isClosed else { return (false, false) }
            waiting.records += records
            waiting.completions.append(completion)
            defer { isWorking = true }
            return (true, !isWorking)
        }
        guard isTaken else { return completion(false) }
        if begins { work() } else { resume() }
    }

    /// Tries again what the engine or the write budget had no room for. To be called when it may have room.
    func resume() {
        let retry = lock.locked {
            defer { parked = nil }
            return parked
        }
        retry?()
    }

    /// Takes nothing any more; what waits is told that it is not durable. What is being written ends by itself.
    /// - Returns: False when it was closed before.
    @discardableResult
    func close() -> Bool {
        let (wasOpen, left) = lock.locked {
            defer {
                isClosed = true
                waiting = Batch()
            }
            return (!isClosed, waiting)
        }
        for completion in left.completions { completion(false) }
        // Fails now when there still is no room.
        resume()
        return wasOpen
    }

    // MARK: Working

    private func work() {
        let batch = lock.locked { () -> Batch? in
            guard !waiting.completions.isEmpty else {
                isWorking = false
                return nil
            }
            defer { waiting = Batch() }
            return waiting
        }
        guard let batch else { return }
        if batch.records.isEmpty {
            succeed(batch)
        } else if cycle.takes(records: batch.records.count) {
            append(batch, batch.records)
        } else {
            checkpoint(batch)
        }
    }

    private func append(_ batch: Batch, _ records: [JournalRecord]) {
        let (position, commit) = cycle.beginAppend(records: records.count)
        let buffer = image.append(records, to: cycle, position: position, commit: commit)
        let offset = region.half(cycle.half).offset + position * JournalPage.byteCount
        writeAndSync(buffer, offset) { [self] error in
            if let error { return fail(batch, error) }
            lock.locked {
                counts.appends += 1
                counts.records += records.count
            }
            succeed(batch)
        }
    }

    /// The ledger into the other half; then an empty append, which shows that the checkpoint was synced.
    private func checkpoint(_ batch: Batch) {
        guard let ledger = ledger() else { return give(up: batch) }
        let (half, epoch) = cycle.beginCheckpoint()
        let buffer = image.checkpoint(of: ledger, epoch: epoch)
        let pages = buffer.region.count / JournalPage.byteCount
        guard pages <= JournalCycle.checkpointCapacity(pagesPerHalf: cycle.pagesPerHalf) else { return give(up: batch) }
        writeAndSync(buffer, region.half(half).offset) { [self] error in
            if let error { return fail(batch, error) }
            cycle.finishCheckpoint(half: half, epoch: epoch, pages: pages)
            lock.locked { counts.checkpoints += 1 }
            append(batch, [])
        }
    }

    private func succeed(_ batch: Batch) {
        failures = 0
        for completion in batch.completions { completion(true) }
        work()
    }

    private func fail(_ batch: Batch, _ error: DeviceError) {
        cycle.spoil()
        failures += 1
        let isOver = error.operation == .sync || failures >= Self.maxFailures || lock.locked { isClosed }
        if isOver { give(up: batch) } else { checkpoint(batch) }
    }

    private func give(up batch: Batch) {
        let wasOpen = close()
        for completion in batch.completions { completion(false) }
        if wasOpen { onFailure(volume) }
    }

    // MARK: Transfers

    /// What is needed before bytes are handed to the device.
    private enum Payment {
        case due
        /// They were asked for, and not given.
        case refused
        case done
    }

    private func writeAndSync(
        _ buffer: PageBuffer,
        _ offset: Int,
        _ payment: Payment = .due,
        _ completion: @escaping @Sendable (DeviceError?) -> Void
    ) {
        let bytes = buffer.region.count
        if payment != .done, !governor.takeUrgent(bytes, isWaiting: payment == .refused) {
            let isParked = park(retry: { [self] in writeAndSync(buffer, offset, .refused, completion) }, orElse: completion)
            if !isParked { governor.stopWaiting(bytes) }
            return
        }
        let operation = IOOperation(kind: .write, device: device, offset: offset, region: buffer.region) { [self] error in
            withExtendedLifetime(buffer) {}
            if let error { return completion(error) }
            sync(completion)
        }
        if engine.submit(operation) { return lock.locked { counts.bytes += bytes } }
        park(retry: { [self] in writeAndSync(buffer, offset, .done, completion) }, orElse: completion)
    }

    private func sync(_ completion: @escaping @Sendable (DeviceError?) -> Void) {
        syncs.sync { [self] outcome in
            switch outcome {
            case .done:
                lock.locked { counts.syncs += 1 }
                completion(nil)
            case .failed(let error): completion(error)
            case .notTaken: park(retry: { [self] in sync(completion) }, orElse: completion)
            }
        }
    }

    /// There was no room: tried again when there may be some. False when the journal is closed, and ``completion`` was called.
    @discardableResult
    private func park(retry: @escaping () -> Void, orElse completion: (DeviceError?) -> Void) -> Bool {
        let isOver = lock.locked {
            if !isClosed { parked = retry }
            return isClosed
        }
        if isOver { completion(DeviceError(.write, errno: 0)) }
        return !isOver
    }
}

extension PurgeJournal {
    /// The opening of a store waits for no budget.
    private func charge(_ buffer: PageBuffer) {
        governor.charge(buffer.region.count)
        lock.locked { counts.bytes += buffer.region.count }
    }

    /// As ``append(_:_:)``, on the calling thread and with a checkpoint first: for the opening of a store, before anything else is appended.
    func writeCheckpoint(of ledger: PurgeLedger) throws(DeviceError) {
        let (half, epoch) = cycle.beginCheckpoint()
        let buffer = image.checkpoint(of: ledger, epoch: epoch)
        charge(buffer)
        try device.write(at: region.half(half).offset, from: UnsafeRawBufferPointer(buffer.region))
        try device.sync()
        cycle.finishCheckpoint(half: half, epoch: epoch, pages: buffer.region.count / JournalPage.byteCount)
    }

    /// Appends on the calling thread, right behind ``writeCheckpoint(of:)``.
    func writeAppend(_ records: [JournalRecord]) throws(DeviceError) {
        let (position, commit) = cycle.beginAppend(records: records.count)
        let buffer = image.append(records, to: cycle, position: position, commit: commit)
        charge(buffer)
        do throws(DeviceError) {
            try device.write(
                at: region.half(cycle.half).offset + position * JournalPage.byteCount,
                from: UnsafeRawBufferPointer(buffer.region)
            )
            try device.sync()
        } catch {
            cycle.spoil()
            throw error
        }
    }
}
