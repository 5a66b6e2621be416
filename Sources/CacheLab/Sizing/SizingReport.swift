// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Foundation

/// A study as text for people or as JSON.
package struct SizingReport: Sendable {
    package var traceName: String
    package var study: SizingStudy
    /// How often a day, for five years, the flash may be written as a whole.
    package var ratedWritesPerDay: Double

    package init(traceName: String, study: SizingStudy, ratedWritesPerDay: Double) {
        self.traceName = traceName
        self.study = study
        self.ratedWritesPerDay = ratedWritesPerDay
    }

    package var table: String {
        var rows = [["memory", "disk", "object hits", "byte hits", "LRU object hits", "written/requested", "written a day", "flash lasts"]]
        for row in study.rows {
            let rate = study.bytesWrittenPerSecond(row)
            rows.append([
                SimulationReport.size(row.memoryBytes), SimulationReport.size(row.volumeBytes),
                SimulationReport.percent(row.objectHitRatio),
                SimulationReport.percent(row.byteHitRatio), SimulationReport.percent(row.lruObjectHitRatio),
                SimulationReport.decimals(row.writtenPerRequestedByte, 3), rate.map { SimulationReport.size(Int($0 * 86_400)) } ?? "-",
                study.years(row, ratedWritesPerDay: ratedWritesPerDay).map(Self.years) ?? "-",
            ])
        }
        let head =
            "\(traceName): \(study.requests) requests, \(SimulationReport.size(study.uniqueBytes)) unique; "
            + "\(study.sampledObjects) objects sampled (\(SimulationReport.decimals(study.share * 100, study.share < 0.1 ? 2 : 0)) %)"
        return ([head] + TextTable.lines(rows) + [""] + sentences).joined(separator: "\n")
    }

    /// What twice and half of each size would bring.
    package var sentences: [String] {
        guard let now = study.row() else { return [] }
        var lines: [String] = []
        func compare(_ what: String, _ other: SizingStudy.Row?) {
            guard let other else { return }
            let points = (other.objectHitRatio - now.objectHitRatio) * 100
            // Less than a point is less than a sample can tell.
            var line =
                abs(points) < 1
                ? "\(what) changes object hits by less than a point"
                : "\(what) \(points > 0 ? "brings" : "costs") \(Self.points(abs(points))) of object hits"
            if let years = study.years(other, ratedWritesPerDay: ratedWritesPerDay) { line += "; the flash lasts \(Self.years(years))" }
            lines.append(line + ".")
        }
        compare("Twice the disk", study.row(volume: 2))
        compare("Half the disk", study.row(volume: 0.5))
        compare("Twice the memory", study.row(memory: 2))
        compare("Half the memory", study.row(memory: 0.5))
        if study.requestsPerSecond == nil {
            lines.append("The trace has no times: give --requests-per-second for bytes a day and the life of the flash.")
        }
        return lines
    }

    package var json: String {
        var object: [String: Any] = [
            "trace": traceName, "requests": study.requests, "bytes_requested": study.requestedBytes, "unique_bytes": study.uniqueBytes,
            "sampled_objects": study.sampledObjects, "sampled_share": study.share, "rated_drive_writes_per_day": ratedWritesPerDay,
            "rows": study.rows.map(fields),
            "lru_curve": study.curve.map {
                ["bytes": $0.bytes, "object_hit_ratio": $0.objects, "byte_hit_ratio": $0.byteRatio] as [String: Any]
            }, "sentences": sentences,
        ]
        if let rate = study.requestsPerSecond { object["requests_per_second"] = rate }
        guard
            let data = try? JSONSerialization.data(withJSONObject: object, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
        else { return "{}" }
        return String(decoding: data, as: UTF8.self)
    }

    private func fields(_ row: SizingStudy.Row) -> [String: Any] {
        var fields: [String: Any] = [
            "memory_bytes": row.memoryBytes, "volume_bytes": row.volumeBytes, "object_hit_ratio": row.objectHitRatio,
            "byte_hit_ratio": row.byteHitRatio, "lru_object_hit_ratio": row.lruObjectHitRatio, "lru_byte_hit_ratio": row.lruByteHitRatio,
            "written_per_requested_byte": row.writtenPerRequestedByte,
        ]
        if let rate = study.bytesWrittenPerSecond(row) { fields["bytes_written_per_second"] = rate }
        if let years = study.years(row, ratedWritesPerDay: ratedWritesPerDay) { fields["flash_years"] = years }
        return fields
    }

    private static func points(_ points: Double) -> String {
        let text = SimulationReport.decimals(points, 1)
        return text == "1.0" ? "1 point" : "\(text) points"
    }

    private static func years(_ years: Double) -> String {
        if years >= 100 { return "over 100 years" }
        if years >= 1 { return "\(SimulationReport.decimals(years, 1)) years" }
        return "\(SimulationReport.decimals(years * 365, years * 365 < 10 ? 1 : 0)) days"
    }
}
