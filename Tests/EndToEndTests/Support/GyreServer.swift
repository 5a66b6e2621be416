// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Foundation
import GyreTestKit

/// The real `gyre serve` on free ports, started and stopped as often as a test wants, always with the same flags.
struct GyreServer: Sendable {
    let port: Int
    let adminPort: Int
    private let rig: Rig
    private let arguments: [String]

    /// - Parameter flags: beside `--origin`, `--listen` and `--admin`. Without another word nothing is logged.
    init(in rig: Rig, origin: String, _ flags: [String]) throws {
        self.rig = rig
        port = try FreePort.next()
        adminPort = try FreePort.next()
        var all = ["serve", "--origin", origin, "--listen", "127.0.0.1:\(port)", "--admin", "127.0.0.1:\(adminPort)"] + flags
        if !flags.contains("--access-log") { all += ["--access-log", "none"] }
        arguments = all
    }

    var url: String { "http://127.0.0.1:\(port)" }

    /// Starts it and waits until it says that it is ready, on standard output and on `/readyz`.
    func start() async throws -> ChildProcess {
        let process = try rig.start(try Program.gyre(), arguments)
        try await eventually(within: .seconds(60), "gyre is ready") {
            if let ended = process.ended { throw Ended(exit: ended, errors: process.errorTail) }
            guard process.output.contains("ready") else { return false }
            return try await isReady()
        }
        return process
    }

    /// False when `/readyz` says so, and when nobody answers.
    func isReady() async throws -> Bool { (try? await adminPage("/readyz").status) == 200 }

    /// Stops it with SIGTERM.
    func stop(_ process: ChildProcess, within limit: Duration = .seconds(30)) async throws -> ChildProcess.Exit {
        process.signal(SIGTERM)
        return try await process.waitForExit(within: limit)
    }

    func adminPage(_ path: String) async throws -> RawResponse {
        let client = try await RawClient.connect(port: adminPort)
        let page = try await client.get(path, ["Connection": "close"])
        await client.close()
        return page
    }

    /// A metric's value, summed over the series that have all these labels (`result="hit-memory"`).
    func metric(_ name: String, _ labels: String...) async throws -> Double {
        try await adminPage("/metrics").text.split(separator: "\n").reduce(0) { sum, line in
            guard line.hasPrefix(name + "{") || line.hasPrefix(name + " "), labels.allSatisfy({ line.contains($0) }) else { return sum }
            return sum + (line.split(separator: " ").last.flatMap { Double($0) } ?? 0)
        }
    }

    struct Ended: Error, CustomStringConvertible {
        let exit: ChildProcess.Exit
        let errors: String
        var description: String { "gyre ended before it was ready (\(exit)): \(errors)" }
    }
}
