// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import ArgumentParser

/// The command line.
@main
struct Gyre: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gyre",
        abstract: "A caching proxy on a cyclic store.",
        discussion: "Begin with `gyre demo`, or put it in front of a site: `gyre serve --origin http://127.0.0.1:9000`.",
        version: GyreVersion.text,
        subcommands: [
            ServeCommand.self, DemoCommand.self, ConfigCommand.self, StoreCommand.self, PurgeCommand.self, ExplainCommand.self,
            SimulateCommand.self, ReplayCommand.self, SizeCommand.self, WorkloadCommand.self, UserCommand.self, EventsCommand.self,
        ]
    )
}

enum GyreVersion {
    static let text = "0.1.0"
}
