// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import ArgumentParser
import CacheLab
import CyclicStore
import Foundation
import GyreConfiguration

/// `gyre simulate`: replays a trace through the store's policies.
struct SimulateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Replay a trace or an access log and show hit ratios and writes for sizes and policies.",
        discussion: """
            Every combination of what is given is run, one on each core at a time: sizes, policies, budgets and tunings. Sizes are as in the \
            configuration (64MiB, 10GB) or a percentage of the trace's unique bytes (1%). Budgets are for the store's own policies, the tunings \
            for gyre alone. The deciding code is the store's own; the log on the volume is a model \
            of it, see docs/policy.md.

            Policies: gyre, cyclic, relocate-on-hit=N (the ancestor: 0, 50, 100), and to compare with lru, fifo, fifo-reinsertion, s3-fifo, \
            sieve, w-tinylfu and optimum, which have memory and volume as one and write every object they take.
            """
    )

    @Argument(
        help: "The trace: .u32x3, libCacheSim's oracleGeneral, CSV, or an access log (combined, Squid, Gyre's JSON); also .gz, .zst, .xz."
    )
    var trace: String
    @Option(parsing: .upToNextOption, help: "Bytes of objects in memory.")
    var memory: [String] = ["0.5%"]
    @Option(parsing: .upToNextOption, help: "Bytes of the volume; 0: none.")
    var volumeSize: [String] = ["10%"]
    @Option(parsing: .upToNextOption, help: "What makes room, one or more.")
    var replacement: [String] = ["gyre"]
    @Option(parsing: .upToNextOption, help: "Most bytes to write: 20MB/s or 500GB/day, both with a comma between, or none.")
    var writeBudget: [String] = ["none"]
    @Option(parsing: .upToNextOption, help: "What a byte written costs, in bytes fetched from the origin.")
    var writtenByteCost = [Double(ShadowCaches.Aim.defaultWrittenByteCost)]
    @Option(parsing: .upToNextOption, help: "What counts in a hit, from 0 (the request) to 1 (the bytes).")
    var byteShare = [Double(HitValue.defaultByteShare)]
    @Option(
        parsing: .upToNextOption,
        help: "Fixed chance of writing what leaves memory unused, in place of the one that is set while it runs; with --relocation-uses."
    )
    var writeChance: [Double] = []
    @Option(
        parsing: .upToNextOption,
        help: "Fixed score for relocation, in place of the one that is set while it runs; with --write-chance."
    )
    var relocationUses: [Double] = []
    @Option(
        help:
            "Format of the trace, when the name and the first bytes do not tell: \(TraceFormat.allCases.map(\.rawValue).joined(separator: ", "))."
    )
    var format: String?
    @Option(help: "Stop after this many requests.")
    var maxRequests: Int?
    @Option(help: "Seed of the decisions by chance.")
    var seed: UInt64 = 1
    @Flag(help: "Print JSON.")
    var json = false
    @Flag(help: "Print CSV.")
    var csv = false
    @Option(help: "Write a page with plots to this file.")
    var html: String?
    @Option(help: "Write the plot of writes against hits to this file, as SVG; needs two volume sizes.")
    var svg: String?
    @Flag(help: "Draw how often records were used before they left the volume.")
    var reuse = false

    func run() async throws {
        do {
            guard !json || !csv else { throw TraceError("--json and --csv are given together; one of them can be printed") }
            var reader = TraceReader(format: try format.map(TraceOptions.format))
            reader.maxRequests = try TraceOptions.maxRequests(maxRequests)
            let trace = try TraceOptions.read(trace, reader)
            let runner = Runner(trace)
            let configurations = try configurations(trace)
            let bar = ProgressBar("simulating", total: trace.requests.count * configurations.count)
            let results = await runner.run(configurations) { bar.advance($0) }
            bar.finish()
            let report = SimulationReport(traceName: URL(fileURLWithPath: self.trace).lastPathComponent, trace: trace, results: results)
            if let html {
                do { try report.html.write(toFile: html, atomically: true, encoding: .utf8) } catch {
                    throw TraceError("\(html) cannot be written: \(error.localizedDescription)")
                }
            }
            if let svg {
                guard let plot = report.writesSVG else {
                    throw TraceError("--svg needs two values of --volume-size, for a line between them")
                }
                do { try plot.write(toFile: svg, atomically: true, encoding: .utf8) } catch {
                    throw TraceError("\(svg) cannot be written: \(error.localizedDescription)")
                }
            }
            Console.say(json ? report.json : csv ? report.csv : report.table)
            if reuse, !json, !csv {
                for result in results where result.reuse.total > 0 {
                    Console.say("\(result.configuration.name), \(SimulationReport.size(result.configuration.store.volumeBytes))")
                    Console.say(result.reuse.drawing())
                }
            }
        } catch let error as TraceError {
            Console.error("gyre: \(error)")
            throw ExitCode(1)
        }
    }

    private func configurations(_ trace: Trace) throws(TraceError) -> [RunConfiguration] {
        let variants = try variants()
        var configurations: [RunConfiguration] = []
        for name in replacement {
            guard let subject = RunConfiguration.Subject(name) else {
                let known = ["gyre", "cyclic", "relocate-on-hit=0…100"] + ReferencePolicy.allCases.map(\.rawValue)
                throw TraceError("--replacement \(name) is not known; there are \(known.joined(separator: ", "))")
            }
            for volume in volumeSize {
                for memory in memory {
                    var store = StoreModelConfiguration(
                        memoryBytes: try TraceOptions.bytes(memory, "--memory", uniqueBytes: trace.uniqueBytes),
                        volumeBytes: try TraceOptions.bytes(volume, "--volume-size", uniqueBytes: trace.uniqueBytes)
                    )
                    store.seed = seed
                    configurations += variants.configurations(of: subject, store)
                }
            }
        }
        return configurations
    }

    private func variants() throws(TraceError) -> SimulationVariants {
        for share in byteShare where !(0...1).contains(share) { throw TraceError("--byte-share is \(share); it must be from 0 to 1") }
        for cost in writtenByteCost where !(cost >= 0 && cost.isFinite) {
            throw TraceError("--written-byte-cost is \(cost); it must not be negative")
        }
        for uses in relocationUses where !(0...1e6).contains(uses) {
            throw TraceError("--relocation-uses is \(uses); it must be from 0 to 1000000")
        }
        guard writeChance.isEmpty == relocationUses.isEmpty else {
            throw TraceError("--write-chance and --relocation-uses are given together or not at all")
        }
        for chance in writeChance where !(0...1).contains(chance) {
            throw TraceError("--write-chance is \(chance); it must be from 0 to 1")
        }
        var budgets: [SimulationVariants.Budget] = []
        for text in writeBudget { budgets.append(try TraceOptions.budget(text)) }
        return SimulationVariants(
            budgets: budgets,
            byteShares: byteShare,
            writtenByteCosts: writtenByteCost,
            tunings: writeChance.flatMap { chance in relocationUses.map { (chance, $0) } }
        )
    }
}
