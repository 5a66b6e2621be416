// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// A small workload, run again and again with the power failing at the first operation of a device, at the second, and so on, until a run
/// ends without having met the failure (SQLite's way). Formatting and clean stop are among the operations. A start after a crash is cut by chance in the
/// other runs of the simulator, not here at each of its operations.
public enum CrashSweep {
    /// Runs it.
    /// - Parameters:
    ///   - operations: Steps of the workload; each makes a few operations of the device, and each of those one run.
    ///   - tracedKey: Prints what happens to this key.
    public static func run(seed: UInt64, operations: Int = 60, tracedKey: Int? = nil) throws(SimulationFailure) -> SimulationReport {
        var settings = SimulationSettings(seed: seed, operations: operations)
        settings.profile = .crashing
        settings.tracedKey = tracedKey
        settings.deviceStripes = min(settings.deviceStripes, 8)
        settings.keys = min(settings.keys, 20)
        var sum = SimulationReport()
        for count in 0... {
            settings.powerCutAfter = count
            let report = try Simulation.run(settings)
            sum += report
            if report.crashes == 0 { break }
        }
        return sum
    }
}
