// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import ArgumentParser
import CyclicStore
import Foundation
import GyreConfiguration
import GyreDemo
import GyreProxy
import GyreTelemetry

/// `gyre demo`: a site, the cache in front of it, and a table of what the cache did.
struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "See it work: a small site, the cache in front of it, a burst of requests.",
        discussion: "Needs no settings, no privileges and no network. The volume lies in a temporary folder and is removed at the end."
    )

    @Option(help: "Where to listen; port 0 takes a free one. (default: 127.0.0.1:8080, or a free port when that is taken)")
    var listen: String?
    @Flag(help: "End after the table instead of serving on.")
    var once = false

    func run() async throws {
        let site = try await DemoSite.start()
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("gyre-demo-\(ProcessInfo.processInfo.processIdentifier)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let settings = try await settings(site: site, folder: folder)
        let node = try await Node.start(settings)
        let address = "http://127.0.0.1:\(node.proxy.port)"
        Console.say(
            """
            A small site is at http://127.0.0.1:\(site.port), and Gyre caches it at \(address).

              open     \(address)/
              or try   curl -sI \(address)/pages/1

            Asking for pages …
            """
        )
        do {
            let burst = try await DemoBurst().run(against: node.proxy.port, site: site)
            var table = DemoTable(burst)
            let totals = node.proxy.counters.totals()
            table.hitsInMemory = totals.requests(.hitMemory)
            table.hitsOnDisk = totals.requests(.hitDisk)
            table.bytesFromOrigin = site.bytes
            // What is still in membufs counts too: it is on its way.
            await withCheckedContinuation { continuation in node.store.flush { continuation.resume() } }
            table.bytesWritten = node.store.statistics.volume?.deviceBytesWritten ?? 0
            Console.say(table.render() + "\n")
        } catch {
            Console.error("gyre demo: the burst broke off: \(error)")
        }
        if once {
            await node.stop()
        } else {
            Console.say("Serving on until Ctrl-C. The metrics are at \(node.adminAddress ?? "no address")/metrics.")
            await node.runUntilTold { settings }
        }
        await site.shutDown()
    }

    private func settings(site: DemoSite, folder: URL) async throws -> GyreSettings {
        let values = [
            "origin.url": "http://127.0.0.1:\(site.port)",
            "server.listen": listen ?? (LoopbackPort.isFree(8080) ? "127.0.0.1:8080" : "127.0.0.1:0"), "admin.listen": "127.0.0.1:0",
            "log.access": "none",
            "volume.path": folder.appendingPathComponent("volume.gyre").path, "volume.size": "64MiB", "memory.size": "4MiB",
            "server.workers": "1",
        ]
        do {
            return try await GyreSettings.load(commandLine: values, environment: ["HOME": folder.path], file: nil)
        } catch {
            Console.error(error.render())
            throw ExitCode(2)
        }
    }
}
