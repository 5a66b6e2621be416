// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Testing

@testable import CyclicStore

/// Volumes that go and come back: what they held must never be older than what was served meanwhile.
@Suite struct MembershipTests {
    private final class Rig {
        let devices: [SimulatedDevice]
        var engine = SteppedEngine(seed: 1)
        var store: CyclicStore
        var opens: UInt64 = 1

        init() throws {
            devices = [SimulatedDevice(byteCount: 60 * 65536, seed: 1), SimulatedDevice(byteCount: 60 * 65536, seed: 2)]
            store = try Self.open(devices, engine, 1_700_000_000)
            engine.run()
        }

        private static func open(_ devices: [SimulatedDevice], _ engine: SteppedEngine, _ seconds: UInt64) throws -> CyclicStore {
            var configuration = StoreConfiguration()
            configuration.stripeBytes = 65536
            configuration.membufs = 4
            configuration.memoryBytes = 0
            configuration.volumes = devices.map { VolumeConfiguration(path: "disk-\(ObjectIdentifier($0))", byteCount: $0.byteCount) }
            return try CyclicStore.open(configuration, devices: devices, engine: engine, nowSeconds: { seconds })
        }

        func reopen(with devices: [SimulatedDevice]) throws {
            opens += 1
            engine = SteppedEngine(seed: opens)
            store = try Self.open(devices, engine, 1_700_000_000 + opens)
            engine.run()
        }

        func put(_ version: UInt8) {
            for number in UInt8(0)..<200 {
                store.put(PlainObject(store.key([number]), metadata: [version], bytes: [UInt8](repeating: version, count: 300)))
                if number % 20 == 0 { engine.run() }
            }
            store.flush {}
            engine.run()
        }

        /// The versions that are found.
        func versions() -> Set<UInt8> {
            var found: Set<UInt8> = []
            for number in UInt8(0)..<200 {
                let answer = SimulatedStore.Answer()
                store.get(store.key([number])) { answer.set($0) }
                while answer.value == nil, engine.step() {}
                if let object = answer.value?.object as? PlainObject { found.insert(object.metadata[0]) }
            }
            return found
        }
    }

    @Test func `a volume that was left out and comes back serves nothing from before`() throws {
        let rig = try Rig()
        rig.put(1)
        try rig.reopen(with: [rig.devices[0]])
        rig.put(2)
        try rig.reopen(with: rig.devices)
        #expect(rig.versions() == [2], "neither the volume that was away nor the other gives an older one")
        rig.put(3)
        #expect(rig.versions() == [3])
        try rig.reopen(with: rig.devices)
        #expect(rig.versions() == [3])
    }

    @Test func `a volume that failed, was set aside and is whole again serves nothing from before`() throws {
        let rig = try Rig()
        rig.put(1)
        rig.devices[1].setFailsAll(true)
        for _ in 0..<8 { rig.put(2) }
        #expect(rig.store.problems.map(\.kind) == [.failedVolume])
        rig.put(3)
        #expect(rig.versions() == [3])
        rig.devices[1].setFailsAll(false)
        try rig.reopen(with: rig.devices)
        #expect(rig.versions() == [3])
    }

    /// Keys moved to the other volume and back: what the other still has of them is older.
    @Test func `a key that moved away and back is not served from where it was meanwhile`() throws {
        let rig = try Rig()
        rig.put(1)
        try rig.reopen(with: [rig.devices[0]])
        rig.put(2)
        try rig.reopen(with: rig.devices)
        rig.put(3)
        try rig.reopen(with: [rig.devices[0]])
        #expect(rig.versions() == [3], "what version 2 left on the first volume is out of date")
    }

    @Test func `a purge holds on a volume that was away when it happened`() throws {
        let rig = try Rig()
        rig.put(1)
        try rig.reopen(with: [rig.devices[0]])
        rig.store.purge(.everything)
        rig.store.flush {}
        rig.engine.run()
        try rig.reopen(with: rig.devices)
        #expect(rig.versions().isEmpty)
    }
}
