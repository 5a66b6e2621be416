// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Columns under one another.
package enum TextTable {
    /// Lines of rows that are equally long: the first column to the left, the others to the right.
    package static func lines(_ rows: [[String]]) -> [String] {
        let widths = (rows.first ?? []).indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            row.enumerated().map { column, text in
                let gap = String(repeating: " ", count: widths[column] - text.count)
                return column == 0 ? text + gap : gap + text
            }.joined(separator: "  ")
        }
    }
}
