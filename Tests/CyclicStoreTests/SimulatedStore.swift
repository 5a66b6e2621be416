// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Synchronization
import Testing

@testable import CyclicStore

extension OwnedBytes {
    static func copy(of bytes: [UInt8]) -> OwnedBytes {
        var copy = OwnedBytes(capacity: bytes.count)
        copy.withRegion { region in bytes.withUnsafeBytes { region.copyMemory(from: $0) } }
        return copy
    }
}

extension StoreConfiguration {
    /// Sixteen small stripes in a file of a folder, and no memory.
    static func small(in folder: String) -> StoreConfiguration {
        var configuration = StoreConfiguration()
        configuration.volumePath = folder + "/volume"
        configuration.stripeBytes = SimulatedStore.stripeBytes
        configuration.volumeBytes = Superblock.volumeBytes(stripes: 16, stripeBytes: SimulatedStore.stripeBytes)
        configuration.memoryBytes = 0
        configuration.replacement = .cyclic
        return configuration
    }
}

/// A store on a simulated disk with a stepped engine, and a model of what it may answer.
final class SimulatedStore {
    let device: SimulatedDevice
    private(set) var engine: SteppedEngine
    private(set) var store: CyclicStore
    private let seed: UInt64
    private var openings: UInt64 = 0
    private let configuration: StoreConfiguration

    private let nanoseconds: (@Sendable () -> Int)?

    init(
        stripes: Int = 16,
        memoryBytes: Int = 0,
        seed: UInt64,
        replacement: Replacement = .cyclic,
        membufs: Int = 4,
        configure: (inout StoreConfiguration) -> Void = { _ in },
        nanoseconds: (@Sendable () -> Int)? = nil
    ) throws {
        self.seed = seed
        device = SimulatedDevice(byteCount: Superblock.volumeBytes(stripes: stripes, stripeBytes: Self.stripeBytes), seed: seed)
        engine = SteppedEngine(seed: seed)
        var configuration = StoreConfiguration()
        configuration.volumePath = "simulated"
        configuration.volumeBytes = device.byteCount
        configuration.stripeBytes = Self.stripeBytes
        configuration.membufs = membufs
        configuration.memoryBytes = memoryBytes
        configuration.replacement = replacement
        configure(&configuration)
        self.configuration = configuration
        self.nanoseconds = nanoseconds
        store = try Self.open(device, engine, configuration, nanoseconds)
    }

    static let stripeBytes = 64 * 1024

    private static func open(
        _ device: SimulatedDevice,
        _ engine: SteppedEngine,
        _ configuration: StoreConfiguration,
        _ nanoseconds: (@Sendable () -> Int)?
    ) throws -> CyclicStore {
        let store = try CyclicStore.open(
            configuration,
            device: device,
            engine: engine,
            nowSeconds: { 1_700_000_000 + UInt64((nanoseconds?() ?? 0) / 1_000_000_000) },
            nanoseconds: nanoseconds
        )
        engine.run()
        return store
    }

    /// Opens the volume again with whatever is on the disk.
    func reopen() throws {
        openings += 1
        engine = SteppedEngine(seed: seed &+ openings)
        store = try Self.open(device, engine, configuration, nanoseconds)
    }

    /// The process dies, the machine does not: what was written is there, what waited is not.
    func kill() throws {
        engine.dropAll()
        try reopen()
    }

    /// Power loss and a new start.
    func crash() throws {
        engine.dropAll()
        device.crash()
        try reopen()
    }

    func flush() {
        store.flush {}
        engine.run()
    }

    /// What was stored before survives a loss of power after this.
    func flushAndSync() throws {
        flush()
        try device.sync()
    }

    func key(_ number: Int) -> StoreKey { store.key(Array("key-\(number)".utf8)) }

    /// A value whose bytes follow from its key and version.
    static func body(_ number: Int, version: Int, count: Int) -> [UInt8] {
        var random = SeededRandom(seed: UInt64(number) &* 1_000_003 &+ UInt64(version))
        return (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    }

    static func metadata(number: Int, version: Int, count: Int) -> [UInt8] { Array("\(number):\(version):\(count)".utf8) }

    @discardableResult
    func put(_ number: Int, version: Int, count: Int) -> RefusedWrite? {
        store.put(object(number, version: version, count: count))
    }

    func object(_ number: Int, version: Int, count: Int) -> PlainObject {
        PlainObject(
            RecordImage(
                kind: .object,
                key: key(number),
                metadata: Self.metadata(number: number, version: version, count: count),
                payload: .copy(of: Self.body(number, version: version, count: count))
            )
        )
    }

    /// Reads and checks: the version that was found, nil for a miss. Any byte that does not belong to that version is an issue.
    func get(_ number: Int, _ sourceLocation: SourceLocation = #_sourceLocation) -> Int? {
        let answer = Answer()
        store.get(key(number)) { answer.set($0) }
        while answer.value == nil, engine.step() {}
        guard case .found(let object, _)? = answer.value else { return nil }
        guard let plain = object as? PlainObject else {
            Issue.record("an object of another type", sourceLocation: sourceLocation)
            return nil
        }
        let parts = String(decoding: plain.metadata, as: UTF8.self).split(separator: ":").compactMap { Int($0) }
        #expect(parts.count == 3 && parts.first == number, "seed \(seed): metadata of another record", sourceLocation: sourceLocation)
        guard parts.count == 3 else { return nil }
        let right = plain.withPayload { $0.elementsEqual(Self.body(number, version: parts[1], count: parts[2])) }
        #expect(right, "seed \(seed): wrong bytes for key \(number)", sourceLocation: sourceLocation)
        return parts[1]
    }

    final class Collected<Element: Sendable>: Sendable {
        private let elements = Mutex<[Element]>([])
        var value: [Element] { elements.withLock { $0 } }
        func set(_ value: [Element]) { elements.withLock { $0 = value } }
    }

    final class Answer: Sendable {
        private let lookup = Mutex<CyclicStore.Lookup?>(nil)
        var value: CyclicStore.Lookup? { lookup.withLock { $0 } }
        func set(_ value: CyclicStore.Lookup) { lookup.withLock { $0 = value } }
    }
}
