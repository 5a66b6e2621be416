// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
import Synchronization

/// Everything around a store, from one seed: device, power, engine, clock and random words. A store is opened in it, dies in it and is
/// opened again.
final class SimulatedWorld {
    static let stripeBytes = 64 * 1024

    let settings: SimulationSettings
    let power = SimulatedPower()
    private var volumes: [Volume] = []
    private var volumesMade = 0
    private(set) var engine: SteppedEngine
    private(set) var store: CyclicStore?
    let clock = SimulatedClock()
    let words: SimulatedWords
    private var random: SeededRandom
    private var refusedBefore = 0
    /// Operations that engines had no room for, those of earlier runs too.
    var refusedCount: Int { refusedBefore + engine.refusedCount }
    /// Of devices and engines that are gone.
    private var past = SimulationReport()

    init(_ settings: SimulationSettings) {
        self.settings = settings
        random = SeededRandom(seed: settings.seed)
        words = SimulatedWords(seed: random.next())
        engine = SteppedEngine(seed: random.next(), queueLimit: settings.queueLimit)
        volumes = (0..<settings.volumes).map { makeVolume($0) }
    }

    // MARK: The store's life

    func open() throws(StoreError) {
        var configuration = StoreConfiguration()
        configuration.volumes = volumes.map { volume in
            VolumeConfiguration(path: volume.path, byteCount: volume.stripes * Self.stripeBytes, weight: volume.stripes)
        }
        configuration.stripeBytes = Self.stripeBytes
        configuration.membufs = settings.membufs
        configuration.memoryBytes = settings.memoryBytes
        configuration.replacement = settings.replacement
        configuration.writeBytesPerSecond = settings.writeBytesPerSecond
        configuration.writeBytesPerDay = settings.writeBytesPerDay
        store = try CyclicStore.open(
            configuration,
            devices: devices,
            engine: engine,
            nowSeconds: { [clock] in clock.seconds },
            entropy: { [words] in words.next() },
            nanoseconds: { [clock] in clock.nanoseconds }
        )
    }

    /// The process ends here and now. What was under way at the device may have been done in part.
    func kill() {
        for operation in engine.takeAll() where operation.kind == .write && !power.isOff && random.next() & 1 == 0 {
            (operation.device as? SimulatedDevice)?.tear(at: operation.offset, from: UnsafeRawBufferPointer(operation.region))
        }
        leaveStore()
    }

    /// Writes what is in memory, syncs, and forgets the store. False when the device refused the sync.
    /// - Parameter last: Called when all is written, while the store is still there.
    func closeCleanly(_ last: () -> Void) -> Bool {
        guard let store else { return false }
        store.refuseWrites()
        let done = Once()
        store.flush { done.call() }
        engine.run()
        // As long as a stop waits for bytes of the write budget.
        for _ in 0..<20 where settings.hasBudget && done.count == 0 {
            clock.advance(microseconds: 500_000)
            store.tick()
            engine.run()
        }
        last()
        store.saveForRestart {}
        engine.run()
        var synced = true
        for device in devices {
            do throws(DeviceError) { try device.sync() } catch { synced = false }
        }
        _ = engine.takeAll()
        leaveStore()
        return synced && done.count == 1
    }

    /// What was not synced is there, gone, there up to some write, or there in any part, each device for itself.
    func losePower() {
        for device in devices { device.crash(SimulatedMedium.Fate.allCases[Int(random.next() % 4)]) }
        power.restore()
    }

    private func leaveStore() {
        store = nil
        // A process does not start again within the second in which it ended: serials count on that where a volume cannot be read.
        clock.advance(microseconds: 1_000_000 + random.next() % 1_000_000)
        past.faults.add(.stall, engine.stalledCount)
        past.faults.add(.refusal, engine.refusedCount)
        refusedBefore += engine.refusedCount
        engine = SteppedEngine(seed: random.next(), queueLimit: settings.queueLimit)
    }

    // MARK: Devices

    /// A device and how the configuration has it.
    struct Volume {
        var device: SimulatedDevice
        let path: String
        let stripes: Int
    }

    var devices: [SimulatedDevice] { volumes.map(\.device) }
    var volumeCount: Int { volumes.count }

    /// A volume with nothing on it, of the size that belongs to a place in the configuration.
    func makeVolume(_ place: Int) -> Volume {
        let stripes = settings.deviceStripes[place % settings.deviceStripes.count]
        volumesMade += 1
        return Volume(device: makeDevice(stripes: stripes), path: "simulated-\(volumesMade)", stripes: stripes)
    }

    /// From the next start on it is there. The store must have been left.
    func addVolume(_ volume: Volume) { volumes.append(volume) }

    /// From the next start on it is not there. The store must have been left.
    func removeVolume(_ number: Int) -> Volume { volumes.remove(at: number) }

    /// Puts another device in the place of one. The store must have been left.
    func exchangeDevice(_ number: Int, for other: SimulatedDevice) -> SimulatedDevice {
        let old = volumes[number].device
        volumes[number].device = other
        return old
    }

    /// An empty device as large as the one in this place.
    func makeDevice(like number: Int) -> SimulatedDevice { makeDevice(stripes: volumes[number].stripes) }

    private func makeDevice(stripes: Int) -> SimulatedDevice {
        SimulatedDevice(byteCount: stripes * Self.stripeBytes, seed: random.next(), power: power)
    }

    /// A device will not be used again: its counts are kept.
    func retire(_ device: SimulatedDevice) {
        let counts = device.counts
        past.deviceOperations += counts.operations
        past.faults.add(counts)
        past.mix(counts.trace)
    }

    /// Faults of some kinds so far, of the devices that are there.
    func faults(_ kinds: SimulatedDevice.Fault...) -> Int {
        volumes.reduce(0) { sum, volume in
            let counts = volume.device.counts
            return kinds.reduce(sum) { $0 + counts.count($1) }
        }
    }

    /// Faults of all kinds so far, of the devices that are there.
    var deviceFaults: Int { volumes.reduce(0) { $0 + $1.device.counts.faults } }

    /// Operations of devices, faults of devices and engines, and a digest of all.
    var report: SimulationReport {
        var sum = past
        for device in devices {
            let counts = device.counts
            sum.deviceOperations += counts.operations
            sum.faults.add(counts)
            sum.mix(counts.trace)
        }
        sum.faults.add(.stall, engine.stalledCount)
        sum.faults.add(.refusal, engine.refusedCount)
        return sum
    }
}

/// A clock that goes when it is told to.
final class SimulatedClock: Sendable {
    private let microseconds = Atomic<UInt64>(1_700_000_000_000_000)

    var seconds: UInt64 { microseconds.load(ordering: .relaxed) / 1_000_000 }
    /// Of the same clock: it does not go back.
    var nanoseconds: Int { Int(microseconds.load(ordering: .relaxed)) * 1000 }
    func advance(microseconds count: UInt64) { microseconds.wrappingAdd(count, ordering: .relaxed) }
}

/// Random words from a seed.
final class SimulatedWords: Sendable {
    private let random: Mutex<SeededRandom>

    init(seed: UInt64) { random = Mutex(SeededRandom(seed: seed)) }

    func next() -> UInt64 { random.withLock { $0.next() } }
}

/// Counts calls that must come exactly once.
final class Once: Sendable {
    private let calls = Atomic<Int>(0)
    var count: Int { calls.load(ordering: .relaxed) }
    func call() { calls.wrappingAdd(1, ordering: .relaxed) }
}
