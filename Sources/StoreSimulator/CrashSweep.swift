// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// A small workload, run again and again with the power failing at the first operation of a device, at the second, and so on, until a run
/// ends without having met the failure (SQLite's way). Formatting and clean stop are among the operations. Then the same with a second failure
/// after the first: at each operation of the start that follows, and of what comes after it.
public enum CrashSweep {
    /// Runs it.
    /// - Parameters:
    ///   - operations: Steps of the workload; each makes a few operations of the device, and each of those one run.
    ///   - tracedKey: Prints what happens to this key.
    public static func run(seed: UInt64, operations: Int = 60, tracedKey: Int? = nil) throws(SimulationFailure) -> SimulationReport {
        var settings = settings(seed, operations, tracedKey)
        var sum = SimulationReport()
        for count in 0... {
            settings.powerCutAfter = count
            let report = try Simulation.run(settings)
            sum += report
            if report.crashes == 0 { break }
        }
        return sum
    }

    /// The power fails twice: at every `stride`th operation first, and after each of those at every operation that follows, one run each.
    ///
    /// - Parameter stride: 1 sweeps all pairs, which takes the square of the runs that ``run(seed:operations:tracedKey:)`` takes.
    public static func runTwice(
        seed: UInt64,
        operations: Int = 60,
        stride: Int = 1,
        tracedKey: Int? = nil
    ) throws(SimulationFailure) -> SimulationReport {
        var settings = settings(seed, operations, tracedKey)
        var sum = SimulationReport()
        for first in Swift.stride(from: 0, to: .max, by: stride) {
            settings.powerCutAfter = first
            for second in 0... {
                settings.secondPowerCutAfter = second
                let report = try Simulation.run(settings)
                sum += report
                if report.crashes == 0 { return sum }
                if report.crashes == 1 { break }
            }
        }
        return sum
    }

    private static func settings(_ seed: UInt64, _ operations: Int, _ tracedKey: Int?) -> SimulationSettings {
        var settings = SimulationSettings(seed: seed, operations: operations)
        settings.profile = .crashing
        settings.tracedKey = tracedKey
        settings.deviceStripes = settings.deviceStripes.map { min($0, 8) }
        settings.keys = min(settings.keys, 20)
        return settings
    }
}
