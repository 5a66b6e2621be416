// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Foundation
import GyreTelemetry
import Testing

/// The pages in `docs/` are made from the tables. Set GYRE_WRITE_DOCS=1 to write them anew.
@Suite struct ManualPageTests {
    @Test(arguments: [("metrics.md", MetricsTable.renderManual()), ("access-log.md", AccessLogFields.renderManual())])
    func `a page in docs is what its table says`(name: String, text: String) throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let page = root.appendingPathComponent("docs").appendingPathComponent(name)
        if ProcessInfo.processInfo.environment["GYRE_WRITE_DOCS"] != nil { try Data(text.utf8).write(to: page) }
        #expect(try String(contentsOf: page, encoding: .utf8) == text)
    }
}
