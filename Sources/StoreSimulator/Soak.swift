// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Runs simulations with one seed after the other for as long as it is told.
public struct Soak: Sendable {
    /// How long to go on; the run that is under way then is ended first.
    public var seconds: Double
    /// The first seed.
    public var firstSeed: UInt64
    /// Steps of each run's workload.
    public var operations: Int
    /// Stops after so many runs; nil: by time alone.
    public var runs: Int?
    /// Stops after so many operations, those of all runs together; nil: by time alone.
    public var enoughOperations: Int?

    /// Seeds that would be treated worse are treated like this.
    public var harshest = SimulationSettings.Profile.lying
    /// Prints what happens to this key, to find out why a run failed.
    public var tracedKey: Int?

    /// A soak; see the properties.
    public init(seconds: Double, firstSeed: UInt64 = 1, operations: Int = 2000, runs: Int? = nil) {
        self.seconds = seconds
        self.firstSeed = firstSeed
        self.operations = operations
        self.runs = runs
    }

    /// One seed in so many is a ``CrashSweep``.
    static let sweepEvery: UInt64 = 64
    /// One sweep in so many is one of two failures each, at every sixteenth operation and then at every one.
    static let sweepTwiceEvery: UInt64 = 32

    /// What one seed does: the same whenever it is asked.
    public static func run(
        seed: UInt64,
        operations: Int = 2000,
        harshest: SimulationSettings.Profile = .lying,
        tracedKey: Int? = nil
    ) throws(SimulationFailure) -> SimulationReport {
        if seed % sweepEvery == 0, harshest > .calm {
            if seed / sweepEvery % sweepTwiceEvery == 1 {
                return try CrashSweep.runTwice(seed: seed, operations: min(operations, 10), stride: 16, tracedKey: tracedKey)
            }
            return try CrashSweep.run(seed: seed, operations: min(operations, 100), tracedKey: tracedKey)
        }
        var settings = SimulationSettings(seed: seed, operations: operations)
        settings.profile = min(settings.profile, harshest)
        settings.tracedKey = tracedKey
        return try Simulation.run(settings)
    }

    /// Goes on until the time is over or a seed fails.
    /// - Parameters:
    ///   - willRun: Called with each seed before its run.
    ///   - progress: Called about once a second with the totals so far.
    public func run(
        willRun: (UInt64) -> Void = { _ in },
        progress: (SimulationReport) -> Void = { _ in }
    ) throws(SimulationFailure) -> SimulationReport {
        let clock = ContinuousClock()
        let end = clock.now + .seconds(seconds)
        var nextProgress = clock.now + .seconds(1)
        var sum = SimulationReport()
        var seed = firstSeed
        repeat {
            willRun(seed)
            sum += try Self.run(seed: seed, operations: operations, harshest: harshest, tracedKey: tracedKey)
            seed &+= 1
            if clock.now >= nextProgress {
                nextProgress = clock.now + .seconds(1)
                progress(sum)
            }
        } while clock.now < end && sum.runs < runs ?? .max && (enoughOperations.map { sum.operations < $0 } ?? true)
        return sum
    }
}
