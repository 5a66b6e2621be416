// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import ArgumentParser
import CyclicStore

/// `gyre store`: looks into volumes.
struct StoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "store",
        abstract: "Look into a volume, mend it, or try the store itself.",
        subcommands: [Inspect.self, Reuse.self, Verify.self, Rebuild.self, Soak.self, Torture.self]
    )

    struct Inspect: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print what is in a volume: superblock, stripes and sequence numbers, or the records of one stripe.",
            discussion: "Reads only; a volume in use may be looked at too, and may change meanwhile."
        )

        @Argument(help: "The volume's file or device.")
        var volume: String
        @Option(help: "List the records of this stripe, counted from 0.")
        var stripe: Int?
        @Flag(help: "Print JSON.")
        var json = false

        func run() async throws {
            do throws(StoreError) {
                let inspector = try VolumeInspector(path: volume)
                defer { inspector.close() }
                if let stripe {
                    let (summary, records) = (try inspector.stripe(stripe), try inspector.records(ofStripe: stripe))
                    Console.say(
                        json
                            ? StoreCommand.json(StripeReport(stripe: summary, records: records))
                            : summary.text + "\n\n" + RecordSummary.text(records)
                    )
                } else {
                    let survey = inspector.survey()
                    Console.say(json ? StoreCommand.json(survey) : survey.text)
                }
            } catch {
                Console.error("gyre: \(error)")
                throw ExitCode(1)
            }
        }

        private struct StripeReport: Encodable {
            var stripe: StripeSummary
            var records: [RecordSummary]
        }
    }
}
