// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import ArgumentParser

/// `gyre explain`: asks a running server what it would do with a request, and why.
struct ExplainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "What a running server would do with a request, and why.",
        discussion:
            "Tells the key, the variants, the stored response with its age, the rules that apply with their sections, and the decision."
    )

    @Argument(help: "The URL as clients ask for it, for example http://site.example/a.")
    var url: String
    @Option(name: [.customShort("H"), .customLong("header")], help: "A field of the request, as in 'Accept-Language: de'.")
    var fields: [String] = []
    @Option(name: [.customShort("X"), .customLong("method")], help: "The method.")
    var method = "GET"
    @Option(help: "The server's admin address.")
    var admin = "127.0.0.1:9180"

    func run() async throws {
        try await AdminClient.ask("GET", "/explain", [("url", url), ("method", method)] + fields.map { ("h", $0) }, at: admin)
    }
}
