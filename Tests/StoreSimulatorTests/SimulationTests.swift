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
}
