// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore

/// A run found something that must not be.
public struct SimulationFailure: Error, Sendable, CustomStringConvertible {
    /// The seed that brings it about again.
    public var seed: UInt64
    /// At which step of the workload.
    public var step: Int
    /// What was wrong.
    public var text: String

    /// One line.
    public var description: String { "seed \(seed), step \(step): \(text)" }
}

/// What a run did.
public struct SimulationReport: Sendable, Hashable {
    /// Calls of the store.
    public var operations = 0
    /// Reads, writes and syncs of devices.
    public var deviceOperations = 0
    /// Faults put in, by kind.
    public var faults = FaultCounts()
    /// Ends of the process or of the power.
    public var crashes = 0
    /// Purges that were acknowledged as durable.
    public var purges = 0
    /// Lookups whose answer was checked.
    public var readsChecked = 0
    /// Those that found something.
    public var hits = 0
    /// Lookups of what could have been there.
    public var possibleHits = 0
    /// Times at which nothing was going on and everything was checked for leaks.
    public var quietPoints = 0
    /// Starts before which both marks of a volume were damaged.
    public var marksDamaged = 0
    /// Records that were looked for on their volume after a clean restart and had to be there.
    public var recordsKept = 0
    /// Runs that ended.
    public var runs = 0
    /// Follows from everything that happened, in its order: the same seed gives the same.
    public var digest: UInt64 = 0

    /// Nothing yet.
    public init() {}

    /// Adds up two reports.
    public static func += (sum: inout SimulationReport, other: SimulationReport) {
        sum.operations += other.operations
        sum.deviceOperations += other.deviceOperations
        sum.faults += other.faults
        sum.crashes += other.crashes
        sum.purges += other.purges
        sum.readsChecked += other.readsChecked
        sum.hits += other.hits
        sum.possibleHits += other.possibleHits
        sum.quietPoints += other.quietPoints
        sum.marksDamaged += other.marksDamaged
        sum.recordsKept += other.recordsKept
        sum.runs += other.runs
        sum.mix(other.digest)
    }

    /// One object: the totals by their names, and under `faults_by_kind` how often each kind of fault happened.
    public var json: String {
        let totals: [(String, Int)] = [
            ("runs", runs), ("operations", operations), ("device_operations", deviceOperations), ("faults", faults.total),
            ("faults_grave", faults.grave), ("crashes", crashes), ("marks_damaged", marksDamaged), ("purges", purges),
            ("reads_checked", readsChecked), ("hits", hits), ("records_kept", recordsKept), ("quiet_points", quietPoints),
        ]
        let kinds = SimulatedFault.allCases.map { "\"\($0.rawValue)\":\(faults[$0])" }
        return "{" + totals.map { "\"\($0)\":\($1)," }.joined() + "\"faults_by_kind\":{" + kinds.joined(separator: ",")
            + "},\"digest\":\"" + String(digest, radix: 16) + "\"}"
    }

    mutating func mix(_ word: UInt64) {
        var random = SeededRandom(seed: digest ^ word &* 0x1_0000_01b3)
        digest = random.next()
    }
}
