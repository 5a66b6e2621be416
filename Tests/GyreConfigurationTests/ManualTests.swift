// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Foundation
import Testing

@testable import GyreConfiguration

struct ManualTests {
    /// `docs/settings.md` beside `Tests`. Set GYRE_WRITE_DOCS=1 to write it anew.
    static let page = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("docs/settings.md")

    @Test(.enabled(if: FileManager.default.fileExists(atPath: page.path)))
    func theManualPageIsTheTable() throws {
        if ProcessInfo.processInfo.environment["GYRE_WRITE_DOCS"] != nil {
            try Data(SettingsTable.renderManual().utf8).write(to: Self.page)
        }
        let written = try String(contentsOf: Self.page, encoding: .utf8).split(separator: "\n", omittingEmptySubsequences: false)
        let made = SettingsTable.renderManual().split(separator: "\n", omittingEmptySubsequences: false)
        let difference = zip(written, made).first { $0 != $1 }
        #expect(difference == nil, "docs/settings.md is not what the table makes; write it again")
        #expect(written.count == made.count)
    }

    @Test func theManualHasOneRowForEachSettingAndEachVariable() {
        let lines = SettingsTable.renderManual().split(separator: "\n")
        for setting in SettingsTable.settings {
            #expect(lines.filter { $0.hasPrefix("| `\(setting.key)` | ") }.count == 1)
            #expect(lines.contains("| `\(setting.environmentName)` | `\(setting.key)` |"))
        }
        #expect(
            lines.contains(
                "| `volume.stripe-size` |  | size | `1MiB` | 256KiB to 16MiB, a power of two | "
                    + "Bytes written at once; fixed when the volume is made |"
            )
        )
        #expect(
            lines.contains(
                "| `server.max-body` |  | size or unlimited | `unlimited` |  | "
                    + "Largest body of a request; a larger one is answered with 413 |"
            )
        )
        #expect(
            lines.contains(
                "| `origin.url` | `--origin` | URL or none | (required without `forward.enabled`) |  | "
                    + "The site that the cache fetches from; none for a forward proxy alone |"
            )
        )
        let tables = lines.filter { $0.hasPrefix("|") }
        #expect(tables.allSatisfy { [3, 7].contains($0.filter { $0 == "|" }.count) })
    }

    @Test func theHelpHasOneAlignedLineForEachFlag() {
        let lines = SettingsTable.helpLines()
        #expect(lines.count == SettingsTable.settings.filter { $0.flag != nil }.count)
        #expect(
            lines.first
                == "  --origin URL                   The site that the cache fetches from; none for a forward proxy alone (required)"
        )
        #expect(lines.contains("  --listen ADDRESS               Where clients connect (default: 127.0.0.1:8080)"))
        #expect(lines.contains("  --access-log-format WORD       How such a line is laid out (default: combined)"))
    }
}
