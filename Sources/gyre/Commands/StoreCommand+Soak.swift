// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import ArgumentParser
import Foundation
import StoreSimulator

extension StoreCommand {
    /// `gyre store soak`: the simulator, for as long as it is told.
    struct Soak: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Run the whole store on simulated disks that fail, lie and lose power, with one seed after the other.",
            discussion: """
                Every answer of the store is checked against a model of what it may say. Ends with status 1 and the seed at the first thing
                that must not be, and with status 0 and the totals when the time is over. A seed does the same whenever it is run.
                """
        )

        @Option(help: "How long to go on, in seconds.")
        var seconds: Double
        @Option(help: "The first seed. Default: one from the clock.")
        var seed: UInt64?
        @Option(help: "Steps of the workload of each run.")
        var operations = 2000
        @Option(help: "How badly devices behave at most: calm, crashing, failing or lying.")
        var harshest = "lying"
        @Option(help: "Stop after so many runs.")
        var runs: Int?
        @Option(help: "Stop after so many operations in all; to end before that, for want of time, is a failure.")
        var untilOperations: Int?
        @Flag(help: "Print the totals as JSON.")
        var json = false
        @Option(help: "Print what happens to the key of this number, to see how a seed fails.")
        var traceKey: Int?

        func validate() throws {
            guard seconds.isFinite, seconds >= 0 else { throw ValidationError("--seconds must be a number from 0 on") }
            guard SimulationSettings.Profile(rawValue: harshest) != nil else {
                throw ValidationError("--harshest is '\(harshest)'; it must be calm, crashing, failing or lying")
            }
            guard operations > 0 else { throw ValidationError("--operations must be at least 1") }
            if let runs { guard runs > 0 else { throw ValidationError("--runs must be at least 1") } }
        }

        func run() throws {
            let first = seed ?? UInt64(Date().timeIntervalSince1970 * 1000)
            var soak = StoreSimulator.Soak(seconds: seconds, firstSeed: first, operations: operations, runs: runs)
            soak.harshest = SimulationSettings.Profile(rawValue: harshest) ?? .lying
            soak.tracedKey = traceKey
            soak.enoughOperations = untilOperations
            let isTerminal = isatty(STDERR_FILENO) != 0
            let sum: SimulationReport
            do throws(SimulationFailure) {
                sum = try soak.run(
                    willRun: { SeedBeacon.set("gyre: failed at seed \($0); again: \(again($0))\n") },
                    progress: { sum in
                        guard isTerminal else { return }
                        FileHandle.standardError.write(Data("\r\(sum.line)\u{1b}[K".utf8))
                    }
                )
            } catch {
                Console.error("\ngyre: \(error)\nagain: \(again(error.seed))")
                throw ExitCode(1)
            }
            if isTerminal { FileHandle.standardError.write(Data("\r\u{1b}[K".utf8)) }
            if json {
                Console.say(sum.json)
            } else {
                Console.say("\(sum.line)\n\(sum.faultLines)seeds from \(first), digest \(String(sum.digest, radix: 16))")
            }
            if let untilOperations, sum.operations < untilOperations {
                Console.error("gyre: \(sum.operations) operations in \(seconds) seconds; \(untilOperations) were asked for")
                throw ExitCode(1)
            }
        }

        private func again(_ seed: UInt64) -> String {
            "gyre store soak --seconds 0 --seed \(seed) --operations \(operations) --harshest \(harshest)"
        }
    }
}

extension SimulationReport {
    /// The totals on one line.
    fileprivate var line: String {
        "\(runs) runs, \(operations) operations, \(deviceOperations) of devices, \(faults.total) faults, \(crashes) crashes, \(marksDamaged) without marks, "
            + "\(purges) purges, \(readsChecked) reads checked, \(hits) found, \(recordsKept) kept, \(quietPoints) quiet points"
    }

    /// The faults by kind, and how many were more than a stall or a refusal; nothing where there was none.
    fileprivate var faultLines: String {
        guard faults.total > 0 else { return "" }
        let share = Double(faults.grave) / Double(faults.total) * 100
        let kinds = faults.ranked.map { "\($0.kind.rawValue) \($0.count)" }.joined(separator: ", ")
        return "faults: \(kinds)\n\(faults.grave) of them (\(String(format: "%.1f", share)) %) are neither a stall nor a refusal\n"
    }
}
