// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import ArgumentParser
import CacheLab
import CyclicStore
import Foundation
import GyreWorkload

/// `gyre replay`: a trace through the simulator and through the real store on a disk, side by side.
struct ReplayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Replay a trace through the real store on a disk, and show how far the simulator is from it.",
        discussion: """
            For every combination of the sizes and policies given a volume is made in the folder, the trace is replayed through the store as fast as \
            the disk allows, every hit is read and compared, and the volume is removed. Beside it stands what `gyre simulate` finds for the same \
            sizes. Written is device bytes for each byte requested: as the simulator, the store and the system count them. Ends with 1 when bytes \
            were wrong.
            """
    )

    @Argument(help: "The trace: all that `gyre simulate` reads.")
    var trace: String
    @Option(help: "Folder on the disk; as much room as the largest volume is needed.")
    var folder: String
    @Option(parsing: .upToNextOption, help: "Bytes of objects in memory, or a percentage of the trace's unique bytes.")
    var memory: [String] = ["0.5%"]
    @Option(parsing: .upToNextOption, help: "Bytes of the volume; at least 16 stripes of 64KiB.")
    var volumeSize: [String] = ["10%"]
    @Option(parsing: .upToNextOption, help: "What makes room: gyre, cyclic or relocate-on-hit=N, one or more.")
    var replacement: [String] = ["gyre"]
    @Option(help: "Divide the sizes of all objects by this: for traces too large for the disk.")
    var divideSizes = 1
    @Option(help: "Format of the trace, when the name and the first bytes do not tell.")
    var format: String?
    @Option(help: "Stop after this many requests.")
    var maxRequests: Int?
    @Option(help: "Seed of the decisions by chance.")
    var seed: UInt64 = 1
    @Flag(inversion: .prefixedNo, help: "Bypass the page cache: the system then counts each write.")
    var directIO = true
    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        do {
            guard (1...1_000_000).contains(divideSizes) else {
                throw TraceError("--divide-sizes is \(divideSizes); it must be from 1 to 1000000")
            }
            var reader = TraceReader(format: try format.map(TraceOptions.format))
            reader.maxRequests = try TraceOptions.maxRequests(maxRequests)
            let trace = try TraceOptions.read(trace, reader).dividingSizes(by: UInt32(divideSizes))
            let configurations = try configurations(trace)
            let bar = ProgressBar("replaying", total: 2 * trace.requests.count * configurations.count)
            var rows: [ReplayReport.Row] = []
            for configuration in configurations { rows.append(try await row(configuration, trace, bar)) }
            bar.finish()
            let report = ReplayReport(rows: rows)
            Console.say(json ? report.json : report.table)
            if rows.contains(where: { $0.replayed.wrongBytes > 0 }) { throw ExitCode(1) }
        } catch let error as TraceError {
            Console.error("gyre: \(error)")
            throw ExitCode(1)
        }
    }

    private func row(_ configuration: RunConfiguration, _ trace: Trace, _ bar: ProgressBar) async throws -> ReplayReport.Row {
        let path = URL(fileURLWithPath: folder).appendingPathComponent("replay-\(ProcessInfo.processInfo.processIdentifier).gyre").path
        guard !FileManager.default.fileExists(atPath: path) else { throw TraceError("\(path) is there already") }
        defer { try? FileManager.default.removeItem(atPath: path) }
        var replay = StoreReplay(trace, path: path)
        replay.directIO = directIO
        let own = Int(ProcessInfo.processInfo.processIdentifier)
        let outcome: StoreReplay.Outcome
        do {
            outcome = try await replay.run(
                configuration.store,
                systemBytesWritten: { ProcessUse.now(of: own)?.bytesWritten },
                progress: bar.advance
            )
        } catch { throw TraceError("no volume can be made in \(folder): \(error)") }
        // The same stripes, as many of them as there turned out to be.
        var same = configuration
        same.store.volumeBytes = outcome.stripeBytesInAll
        same.store.stripeBytes = outcome.stripeBytes
        guard let simulated = await Runner(trace).run([same], progress: { bar.advance($0) }).first else {
            throw TraceError("nothing was simulated")
        }
        return ReplayReport.Row(simulated: simulated, replayed: outcome)
    }

    private func configurations(_ trace: Trace) throws(TraceError) -> [RunConfiguration] {
        var configurations: [RunConfiguration] = []
        for name in replacement {
            guard let replacement = Replacement(name) else {
                throw TraceError("--replacement \(name) is not known; there are gyre, cyclic and relocate-on-hit=0…100")
            }
            for volume in volumeSize {
                for memory in memory {
                    var store = StoreModelConfiguration(
                        memoryBytes: try TraceOptions.bytes(memory, "--memory", uniqueBytes: trace.uniqueBytes),
                        volumeBytes: try TraceOptions.bytes(volume, "--volume-size", uniqueBytes: trace.uniqueBytes),
                        replacement: replacement
                    )
                    guard store.volumeBytes >= 16 << 16 else {
                        throw TraceError("--volume-size is \(store.volumeBytes) bytes; it must be 1MiB or more")
                    }
                    store.seed = seed
                    configurations.append(RunConfiguration(subject: .store(replacement), store: store))
                }
            }
        }
        return configurations
    }
}
