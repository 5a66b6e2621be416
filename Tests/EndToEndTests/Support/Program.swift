// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Foundation

/// A program that the tests run: where it is, or a clear word that it is missing.
enum Program {
    /// The server under test: `GYRE_BINARY`, or what the build put beside the test bundle.
    static func gyre() throws -> String {
        if let path = ProcessInfo.processInfo.environment["GYRE_BINARY"], !path.isEmpty {
            guard FileManager.default.isExecutableFile(atPath: path) else {
                throw Missing(name: path, advice: "GYRE_BINARY does not name a program")
            }
            return path
        }
        let bundle = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let path = URL(fileURLWithPath: bundle).deletingLastPathComponent().appendingPathComponent("gyre").path
        guard FileManager.default.isExecutableFile(atPath: path) else { throw Missing(name: path, advice: "run 'swift build' first") }
        return path
    }

    /// A program of the system, by name.
    static func find(_ name: String) throws -> String {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        // Debian keeps daemons where the PATH of a user does not reach.
        let folders = path.split(separator: ":").map(String.init) + ["/usr/sbin", "/sbin", "/usr/bin"]
        for folder in folders {
            let candidate = "\(folder)/\(name)"
            if FileManager.default.isExecutableFile(atPath: candidate) { return candidate }
        }
        throw Missing(name: name, advice: "scripts/test installs it")
    }

    struct Missing: Error, CustomStringConvertible {
        let name: String
        let advice: String
        var description: String { "\(name) was not found: \(advice)" }
    }
}
