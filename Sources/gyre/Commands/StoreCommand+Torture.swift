// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import ArgumentParser
import Foundation
import StoreSimulator

extension StoreCommand {
    /// `gyre store torture`: what `scripts/kill-loop` kills.
    struct Torture: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Check a volume of test objects, then store, read and remove until killed.",
            shouldDisplay: false
        )

        @Argument(help: "The volume's file; a log is kept beside it.")
        var volume: String
        @Option(help: "What is done follows from it.")
        var seed: UInt64 = 1
        @Option(help: "Stop cleanly after so long, in seconds.")
        var seconds = 60.0

        func run() async throws {
            do throws(KillDriver.Failure) {
                try await KillDriver(volumePath: volume, seed: seed).run(seconds: seconds) { Console.say("\($0) objects found") }
            } catch {
                Console.error("gyre: \(error)")
                throw ExitCode(1)
            }
        }
    }
}
