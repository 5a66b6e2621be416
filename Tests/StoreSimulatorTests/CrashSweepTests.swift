// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import StoreSimulator
import Testing

@Suite struct CrashSweepTests {
    @Test(arguments: 1...2) func `power that fails at every operation of the device in turn leaves a store that is right`(seed: Int) throws
    {
        let report = try CrashSweep.run(seed: UInt64(seed), operations: 30)
        #expect(report.crashes == report.runs - 1, "each run but the last met the failure")
        #expect(report.runs > 20 && report.readsChecked > 100)
    }

    /// Recovery is what is cut the second time, and what it wrote before it was.
    @Test func `power that fails again at every operation of the recovery and after it leaves a store that is right`() throws {
        let report = try CrashSweep.runTwice(seed: 1, operations: 12, stride: 9)
        #expect(report.crashes > report.runs, "most runs met two failures")
        #expect(report.runs > 100 && report.readsChecked > 1000)
    }
}
