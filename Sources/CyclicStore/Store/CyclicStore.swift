// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A cyclic object store: objects in memory, then in stripes on a volume that turns in a circle.
///
/// Callable from any thread. Lookups and writes never wait for the disk: a read of the disk calls back later, a write copies into a
/// membuf. A full store refuses writes, never reads.
public final class CyclicStore: Sendable {
    let secret: HashSecret
    let volume: Volume?
    let memory: MemoryTier
    let factory: any ObjectFactory
    let engine: any IOEngine
    private let inFlight = SharedReads()
    /// Payload bytes of one fragment of a large object: four fragments fill a stripe.
    public let fragmentBytes: Int
    /// Largest payload stored in one record beside its metadata.
    public let maxInlineBytes: Int
    /// Largest object the store takes.
    public let maxObjectBytes: Int

    /// Opens a store; a volume that does not exist is made and preallocated, one that exists is used again.
    ///
    /// Reads the footer of every stripe: about one second for 10,000 stripes on a disk, far less from the page cache.
    /// - Throws: ``StoreError`` with a sentence that says what to change.
    public static func open(
        _ configuration: StoreConfiguration,
        factory: any ObjectFactory = PlainObjectFactory()
    ) throws(StoreError) -> CyclicStore {
        try configuration.validate()
        let clock: @Sendable () -> UInt64 = { UInt64(max(0, time(nil))) }
        let engine = ThreadEngine(threads: configuration.ioThreads)
        guard let path = configuration.volumePath else {
            return CyclicStore(configuration, volume: nil, engine: engine, factory: factory)
        }
        do throws(StoreError) {
            let device = try VolumeOpener(configuration: configuration, nowSeconds: clock).openDevice(path: path)
            return try open(configuration, device: device, name: path, engine: engine, factory: factory, nowSeconds: clock)
        } catch {
            engine.shutDown()
            throw error
        }
    }

    /// Opens a store on any device with any engine: the simulator's way in.
    public static func open(
        _ configuration: StoreConfiguration,
        device: any BlockDevice,
        name: String = "device",
        engine: any IOEngine,
        factory: any ObjectFactory = PlainObjectFactory(),
        nowSeconds: @escaping @Sendable () -> UInt64
    ) throws(StoreError) -> CyclicStore {
        do throws(StoreError) {
            let recovered = try VolumeOpener(configuration: configuration, nowSeconds: nowSeconds).recover(device, name: name)
            let volume = Volume(
                recovered: recovered,
                device: device,
                engine: engine,
                membufs: configuration.membufs,
                nowSeconds: nowSeconds
            )
            return CyclicStore(configuration, volume: volume, engine: engine, factory: factory)
        } catch {
            device.close()
            throw error
        }
    }

    private init(_ configuration: StoreConfiguration, volume: Volume?, engine: any IOEngine, factory: any ObjectFactory) {
        self.volume = volume
        self.engine = engine
        self.factory = factory
        memory = MemoryTier(capacityBytes: configuration.memoryBytes)
        if let volume {
            secret = volume.superblock.secret
            let stripeBytes = volume.superblock.stripeBytes
            fragmentBytes = stripeBytes / 4 - 1024
            // Half a volume at most: an object must not push out its own beginning while it is stored or read.
            maxObjectBytes = volume.superblock.stripeCount * stripeBytes / 2
        } else {
            let (word0, word1) = systemRandomWords()
            secret = HashSecret(word0: word0, word1: word1)
            fragmentBytes = min(255 * 1024, max(16 * 1024, memory.maxObjectBytes / 2))
            maxObjectBytes = configuration.memoryBytes / 4
        }
        maxInlineBytes = fragmentBytes
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
        if let object = memory.object(for: key.hash), object.key == key { return completion(.found(object, .memory)) }
        guard let volume else { return completion(.miss(.absent)) }
        guard inFlight.begin(key, completion) else { return }
        RecordReader(volume: volume).read(key) { [self] result in
            inFlight.finish(key, with: adopt(result))
        }
    }

    private func adopt(_ result: RecordResult) -> Lookup {
        switch result {
        case .miss(let reason): return .miss(reason)
        case .found(let box):
            guard let image = box.open(), let object = factory.makeObject(image) else { return .miss(.damaged) }
            memory.insert(object)
            return .found(object, .disk)
        }
    }

    /// Whether the object seems to be there; the index may err, the read decides.
    public func contains(_ key: StoreKey) -> Bool {
        memory.contains(key.hash) || (volume?.contains(key.hash) ?? false)
    }

    /// Whether every fragment of an object seems to be there. One probe for each.
    public func containsFragments(_ map: FragmentMap) -> Bool {
        (0..<map.count).allSatisfy { contains(key(map.keyBytes(of: $0))) }
    }

    // MARK: Writing

    /// Stores an object, in place of one with the same key: in memory, and in a membuf on its way to the disk.
    /// A refusal by the volume is returned, not thrown: the object may be in memory all the same.
    @discardableResult
    public func put(_ object: any StoredObject) -> RefusedWrite? {
        let kept = memory.insert(object)
        guard let volume else { return kept ? nil : .tooLarge }
        do throws(RefusedWrite) {
            try volume.write(object)
            return nil
        } catch {
            // An older record of the same key must not come back in its place.
            _ = volume.remove(object.key.hash)
            return error
        }
    }

    /// Calls back once, on any thread, when writes that were refused for want of room have a chance again. False: they have it now.
    public func whenRoom(_ callback: @escaping @Sendable () -> Void) -> Bool {
        volume?.whenRoom(callback) ?? false
    }

    /// Forgets an object. True when it was known.
    @discardableResult
    public func remove(_ key: StoreKey) -> Bool {
        let inMemory = memory.remove(key.hash)
        return volume?.remove(key.hash) ?? false || inMemory
    }

    /// A random name for a new large object's fragments.
    func newObjectID() -> VolumeID {
        let (word0, word1) = systemRandomWords()
        return VolumeID(word0: word0, word1: word1)
    }

    // MARK: Life

    /// Numbers for metrics.
    public var statistics: StoreStatistics {
        let summary = memory.summary
        return StoreStatistics(
            volume: volume?.snapshotStatistics(),
            memoryObjects: summary.objects,
            memoryBytes: summary.bytes,
            memoryHits: summary.hits,
            memoryEvictions: summary.evictions
        )
    }

    /// Writes what is still in membufs. Calls back when it is on the device.
    public func flush(_ completion: @escaping @Sendable () -> Void) {
        guard let volume else { return completion() }
        volume.flush(completion)
    }

    /// Writes what is still in membufs, syncs, and gives the device back. Nothing may be called afterwards.
    public func close() async {
        if let volume {
            volume.refuseWrites()
            await withCheckedContinuation { continuation in
                volume.flush { continuation.resume() }
            }
        }
        await withCheckedContinuation { continuation in
            // Off the caller's thread: joining the engine's threads and syncing wait for the disk.
            let started = startThread { [engine, device = volume?.device] in
                engine.shutDown()
                do throws(DeviceError) { try device?.sync() } catch {}
                device?.close()
                continuation.resume()
            }
            if let started { detachThread(started) } else { continuation.resume() }
        }
    }
}
