// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Foundation
import GyreTestKit
import Testing

extension EndToEnd {
    /// How the server ends when it is told to.
    @Suite(.serialized)
    struct StopTests {
        /// Larger than what the sockets between a server and a client that stops reading can hold.
        static let body = PatternBody(seed: 7, count: 48 << 20)

        /// A server with a slow client in the middle of a response.
        private struct Scene {
            let rig: Rig
            let server: GyreServer
            let process: ChildProcess
            let client: ChildProcess
            let bodyPath: String
        }

        private func run(drainTimeout: String, rate: String, _ test: (Scene) async throws -> Void) async throws {
            try await Rig.run { rig in
                let root = rig.folder.file("root")
                try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: false)
                try Data(Self.body.bytes()).write(to: URL(fileURLWithPath: "\(root)/large.bin"))
                let origin = try await OriginNginx.start(in: rig, root: root)
                let settings = try rig.write("gyre.yaml", "server:\n  drain-timeout: \(drainTimeout)\n")
                let server = try GyreServer(
                    in: rig,
                    origin: origin.url,
                    ["--config", settings, "--volume", rig.folder.file("volume.gyre"), "--volume-size", "256MiB", "--memory", "16MiB"]
                )
                let process = try await server.start()
                let bodyPath = rig.folder.file("body")
                let client = try rig.start(
                    try Program.find("curl"),
                    ["--silent", "--show-error", "--output", bodyPath, "--limit-rate", rate, "--max-time", "90", server.url + "/large.bin"]
                )
                try await eventually(within: .seconds(20), "the first bytes arrive") { Self.size(bodyPath) > 0 }
                try await test(Scene(rig: rig, server: server, process: process, client: client, bodyPath: bodyPath))
            }
        }

        private static func size(_ path: String) -> Int {
            (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? 0
        }

        @Test("SIGTERM lets a slow transfer end, takes no new client, and exits 0", .timeLimit(.minutes(2)))
        func drains() async throws {
            try await run(drainTimeout: "60s", rate: "16M") { scene in
                scene.process.signal(SIGTERM)
                try await eventually(within: .seconds(10), "new connections are refused") {
                    (try? await RawClient.connect(port: scene.server.port).close()) == nil
                }
                #expect(scene.client.isRunning, "the transfer ended before the server was asked to stop")
                #expect(try await scene.client.waitForExit(within: .seconds(60)) == .status(0), "\(scene.client.errorTail)")
                #expect(FileManager.default.contents(atPath: scene.bodyPath) == Data(Self.body.bytes()))
                #expect(try await scene.process.waitForExit(within: .seconds(10)) == .status(0), "\(scene.process.errorTail)")
            }
        }

        @Test("A transfer that takes too long is cut at the drain timeout, and the server exits 0", .timeLimit(.minutes(2)))
        func drainIsBounded() async throws {
            try await run(drainTimeout: "1s", rate: "200k") { scene in
                let clock = ContinuousClock()
                let began = clock.now
                let exit = try await scene.server.stop(scene.process, within: .seconds(20))
                #expect(exit == .status(0), "\(scene.process.errorTail)")
                #expect(clock.now - began >= .milliseconds(900), "the transfer had its second")
                #expect(clock.now - began < .seconds(10))
                // What the sockets still hold would keep curl busy for a minute.
                scene.client.end()
                #expect(Self.size(scene.bodyPath) < Self.body.count)
            }
        }

        @Test("A second SIGTERM ends the server at once", .timeLimit(.minutes(2)))
        func secondSignal() async throws {
            try await run(drainTimeout: "60s", rate: "200k") { scene in
                scene.process.signal(SIGTERM)
                try await eventually(within: .seconds(10), "the stop has begun") { try await !scene.server.isReady() }
                #expect(scene.process.isRunning, "the server did not wait for the transfer")
                scene.process.signal(SIGTERM)
                _ = try await scene.process.waitForExit(within: .seconds(3))
            }
        }

        @Test("Connections that are idle do not hold a stop up", .timeLimit(.minutes(2)))
        func idleConnections() async throws {
            try await Rig.run { rig in
                let origin = try await OriginNginx.start(in: rig, root: rig.folder.path)
                let settings = try rig.write("gyre.yaml", "server:\n  drain-timeout: 60s\n")
                let server = try GyreServer(in: rig, origin: origin.url, ["--config", settings, "--volume", "none"])
                let process = try await server.start()
                var clients: [RawClient] = []
                for _ in 0..<10 {
                    let client = try await RawClient.connect(port: server.port)
                    #expect(try await client.get("/gyre.yaml").status == 200)
                    clients.append(client)
                }
                // One that has sent nothing yet.
                clients.append(try await RawClient.connect(port: server.port))
                #expect(try await server.stop(process, within: .seconds(10)) == .status(0))
                for client in clients { #expect(try await client.isClosedByPeer()) }
            }
        }
    }
}
