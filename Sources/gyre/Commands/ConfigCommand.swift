// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import ArgumentParser
import Foundation
import GyreConfiguration

/// `gyre config`: what is set, and whether a file is right.
struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Check and show settings.",
        subcommands: [Check.self, Show.self, Example.self]
    )

    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Say exactly what is wrong in a file, where, and what is allowed.")

        @Argument(help: "The YAML file.")
        var file: String

        func run() async throws {
            let problems = ConfigurationCheck.check(file: file, environment: ProcessInfo.processInfo.environment)
            for problem in problems { Console.error(problem.render()) }
            guard !problems.contains(where: { $0.severity == .error }) else { throw ExitCode(1) }
            Console.say("\(file): good")
        }
    }

    struct Example: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Print a settings file with rules for sites that explains itself.")

        func run() async throws { print(SitesExample.text, terminator: "") }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Print every setting, its value, and where it came from.")

        @OptionGroup var options: SettingOptions

        func run() async throws {
            Console.say(try await options.load().describe())
        }
    }
}
