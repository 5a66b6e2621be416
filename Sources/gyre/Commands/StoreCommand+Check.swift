// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import ArgumentParser
import CyclicStore
import Foundation

extension StoreCommand {
    /// `gyre store verify`: reads everything.
    struct Verify: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Read a whole volume, check every checksum, and say what is damaged.",
            discussion: """
                Reads only; a volume in use may be verified too. Ends with status 0 when everything is sound and with status 1 when something \
                is damaged. What is damaged is never served: a store that opens the volume goes on without it.
                """
        )

        @Argument(help: "The volume's file or device.")
        var volume: String
        @Flag(help: "Print JSON.")
        var json = false

        func run() throws {
            let inspector: VolumeInspector
            do throws(StoreError) {
                inspector = try VolumeInspector(path: volume)
            } catch {
                Console.error("gyre: \(error)")
                throw ExitCode(1)
            }
            defer { inspector.close() }
            let line = ProgressLine("verify")
            let result = inspector.verify { line.show($0) }
            line.end()
            Console.say(json ? StoreCommand.json(result) : result.text)
            if !result.isSound { throw ExitCode(1) }
        }
    }

    /// `gyre store rebuild`: makes the index anew.
    struct Rebuild: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a volume's index anew from its stripes, and write it down for the next start.",
            discussion: """
                For a volume that no server has open. Marks, footer log and snapshot are not believed. A server does the same by itself \
                when it must; nothing that can be read is lost either way, but for the few stripes that come next to be overwritten.
                """
        )

        @Argument(help: "The volume's file or device.")
        var volume: String
        @Flag(help: "Print JSON.")
        var json = false

        func run() async throws {
            do throws(StoreError) {
                let line = ProgressLine("rebuild")
                let report = try await IndexRebuild.run(path: volume) { line.show($0) }
                line.end()
                Console.say(json ? StoreCommand.json(report) : Self.text(report))
            } catch {
                Console.error("gyre: \(error)")
                throw ExitCode(1)
            }
        }

        private static func text(_ report: IndexRebuild.Report) -> String {
            """
            stripes          \(report.stripes) in the index, \(report.damagedStripes) given up
            records          \(report.records), \(report.indexBytes) bytes of memory
            snapshot         \(report.isSnapshotWritten ? "written: the next start needs nothing else" : "none: the volume is too small for one")
            """
        }
    }

    static func json(_ value: some Encodable) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return (try? encoder.encode(value)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }
}
