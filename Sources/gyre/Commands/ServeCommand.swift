// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import ArgumentParser
import GyreConfiguration

/// `gyre serve`: the cache in front of an origin.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serve an origin through the cache.",
        discussion:
            "Every setting can also stand in a YAML file (--config) or in the environment (GYRE_SERVER_LISTEN …); docs/settings.md lists them."
    )

    @OptionGroup var options: SettingOptions

    func run() async throws {
        let settings = try await options.load()
        let node = try await Node.start(settings)
        Console.say("gyre is ready: http://\(settings.server.listen) \(settings.roleNote)\(node.volumeNote)\(node.adminNote)")
        await node.runUntilTold { [options] in try await options.load() }
    }
}
