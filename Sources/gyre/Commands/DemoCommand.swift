// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import ArgumentParser

/// `gyre demo`: a site, a cache in front of it, and a table of what the cache did.
struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "demo", abstract: "See it work: a small site, the cache in front of it, a burst of requests.")

    func run() async throws {}
}
