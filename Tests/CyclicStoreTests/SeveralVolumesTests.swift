// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Testing

@testable import CyclicStore

@Suite struct SeveralVolumesTests {
    /// A store over several simulated disks.
    private struct Rig {
        var devices: [SimulatedDevice]
        var engine = SteppedEngine(seed: 1)
        var store: CyclicStore

        init(_ devices: [SimulatedDevice], weights: [Int?] = [], memoryBytes: Int = 0) throws {
            self.devices = devices
            store = try Self.open(devices, engine, weights, memoryBytes)
            engine.run()
        }

        static func open(
            _ devices: [SimulatedDevice],
            _ engine: SteppedEngine,
            _ weights: [Int?] = [],
            _ memoryBytes: Int = 0
        ) throws(StoreError) -> CyclicStore {
            var configuration = StoreConfiguration()
            configuration.stripeBytes = 65536
            configuration.membufs = 4
            configuration.memoryBytes = memoryBytes
            configuration.volumes = devices.enumerated().map { position, device in
                VolumeConfiguration(
                    path: "disk-\(position)",
                    byteCount: device.byteCount,
                    weight: position < weights.count ? weights[position] : nil
                )
            }
            return try CyclicStore.open(configuration, devices: devices, engine: engine, nowSeconds: { 1_700_000_000 })
        }

        func put(_ number: Int, version: Int = 1, count: Int = 100) -> RefusedWrite? {
            store.put(
                PlainObject(
                    RecordImage(
                        kind: .object,
                        key: store.key(Array("key-\(number)".utf8)),
                        metadata: [UInt8(version)],
                        payload: .copy(of: SimulatedStore.body(number, version: version, count: count))
                    )
                )
            )
        }

        /// The version that is found; nil for a miss. Wrong bytes are an issue.
        func get(_ number: Int) -> Int? {
            let answer = SimulatedStore.Answer()
            store.get(store.key(Array("key-\(number)".utf8))) { answer.set($0) }
            while answer.value == nil, engine.step() {}
            guard case .found(let object as PlainObject, _)? = answer.value, let version = object.metadata.first.map(Int.init) else {
                return nil
            }
            let count = object.payloadByteCount
            #expect(object.withPayload { $0.elementsEqual(SimulatedStore.body(number, version: version, count: count)) })
            return version
        }

        func flush() {
            store.flush {}
            engine.run()
        }

        /// Puts with room made in between.
        func fill(_ numbers: Range<Int>, version: Int = 1) {
            for number in numbers {
                #expect(put(number, version: version) == nil)
                if number % 50 == 0 { engine.run() }
            }
        }

        func found(_ numbers: Range<Int>) -> Int { numbers.count { get($0) != nil } }

        var recordCounts: [Int] { store.statistics.volumes.map(\.statistics.records) }
    }

    private func disk(_ seed: UInt64, stripes: Int = 40) -> SimulatedDevice {
        SimulatedDevice(byteCount: stripes * 65536, seed: seed)
    }

    @Test func `keys are shared out by weight, which is the size unless given`() throws {
        let bySize = try Rig([disk(1, stripes: 20), disk(2, stripes: 60)])
        bySize.fill(0..<2000)
        // A quarter of 2,000 with a standard deviation of 19.
        #expect((400...600).contains(bySize.recordCounts[0]) && bySize.recordCounts.reduce(0, +) == 2000)
        let byWeight = try Rig([disk(3), disk(4), disk(5)], weights: [1, 1, 2])
        byWeight.fill(0..<2000)
        #expect((400...600).contains(byWeight.recordCounts[1]) && (890...1110).contains(byWeight.recordCounts[2]))
    }

    @Test func `what was stored is found after a restart, in whichever order the volumes are named`() throws {
        let rig = try Rig([disk(1), disk(2), disk(3)])
        rig.fill(0..<300)
        rig.flush()
        let turned = try Rig([rig.devices[2], rig.devices[0], rig.devices[1]])
        #expect(turned.found(0..<300) == 300)
    }

    @Test func `a volume more takes its share and leaves the others what they have`() throws {
        let rig = try Rig([disk(1), disk(2)])
        rig.fill(0..<600)
        rig.flush()
        let more = try Rig(rig.devices + [disk(3)])
        // A third of the keys are looked for on the new volume.
        #expect((330...470).contains(more.found(0..<600)))
        more.fill(600..<1200)
        #expect(more.recordCounts[2] > 130)
    }

    @Test func `a volume that is left out takes its own keys with it and no others`() throws {
        let rig = try Rig([disk(1), disk(2), disk(3)])
        rig.fill(0..<600)
        rig.flush()
        let here = rig.recordCounts
        let fewer = try Rig([rig.devices[0], rig.devices[2]])
        #expect(fewer.found(0..<600) == here[0] + here[2])
        #expect(fewer.store.problems.isEmpty)
    }

    @Test func `a volume that fails is set aside, named, and its keys are stored on the others`() throws {
        let rig = try Rig([disk(1), disk(2)])
        rig.fill(0..<400)
        rig.flush()
        let lost = rig.recordCounts[1]
        rig.devices[1].setFailsAll(true)
        // Enough to fill three stripes of the failing one.
        for number in 1000..<1600 {
            _ = rig.put(number, count: 1000)
            rig.engine.run()
        }
        #expect(rig.store.problems.map(\.kind) == [.failedVolume] && rig.store.problems.first?.volume == "disk-1")
        #expect(rig.found(0..<400) == 400 - lost, "what the other has is still served")
        rig.fill(2000..<2400)
        #expect(rig.found(2000..<2400) == 400)
    }

    @Test func `a volume whose hardware fails at the start is left out, named, and not written to`() throws {
        let rig = try Rig([disk(1), disk(2)])
        rig.fill(0..<400)
        rig.flush()
        rig.devices[0].setFailsAll(true)
        let writes = rig.devices[0].counts.writes
        let again = try Rig(rig.devices)
        #expect(again.store.problems.map(\.kind) == [.missingVolume] && again.store.problems.first?.volume == "disk-0")
        #expect(again.found(0..<400) == rig.recordCounts[1])
        again.fill(500..<700)
        #expect(again.found(500..<700) == 200 && again.devices[0].counts.writes == writes)
    }

    @Test func `with no volume left the start is refused and says that the hardware failed`() {
        let devices = [disk(1), disk(2)]
        for device in devices { device.setFailsAll(true) }
        let error = #expect(throws: StoreError.self) { try Rig(devices) }
        #expect(error?.reason == .device && error?.isHardware == true)
    }

    @Test func `a disk that comes back empty is formatted with the secret of the others and filled`() throws {
        let rig = try Rig([disk(1), disk(2)])
        rig.fill(0..<400)
        rig.flush()
        let again = try Rig([disk(9), rig.devices[1]])
        #expect(again.store.secret == rig.store.secret)
        again.fill(500..<900)
        #expect(again.found(500..<900) == 400 && again.recordCounts[0] > 100)
    }

    @Test func `volumes of different stores are refused before anything is written`() throws {
        let one = try Rig([disk(1)])
        let other = try Rig([disk(2)])
        let blank = disk(3)
        let devices = [blank, one.devices[0], other.devices[0]]
        let writes = devices.map(\.counts.writes)
        let error = #expect(throws: StoreError.self) { try Rig(devices) }
        #expect(error?.reason == .foreign && devices.map(\.counts.writes) == writes)
    }

    @Test func `something that is no volume among the others is refused before anything is written`() throws {
        let rig = try Rig([disk(1)])
        let strange = disk(2)
        try [UInt8](repeating: 7, count: 4096).withUnsafeBytes { try strange.write(at: 0, from: $0) }
        let devices = [disk(3), strange, rig.devices[0]]
        let writes = devices.map(\.counts.writes)
        let error = #expect(throws: StoreError.self) { try Rig(devices) }
        #expect(error?.reason == .notAVolume && devices.map(\.counts.writes) == writes)
    }

    @Test func `removing reaches the volume that has the key`() throws {
        let rig = try Rig([disk(1), disk(2), disk(3)])
        rig.fill(0..<100)
        for number in 0..<50 { #expect(rig.store.remove(rig.store.key(Array("key-\(number)".utf8)))) }
        rig.flush()
        let again = try Rig(rig.devices)
        #expect(again.found(0..<50) == 0 && again.found(50..<100) == 50)
    }

    @Test func `whoever waits for one volume's room is not told of another's, and a wait can be given up`() throws {
        let rig = try Rig([disk(1), disk(2)])
        var number = 0
        while rig.put(number, count: 6000) == nil { number += 1 }
        let key = rig.store.key(Array("key-\(number)".utf8))
        let (told, cancelled) = (SimulatedStore.Answer(), SimulatedStore.Answer())
        let wait = try #require(rig.store.whenRoom(for: key) { cancelled.set(.miss(.absent)) })
        #expect(rig.store.whenRoom(for: key) { told.set(.miss(.absent)) } != nil)
        let other = try #require(
            (0..<100).lazy.map { rig.store.key([$0]) }.first { rig.store.volumes.home(of: $0.hash) != rig.store.volumes.home(of: key.hash) }
        )
        if rig.store.whenRoom(for: other, {}) == nil { #expect(told.value == nil) }
        wait.cancel()
        rig.engine.run()
        #expect(told.value != nil && cancelled.value == nil)
    }
}
