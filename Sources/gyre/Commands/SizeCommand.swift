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
            "From a trace, an access log or a running server: what a larger or a smaller memory or disk would bring, and how long the flash would last.",
        discussion: """
            A sample of the objects is replayed through the store's own policies, with memory and disk as much smaller as the sample is. Give \
            the sizes you have or think of; quarter, half, twice, four and eight times the disk are shown beside them, and other sizes of the \
            memory. With --admin the sample is a running server's own, of the last week at most, and the sizes are those it has. How good the \
            sample is: docs/workload.md.
            """
    )

    @Argument(help: "The trace: all that `gyre simulate` reads. None with --admin.")
    var trace: String?
    @Option(help: "The admin address of a running server, as 127.0.0.1:9180, in place of a trace.")
    var admin: String?
    @Option(help: "Bytes of memory, as 64MiB, or a percentage of the unique bytes. Default: 0.5%; with --admin what the server has.")
    var memory: String?
    @Option(help: "Bytes of the disk. Default: 10%; with --admin what the server has.")
    var volumeSize: String?
    @Option(help: "What makes room: gyre, cyclic or relocate-on-hit=N. Default: gyre; with --admin what the server does.")
    var replacement: String?
    @Option(
        help:
            "Most bytes to write: 20MB/s or 500GB/day, both with a comma between, or none. Default: none; with --admin what the server has."
    )
    var writeBudget: String?
    @Option(help: "Objects in the sample of a trace. Default: 16384.")
    var sample: Int?
    @Option(help: "Requests a second, in place of what the trace's times say.")
    var requestsPerSecond: Double?
    @Option(help: "How often a day, for five years, the flash may be written as a whole.")
    var driveWritesPerDay = 1.0
    @Option(help: "Format of the trace, when the name and the first bytes do not tell.")
    var format: String?
    @Option(help: "Stop after this many requests of the trace.")
    var maxRequests: Int?
    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        guard (trace == nil) != (admin == nil) else { throw ValidationError("give a trace or --admin, and not both") }
        guard admin == nil || (sample == nil && format == nil && maxRequests == nil) else {
            throw ValidationError("--sample, --format and --max-requests are about a trace, and --admin takes none")
        }
    }

    func run() async throws {
        do {
            guard driveWritesPerDay > 0, driveWritesPerDay.isFinite else {
                throw TraceError("--drive-writes-per-day is \(driveWritesPerDay); it must be a number above 0")
            }
            if let requestsPerSecond, !(requestsPerSecond > 0 && requestsPerSecond.isFinite) {
                throw TraceError("--requests-per-second is \(requestsPerSecond); it must be a number above 0")
            }
            if let replacement { _ = try Self.replacement(replacement) }
            let subject = try await subject()
            let unique = subject.sample.uniqueBytes
            let budget = try writeBudget.map(TraceOptions.budget) ?? subject.budget
            let isBound = budget?.bytesPerSecond != nil || budget?.bytesPerDay != nil
            guard !isBound || subject.sample.requestsPerSecond != nil else {
                throw TraceError("a write budget needs requests with times, a second at least; \(subject.name) has none")
            }
            let study = await SizingStudy.run(
                subject.sample,
                memoryBytes: try Self.positive(memory ?? subject.memory, "--memory", unique),
                volumeBytes: try Self.positive(volumeSize ?? subject.volume, "--volume-size", unique),
                replacement: try Self.replacement(replacement ?? subject.replacement),
                requestsPerSecond: requestsPerSecond,
                budget: budget,
                byteShare: subject.byteShare,
                writtenByteCost: subject.writtenByteCost
            )
            let report = SizingReport(traceName: subject.name, study: study, ratedWritesPerDay: driveWritesPerDay)
            Console.say(json ? report.json : report.table)
        } catch let error as TraceError {
            Console.error("gyre: \(error)")
            throw ExitCode(1)
        }
    }

    /// What is studied, and what holds where no option says otherwise.
    private struct Subject {
        var name: String
        var sample: SizingSample
        var memory = "0.5%"
        var volume = "10%"
        var replacement = "gyre"
        var budget: SimulationVariants.Budget?
        var byteShare = HitValue.defaultByteShare
        var writtenByteCost = ShadowCaches.Aim.defaultWrittenByteCost
    }

    private func subject() async throws -> Subject {
        if let admin { return try await running(admin) }
        let objects = sample ?? 16_384
        guard (64...10_000_000).contains(objects) else { throw TraceError("--sample is \(objects); it must be from 64 to 10000000") }
        var reader = TraceReader(format: try format.map(TraceOptions.format))
        reader.maxRequests = try TraceOptions.maxRequests(maxRequests)
        let path = trace ?? ""
        let sample = SizingSample(of: try TraceOptions.read(path, reader), objectsMax: objects)
        return Subject(name: URL(fileURLWithPath: path).lastPathComponent, sample: sample)
    }

    private func running(_ address: String) async throws -> Subject {
        let server = try ServerSample(json: try await AdminClient.send("GET", "/sample", at: address))
        guard !server.sample.object.isEmpty else {
            throw TraceError("the server at \(address) has answered no request yet that a cache could answer")
        }
        guard server.volumeBytes > 0 || volumeSize != nil else {
            throw TraceError("the server at \(address) has no disk; --volume-size says of which one you think")
        }
        if server.lost > 0 {
            Console.error("gyre: warning: the server was too busy to keep \(server.lost) requests; they are in none of the numbers")
        }
        return Subject(
            name: address,
            sample: server.sizing,
            memory: String(server.memoryBytes),
            volume: String(server.volumeBytes),
            replacement: server.replacement,
            budget: server.budget,
            byteShare: server.byteShare,
            writtenByteCost: server.writtenByteCost
        )
    }

    private static func replacement(_ text: String) throws(TraceError) -> Replacement {
        guard let replacement = Replacement(text) else {
            throw TraceError("--replacement \(text) is not known; there are gyre, cyclic and relocate-on-hit=0…100")
        }
        return replacement
    }

    /// Sizes that can be halved, and multiplied by eight.
    private static func positive(_ text: String, _ option: String, _ uniqueBytes: Int) throws(TraceError) -> Int {
        let bytes = try TraceOptions.bytes(text, option, uniqueBytes: uniqueBytes)
        guard (1 << 10...1 << 56).contains(bytes) else { throw TraceError("\(option) is \(bytes) bytes; it must be from 1KiB to 65536TiB") }
        return bytes
    }
}
