// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import ArgumentParser
import CacheLab
import Foundation
import GyreTelemetry
import GyreWorkload

/// `gyre events`: moves events from loops to counters, log and lab and says how long it took. For `Benchmarks/events`.
struct EventsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events",
        abstract: "Measure the way of events from the loops to metrics, log and lab.",
        shouldDisplay: false
    )

    @Option(help: "Events in all.")
    var count = 10_000_000
    @Option(help: "Loops that make them.")
    var loops = 2
    @Option(help: "File that the log goes to; none: it goes nowhere after the lab.")
    var log: String?

    func validate() throws {
        guard (1...1_000_000_000).contains(count), (1...64).contains(loops) else {
            throw ValidationError("--count is from 1 to 1000000000, --loops from 1 to 64")
        }
    }

    func run() throws {
        let sampler = SharedSampler(AccessLogSampler(format: .json))
        let run = EventPathRun(loops: loops, eventsPerLoop: count / loops, waitsForRoom: true)
        let outcome: EventPathRun.Outcome
        if let log {
            outcome = run.run(target: SampledLogTarget(try FileLogTarget(path: log), sampler))
        } else {
            outcome = run.run(target: SampledLogTarget(ForgetfulTarget(), sampler))
        }
        let resident = ProcessUse.now(of: Int(ProcessInfo.processInfo.processIdentifier))
        Console.say(
            """
            {"events": \(run.eventsPerLoop * loops), "counted": \(outcome.counted), "logged": \(outcome.written), "dropped": \(outcome.dropped), \
            "sampled_by_the_lab": \(sampler.now.requests), "bytes": \(outcome.bytes), "seconds": \(outcome.seconds), \
            "processor_seconds": \(resident?.processorSeconds ?? 0), "resident_bytes": \(resident?.residentBytes ?? 0)}
            """
        )
    }
}

private final class ForgetfulTarget: LogTarget {
    func write(_ bytes: UnsafeRawBufferPointer) throws(LogTargetError) {}
}
