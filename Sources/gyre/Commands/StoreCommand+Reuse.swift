// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import ArgumentParser
import CyclicStore

extension StoreCommand {
    struct Reuse: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "reuse",
            abstract: "Show how often records were used before they left: never, once, 2, 4, 8 … times, by size.",
            discussion: """
                A record leaves when something else gets its place. Those that were replaced by a newer version, removed or lost are not in it. \
                Many that were never used: admission could be stricter, or the disk is too small for what it is offered. Many that were \
                used often: a larger disk would bring more hits. Reads only; of a volume in use the numbers are half a minute old at most.
                """
        )

        @Argument(help: "The volumes' files or devices; several are added up.")
        var volumes: [String]
        @Flag(help: "Print JSON.")
        var json = false

        func run() async throws {
            do throws(StoreError) {
                var sum = ReuseStatistics()
                for volume in volumes {
                    let inspector = try VolumeInspector(path: volume)
                    defer { inspector.close() }
                    sum.add(inspector.reuse())
                }
                Console.say(json ? sum.json : sum.drawing())
            } catch {
                Console.error("gyre: \(error)")
                throw ExitCode(1)
            }
        }
    }
}
