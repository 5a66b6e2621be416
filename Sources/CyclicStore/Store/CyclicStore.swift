// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// A cyclic object store: objects in memory, then in stripes on volumes that turn in a circle.
///
/// Callable from any thread. Lookups and writes never wait for the disk: a read of the disk calls back later, a write copies into a
/// membuf. A full store refuses writes, never reads.
public final class CyclicStore: Sendable {
    let secret: HashSecret
    let volumes: VolumeSet
    let memory: MemoryTier
    let factory: any ObjectFactory
    let purger: Purger
    let serials: SerialClock
    let gate: AdmissionGate
    let staging = Staging()
    let departures: Departures
    let configuration: StoreConfiguration
    let ticker = Ticker()
    let neighbours = NeighbourReads()
    private let entropy: @Sendable () -> UInt64
    private let problemsAtOpen: [StoreProblem]
    let inFlight = SharedReads()
    let fills: Fills
    /// Payload bytes of one fragment of a large object: four fragments fill a stripe.
    public let fragmentBytes: Int
    /// Largest payload stored in one record beside its metadata.
    public let maxInlineBytes: Int
    /// Largest object the store takes.
    public let maxObjectBytes: Int

    init(
        _ configuration: StoreConfiguration,
        opened: StoreOpener.Opened,
        factory: any ObjectFactory,
        entropy: @escaping @Sendable () -> UInt64
    ) {
        self.entropy = entropy
        self.factory = factory
        self.configuration = configuration
        problemsAtOpen = opened.problems
        secret = opened.secret
        serials = opened.serials
        purger = opened.purger
        volumes = VolumeSet(opened.members)
        let volumeBytes = opened.members.reduce(0) { $0 + $1.volume.superblock.stripeCount * $1.volume.superblock.stripeBytes }
        gate = AdmissionGate(configuration, volumeBytes: volumeBytes, governor: opened.governor, seed: entropy())
        // Where objects wait in memory for a second use, the queue they wait in is half of it.
        departures = Departures(memoryBytes: configuration.memoryBytes)
        memory = MemoryTier(
            capacityBytes: configuration.memoryBytes,
            smallShare: gate.keepsDirty ? S3FIFO.smallShareBeforeDisk : S3FIFO.usualSmallShare
        )
        if let stripeBytes = opened.members.map({ $0.volume.superblock.stripeBytes }).min() {
            fragmentBytes = stripeBytes / 4 - 1024
            maxObjectBytes = volumes.maxObjectBytes
        } else {
            fragmentBytes = min(255 * 1024, max(16 * 1024, memory.maxObjectBytes / 2))
            maxObjectBytes = configuration.memoryBytes / 4
        }
        maxInlineBytes = fragmentBytes
        fills = Fills(limit: configuration.maxFills, memoryBytes: configuration.fillMemoryBytes, fragmentBytes: fragmentBytes)
    }

    deinit {
        // One that was not closed: its last reference may be the ticker's own.
        ticker.abandon()
    }

    // MARK: Keys

    /// The key for some bytes, with its hash.
    public func key(_ bytes: [UInt8]) -> StoreKey {
        StoreKey(hash: bytes.withUnsafeBytes { secret.hash($0) }, bytes: bytes)
    }

    /// The hash alone: for a lookup in memory without making a key.
    public func hash(_ bytes: UnsafeRawBufferPointer) -> KeyHash { secret.hash(bytes) }

    // MARK: Reading

    /// The object in memory, or nil: no disk, no allocation. Also nil where more than a look is needed, after a purge: ``get(_:_:)`` takes it.
    public func objectInMemory(_ hash: KeyHash, key: UnsafeRawBufferPointer) -> (any StoredObject)? {
        guard let object = memory.object(for: hash, newestPurge: purger.newestPurge), object.key.matches(key) else { return nil }
        return object
    }

    /// Where an object was found.
    public enum Tier: String, Sendable {
        /// The memory tier.
        case memory
        /// A membuf or the disk.
        case disk
    }

    /// What a lookup found.
    public enum Lookup: Sendable {
        /// The object, and where it was.
        case found(any StoredObject, Tier)
        /// The same, but a soft purge matches it: whoever uses it must make sure that it still holds.
        case stale(any StoredObject, Tier)
        /// Nothing, and why.
        case miss(MissReason)

        /// The object, if there is one, stale or not.
        public var object: (any StoredObject)? {
            switch self {
            case .found(let object, _), .stale(let object, _): object
            case .miss: nil
            }
        }
    }

    /// Finds an object in memory, a membuf or on the disk. Calls back once: at once where no waiting is needed, else on an I/O thread.
    /// Lookups of one key that wait for the disk at the same time share one read. Where the reads that wait are as many as may, it is a miss
    /// with the reason `busy`.
    public func get(_ key: StoreKey, _ completion: @escaping @Sendable (Lookup) -> Void) {
        switch memory.find(key, newestPurge: purger.newestPurge) {
        case .object(let object, let isStale):
            completion(isStale ? .stale(object, .memory) : .found(object, .memory))
        case .unchecked(let object, let checked, let wasStale):
            let (verdict, checked) = judge(object, checked: checked)
            memory.settle(object, verdict, checked: checked)
            switch verdict {
            case .gone: completion(.miss(.purged))
            case .current where !wasStale: completion(.found(object, .memory))
            case .current, .stale: completion(.stale(object, .memory))
            }
        case .nothing(let generation):
            read(key, generation, completion)
        }
    }

    private func read(_ key: StoreKey, _ generation: UInt64, _ completion: @escaping @Sendable (Lookup) -> Void) {
        guard let home = volumes.home(of: key.hash) else {
            return completion(.miss(volumes.members.isEmpty ? .absent : .volumeOffline))
        }
        let volume = volumes.members[home].volume
        // Most misses end here: nothing is kept of a lookup that has nothing to read.
        guard volume.mayHold(key.hash) else { return completion(.miss(.absent)) }
        switch inFlight.begin(key, generation: generation, completion) {
        case .reads: break
        case .waits: return
        case .isRefused: return completion(.miss(.busy))
        }
        RecordReader(volume: volume).read(key) { [self] result in
            if case .miss(.volumeOffline) = result { setAside(home) }
            inFlight.finish(key, generation: generation, with: adopt(result, key, generation, volume))
        }
    }

    private func adopt(_ result: RecordResult, _ key: StoreKey, _ generation: UInt64, _ volume: Volume) -> Lookup {
        switch result {
        case .miss(let reason): return .miss(reason)
        case .found(let box):
            if configuration.readsNeighbours, box.origin.run.group != 0 { readNeighbours(of: box, volume) }
            return adopt(box, key, generation, volume)
        }
    }

    /// Makes an object of a record, and keeps it in memory.
    func adopt(_ box: RecordBox, _ key: StoreKey, _ generation: UInt64, _ volume: Volume) -> Lookup {
        guard let image = box.open() else { return .miss(.damaged) }
        let (serial, tags) = (image.serial, image.tags)
        guard Self.fits(image.kind, key), let object = factory.makeObject(image) else {
            volume.reject(key.hash, at: box.origin.address, .damaged)
            return .miss(.damaged)
        }
        let (verdict, checked) = judge(object, serial: serial, tags: tags, on: volume)
        guard verdict != .gone else {
            volume.reject(key.hash, at: box.origin.address, .purged)
            return .miss(.purged)
        }
        gate.diskHit(object)
        let isStale = verdict == .stale
        settle(memory.adopt(object, serial: serial, checked: checked, isStale: isStale, generation: generation))
        return isStale ? .stale(object, .disk) : .found(object, .disk)
    }

    /// Brings what was stored beside a record into memory: one read for all of a page's parts.
    private func readNeighbours(of box: RecordBox, _ volume: Volume) {
        guard let ticket = neighbours.begin(box.origin, volume) else { return }
        RunReader(volume: volume).readNeighbours(of: box) { [self] found in
            for neighbour in found {
                guard let key = neighbour.key, !memory.contains(key.hash) else { continue }
                // In this order: whatever is written or removed after the index was asked changes the generation.
                let generation = memory.generation(of: key.hash)
                guard volume.points(key.hash, to: neighbour.origin.address) else { continue }
                _ = adopt(neighbour, key, generation, volume)
            }
            neighbours.end(ticket)
        }
    }

    /// Keys have the form that fits their kind, so whoever asks for an object never gets a fragment, nor the other way round.
    static func fits(_ kind: RecordKind, _ key: StoreKey) -> Bool {
        kind != .tombstone && (kind == .fragment) == FragmentMap.isFragmentKey(key.bytes)
    }

    /// Whether the object seems to be there; the index may err, the read decides.
    public func contains(_ key: StoreKey) -> Bool {
        memory.contains(key.hash) || (volumes.volume(for: key.hash)?.contains(key.hash) ?? false)
    }

    /// Whether every fragment of an object seems to be there. One probe for each.
    public func containsFragments(_ map: FragmentMap) -> Bool {
        (0..<map.count).allSatisfy { contains(key(map.keyBytes(of: $0))) }
    }

    /// There are no volumes: what is not in memory is nowhere.
    package var isMemoryOnly: Bool { volumes.members.isEmpty }

    /// What admission and reclaim go by at the moment.
    package var tuning: Tuning { gate.tuning }

    /// The first volume. For tests of one.
    var volume: Volume? { volumes.members.first?.volume }

    /// A random name for a new large object's fragments.
    func newObjectID() -> VolumeID { VolumeID(word0: entropy(), word1: entropy()) }

    /// Numbers for metrics, and problems for people.
    public var statistics: StoreStatistics {
        let summary = memory.summary
        let purges = purger.snapshotCounts
        return StoreStatistics(
            volumes: volumes.members.map { member in
                var counts = member.volume.snapshotStatistics()
                counts.deviceBytesWritten += purges.journals[member.volume.superblock.volumeID]?.bytes ?? 0
                return .init(name: member.name, statistics: counts, engine: member.volume.engine.statistics)
            },
            problems: problems,
            memoryObjects: summary.objects,
            memoryBytes: summary.bytes,
            memoryHits: summary.hits,
            memoryEvictions: summary.evictions,
            memoryOnlyObjects: summary.dirty,
            admission: gate.counts,
            policyBytes: gate.byteCount + purges.bytes,
            fills: fills.count,
            stagedBytes: staging.stagedBytes,
            leavingBytes: departures.counts.bytes,
            departuresDropped: departures.counts.dropped
        )
    }

    /// What the store works around and somebody should look at; empty when all is well.
    public var problems: [StoreProblem] {
        problemsAtOpen + volumes.failed.map { StoreProblem(failed: $0) }
    }
}
