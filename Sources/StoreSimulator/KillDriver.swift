// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
import Synchronization

/// Works on a real volume until it is killed. Started again it first looks at every object: each must be right or absent, and nothing older
/// than what had been flushed; then it goes on. What was done is in a log beside the volume.
public struct KillDriver: Sendable {
    /// The volume's file.
    public var volumePath: String
    /// What is done follows from it.
    public var seed: UInt64

    static let keyCount = 120
    static let volumeBytes = 3 << 20

    /// A driver for a file; its log is beside it.
    public init(volumePath: String, seed: UInt64) {
        self.volumePath = volumePath
        self.seed = seed
    }

    /// What stopped it.
    public enum Failure: Error, CustomStringConvertible {
        /// Not the store's fault.
        case cannotStart(String)
        /// The store broke its word.
        case wrong(String)

        /// One sentence.
        public var description: String {
            switch self {
            case .cannotStart(let text), .wrong(let text): text
            }
        }
    }

    /// Checks, then works for so long, then stops cleanly; nobody kills it then.
    /// - Parameter didCheck: Told once everything has been looked at, with how many objects were found.
    public func run(seconds: Double, didCheck: (Int) -> Void) async throws(Failure) {
        guard let log = EventLog(path: volumePath + ".log") else { throw .cannotStart("the log beside \(volumePath) cannot be written") }
        var configuration = StoreConfiguration()
        configuration.volumes = [VolumeConfiguration(path: volumePath, byteCount: Self.volumeBytes)]
        configuration.stripeBytes = 64 * 1024
        configuration.membufs = 5
        configuration.memoryBytes = 100_000
        configuration.ioThreads = 2
        configuration.replacement = .gyre
        let store: CyclicStore
        do throws(StoreError) {
            store = try CyclicStore.open(configuration)
        } catch { throw .wrong("the volume cannot be opened after its process was killed: \(error)") }
        var work = Work(store: store, log: log, seed: seed)
        didCheck(try await work.check())
        let clock = ContinuousClock()
        let end = clock.now + .seconds(seconds)
        while clock.now < end { try await work.step() }
        await store.close()
    }

    /// The workload and what it knows.
    private struct Work {
        let store: CyclicStore
        let log: EventLog
        let keys: [StoreKey]
        var model = StoreModel(keys: KillDriver.keyCount)
        var random: SeededRandom
        /// A flush under way, and when it began.
        var flush: (done: Once, began: StoreModel.Tick)?
        /// Purges under way.
        var purges: [PendingPurge] = []

        init(store: CyclicStore, log: EventLog, seed: UInt64) {
            self.store = store
            self.log = log
            keys = (0..<KillDriver.keyCount).map { store.key(Simulation.keyBytes($0)) }
            let entries = log.entries()
            random = SeededRandom(seed: seed &+ UInt64(entries.count))
            for entry in entries { replay(entry) }
            log.append(.start)
            model.crash(powerLost: false)
        }

        private mutating func replay(_ entry: EventLog.Entry) {
            switch entry.event {
            case .begin:
                _ = model.nextVersion()
                model.mayHavePut(entry.key, entry.number)
            case .put: model.put(entry.key, entry.number)
            case .remove: model.remove(entry.key)
            case .flushed: model.flush(through: entry.number)
            case .start: model.crash(powerLost: false)
            case .purge: _ = model.purge([entry.key], isSoft: false)
            case .purged: model.purgeIsDurable([entry.key], isSoft: false, entry.number)
            }
        }

        mutating func check() async throws(Failure) -> Int {
            var found = 0
            for key in keys.indices { found += try await read(key) ? 1 : 0 }
            return found
        }

        mutating func step() async throws(Failure) {
            endFlush()
            endPurges()
            let key = random.below(keys.count)
            switch random.below(22) {
            case 0..<10: put(key)
            case 10..<15: _ = try await read(key)
            case 15..<17:
                store.remove(keys[key])
                model.remove(key)
                log.append(.remove, key: key)
            case 17: write(key)
            case 18: fill(key)
            case 19: startPurge(key)
            default: startFlush()
            }
        }

        private mutating func put(_ key: Int) {
            let version = model.nextVersion()
            let count = random.below(random.oneIn(8) ? 14_000 : 2000)
            model.mayHavePut(key, version)
            log.append(.begin, key: key, version)
            store.put(
                PlainObject(
                    RecordImage(
                        kind: .object,
                        key: keys[key],
                        metadata: BodyLabel(key: key, version: version, count: count).encode(padding: random.below(50)),
                        payload: Bodies.owned(key: key, version: version, count: count)
                    )
                ),
                group: random.oneIn(3) ? UInt64(1 + key % 6) : nil
            )
            model.put(key, version)
            log.append(.put, key: key, version)
        }

        /// A larger one, in fragments; one in four is given up.
        private mutating func write(_ key: Int) {
            let version = model.nextVersion()
            let count = random.below(100_000)
            model.mayHavePut(key, version)
            log.append(.begin, key: key, version)
            let writer = ObjectWriter(store: store, key: keys[key])
            Bodies.withBytes(key: key, version: version, 0..<count) { writer.append($0) }
            if random.oneIn(4) { return writer.abort() }
            writer.finish(metadata: BodyLabel(key: key, version: version, count: count).encode(padding: 0))
            guard writer.failure == nil, !writer.isBlocked else { return writer.abort() }
            model.put(key, version)
            log.append(.put, key: key, version)
        }

        /// One that could be read meanwhile; one in four is given up.
        private mutating func fill(_ key: Int) {
            guard case .begun(let writer) = store.beginFill(keys[key], info: key) else { return }
            let version = model.nextVersion()
            let count = random.below(100_000)
            model.mayHavePut(key, version)
            log.append(.begin, key: key, version)
            Bodies.withBytes(key: key, version: version, 0..<count) { writer.append($0) }
            if random.oneIn(4) { return writer.abort() }
            writer.finish(metadata: BodyLabel(key: key, version: version, count: count).encode(padding: 0))
            guard writer.fill.end == .whole(nil) else { return writer.abort() }
            model.put(key, version)
            log.append(.put, key: key, version)
        }

        private mutating func startPurge(_ key: Int) {
            guard purges.count < 10 else { return }
            let purge = PendingPurge(keys: [key], isSoft: false, began: model.now + 1)
            store.purge(.key(keys[key])) { purge.answer($0) }
            _ = model.purge([key], isSoft: false)
            log.append(.purge, key: key)
            purges.append(purge)
        }

        /// What was acknowledged survives every end from here on.
        private mutating func endPurges() {
            for purge in purges where purge.answers == [.durable] {
                model.purgeIsDurable(purge.keys, isSoft: false, purge.began)
                log.append(.purged, key: purge.keys[0], purge.began)
            }
            purges.removeAll { !$0.answers.isEmpty }
        }

        private mutating func startFlush() {
            guard flush == nil else { return }
            let done = Once()
            flush = (done, model.now)
            store.flush { done.call() }
        }

        private mutating func endFlush() {
            guard let ended = flush, ended.done.count > 0 else { return }
            flush = nil
            model.flush(through: ended.began)
            log.append(.flushed, ended.began)
        }

        private mutating func read(_ key: Int) async throws(Failure) -> Bool {
            let lowest = model.lowest(key)
            guard case .found(let object as PlainObject, _) = await store.get(keys[key]) else { return false }
            guard let label = BodyLabel(decoding: object.metadata), label.key == key else {
                throw .wrong("key \(key): the metadata are not its own")
            }
            if let wrong = model.served(key, label.version, since: lowest) { throw .wrong(wrong) }
            guard object.kind == .fragmentedHead else {
                try compare(object, label, 0..<label.count)
                return true
            }
            guard let map = object.withPayload({ FragmentMap(decoding: $0) }), map.totalBytes == UInt64(label.count) else {
                throw .wrong("key \(key): the map of fragments is damaged")
            }
            for number in 0..<map.count {
                guard case .found(let piece as PlainObject, _) = await store.get(store.key(map.keyBytes(of: number))) else { return false }
                let range = map.range(of: number)
                try compare(piece, label, Int(range.lowerBound)..<Int(range.upperBound))
            }
            return true
        }

        private func compare(_ object: PlainObject, _ label: BodyLabel, _ range: Range<Int>) throws(Failure) {
            let isRight =
                object.payloadByteCount == range.count
                && Bodies.matches(key: label.key, version: label.version, at: range.lowerBound, object, 0..<range.count)
            if !isRight { throw .wrong("key \(label.key), version \(label.version): wrong bytes") }
        }
    }
}
