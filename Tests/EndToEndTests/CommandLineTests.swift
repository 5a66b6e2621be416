// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Foundation
import GyreTestKit
import Testing

extension EndToEnd {
    /// What a person or a script gets back from the command line: a message that helps, and a status.
    @Suite(.serialized)
    struct CommandLineTests {
        struct Mistake: CustomTestStringConvertible, Sendable {
            let testDescription: String
            var arguments: [String]
            /// The file that stands for `FILE` in the arguments.
            var file: String?
            let status: Int32
            /// Each must be in what is written to standard error.
            let says: [String]
        }

        static let mistakes = [
            Mistake(
                testDescription: "an unknown flag",
                arguments: ["serve", "--origni", "http://127.0.0.1:1"],
                status: 64,
                says: ["--origni", "'--origin'"]
            ),
            Mistake(testDescription: "an unknown command", arguments: ["sreve"], status: 64, says: ["sreve"]),
            Mistake(testDescription: "no origin", arguments: ["serve"], status: 2, says: ["origin.url", "--origin"]),
            Mistake(
                testDescription: "an origin that is no URL",
                arguments: ["serve", "--origin", "nonsense"],
                status: 2,
                says: ["--origin", "nonsense"]
            ),
            Mistake(
                testDescription: "a size that is none",
                arguments: ["serve", "--origin", "http://127.0.0.1:1", "--memory", "lots"],
                status: 2,
                says: ["--memory", "lots", "KiB", "at least 1MiB"]
            ),
            Mistake(
                testDescription: "a settings file that is not there",
                arguments: ["serve", "--config", "/nowhere/gyre.yaml"],
                status: 2,
                says: ["/nowhere/gyre.yaml", "No such file"]
            ),
            Mistake(
                testDescription: "an unknown setting",
                arguments: ["serve", "--config", "FILE"],
                file: "origin:\n  url: http://127.0.0.1:1\nserver:\n  lisen: 127.0.0.1:8080\n",
                status: 2,
                says: [":4:3:", "server.lisen", "\"server.listen\""]
            ),
            Mistake(
                testDescription: "a rule for a site that is wrong, checked",
                arguments: ["config", "check", "FILE"],
                file: "origin:\n  url: http://127.0.0.1:1\nsites:\n- hosts: a.example\n  rules:\n  - deny: 200\n",
                status: 1,
                says: [":6:11:", "sites[0].rules[0].deny", "\"200\"", "400 to 599"]
            ),
            Mistake(
                testDescription: "a port that is none, checked",
                arguments: ["config", "check", "FILE"],
                file: "forward:\n  enabled: true\n  ports: 0\n",
                status: 1,
                says: [":3:10:", "forward.ports", "1 to 65535"]
            ),
            Mistake(
                testDescription: "an unknown setting, checked",
                arguments: ["config", "check", "FILE"],
                file: "origin:\n  url: http://127.0.0.1:1\nserver:\n  lisen: 127.0.0.1:8080\n",
                status: 1,
                says: [":4:3:", "server.lisen", "\"server.listen\""]
            ),
            Mistake(
                testDescription: "a value out of range, checked",
                arguments: ["config", "check", "FILE"],
                file: "origin:\n  url: http://127.0.0.1:1\nserver:\n  workers: 1000\n",
                status: 1,
                says: [":4:", "server.workers", "256"]
            ),
            Mistake(
                testDescription: "a file that is no YAML, checked",
                arguments: ["config", "check", "FILE"],
                file: "origin: [\n",
                status: 1,
                says: ["settings.yaml"]
            ),
            Mistake(
                testDescription: "a volume in a folder that cannot be made",
                arguments: [
                    "serve", "--origin", "http://127.0.0.1:1", "--volume", "/etc/passwd/volume.gyre", "--listen", "127.0.0.1:0", "--admin",
                    "none",
                ],
                status: 1,
                says: ["/etc/passwd/volume.gyre"]
            ),
            Mistake(
                testDescription: "a target without its origin's address",
                arguments: ["workload", "--target", "http://127.0.0.1:1"],
                status: 2,
                says: ["--origin-listen HOST:PORT"]
            ),
            Mistake(
                testDescription: "a popularity that there is not",
                arguments: ["workload", "--popularity", "zipf"],
                status: 2,
                says: ["--popularity", "polymix", "zipf=0.8"]
            ),
            Mistake(
                testDescription: "a length without a unit",
                arguments: ["workload", "--plateau", "20"],
                status: 2,
                says: ["--plateau 20", "20s"]
            ),
            Mistake(
                testDescription: "a recurrence above 1",
                arguments: ["workload", "--recurrence", "2"],
                status: 2,
                says: ["--recurrence is 2.0", "from 0.0 to 1.0"]
            ),
            Mistake(
                testDescription: "a size beyond all numbers",
                arguments: ["simulate", "FILE", "--format", "csv", "--memory", "1e30%"],
                file: "1,a,10\n2,a,10\n",
                status: 1,
                says: ["--memory 1e30%", "100000%"]
            ),
            Mistake(
                testDescription: "fewer requests than none",
                arguments: ["simulate", "FILE", "--max-requests=-3"],
                status: 1,
                says: ["--max-requests is -3"]
            ),
            Mistake(
                testDescription: "a disk of nothing to compare with",
                arguments: ["size", "FILE", "--format", "csv", "--memory", "1MiB", "--volume-size", "0"],
                file: "1,a,10\n2,a,10\n",
                status: 1,
                says: ["--volume-size is 0", "1KiB"]
            ),
            Mistake(
                testDescription: "a budget for requests without times",
                arguments: ["size", "FILE", "--format", "csv", "--memory", "1MiB", "--volume-size", "1MiB", "--write-budget", "1MB/s"],
                file: "0,a,10\n0,a,10\n",
                status: 1,
                says: ["write budget needs requests with times"]
            ),
            Mistake(
                testDescription: "a trace that is not there",
                arguments: ["size", "/nowhere/trace.csv"],
                status: 1,
                says: ["/nowhere/trace.csv does not exist"]
            ),
            Mistake(
                testDescription: "a replacement that sizes are not shown for",
                arguments: ["size", "/nowhere/trace.csv", "--replacement", "lru"],
                status: 1,
                says: ["--replacement lru", "relocate-on-hit"]
            ),
        ]

        @Test("A mistake is answered with a message and a status", arguments: mistakes)
        func mistake(mistake: Mistake) async throws {
            try await Rig.run { rig in
                var arguments = mistake.arguments
                if let file = mistake.file {
                    let path = try rig.write("settings.yaml", file)
                    arguments = arguments.map { $0 == "FILE" ? path : $0 }
                }
                let process = try await rig.run(try Program.gyre(), arguments)
                #expect(process.ended == .status(mistake.status))
                #expect(process.output.isEmpty, "messages belong on standard error")
                for word in mistake.says { #expect(process.errors.contains(word), "\(word) is not in: \(process.errorTail)") }
            }
        }

        @Test("A good settings file is called good, and the server takes it")
        func goodFile() async throws {
            try await Rig.run { rig in
                try Data("hello".utf8).write(to: URL(fileURLWithPath: rig.folder.file("page")))
                let origin = try await OriginNginx.start(in: rig, root: rig.folder.path)
                let path = try rig.write("good.yaml", "origin:\n  url: \(origin.url)\nmemory:\n  size: 16MiB\nvolume:\n  path: none\n")
                let check = try await rig.run(try Program.gyre(), ["config", "check", path])
                #expect(check.ended == .status(0))
                #expect(check.errors.isEmpty)

                // A flag wins over the environment, the environment over the file.
                let port = try FreePort.next()
                let server = try rig.start(
                    try Program.gyre(),
                    ["serve", "--config", path, "--listen", "127.0.0.1:\(port)", "--admin", "none"],
                    environment: ["GYRE_SERVER_LISTEN": "127.0.0.1:1", "GYRE_LOG_ACCESS": rig.folder.file("access.log")]
                )
                try await eventually(within: .seconds(30), "ready: \(server.errorTail)") { server.output.contains("ready") }
                #expect(server.output.split(separator: "\n").count == 1, "one line, so that scripts can wait for it")
                let client = try await RawClient.connect(port: port)
                #expect(try await client.get("/page").text == "hello")
                await client.close()
                server.signal(SIGTERM)
                #expect(try await server.waitForExit(within: .seconds(30)) == .status(0))
                #expect(
                    String(decoding: FileManager.default.contents(atPath: rig.folder.file("access.log")) ?? Data(), as: UTF8.self).contains(
                        "/page"
                    )
                )
            }
        }

        @Test("A workload loads a Gyre of its own, and says what it found as JSON")
        func workload() async throws {
            try await Rig.run { rig in
                let process = try await rig.run(
                    try Program.gyre(),
                    [
                        "workload", "--working-set", "100", "--rate", "200", "--ramp", "0s", "--plateau", "2s", "--idle", "0s", "--think",
                        "10ms", "--json",
                    ],
                    within: .seconds(60)
                )
                #expect(process.ended == .status(0), "\(process.errorTail)")
                let report = try #require(try JSONSerialization.jsonObject(with: Data(process.output.utf8)) as? [String: Any])
                let plateaus = try #require(report["plateaus"] as? [String: Any])
                #expect(report["complete"] as? Bool == true && plateaus["wrong"] as? Int == 0 && plateaus["errors"] as? Int == 0)
                let (offered, hits) = (plateaus["offered_hit_ratio"] as? Double ?? 0, plateaus["object_hit_ratio"] as? Double ?? 0)
                #expect(abs(offered - hits) < 0.06, "\(hits) of \(offered)")
            }
        }

        @Test("Ctrl-C ends a workload with a report of what there was")
        func workloadStopped() async throws {
            try await Rig.run { rig in
                // Its own origin stands for the cache: nothing is a hit then.
                let port = try FreePort.next()
                let process = try rig.start(
                    try Program.gyre(),
                    ["workload", "--target", "http://127.0.0.1:\(port)", "--origin-listen", "127.0.0.1:\(port)", "--rate", "100", "--json"]
                )
                try await eventually(within: .seconds(30), "the origin listens: \(process.errorTail)") {
                    guard let client = try? await RawClient.connect(port: port) else { return false }
                    await client.close()
                    return true
                }
                process.signal(SIGINT)
                #expect(try await process.waitForExit(within: .seconds(60)) == .status(0))
                #expect(process.output.contains("\"complete\" : false"), "\(process.errorTail)")
            }
        }

        @Test("An address that is taken is named")
        func takenPort() async throws {
            try await Rig.run { rig in
                let origin = try await OriginNginx.start(in: rig, root: rig.folder.path)
                let process = try await rig.run(
                    try Program.gyre(),
                    ["serve", "--origin", origin.url, "--listen", "127.0.0.1:\(origin.port)", "--admin", "none", "--volume", "none"]
                )
                #expect(process.ended == .status(1))
                #expect(process.errors.contains("127.0.0.1:\(origin.port)"), "\(process.errorTail)")
                #expect(!process.output.contains("ready"))
            }
        }

        @Test("A volume that another server uses is refused")
        func volumeInUse() async throws {
            try await Rig.run { rig in
                let origin = try await OriginNginx.start(in: rig, root: rig.folder.path)
                let flags = ["--volume", rig.folder.file("volume.gyre"), "--volume-size", "64MiB"]
                let first = try await GyreServer(in: rig, origin: origin.url, flags).start()
                await #expect(throws: GyreServer.Ended.self) {
                    _ = try await GyreServer(in: rig, origin: origin.url, flags).start()
                }
                #expect(first.isRunning)
            }
        }

        @Test("Help names every flag of the contract")
        func help() async throws {
            try await Rig.run { rig in
                let process = try await rig.run(try Program.gyre(), ["serve", "--help"])
                #expect(process.ended == .status(0))
                for flag in [
                    "--origin", "--listen", "--volume", "--volume-size", "--memory", "--workers", "--admin", "--access-log", "--config",
                ] {
                    #expect(process.output.contains(flag))
                }
            }
        }
    }
}
