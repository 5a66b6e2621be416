// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Foundation
import GyreTestKit
import Testing

extension EndToEnd {
    /// What an operator sees of a running server: the admin pages, the access log, `Cache-Status`, the volume.
    @Suite(.serialized)
    struct SeenTests {
        @Test("A miss and a hit are told alike by Cache-Status, the metrics and the access log")
        func sameWords() async throws {
            try await Rig.run { rig in
                let root = try makeRoot(in: rig)
                let origin = try await OriginNginx.start(in: rig, root: root)
                let log = rig.folder.file("access.log")
                let server = try GyreServer(in: rig, origin: origin.url, ["--volume", "none", "--access-log", log])
                let process = try await server.start()
                let client = try await RawClient.connect(port: server.port)

                let miss = try await client.get("/page")
                #expect(miss.status == 200)
                #expect(miss["Cache-Status"]?.contains("fwd=uri-miss") == true)
                let hit = try await client.get("/page")
                #expect(hit["Cache-Status"]?.contains("hit") == true)
                #expect(hit["Age"] != nil)
                #expect(hit.text == "hello")
                await client.close()

                #expect(try await server.metric("gyre_requests_total", "result=\"miss\"") == 1)
                #expect(try await server.metric("gyre_requests_total", "result=\"hit-memory\"") == 1)
                #expect(try await server.metric("gyre_origin_requests_total") == 1)
                #expect(try await origin.requests() == 1)

                #expect(try await server.stop(process) == .status(0))
                let lines = String(decoding: FileManager.default.contents(atPath: log) ?? Data(), as: UTF8.self).split(separator: "\n")
                #expect(lines.count == 2)
                #expect(lines.first?.contains("\"GET /page HTTP/1.1\" 200 5 ") == true)
                #expect(lines.first?.contains(" uri-miss") == true)
                #expect(lines.last?.contains(" hit") == true)
            }
        }

        @Test("A hit after a restart is a hit on disk, and the next one is not")
        func hitOnDisk() async throws {
            try await Rig.run { rig in
                let origin = try await OriginNginx.start(in: rig, root: try makeRoot(in: rig))
                let server = try GyreServer(
                    in: rig,
                    origin: origin.url,
                    ["--volume", rig.folder.file("volume.gyre"), "--volume-size", "64MiB"]
                )
                var process = try await server.start()
                _ = try await fetch("/page", from: server)
                #expect(try await server.stop(process) == .status(0))
                process = try await server.start()
                #expect(try await fetch("/page", from: server).text == "hello")
                #expect(try await server.metric("gyre_requests_total", "result=\"hit-disk\"") == 1)
                #expect(try await fetch("/page", from: server).text == "hello")
                #expect(try await server.metric("gyre_requests_total", "result=\"hit-memory\"") == 1)
                #expect(try await origin.requests() == 1)
                #expect(try await server.stop(process) == .status(0))
            }
        }

        @Test("The admin pages answer, and only there")
        func adminPages() async throws {
            try await Rig.run { rig in
                let origin = try await OriginNginx.start(in: rig, root: try makeRoot(in: rig))
                let server = try GyreServer(in: rig, origin: origin.url, ["--volume", "none"])
                let process = try await server.start()
                #expect(try await server.adminPage("/healthz").status == 200)
                #expect(try await server.adminPage("/readyz").status == 200)
                #expect(try await server.adminPage("/nothing").status == 404)
                let metrics = try await server.adminPage("/metrics")
                #expect(metrics["Content-Type"]?.hasPrefix("text/plain; version=0.0.4") == true)
                #expect(metrics.text.contains("# TYPE gyre_requests_total counter"))
                // The same path at the public address is the origin's.
                #expect(try await fetch("/metrics", from: server).status == 404)
                #expect(try await origin.requests() == 1)
                #expect(try await server.stop(process) == .status(0))
            }
        }

        @Test("An origin that is gone is answered with 502, and what is stored is still served")
        func originGone() async throws {
            try await Rig.run { rig in
                let origin = try await OriginNginx.start(in: rig, root: try makeRoot(in: rig))
                let server = try GyreServer(in: rig, origin: origin.url, ["--volume", "none"])
                let process = try await server.start()
                #expect(try await fetch("/page", from: server).status == 200)
                origin.process.end()
                #expect(try await fetch("/page", from: server).text == "hello")
                #expect(try await fetch("/other", from: server).status == 502)
                #expect(try await server.stop(process) == .status(0))
            }
        }

        @Test("A volume of a stopped server can be inspected")
        func inspect() async throws {
            try await Rig.run { rig in
                let origin = try await OriginNginx.start(in: rig, root: try makeRoot(in: rig))
                let volume = rig.folder.file("volume.gyre")
                let server = try GyreServer(in: rig, origin: origin.url, ["--volume", volume, "--volume-size", "64MiB"])
                let process = try await server.start()
                _ = try await fetch("/page", from: server)
                #expect(try await server.stop(process) == .status(0))
                let inspection = try await rig.run(try Program.gyre(), ["store", "inspect", volume])
                #expect(inspection.ended == .status(0), "\(inspection.errorTail)")
                #expect(inspection.output.contains("stripe"))
                let nothing = try await rig.run(try Program.gyre(), ["store", "inspect", rig.folder.file("root/page")])
                #expect(nothing.ended != .status(0))
                #expect(!nothing.errors.isEmpty)
            }
        }

        private func makeRoot(in rig: Rig) throws -> String {
            let root = rig.folder.file("root")
            try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: false)
            try Data("hello".utf8).write(to: URL(fileURLWithPath: "\(root)/page"))
            return root
        }

        private func fetch(_ path: String, from server: GyreServer) async throws -> RawResponse {
            let client = try await RawClient.connect(port: server.port)
            let response = try await client.get(path)
            await client.close()
            return response
        }
    }
}
