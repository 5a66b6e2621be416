// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
import Glibc

/// `store-bench NAME key=value …`: runs one measurement and prints each of its results as a line of JSON. `Benchmarks/store` runs them all.
@main
struct StoreBench {
    static func main() async throws {
        let words = CommandLine.arguments.dropFirst()
        guard let name = words.first else { return usage() }
        let options = Options(words.dropFirst())
        switch name {
        case "engines": try await EnginesBench(options).run()
        case "put": try await PutBench(options).run()
        case "get": try await GetBench(options).run()
        case "path": try await PathBench(options).run()
        case "objects": try await ObjectsBench(options).run()
        case "index": IndexBench(options).run()
        case "forge": try await RestartBench(options).forge()
        case "restart": try await RestartBench(options).run()
        default: usage()
        }
    }

    private static func usage() {
        print("store-bench engines|put|get|path|objects|index|forge|restart [key=value …]; see Benchmarks/README.md")
    }
}

/// `key=value` words.
struct Options {
    private var values: [String: String] = [:]

    init(_ words: some Sequence<String>) {
        for word in words {
            let parts = word.split(separator: "=", maxSplits: 1)
            if parts.count == 2 { values[String(parts[0])] = String(parts[1]) }
        }
    }

    func int(_ name: String, _ standard: Int) -> Int { values[name].flatMap { Int($0) } ?? standard }
    func double(_ name: String, _ standard: Double) -> Double { values[name].flatMap { Double($0) } ?? standard }
    func text(_ name: String, _ standard: String) -> String { values[name] ?? standard }
}

/// Prints one result.
func report(_ bench: String, _ subject: String, _ values: [(String, Double)]) {
    let fields = values.map { "\"\($0.0)\": \($0.1)" }.joined(separator: ", ")
    print("{\"bench\": \"\(bench)\", \"subject\": \"\(subject)\", \(fields)}")
    fflush(nil)
}
