// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
import Foundation

/// Simulator and store side by side, as text for people or as JSON.
package struct ReplayReport: Sendable {
    /// One configuration both ways.
    package struct Row: Sendable {
        package var simulated: RunResult
        package var replayed: StoreReplay.Outcome

        package init(simulated: RunResult, replayed: StoreReplay.Outcome) {
            self.simulated = simulated
            self.replayed = replayed
        }

        /// Device bytes for each byte requested, by the system's count where there is one.
        package var systemBytesPerRequestedByte: Double? {
            let requested = replayed.totals.requestedBytes
            return requested == 0 ? nil : replayed.systemBytesWritten.map { Double($0) / Double(requested) }
        }

        /// The largest difference of hit ratios and bytes written, in points.
        package var pointsApart: Double {
            let (model, real) = (simulated.totals, replayed.totals)
            return 100
                * max(
                    abs(model.objectHitRatio - real.objectHitRatio),
                    abs(model.byteHitRatio - real.byteHitRatio),
                    abs(model.writtenPerRequestedByte - real.writtenPerRequestedByte)
                )
        }
    }

    package var rows: [Row]

    package init(rows: [Row]) { self.rows = rows }

    package var table: String {
        var lines = [
            [
                "policy", "memory", "volume", "object hits", "store", "difference", "byte hits", "store", "difference", "written", "store",
                "difference",
                "by the system",
            ]
        ]
        for row in rows {
            let (model, real) = (row.simulated.totals, row.replayed.totals)
            let store = row.simulated.configuration.store
            lines.append([
                row.simulated.configuration.subject.name, SimulationReport.size(store.memoryBytes),
                SimulationReport.size(store.volumeBytes),
                SimulationReport.percent(model.objectHitRatio), SimulationReport.percent(real.objectHitRatio),
                Self.points(real.objectHitRatio - model.objectHitRatio),
                SimulationReport.percent(model.byteHitRatio), SimulationReport.percent(real.byteHitRatio),
                Self.points(real.byteHitRatio - model.byteHitRatio),
                SimulationReport.decimals(model.writtenPerRequestedByte, 3), SimulationReport.decimals(real.writtenPerRequestedByte, 3),
                Self.signed(real.writtenPerRequestedByte - model.writtenPerRequestedByte, 3),
                row.systemBytesPerRequestedByte.map { SimulationReport.decimals($0, 3) } ?? "-",
            ])
        }
        var notes: [String] = []
        for row in rows {
            let name =
                "\(row.simulated.configuration.subject.name), \(SimulationReport.size(row.simulated.configuration.store.volumeBytes))"
            if row.replayed.departuresDropped > 0 {
                notes.append("\(name): the disk was too slow; \(row.replayed.departuresDropped) objects that left memory were forgotten.")
            }
            if row.replayed.wrongBytes > 0 { notes.append("\(name): \(row.replayed.wrongBytes) pieces had WRONG BYTES.") }
        }
        return (TextTable.lines(lines) + notes).joined(separator: "\n")
    }

    package var json: String {
        let objects: [[String: Any]] = rows.map { row in
            let store = row.simulated.configuration.store
            var object: [String: Any] = [
                "replacement": row.simulated.configuration.subject.name, "memory_bytes": store.memoryBytes,
                "volume_bytes": store.volumeBytes,
                "stripe_bytes": row.replayed.stripeBytes, "simulated": Self.fields(row.simulated.totals, row.simulated.tuning),
                "store": Self.fields(row.replayed.totals, row.replayed.tuning), "relocations_dropped": row.replayed.relocationsDropped,
                "departures_dropped": row.replayed.departuresDropped, "wrong_bytes": row.replayed.wrongBytes,
            ]
            if let written = row.replayed.systemBytesWritten { object["system_bytes_written"] = written }
            return object
        }
        guard let data = try? JSONSerialization.data(withJSONObject: objects, options: [.prettyPrinted, .sortedKeys]) else { return "[]" }
        return String(decoding: data, as: UTF8.self)
    }

    /// What each side decided stands beside what came of it: where the two part, this shows at which decision.
    private static func fields(_ totals: StoreModelResult, _ tuning: Tuning?) -> [String: Any] {
        var fields: [String: Any] = [
            "requests": totals.requests, "bytes_requested": totals.requestedBytes, "object_hit_ratio": totals.objectHitRatio,
            "byte_hit_ratio": totals.byteHitRatio, "device_bytes_written": totals.deviceBytesWritten, "memory_hits": totals.memoryHits,
            "disk_hits": totals.diskHits, "records_written": totals.recordsWritten, "records_relocated": totals.recordsRelocated,
            "relocated_bytes": totals.relocatedBytes, "records_dropped": totals.recordsDropped, "stripes_kept": totals.stripesKept,
            "hot_stripes_replaced": totals.hotStripesReplaced, "admission": totals.admission,
        ]
        if let tuning {
            fields["write_chance"] = Double(tuning.writeChance) / Double(Tuning.always)
            fields["relocation_uses"] = Double(tuning.relocationUses)
        }
        return fields
    }

    private static func points(_ ratio: Double) -> String { signed(ratio * 100, 2) }

    private static func signed(_ value: Double, _ digits: Int) -> String {
        (value >= 0 ? "+" : "") + SimulationReport.decimals(value, digits)
    }
}
