// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
import Foundation
import GyreTestKit
import Testing

extension EndToEnd {
    @Suite(.serialized)
    struct SizeTests {
        @Test("A running server's own sample draws the curve that its access log does")
        func sampleAndLog() async throws {
            try await Rig.run { rig in
                try await withFakeOrigin { origin in
                    origin.otherwise { request in
                        let number = Int(request.target.dropFirst()) ?? 0
                        return .response(
                            200,
                            ["Cache-Control": "max-age=3600"],
                            body: "\(String(repeating: "x", count: 100 + number * 37 % 9000))"
                        )
                    }
                    let log = rig.folder.file("access.log")
                    let server = try GyreServer(
                        in: rig,
                        origin: origin.url,
                        [
                            "--memory", "4MiB", "--volume", rig.folder.file("volume.gyre"), "--volume-size", "64MiB", "--workers", "1",
                            "--access-log", log, "--access-log-format", "json",
                        ]
                    )
                    let process = try await server.start()
                    let client = try await RawClient.connect(port: server.port)
                    var random = SeededRandom(seed: 5)
                    for _ in 0..<4000 {
                        // Most requests are for few of the objects.
                        let share = Double.random(in: 0..<1, using: &random)
                        #expect(try await client.get("/\(Int(share * share * share * 1500))").status == 200)
                    }
                    await client.close()

                    let sizes = ["--memory", "256KiB", "--volume-size", "1MiB", "--json"]
                    let admin = "http://127.0.0.1:\(server.adminPort)"
                    let sampled = try await study(["--admin", admin] + sizes, in: rig)
                    // Without sizes they are the server's own.
                    let own = try await study(["--admin", admin, "--json"], in: rig)
                    #expect(own.rows.contains { $0["volume_bytes"] == Double(64 << 20) && $0["memory_bytes"] == Double(4 << 20) })
                    #expect(try await server.stop(process) == .status(0))
                    let logged = try await study([log] + sizes, in: rig)

                    #expect(sampled.requests == 4000 && logged.requests == 4000 && sampled.rows.count == logged.rows.count)
                    for (row, other) in zip(sampled.rows, logged.rows) {
                        for name in ["object_hit_ratio", "byte_hit_ratio", "lru_object_hit_ratio", "written_per_requested_byte"] {
                            #expect(abs((row[name] ?? -1) - (other[name] ?? -2)) < 0.01, "\(name): \(row) \(other)")
                        }
                    }
                    #expect(Set(sampled.rows.compactMap { $0["object_hit_ratio"] }).count > 3, "\(sampled.rows)")
                    #expect(sampled.rows.allSatisfy { $0["flash_years"] != nil })
                }
            }
        }

        @Test("A server that has seen nothing, has no disk, or is none is named")
        func nothingToStudy() async throws {
            try await Rig.run { rig in
                try await withFakeOrigin { origin in
                    let server = try GyreServer(in: rig, origin: origin.url, ["--volume", "none"])
                    let process = try await server.start()
                    let admin = ["size", "--admin", "127.0.0.1:\(server.adminPort)"]
                    let empty = try await rig.run(try Program.gyre(), admin)
                    #expect(empty.ended == .status(1) && empty.errors.contains("no request yet"), "\(empty.errors)")
                    origin.on("GET", "/a") { _ in .response(200, ["Cache-Control": "max-age=60"], body: "hello") }
                    let client = try await RawClient.connect(port: server.port)
                    #expect(try await client.get("/a").status == 200)
                    await client.close()
                    let diskless = try await rig.run(try Program.gyre(), admin)
                    #expect(diskless.ended == .status(1) && diskless.errors.contains("has no disk"), "\(diskless.errors)")
                    let thought = try await rig.run(try Program.gyre(), admin + ["--volume-size", "1GiB"])
                    #expect(thought.ended == .status(0) && thought.output.contains("1 requests"), "\(thought.errors)")
                    let both = try await rig.run(try Program.gyre(), admin + ["some.log"])
                    #expect(both.ended != .status(0) && both.errors.contains("not both"), "\(both.errors)")
                    #expect(try await server.stop(process) == .status(0))
                    let gone = try await rig.run(try Program.gyre(), admin)
                    #expect(gone.ended == .status(1) && gone.errors.contains("nobody answers"), "\(gone.errors)")
                }
            }
        }

        private func study(_ arguments: [String], in rig: Rig) async throws -> (requests: Int, rows: [[String: Double]]) {
            let process = try await rig.run(try Program.gyre(), ["size"] + arguments, within: .seconds(60))
            #expect(process.ended == .status(0), "\(process.errorTail)")
            let report = try #require(try JSONSerialization.jsonObject(with: Data(process.output.utf8)) as? [String: Any])
            let rows = try #require(report["rows"] as? [[String: Any]])
            return (report["requests"] as? Int ?? 0, rows.map { $0.compactMapValues { $0 as? Double ?? ($0 as? Int).map(Double.init) } })
        }
    }
}
