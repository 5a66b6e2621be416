// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Foundation
import GyreTestKit
import Testing

extension EndToEnd {
    /// What the server keeps in memory is what it was allowed, whatever clients and origins do.
    @Suite(.serialized)
    struct MemoryTests {
        /// Beyond what `--memory` allows.
        static let maxGrowthBytes = 64 << 20

        struct LargeBody: CustomTestStringConvertible, Sendable {
            let testDescription: String
            let path: String
            let sizeBytes: Int
        }

        static let largeBodies = [
            LargeBody(testDescription: "10 GiB, too large to be stored", path: "/huge.bin", sizeBytes: 10 << 30),
            LargeBody(testDescription: "10 GiB without a length", path: "/chunked/huge.bin", sizeBytes: 10 << 30),
            LargeBody(testDescription: "800 MiB, stored while it is read", path: "/large.bin", sizeBytes: 800 << 20),
        ]

        @Test("A large response through a slow client does not grow memory", .timeLimit(.minutes(3)), arguments: largeBodies)
        func slowReader(body: LargeBody) async throws {
            try await Rig.run { rig in
                let root = try makeRoot(in: rig)
                try makeSparse("\(root)/\(body.path.split(separator: "/").last ?? "")", sizeBytes: body.sizeBytes)
                let origin = try await OriginNginx.start(in: rig, root: root)
                let server = try GyreServer(
                    in: rig,
                    origin: origin.url,
                    ["--volume", rig.folder.file("volume.gyre"), "--volume-size", "1GiB", "--memory", "16MiB", "--workers", "1"]
                )
                let process = try await server.start()
                let base = try process.residentBytes()
                let client = try rig.start(
                    try Program.find("curl"),
                    ["--silent", "--output", rig.folder.file("body"), "--limit-rate", "1M", "--max-time", "10", server.url + body.path]
                )
                var peak = base
                try await eventually(within: .seconds(30), "curl reaches its time limit") {
                    peak = max(peak, try process.residentBytes())
                    return !client.isRunning
                }
                // Status 28: the time was up, so the body was still under way all the time.
                #expect(client.ended == .status(28))
                let received = try FileManager.default.attributesOfItem(atPath: rig.folder.file("body"))[.size] as? Int ?? 0
                #expect(received > 4 << 20, "the client was fed all the time")
                let growth = peak - base
                print("slow reader, \(body.testDescription): \(base >> 20) MiB at rest, \(growth >> 20) MiB more at most")
                #expect(growth <= (16 << 20) + Self.maxGrowthBytes, "memory grew by \(growth >> 20) MiB")
                #expect(try await server.stop(process) == .status(0))
            }
        }

        @Test("1,000 idle keep-alive connections cost less than 64 KiB each", .timeLimit(.minutes(2)))
        func idleConnections() async throws {
            try await Rig.run { rig in
                raiseFileLimit()
                let root = try makeRoot(in: rig)
                try Data("a small page".utf8).write(to: URL(fileURLWithPath: "\(root)/small"))
                let origin = try await OriginNginx.start(in: rig, root: root)
                let server = try GyreServer(in: rig, origin: origin.url, ["--volume", "none", "--memory", "16MiB", "--workers", "1"])
                let process = try await server.start()
                // One exchange, and what is made once is there.
                var clients = [try await RawClient.connect(port: server.port)]
                #expect(try await clients[0].get("/small").status == 200)
                let base = try process.residentBytes()
                for _ in 0..<1000 {
                    let client = try await RawClient.connect(port: server.port)
                    clients.append(client)
                    #expect(try await client.get("/small").text == "a small page")
                }
                let perConnection = (try process.residentBytes() - base) / 1000
                print("1,000 idle connections: \(perConnection) B each")
                #expect(perConnection < 64 << 10)
                #expect(try await server.metric("gyre_client_connections") == 1001)
                // None of them was dropped to save memory.
                #expect(try await clients[1].get("/small").status == 200)
                #expect(try await clients[1000].get("/small").status == 200)
                for client in clients { await client.close() }
                #expect(try await server.stop(process) == .status(0))
            }
        }

        private func makeRoot(in rig: Rig) throws -> String {
            let root = rig.folder.file("root")
            try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: false)
            return root
        }

        /// A file of zeros that takes no room.
        private func makeSparse(_ path: String, sizeBytes: Int) throws {
            try Data().write(to: URL(fileURLWithPath: path))
            guard truncate(path, sizeBytes) == 0 else { throw Program.Missing(name: path, advice: String(cString: strerror(errno))) }
        }

        /// Both ends of 1,000 connections are more files than many systems allow by default.
        private func raiseFileLimit() {
            var limit = rlimit()
            guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
            limit.rlim_cur = min(limit.rlim_max, max(limit.rlim_cur, 8192))
            setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        }
    }
}
