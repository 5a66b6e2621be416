// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import StoreSimulator
import Testing

@Suite struct SimulationTests {
    @Test(arguments: 1...8) func `the same seed does the same again, to the last operation of the device`(seed: Int) throws {
        let settings = SimulationSettings(seed: UInt64(seed), operations: 400)
        #expect(try Simulation.run(settings) == Simulation.run(settings))
    }

    @Test func `different seeds do different things`() throws {
        let digests = try (100..<108).map { try Simulation.run(SimulationSettings(seed: $0, operations: 50)).digest }
        #expect(Set(digests).count == digests.count)
    }

    @Test(arguments: SimulationSettings.Profile.allCases.filter { $0 <= .crashing }, 1...8)
    func `no seed makes the store serve what it must not, leak or hang`(profile: SimulationSettings.Profile, seed: Int) throws {
        var settings = SimulationSettings(seed: UInt64(seed), operations: 1000)
        settings.profile = profile
        let report = try Simulation.run(settings)
        #expect(report.readsChecked > 200 && report.quietPoints > 2)
        if profile > .calm { #expect(report.crashes > 0) }
    }

    /// Of a volume that goes the others lose nothing, and of one that comes they lose what is its share from now on.
    @Test func `volumes of different sizes come and go, and the others keep what they had`() throws {
        var sum = SimulationReport()
        for seed in UInt64(1)...24 {
            var settings = SimulationSettings(seed: seed, operations: 500)
            settings.profile = seed % 3 == 0 ? .crashing : .calm
            (settings.changesVolumes, settings.volumes) = (true, 2)
            (settings.writeBytesPerSecond, settings.writeBytesPerDay) = (nil, nil)
            settings.deviceStripes = [8, 20, 12, 32]
            sum += try Simulation.run(settings)
        }
        #expect(sum.faults[.membership] > 5)
        #expect(sum.recordsKept > 50)
    }

    @Test func `a store under a budget for the day comes to rest and takes something again`() throws {
        for seed in UInt64(1)...6 {
            var settings = SimulationSettings(seed: seed, operations: 400)
            settings.profile = .crashing
            settings.writeBytesPerDay = 1 << 20
            #expect(try Simulation.run(settings).quietPoints > 2)
        }
    }

    @Test func `the report has every fault by its kind`() throws {
        var settings = SimulationSettings(seed: 3, operations: 1500)
        settings.profile = .lying
        var sum = SimulationReport()
        for seed in UInt64(1)...12 {
            settings.seed = seed
            sum += try Simulation.run(settings)
        }
        #expect(sum.faults.ranked.reduce(0) { $0 + $1.count } == sum.faults.total)
        #expect(sum.faults.grave == sum.faults.ranked.reduce(0) { $0 + ($1.kind.isGrave ? $1.count : 0) })
        for kind in [SimulatedFault.kill, .powerLoss, .readError, .lostWrite, .exchange, .exchangeInUse] {
            #expect(sum.faults[kind] > 0 && sum.json.contains("\"\(kind.rawValue)\":\(sum.faults[kind])"))
        }
    }
}
