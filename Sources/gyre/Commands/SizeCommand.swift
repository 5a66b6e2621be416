// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import ArgumentParser
import CacheLab
import CyclicStore
import Foundation

/// `gyre size`: what other sizes of memory and disk would bring.
struct SizeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "size",
        abstract:
            "From a trace or an access log: what a larger or a smaller memory or disk would bring, and how long the flash would last.",
        discussion: """
            A sample of the objects is replayed through the store's own policies, with memory and disk as much smaller as the sample is. Give \
            the sizes you have or think of; quarter, half, twice, four and eight times the disk are shown beside them, and other sizes of the \
            memory. How good the sample is: docs/workload.md.
            """
    )

    @Argument(help: "The trace: all that `gyre simulate` reads.")
    var trace: String
    @Option(help: "Bytes of memory, as 64MiB, or a percentage of the trace's unique bytes.")
    var memory = "0.5%"
    @Option(help: "Bytes of the disk.")
    var volumeSize = "10%"
    @Option(help: "What makes room: gyre, cyclic or relocate-on-hit=N.")
    var replacement = "gyre"
    @Option(help: "Objects in the sample.")
    var sample = 16_384
    @Option(help: "Requests a second, in place of what the trace's times say.")
    var requestsPerSecond: Double?
    @Option(help: "How often a day, for five years, the flash may be written as a whole.")
    var driveWritesPerDay = 1.0
    @Option(help: "Format of the trace, when the name and the first bytes do not tell.")
    var format: String?
    @Option(help: "Stop after this many requests.")
    var maxRequests: Int?
    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        do {
            guard let replacement = Replacement(replacement) else {
                throw TraceError("--replacement \(self.replacement) is not known; there are gyre, cyclic and relocate-on-hit=0…100")
            }
            guard (64...10_000_000).contains(sample) else { throw TraceError("--sample is \(sample); it must be from 64 to 10000000") }
            guard driveWritesPerDay > 0 else { throw TraceError("--drive-writes-per-day is \(driveWritesPerDay); it must be more than 0") }
            if let requestsPerSecond, requestsPerSecond <= 0 {
                throw TraceError("--requests-per-second is \(requestsPerSecond); it must be more than 0")
            }
            var reader = TraceReader(format: try format.map(TraceOptions.format))
            reader.maxRequests = try TraceOptions.maxRequests(maxRequests)
            let trace = try reader.read(path: trace)
            let memoryBytes = try Self.positive(memory, "--memory", trace)
            let volumeBytes = try Self.positive(volumeSize, "--volume-size", trace)
            let study = await SizingStudy.run(
                trace,
                memoryBytes: memoryBytes,
                volumeBytes: volumeBytes,
                replacement: replacement,
                objectsMax: sample,
                requestsPerSecond: requestsPerSecond
            )
            let name = URL(fileURLWithPath: self.trace).lastPathComponent
            let report = SizingReport(traceName: name, study: study, ratedWritesPerDay: driveWritesPerDay)
            Console.say(json ? report.json : report.table)
        } catch let error as TraceError {
            Console.error("gyre: \(error)")
            throw ExitCode(1)
        }
    }

    /// Sizes that can be halved, and multiplied by eight.
    private static func positive(_ text: String, _ option: String, _ trace: Trace) throws(TraceError) -> Int {
        let bytes = try TraceOptions.bytes(text, option, trace)
        guard (1 << 10...1 << 56).contains(bytes) else { throw TraceError("\(option) is \(bytes) bytes; it must be from 1KiB to 65536TiB") }
        return bytes
    }
}
