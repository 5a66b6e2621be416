// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore

/// An object that is being stored in pieces.
final class PendingWriter {
    let writer: ObjectWriter
    let key: Int
    let version: UInt64
    let count: Int
    let padding: Int
    /// The next byte.
    private(set) var appended = 0
    /// Behind the last byte that is brought: the object's end, or that of a part.
    private(set) var end: Int
    /// It adds to an object that is there in part.
    var completes = false
    var isFinished = false

    init(writer: ObjectWriter, key: Int, version: UInt64, count: Int, padding: Int) {
        self.writer = writer
        self.key = key
        self.version = version
        self.count = count
        self.padding = padding
        end = count
    }

    /// Only these bytes are brought.
    func set(part: Range<Int>) { (appended, end) = (part.lowerBound, part.upperBound) }

    func append(_ piece: Int) {
        Bodies.withBytes(key: key, version: version, appended..<(appended + piece)) { writer.append($0) }
        appended += piece
    }
}

/// A flush under way.
final class PendingFlush: Sendable {
    let done = Once()
    /// What had happened when it began.
    let began: StoreModel.Tick
    let failedBefore: Int

    init(began: StoreModel.Tick, failedBefore: Int) {
        self.began = began
        self.failedBefore = failedBefore
    }
}

extension Simulation {
    /// One step of the workload.
    func work() throws(SimulationFailure) {
        let key = random.below(settings.keys)
        switch random.below(112) {
        case 0..<30: _ = try put(key, count: drawCount())
        case 30..<58: try read(key)
        case 58..<66:
            try read(key)
            while !reads.isEmpty, world.engine.step() { try settle() }
        case 66..<69: try remove(key)
        case 69: try purge(key)
        case 70..<84: for _ in 0...random.below(8) { world.engine.step() }
        case 84, 85: world.engine.run()
        case 86: store.tick()
        case 87: startFlush()
        case 88..<92: try goOnWriting(key)
        case 92: try quiet()
        case 93: waitForRoom()
        case 94:
            world.clock.advance(microseconds: random.next() % 100_000_000)
            // Some hours of the day.
            if settings.writeBytesPerDay != nil, random.oneIn(3) { world.clock.advance(microseconds: random.next() % 40_000_000_000) }
        case 95, 96: try checkContains(key)
        case 97: try writeAndAbort(key)
        case 98: try putUnderForbiddenKey()
        case 100..<104: try readRange(key)
        case 104..<106: beginWritingPart(key)
        case 106..<112: try goOnFilling(key)
        default: try disturb()
        }
        store.checkInvariants()
    }

    private func drawCount() -> Int {
        switch random.below(40) {
        case 0: 0
        case 1: random.below(20_000)
        case 2: random.below(70_000)
        default: random.below(settings.usualBytes + 1)
        }
    }

    private func drawPadding() -> Int { random.oneIn(20) ? random.below(3000) : random.below(100) }

    /// Some objects belong together.
    private func drawGroup(_ key: Int) -> UInt64? { random.oneIn(4) ? UInt64(1 + key % 5) : nil }

    // MARK: Whole objects

    func put(_ key: Int, count: Int) throws(SimulationFailure) -> RefusedWrite? {
        report.operations += 1
        let version = model.nextVersion()
        let refusal = store.put(
            PlainObject(
                RecordImage(
                    kind: .object,
                    key: keys[key],
                    metadata: BodyLabel(key: key, version: version, count: count).encode(padding: drawPadding()),
                    payload: Bodies.owned(key: key, version: version, count: count),
                    tags: [tag(of: key)]
                )
            ),
            group: drawGroup(key)
        )
        // Refused or not, nothing older is served from now on; what was refused may be in memory.
        model.put(key, version)
        trace(key, "put version \(version), \(count) bytes: \(refusal?.rawValue ?? "taken")")
        report.mix(version ^ UInt64(refusal?.rawValue.utf8.count ?? 0) << 40)
        switch refusal {
        case nil, .noMembuf, .noCleanStripe, .overBudget, .notAdmitted, .purged: break
        case .tooLarge: try check(count > 40_000, "an object of \(count) bytes is too large")
        case .volumeOffline: try check(settings.profile >= .failing || world.power.isOff, "the volume was set aside for nothing")
        case .wrongKind, .closed: throw failure("a write was refused: \(refusal?.rawValue ?? "")")
        }
        return refusal
    }

    private func remove(_ key: Int) throws(SimulationFailure) {
        report.operations += 1
        let wasKnown = store.remove(keys[key])
        model.remove(key)
        trace(key, "remove: \(wasKnown ? "was known" : "was not known")")
        report.mix(wasKnown ? 3 : 4)
        try check(!store.contains(keys[key]), "key \(key) is there after its removal")
    }

    private func checkContains(_ key: Int) throws(SimulationFailure) {
        report.operations += 1
        let contains = store.contains(keys[key])
        report.mix(contains ? 5 : 6)
        // Of several volumes, one that gets the keys of another that failed may have records of theirs from before; a read tells them apart.
        guard isAlone else { return }
        try check(!contains || model.mayBeIndexed(key), "key \(key) is said to be there and cannot be")
    }

    /// The form of a fragment's key is the store's own.
    private func putUnderForbiddenKey() throws(SimulationFailure) {
        report.operations += 1
        let key = store.key([1] + [UInt8](repeating: UInt8(random.below(4)), count: 24))
        let refusal = store.put(PlainObject(RecordImage(kind: .object, key: key, metadata: [], payload: OwnedBytes(capacity: 0))))
        try check(refusal == .wrongKind, "an object was taken under the key of a fragment")
    }

    // MARK: Objects in pieces

    private func goOnWriting(_ key: Int) throws(SimulationFailure) {
        if writers.count < 3, random.oneIn(writers.isEmpty ? 1 : 6) { return beginWriting(key) }
        let pending = writers[random.below(writers.count)]
        if random.oneIn(25) {
            // Given up, or just dropped.
            if random.oneIn(2) { pending.writer.abort() }
            writers.removeAll { $0 === pending }
            return
        }
        if pending.writer.isBlocked { return resumeWriters() }
        append(to: pending)
        if pending.appended == pending.end, !pending.writer.isBlocked { finish(pending) }
        writers.removeAll { $0.writer.failure != nil || ($0.isFinished && !$0.writer.isBlocked) }
    }

    private func beginWriting(_ key: Int) {
        report.operations += 1
        let version = model.nextVersion()
        model.begin(version)
        let most = [20_000, 100_000, store.maxObjectBytes * 6 / 5][random.below(3)]
        let count = min(Bodies.maxBytes, random.below(most))
        let writer = ObjectWriter(store: store, key: keys[key], expectedBytes: random.oneIn(2) ? count : nil)
        writers.append(PendingWriter(writer: writer, key: key, version: version, count: count, padding: drawPadding()))
    }

    private func append(to pending: PendingWriter) {
        pending.append(min(pending.end - pending.appended, 1 + random.below(40_000)))
    }

    private func finish(_ pending: PendingWriter) {
        if pending.completes {
            pending.isFinished = true
            return pending.writer.finish()
        }
        model.mayHavePut(pending.key, pending.version)
        pending.isFinished = true
        let label = BodyLabel(key: pending.key, version: pending.version, count: pending.count)
        pending.writer.finish(
            metadata: label.encode(padding: pending.padding),
            tags: [tag(of: pending.key)],
            group: drawGroup(pending.key)
        )
        if pending.writer.failure == nil, !pending.writer.isBlocked { model.put(pending.key, pending.version) }
        trace(pending.key, "writer of version \(pending.version) finished: \(pending.writer.failure.map { "\($0)" } ?? "taken")")
        report.mix(pending.version)
    }

    func resumeWriters() {
        for pending in writers where pending.writer.isBlocked {
            let isWhole = pending.isFinished && !pending.completes
            if isWhole { model.mayHavePut(pending.key, pending.version) }
            pending.writer.resume()
            if isWhole, pending.writer.failure == nil, !pending.writer.isBlocked { model.put(pending.key, pending.version) }
        }
        writers.removeAll { $0.writer.failure != nil || ($0.isFinished && !$0.writer.isBlocked) }
    }

    /// An object that is given up leaves nothing in the index.
    private func writeAndAbort(_ key: Int) throws(SimulationFailure) {
        report.operations += 1
        // What it pushes out of memory may be written on the way. A volume that was set aside forgets nothing any more, and serves nothing.
        func known() -> Int {
            let records = store.statistics.volumes.reduce(0) { $0 + ($1.statistics.isOffline ? 0 : $1.statistics.records) }
            return records + store.statistics.memoryOnlyObjects
        }
        // While the index is made again it grows by itself.
        let isRebuilding = store.statistics.volume?.isRebuilding ?? false
        let before = known()
        let version = model.nextVersion()
        model.begin(version)
        let count = 1 + random.below(100_000)
        do {
            let writer = ObjectWriter(store: store, key: keys[key])
            let pending = PendingWriter(writer: writer, key: key, version: version, count: count, padding: 0)
            while pending.appended < count, writer.failure == nil {
                append(to: pending)
                while writer.isBlocked, world.engine.step() { writer.resume() }
                if writer.isBlocked { break }
            }
            if random.oneIn(2) { writer.abort() }
        }
        let after = known()
        try check(after <= before || isRebuilding, "an object that was given up left \(after - before) records")
    }

    // MARK: Flush and room

    private func startFlush() {
        report.operations += 1
        let flush = PendingFlush(began: model.now, failedBefore: failedTransfers)
        flushes.append(flush)
        store.flush { flush.done.call() }
    }

    func settleFlushes() throws(SimulationFailure) {
        for flush in flushes where flush.done.count > 0 {
            try check(flush.done.count == 1, "a flush ended twice")
            if !world.power.isOff, !isVolumeOffline, failedTransfers == flush.failedBefore { model.flush(through: flush.began) }
            trace(nil, "a flush of tick \(flush.began) has ended, \(failedTransfers - flush.failedBefore) failures")
        }
        flushes.removeAll { $0.done.count > 0 }
    }

    private func waitForRoom() {
        let waiter = Once()
        if store.whenRoom({ waiter.call() }) { roomWaiters.append(waiter) }
    }
}
