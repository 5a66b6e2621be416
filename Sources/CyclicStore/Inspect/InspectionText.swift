// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Summaries as text for a terminal: one fact a line, then one stripe or record a line under a line of titles.
extension VolumeSummary {
    /// The superblock.
    package var text: String {
        func state(_ intact: Bool) -> String { intact ? "intact" : "damaged" }
        return """
            volume id        \(volumeID)
            format version   \(formatVersion)
            superblocks      first \(state(firstSuperblockIsIntact)), second \(state(secondSuperblockIsIntact))
            created at       \(createdAtSeconds)
            stripes          \(stripeCount) of \(stripeBytes) bytes, from byte \(dataOffset)
            record alignment \(recordAlignment) bytes
            regions          \(regions.map { "\($0.name) \($0.byteCount) from byte \($0.offset)" }.joined(separator: ", "))
            size             \(volumeBytes) bytes, the device has \(deviceBytes)\(isShrunk ? ": TOO FEW" : "")

            """
    }
}

extension VolumeSurvey {
    /// The superblock, totals, and a line for each stripe that was ever written.
    package var text: String {
        let verdicts = StripeVerdict.allCases.map { "\(count($0)) \($0.rawValue)" }.joined(separator: ", ")
        let records = stripes.reduce(0) { $0 + $1.records }
        let tombstones = stripes.reduce(0) { $0 + $1.tombstones }
        let rows = stripes.filter { $0.verdict != .blank }.map(\.row)
        return volume.text + """
            verdicts         \(verdicts)
            head             stripe \(headStripe)\(newestStripe.map { ", newest \($0)" } ?? ", nothing written yet")
            records          \(records), and \(tombstones) tombstones

            """ + (rows.isEmpty ? "" : "\n" + Table.text(StripeSummary.titles, rows))
    }
}

extension StripeSummary {
    static let titles = ["stripe", "verdict", "sequence", "records", "tombstones", "used-bytes", "opened-at"]

    var row: [String] {
        [
            String(stripe), verdict.rawValue, sequence.map { String($0) } ?? "-", String(records), String(tombstones), String(usedBytes),
            openedAtSeconds.map { String($0) } ?? "-",
        ]
    }

    /// The stripe in one line, under a line of titles.
    package var text: String { Table.text(Self.titles, [row]) }
}

extension RecordSummary {
    static let titles = ["offset", "length", "kind", "serial", "verdict", "metadata", "payload", "key"]

    var row: [String] {
        [
            String(offset), String(length), kind, String(serial), verdict.rawValue, metadataBytes.map { String($0) } ?? "-",
            payloadBytes.map { String($0) } ?? "-", key ?? "#" + hash,
        ]
    }

    /// A line for each record, under a line of titles.
    package static func text(_ records: [RecordSummary]) -> String { Table.text(titles, records.map(\.row)) }
}

private enum Table {
    static func text(_ titles: [String], _ rows: [[String]]) -> String {
        var widths = titles.map(\.count)
        for row in rows { for (column, cell) in row.enumerated() { widths[column] = max(widths[column], cell.count) } }
        return ([titles] + rows).map { line($0, widths) }.joined()
    }

    private static func line(_ cells: [String], _ widths: [Int]) -> String {
        var text = ""
        for (column, cell) in cells.enumerated() {
            text += cell
            // Nothing follows the last column, so nothing pads it.
            if column < cells.count - 1 { text += String(repeating: " ", count: widths[column] - cell.count + 2) }
        }
        return text + "\n"
    }
}
