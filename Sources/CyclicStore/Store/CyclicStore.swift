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
    private let entropy: @Sendable () -> UInt64
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
            return CyclicStore(configuration, volume: nil, engine: engine, factory: factory, entropy: systemRandomWord)
        }
        do throws(StoreError) {
            let opener = VolumeOpener(configuration: configuration, nowSeconds: clock, entropy: systemRandomWord)
            let device = try opener.openDevice(path: path)
            return try open(configuration, device: device, name: path, engine: engine, factory: factory, nowSeconds: clock)
        } catch {
            engine.shutDown()
            throw error
        }
    }

    /// Opens a store on any device with any engine: the simulator's way in, and where time and randomness are handed in.
    ///
    /// - Parameters:
    ///   - name: What errors call the device.
    ///   - nowSeconds: Seconds since 1970.
    ///   - entropy: Random words for identities and the hash secret. From one seed, they make a run repeatable and its hash predictable.
    /// - Throws: ``StoreError``; the device is closed then.
    public static func open(
        _ configuration: StoreConfiguration,
        device: any BlockDevice,
        name: String = "device",
        engine: any IOEngine,
        factory: any ObjectFactory = PlainObjectFactory(),
        nowSeconds: @escaping @Sendable () -> UInt64,
        entropy: (@Sendable () -> UInt64)? = nil
    ) throws(StoreError) -> CyclicStore {
        let entropy = entropy ?? systemRandomWord
        do throws(StoreError) {
            let opener = VolumeOpener(configuration: configuration, nowSeconds: nowSeconds, entropy: entropy)
            let recovered = try opener.recover(device, name: name)
            let volume = Volume(
                recovered: recovered,
                device: device,
                engine: engine,
                membufs: configuration.membufs,
                nowSeconds: nowSeconds
            )
            return CyclicStore(configuration, volume: volume, engine: engine, factory: factory, entropy: entropy)
        } catch {
            device.close()
            throw error
        }
    }

    private init(
        _ configuration: StoreConfiguration,
        volume: Volume?,
        engine: any IOEngine,
        factory: any ObjectFactory,
        entropy: @escaping @Sendable () -> UInt64
    ) {
        self.entropy = entropy
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
            secret = HashSecret(word0: entropy(), word1: entropy())
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
        let (object, generation) = memory.objectOrGeneration(for: key.hash)
        if let object, object.key == key { return completion(.found(object, .memory)) }
        guard let volume else { return completion(.miss(.absent)) }
        guard inFlight.begin(key, generation: generation, completion) else { return }
        RecordReader(volume: volume).read(key) { [self] result in
            inFlight.finish(key, generation: generation, with: adopt(result, key, generation, volume))
        }
    }

    private func adopt(_ result: RecordResult, _ key: StoreKey, _ generation: UInt64, _ volume: Volume) -> Lookup {
        switch result {
        case .miss(let reason): return .miss(reason)
        case .found(let box):
            guard let image = box.open(), Self.fits(image.kind, key), let object = factory.makeObject(image) else {
                volume.reject(key.hash, at: box.address, .damaged)
                return .miss(.damaged)
            }
            memory.adopt(object, generation: generation)
            return .found(object, .disk)
        }
    }

    /// Keys have the form that fits their kind, so whoever asks for an object never gets a fragment, nor the other way round.
    private static func fits(_ kind: RecordKind, _ key: StoreKey) -> Bool {
        kind != .tombstone && (kind == .fragment) == FragmentMap.isFragmentKey(key.bytes)
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

    /// Stores an object, in place of one with the same key: in memory, and in a membuf on its way to the disk. When it returns, every
    /// lookup finds this object or a newer one, or nothing. Of two at the same time on one key, one holds, in memory and on the disk.
    ///
    /// A refusal by the volume is returned, not thrown: the object may be in memory all the same.
    @discardableResult
    public func put(_ object: any StoredObject) -> RefusedWrite? {
        guard Self.fits(object.kind, object.key) else { return .wrongKind }
        guard let volume else { return memory.insert(object, serial: nil) ? nil : .tooLarge }
        // The volume first: what the memory tier then lets go is never older than what a read of the volume finds.
        do throws(RefusedWrite) {
            let serial = try volume.write(object)
            memory.insert(object, serial: serial)
            return nil
        } catch {
            // An older record of the same key must not come back in its place.
            let removal = volume.remove(object.key.hash)
            memory.insert(object, serial: removal.serial)
            return error
        }
    }

    /// Calls back once, on any thread, when writes that were refused for want of room have a chance again. False: they have it now.
    public func whenRoom(_ callback: @escaping @Sendable () -> Void) -> Bool {
        volume?.whenRoom(callback) ?? false
    }

    /// Forgets an object. True when it was known. When it returns, no lookup that begins finds the object. The removal survives a loss of
    /// the process once the stripe it is logged in is on the device: after ``flush(_:)`` at the latest.
    @discardableResult
    public func remove(_ key: StoreKey) -> Bool {
        // The volume first, as in ``put(_:)``.
        let removal = volume?.remove(key.hash)
        let wasInMemory = memory.remove(key.hash, serial: removal?.serial)
        return wasInMemory || removal?.wasKnown ?? false
    }

    /// A random name for a new large object's fragments.
    func newObjectID() -> VolumeID { VolumeID(word0: entropy(), word1: entropy()) }

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

    /// Writes what is still in membufs. Calls back when what was stored before the call is on the device, or has failed to get there.
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
            let finish = { [engine, device = volume?.device] in
                engine.shutDown()
                do throws(DeviceError) { try device?.sync() } catch {}
                device?.close()
                continuation.resume()
            }
            if let started = startThread(finish) { detachThread(started) } else { finish() }
        }
    }
}
