// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Foundation
import GyreTestKit
import Testing

extension EndToEnd {
    /// A tree of files of all sizes through the cache: every body is right, and what was stored is not asked for again.
    @Suite(.serialized, .originTree)
    struct TreeTests {
        let tree: OriginTree

        init() throws { tree = try #require(OriginTree.shared) }

        @Test("A tree is fetched once, served from the cache, and served again after a restart", .timeLimit(.minutes(10)))
        func secondAndThirdPassNeedNoOrigin() async throws {
            try await Rig.run { rig in
                let origin = try await OriginNginx.start(in: rig, root: tree.root)
                let server = try GyreServer(
                    in: rig,
                    origin: origin.url,
                    ["--volume", rig.folder.file("volume.gyre"), "--volume-size", "1GiB", "--memory", "64MiB"]
                )
                var process = try await server.start()

                try await Download.start(tree, from: server.url, in: rig).expectAllRight("first pass")
                #expect(try await origin.requests() == tree.entries.count, "each file was fetched once")

                try await Download.start(tree, from: server.url, in: rig).expectAllRight("second pass")
                let afterSecond = try await origin.requests()
                #expect(afterSecond == tree.entries.count, "the second pass asked the origin: \(origin.lastRequests(5))")

                #expect(try await server.stop(process) == .status(0))
                process = try await server.start()
                try await Download.start(tree, from: server.url, in: rig).expectAllRight("pass after a restart")
                let afterRestart = try await origin.requests()
                #expect(afterRestart == afterSecond, "the pass after a restart asked the origin: \(origin.lastRequests(5))")
                #expect(try await server.stop(process) == .status(0))
            }
        }

        @Test(
            "A server killed in the middle of a load serves no wrong byte, before or after",
            .timeLimit(.minutes(10)),
            arguments: ["1GiB", "32MiB"]
        )
        func killedWhileLoading(size: String) async throws {
            try await Rig.run { rig in
                let origin = try await OriginNginx.start(in: rig, root: tree.root)
                let server = try GyreServer(
                    in: rig,
                    origin: origin.url,
                    ["--volume", rig.folder.file("volume.gyre"), "--volume-size", size, "--memory", "8MiB"]
                )
                // Each round goes on with the volume that the last one left.
                for share in [4, 2] {
                    let process = try await server.start()
                    let before = try await origin.requests()
                    let download = try Download.start(tree, from: server.url, in: rig)
                    let enough = (tree.entries.count - before) / share
                    try await eventually(within: .seconds(120), "\(enough) more files were asked for") {
                        try await origin.requests() >= before + enough
                    }
                    process.signal(SIGKILL)
                    #expect(try await process.waitForExit(within: .seconds(10)) == .signal(SIGKILL))
                    let whole = try await download.expectNoneWrong("the broken pass")
                    #expect(whole < tree.entries.count, "the server was killed after the load, not in its middle")
                }
                let process = try await server.start()
                let before = try await origin.requests()
                try await Download.start(tree, from: server.url, in: rig).expectAllRight("pass after the kills")
                let after = try await origin.requests()
                try await Download.start(tree, from: server.url, in: rig).expectAllRight("second pass after the kills")
                if size == "1GiB" {
                    #expect(after - before < tree.entries.count, "nothing of what was on disk is served")
                    #expect(try await origin.requests() == after, "the second pass asked the origin: \(origin.lastRequests(5))")
                }
                #expect(try await server.stop(process) == .status(0))
            }
        }

        @Test("A server killed when it rests has lost at most what was in its buffers", .timeLimit(.minutes(10)))
        func killedAtRest() async throws {
            try await Rig.run { rig in
                let origin = try await OriginNginx.start(in: rig, root: tree.root)
                let server = try GyreServer(
                    in: rig,
                    origin: origin.url,
                    ["--volume", rig.folder.file("volume.gyre"), "--volume-size", "1GiB", "--memory", "32MiB"]
                )
                var process = try await server.start()
                try await Download.start(tree, from: server.url, in: rig).expectAllRight("first pass")
                let before = try await origin.requests()
                process.signal(SIGKILL)
                #expect(try await process.waitForExit(within: .seconds(10)) == .signal(SIGKILL))

                process = try await server.start()
                try await Download.start(tree, from: server.url, in: rig).expectAllRight("pass after the kill")
                // 8 membufs of 1 MiB, of the 300 MiB that were stored.
                let fetchedAgain = try await origin.requests() - before
                #expect(fetchedAgain < tree.entries.count / 4, "\(fetchedAgain) of \(tree.entries.count) files were lost")
                #expect(try await server.stop(process) == .status(0))
            }
        }

        @Test("A volume smaller than the tree wraps, and no byte is wrong", .timeLimit(.minutes(10)), arguments: ["64MiB", "16MiB"])
        func smallVolume(size: String) async throws {
            try await Rig.run { rig in
                let origin = try await OriginNginx.start(in: rig, root: tree.root)
                let server = try GyreServer(
                    in: rig,
                    origin: origin.url,
                    ["--volume", rig.folder.file("volume.gyre"), "--volume-size", size, "--memory", "8MiB"]
                )
                let process = try await server.start()
                try await Download.start(tree, from: server.url, in: rig).expectAllRight("first pass")
                try await Download.start(tree, from: server.url, in: rig).expectAllRight("second pass")
                #expect(try await server.stop(process) == .status(0))
            }
        }

        @Test(
            "Without a volume no byte is wrong, and what fits in memory is not asked for again",
            .timeLimit(.minutes(5)),
            arguments: [32, 512]
        )
        func memoryAlone(mebibytes: Int) async throws {
            try await Rig.run { rig in
                let origin = try await OriginNginx.start(in: rig, root: tree.root)
                let server = try GyreServer(in: rig, origin: origin.url, ["--volume", "none", "--memory", "\(mebibytes)MiB"])
                let process = try await server.start()
                try await Download.start(tree, from: server.url, in: rig).expectAllRight("first pass")
                try await Download.start(tree, from: server.url, in: rig).expectAllRight("second pass")
                // A loop over ten times the memory may well hit nothing, whatever the policy.
                if mebibytes << 20 > tree.totalBytes {
                    let fetchedAgain = try await origin.requests() - tree.entries.count
                    #expect(fetchedAgain < tree.entries.count / 20, "\(fetchedAgain) files were fetched again")
                }
                #expect(try await server.stop(process) == .status(0))
            }
        }
    }
}
