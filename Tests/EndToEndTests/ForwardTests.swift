// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Foundation
import GyreTestKit
import Testing

extension EndToEnd {
    /// The program as a forward proxy, and with rules for sites, asked by curl.
    @Suite(.serialized)
    struct ForwardTests {
        @Test("curl gets through with a password, by request and by tunnel, and not without")
        func forwardProxy() async throws {
            try await Rig.run { rig in
                let origin = try await OriginNginx.start(in: rig, root: try makeRoot(in: rig))
                let made = try await rig.run("/bin/sh", ["-c", "echo 'open sesame' | '\(try Program.gyre())' user anna"])
                #expect(made.ended == .status(0) && made.output.hasPrefix("anna:pbkdf2-sha256$"), "\(made.errorTail)")
                let users = try rig.write("users", made.output)
                let originPort = origin.url.split(separator: ":").last.map(String.init) ?? ""
                let settings = try rig.write(
                    "forward.yaml",
                    """
                    forward:
                      enabled: true
                      users: \(users)
                      allow-private: 127.0.0.0/8
                      connect-ports: [443, \(originPort)]
                    volume: {path: none}
                    """
                )
                let server = try GyreServer(in: rig, origin: "none", ["--config", settings])
                let process = try await server.start()
                let curl = try Program.find("curl")
                func ask(_ flags: [String]) async throws -> String {
                    let all = ["--silent", "--max-time", "20", "--write-out", " %{http_code} %{http_connect}", "--noproxy", ""] + flags
                    return try await rig.run(curl, all).output
                }
                let page = "\(origin.url)/page"
                let right = "http://anna:open%20sesame@127.0.0.1:\(server.port)"
                for _ in 0..<2 { #expect(try await ask(["--proxy", right, page]) == "hello 200 000") }
                #expect(try await ask(["--proxy", right, "--proxytunnel", page]) == "hello 200 200")
                #expect(try await ask(["--proxy", server.url, page]).hasSuffix(" 407 000"))
                #expect(try await ask(["--proxy", "http://anna:wrong@127.0.0.1:\(server.port)", page]).hasSuffix(" 407 000"))
                // The proxy does not lead to itself, nor to its admin pages.
                #expect(try await ask(["--proxy", right, "\(server.url)/"]).hasSuffix(" 508 000"))
                #expect(try await ask(["--proxy", right, "http://127.0.0.1:\(server.adminPort)/metrics"]).hasSuffix(" 508 000"))
                #expect(try await server.metric("gyre_requests_total", "result=\"hit-memory\"") == 1)
                #expect(try await server.metric("gyre_tunnels_total") == 1)
                #expect(try await origin.requests() == 2)
                #expect(try await server.stop(process) == .status(0))
            }
        }

        @Test("The example of rules is good, and rules do what they say")
        func rules() async throws {
            try await Rig.run { rig in
                let example = try await rig.run(try Program.gyre(), ["config", "example"])
                let file = try rig.write("example.yaml", example.output)
                let check = try await rig.run(try Program.gyre(), ["config", "check", file])
                #expect(check.ended == .status(0), "\(check.errorTail)")

                let origin = try await OriginNginx.start(in: rig, root: try makeRoot(in: rig))
                let other = try await OriginNginx.start(in: rig, root: try makeRoot(in: rig, named: "other", "other"))
                let settings = try rig.write(
                    "rules.yaml",
                    """
                    sites:
                      - hosts: "*"
                        rules:
                          - {match: {path: /page}, response: {set: {X-Rule: "yes"}}}
                          - {match: {path: /secret*}, deny: 403}
                    """
                )
                let server = try GyreServer(in: rig, origin: origin.url, ["--volume", "none", "--config", settings])
                let process = try await server.start()
                let client = try await RawClient.connect(port: server.port)
                for _ in 0..<2 { #expect(try await client.get("/page")["X-Rule"] == "yes") }
                #expect(try await client.get("/secrets").status == 403)
                #expect(try await origin.requests() == 1)
                let explained = try await rig.run(
                    try Program.gyre(),
                    ["explain", "http://127.0.0.1:\(server.port)/page", "--admin", "127.0.0.1:\(server.adminPort)"]
                )
                #expect(explained.output.contains("sites[0].rules[0]: response changed: x-rule=yes"), "\(explained.output)")
                await client.close()

                // SIGHUP reads them again; a file with a mistake changes nothing.
                _ = try rig.write("rules.yaml", "sites: [{hosts: \"*\", rules: [{match: {path: /page}, deny: 410}]}]\n")
                process.signal(SIGHUP)
                try await eventually("the new rule holds") { try await RawClient.connect(port: server.port).get("/page").status == 410 }
                _ = try rig.write("rules.yaml", "sites: [{hosts: \"*\", rules: [{match: {path: /page}, deny: 999}]}]\n")
                process.signal(SIGHUP)
                try await eventually("the mistake is told") { process.errorTail.contains("nothing was taken over") }
                #expect(try await RawClient.connect(port: server.port).get("/page").status == 410)

                // Origins are taken over; what needs a restart is named with its place.
                _ = try rig.write(
                    "rules.yaml",
                    """
                    cache:
                      max-ttl: 1h
                    origins: {other: "\(other.url)"}
                    sites: [{hosts: "*", rules: [{match: {path: /second}, origin: other}]}]
                    """
                )
                process.signal(SIGHUP)
                try await eventually("what needs a restart is named") {
                    process.errorTail.contains(
                        "rules.yaml:2:12: warning: cache.max-ttl: \"1h\" needs a restart; until then it stays \"365d\""
                    )
                }
                #expect(try await RawClient.connect(port: server.port).get("/second").text == "other")
                #expect(try await server.stop(process) == .status(0))
            }
        }

        private func makeRoot(in rig: Rig, named name: String = "root", _ text: String = "hello") throws -> String {
            let root = rig.folder.file(name)
            try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: false)
            for file in ["page", "second"] { try Data(text.utf8).write(to: URL(fileURLWithPath: "\(root)/\(file)")) }
            return root
        }
    }
}
