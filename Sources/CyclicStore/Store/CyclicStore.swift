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
    private let entropy: @Sendable () -> UInt64
    private let problemsAtOpen: [StoreProblem]
    private let inFlight = SharedReads()
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
        problemsAtOpen = opened.problems
        volumes = VolumeSet(opened.members)
        memory = MemoryTier(capacityBytes: configuration.memoryBytes)
        secret = opened.secret ?? HashSecret(word0: entropy(), word1: entropy())
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

    // MARK: Keys

    /// The key for some bytes, with its hash.
    public func key(_ bytes: [UInt8]) -> StoreKey {
        StoreKey(hash: bytes.withUnsafeBytes { secret.hash($0) }, bytes: bytes)
    }

    /// The hash alone: for a lookup in memory without making a key.
    public func hash(_ bytes: UnsafeRawBufferPointer) -> KeyHash { secret.hash(bytes) }

    // MARK: Reading

    /// The object in memory, or nil: no disk, no allocation.
    public func objectInMemory(_ hash: KeyHash, key: UnsafeRawBufferPointer) -> (any StoredObject)? {
        guard let object = memory.object(for: hash), object.key.matches(key) else { return nil }
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
        /// Nothing, and why.
        case miss(MissReason)
    }

    /// Finds an object in memory, a membuf or on the disk. Calls back once: at once where no waiting is needed, else on an I/O thread.
    /// Lookups of one key that wait for the disk at the same time share one read.
    public func get(_ key: StoreKey, _ completion: @escaping @Sendable (Lookup) -> Void) {
        let (object, generation) = memory.objectOrGeneration(for: key.hash)
        if let object, object.key == key { return completion(.found(object, .memory)) }
        guard let home = volumes.home(of: key.hash) else {
            return completion(.miss(volumes.members.isEmpty ? .absent : .volumeOffline))
        }
        guard inFlight.begin(key, generation: generation, completion) else { return }
        let volume = volumes.members[home].volume
        RecordReader(volume: volume).read(key) { [self] result in
            if case .miss(.volumeOffline) = result { volumes.setAside(home) }
            inFlight.finish(key, generation: generation, with: adopt(result, key, generation, volume))
        }
    }

    private func adopt(_ result: RecordResult, _ key: StoreKey, _ generation: UInt64, _ volume: Volume) -> Lookup {
        switch result {
        case .miss(let reason): return .miss(reason)
        case .found(let box):
            guard let image = box.open(), Self.fits(image.kind, key), let object = factory.makeObject(image) else {
                volume.reject(key.hash, at: box.origin.address, .damaged)
                return .miss(.damaged)
            }
            memory.adopt(object, generation: generation)
            return .found(object, .disk)
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

    /// The first volume. For tests of one.
    var volume: Volume? { volumes.members.first?.volume }

    /// A random name for a new large object's fragments.
    func newObjectID() -> VolumeID { VolumeID(word0: entropy(), word1: entropy()) }

    /// Numbers for metrics, and problems for people.
    public var statistics: StoreStatistics {
        let summary = memory.summary
        return StoreStatistics(
            volumes: volumes.members.map {
                .init(name: $0.name, statistics: $0.volume.snapshotStatistics(), engine: $0.volume.engine.statistics)
            },
            problems: problems,
            memoryObjects: summary.objects,
            memoryBytes: summary.bytes,
            memoryHits: summary.hits,
            memoryEvictions: summary.evictions
        )
    }

    /// What the store works around and somebody should look at; empty when all is well.
    public var problems: [StoreProblem] {
        problemsAtOpen + volumes.failed.map { StoreProblem(failed: $0) }
    }
}
