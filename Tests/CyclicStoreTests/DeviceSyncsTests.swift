// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Synchronization
import Testing

@testable import CyclicStore

@Suite struct DeviceSyncsTests {
    private final class Outcomes: Sendable {
        private let list = Mutex<[String]>([])
        var value: [String] { list.withLock { $0 } }
        func note(_ name: String) -> @Sendable (DeviceSyncs.Outcome) -> Void {
            { outcome in
                let text =
                    switch outcome {
                    case .done: "done"
                    case .failed: "failed"
                    case .notTaken: "not taken"
                    }
                self.list.withLock { $0.append("\(name) \(text)") }
            }
        }
    }

    @Test func `what is asked for while a sync is under way shares the next one`() {
        let device = SimulatedDevice(byteCount: 1 << 16, seed: 1)
        let engine = SteppedEngine(seed: 1)
        let (syncs, outcomes) = (DeviceSyncs(device: device, engine: engine), Outcomes())
        for name in ["a", "b", "c"] { syncs.sync(outcomes.note(name)) }
        #expect(engine.pending == 1)
        #expect(engine.step() && outcomes.value == ["a done"])
        #expect(engine.pending == 1)
        engine.run()
        #expect(outcomes.value == ["a done", "b done", "c done"])
        #expect(device.counts.operations == 2)
    }

    @Test func `after one that failed none succeeds`() {
        let device = SimulatedDevice(byteCount: 1 << 16, seed: 1)
        let engine = SteppedEngine(seed: 1)
        let (syncs, outcomes) = (DeviceSyncs(device: device, engine: engine), Outcomes())
        var faults = SimulatedDevice.Faults()
        faults.syncError = .max
        device.setFaults(faults)
        for name in ["a", "b"] { syncs.sync(outcomes.note(name)) }
        engine.run()
        #expect(outcomes.value == ["a failed", "b failed"])
        device.setFaults(SimulatedDevice.Faults())
        syncs.sync(outcomes.note("c"))
        engine.run()
        #expect(outcomes.value.last == "c failed")
        #expect(device.counts.operations == 1)
    }

    @Test func `without room in the engine the asker is told, and may ask again`() {
        let device = SimulatedDevice(byteCount: 1 << 16, seed: 1)
        let engine = SteppedEngine(seed: 1, queueLimit: 0)
        let (syncs, outcomes) = (DeviceSyncs(device: device, engine: engine), Outcomes())
        for name in ["a", "b"] { syncs.sync(outcomes.note(name)) }
        #expect(outcomes.value == ["a not taken", "b not taken"])
        #expect(device.counts.operations == 0)
    }
}
