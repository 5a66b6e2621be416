// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import ArgumentParser
import CyclicStore

/// `gyre store`: looks into volumes.
struct StoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "store", abstract: "Look into a volume.", subcommands: [])
}
