// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import ArgumentParser
import Foundation
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
        let temporary = try await TemporaryNode.start(
            origin: site.port,
            listen: listen ?? (LoopbackPort.isFree(8080) ? "127.0.0.1:8080" : "127.0.0.1:0"),
            memory: "4MiB",
            volumeSize: "64MiB"
        )
        defer { temporary.removeVolume() }
        let node = temporary.node
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
            table.bytesWritten = await temporary.bytesWritten()
            Console.say(table.render() + "\n")
        } catch {
            Console.error("gyre demo: the burst broke off: \(error)")
        }
        if once {
            await node.stop()
        } else {
            Console.say("Serving on until Ctrl-C. The metrics are at \(node.adminAddress ?? "no address")/metrics.")
            await node.runUntilTold { temporary.settings }
        }
        await site.shutDown()
    }
}
