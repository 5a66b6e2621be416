// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
import Foundation
import GyreTestKit
import Testing

extension EndToEnd {
    @Suite(.serialized)
    struct SimulateTests {
        private static func log() -> String {
            var random = SeededRandom(seed: 11)
            var lines: [String] = []
            for second in 0..<6000 {
                let share = Double.random(in: 0..<1, using: &random)
                let object = Int(share * share * 3000)
                lines.append("\(second),\(object),\(500 + object * 131 % 20_000)")
            }
            lines[100] = "no line at all"
            return lines.joined(separator: "\n") + "\n"
        }

        @Test("A trace is replayed for sizes, policies, budgets and tunings, and the result is shown in every form")
        func everyForm() async throws {
            try await Rig.run { rig in
                let trace = rig.folder.file("trace.csv")
                try Self.log().write(toFile: trace, atomically: true, encoding: .utf8)
                let page = rig.folder.file("page.html")
                let sizes = ["--memory", "1%", "--volume-size", "5%", "20%"]
                let csv = try await output(
                    in: rig,
                    ["simulate", trace] + sizes
                        + [
                            "--replacement", "gyre", "relocate-on-hit=50", "lru", "--write-budget", "none", "20KB/s", "--byte-share", "0",
                            "1", "--csv",
                        ]
                        + ["--html", page]
                )
                let rows = csv.split(separator: "\n").map { $0.split(separator: ",", omittingEmptySubsequences: false) }
                // Two sizes of four kinds of gyre, two of the ancestor, one of what knows neither budget nor share.
                #expect(rows.count == 15, "\(csv)")
                let html = try String(contentsOfFile: page, encoding: .utf8)
                #expect(html.contains("Byte hit ratio against size") && html.contains("gyre, 20KB/s, byte share 0"))

                let json = try await output(
                    in: rig,
                    ["simulate", trace] + sizes + ["--replacement", "gyre", "--write-chance", "0", "1", "--relocation-uses", "2", "--json"]
                )
                let report = try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
                let about = try #require(report["trace"] as? [String: Any])
                #expect(about["unreadable"] as? Int == 1)
                #expect(about["requests"] as? Int == 5999)
                let results = try #require(report["results"] as? [[String: Any]])
                #expect(results.map { $0["tuning_is_fixed"] as? Bool } == [true, true, true, true])
                func written(_ chance: Double) -> [Int] {
                    results.filter { $0["write_chance"] as? Double == chance }.compactMap { $0["device_bytes_written"] as? Int }
                }
                let (never, always) = (written(0), written(1))
                #expect(never.count == 2)
                #expect(always.count == 2)
                for (less, more) in zip(never, always) { #expect(less < more) }
            }
        }

        private func output(in rig: Rig, _ arguments: [String]) async throws -> String {
            let process = try await rig.run(try Program.gyre(), arguments, within: .seconds(60))
            #expect(process.ended == .status(0), "\(process.errorTail)")
            #expect(process.errors.contains("1 lines or records of \(arguments[1]) made no sense"))
            return process.output
        }
    }
}
