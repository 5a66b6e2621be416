// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import ArgumentParser

/// `gyre purge`: tells a running server what is no longer valid.
struct PurgeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "purge",
        abstract: "Purge from a running server: by URL, tag, prefix or everything.",
        discussion: "Answers when the purge is in effect, and says how durable it is."
    )

    @Argument(help: "URLs, each with all its variants.")
    var urls: [String] = []
    @Option(help: "What was stored with this tag of Surrogate-Key or Cache-Tag.")
    var tag: [String] = []
    @Option(help: "All URLs that begin so.")
    var prefix: [String] = []
    @Option(help: "The members of a cache group (RFC 9875); needs --of.")
    var group: [String] = []
    @Option(name: .customLong("of"), help: "The origin of the groups, as a URL.")
    var groupOrigin: String?
    @Flag(help: "All that is stored.")
    var everything = false
    @Flag(help: "Mark stale instead: validated before it is used again.")
    var soft = false
    @Option(help: "The server's admin address.")
    var admin = "127.0.0.1:9180"

    func run() async throws {
        var query: [(String, String)] = []
        query += urls.map { ("url", $0) }
        query += tag.map { ("tag", $0) }
        query += prefix.map { ("prefix", $0) }
        query += group.map { ("group", $0) }
        if let groupOrigin { query.append(("origin", groupOrigin)) }
        if everything { query.append(("everything", "1")) }
        if soft { query.append(("soft", "1")) }
        try await AdminClient.ask("POST", "/purge", query, at: admin)
    }
}
