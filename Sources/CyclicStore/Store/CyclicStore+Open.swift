// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

extension CyclicStore {
    /// Opens a store; a volume that does not exist is made and preallocated, one that exists is used again.
    ///
    /// A volume whose hardware fails is left out and named in ``problems``; with no volume left, and for everything that is wrong with the
    /// configuration, this throws, and nothing has been overwritten. Takes half a second at most for the index, and goes on making it
    /// behind the store that is open already: what it does not know yet is a miss. Where all that the last run wrote down for this start is damaged every
    /// stripe is asked first: about fifteen seconds for a terabyte in stripes of 1 MiB on a fast disk.
    /// - Throws: ``StoreError`` with a sentence that says what to change.
    public static func open(
        _ configuration: StoreConfiguration,
        factory: any ObjectFactory = PlainObjectFactory()
    ) throws(StoreError) -> CyclicStore {
        try open(configuration, factory: factory, progress: { _, _ in })
    }

    /// The same, and says how far it is where it takes longer.
    /// - Parameter progress: Called with a volume's path after each stripe that must be read before the store opens: none, unless everything that the last
    ///   run wrote down for this start is damaged.
    package static func open(
        _ configuration: StoreConfiguration,
        factory: any ObjectFactory,
        progress: @escaping (String, VolumeProgress) -> Void
    ) throws(StoreError) -> CyclicStore {
        try configuration.validate()
        let opener = StoreOpener(
            configuration: configuration,
            nowSeconds: { UInt64(max(0, time(nil))) },
            entropy: systemRandomWord,
            nanoseconds: monotonicNanoseconds,
            progress: progress
        )
        let (devices, problems) = try opener.openDevices()
        let failures = VolumeFailures()
        // An engine for each volume: a disk that hangs must not keep the others' threads.
        let opened = try opener.open(
            devices,
            problems: problems,
            engine: { () throws(StoreError) in try engine(configuration) },
            onFailure: failures.report
        )
        let store = CyclicStore(configuration, opened: opened, factory: factory, entropy: systemRandomWord)
        failures.tell(store)
        store.startTicking()
        store.waitForIndex(milliseconds: Self.indexPatienceMilliseconds)
        return store
    }

    /// An index that can be made in this time is complete when the store opens; of a longer one the rest is made behind it.
    private static let indexPatienceMilliseconds = 500

    private func waitForIndex(milliseconds: Int) {
        let latch = Latch()
        let all = Countdown(volumes.members.count) { latch.open() }
        for member in volumes.members { member.volume.whenRebuilt { all.countDown() } }
        latch.wait(milliseconds: milliseconds)
    }

    private static func engine(_ configuration: StoreConfiguration) throws(StoreError) -> any IOEngine {
        do throws(IOEngineError) {
            return try configuration.ioEngine.start(threads: configuration.ioThreads)
        } catch {
            throw StoreError(.configuration, error.description)
        }
    }

    /// Opens a store on any device with any engine: the simulator's way in, and where time and randomness are handed in. It has no thread of
    /// its own: whoever opened it calls ``tick()``.
    ///
    /// - Parameters:
    ///   - configuration: As for a store on a file; its paths are not used.
    ///   - device: Where the volume lies; closed with the store.
    ///   - name: What errors call the device.
    ///   - engine: What runs the device's operations.
    ///   - factory: Makes objects from records.
    ///   - nowSeconds: Seconds since 1970.
    ///   - nanoseconds: A clock that does not go back, for the write budget; from `nowSeconds` when there is none.
    ///   - entropy: Random words for identities and the hash secret. From one seed, they make a run repeatable and its hash predictable.
    /// - Throws: ``StoreError``; the device is closed then.
    public static func open(
        _ configuration: StoreConfiguration,
        device: any BlockDevice,
        name: String = "device",
        engine: any IOEngine,
        factory: any ObjectFactory = PlainObjectFactory(),
        nowSeconds: @escaping @Sendable () -> UInt64,
        entropy: (@Sendable () -> UInt64)? = nil,
        nanoseconds: (@Sendable () -> Int)? = nil
    ) throws(StoreError) -> CyclicStore {
        var single = configuration
        single.volumes = [
            VolumeConfiguration(path: name, byteCount: configuration.volumeBytes, directIO: configuration.directIO)
        ]
        return try open(
            single,
            devices: [device],
            engine: engine,
            factory: factory,
            nowSeconds: nowSeconds,
            entropy: entropy,
            nanoseconds: nanoseconds
        )
    }

    /// Opens a store on several devices, one for each of the configuration's volumes, in the same order. See the one before.
    /// - Throws: ``StoreError``; the devices are closed then.
    public static func open(
        _ configuration: StoreConfiguration,
        devices: [any BlockDevice],
        engine: any IOEngine,
        factory: any ObjectFactory = PlainObjectFactory(),
        nowSeconds: @escaping @Sendable () -> UInt64,
        entropy: (@Sendable () -> UInt64)? = nil,
        nanoseconds: (@Sendable () -> Int)? = nil
    ) throws(StoreError) -> CyclicStore {
        precondition(devices.count == configuration.volumes.count, "one device for each volume")
        let entropy = entropy ?? systemRandomWord
        let opener = StoreOpener(
            configuration: configuration,
            nowSeconds: nowSeconds,
            entropy: entropy,
            nanoseconds: nanoseconds ?? { Int(nowSeconds()) * 1_000_000_000 }
        )
        let pairs = zip(devices, configuration.volumes).map { StoreOpener.Device(device: $0, volume: $1) }
        let failures = VolumeFailures()
        let opened = try opener.open(pairs, engine: { engine }, onFailure: failures.report)
        let store = CyclicStore(configuration, opened: opened, factory: factory, entropy: entropy)
        failures.tell(store)
        return store
    }
}

/// Failures of volumes while the store is being made, for when it is.
final class VolumeFailures: @unchecked Sendable {
    private let lock = Lock()
    // Guarded by `lock`.
    private weak var store: CyclicStore?
    private var early: [VolumeID] = []

    func report(_ volume: VolumeID) {
        let store = lock.locked {
            if self.store == nil { early.append(volume) }
            return self.store
        }
        store?.volumeFailed(volume)
    }

    func tell(_ store: CyclicStore) {
        let early = lock.locked {
            self.store = store
            return self.early
        }
        for volume in early { store.volumeFailed(volume) }
    }
}

private let monotonicNanoseconds: @Sendable () -> Int = {
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    return now.tv_sec * 1_000_000_000 + now.tv_nsec
}
