// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
import Foundation

/// The results of a simulation, to be shown.
package struct SimulationReport: Sendable {
    package var traceName: String
    package var requests: Int
    package var objects: Int
    package var uniqueBytes: Int
    package var unreadable: Int
    package var results: [RunResult]

    package init(traceName: String, trace: Trace, results: [RunResult]) {
        self.traceName = traceName
        requests = trace.requests.count
        objects = trace.objectCount
        uniqueBytes = trace.uniqueBytes
        unreadable = trace.unreadable
        self.results = results
    }

    // MARK: Table

    /// For a terminal.
    package var table: String {
        var rows = [
            [
                "policy", "memory", "volume", "object hits", "byte hits", "written/requested", "written/missed", "relocated", "kept",
                "M req/s",
            ]
        ]
        for result in results {
            let totals = result.totals
            rows.append([
                result.configuration.name, Self.size(result.configuration.store.memoryBytes),
                Self.size(result.configuration.store.volumeBytes), Self.percent(totals.objectHitRatio), Self.percent(totals.byteHitRatio),
                Self.decimals(totals.writtenPerRequestedByte, 3), Self.decimals(result.writtenPerMissedByte, 3),
                Self.size(totals.relocatedBytes), "\(totals.stripesKept)", Self.decimals(result.requestsPerSecond / 1e6, 2),
            ])
        }
        let lines = TextTable.lines(rows)
        let head =
            "\(traceName): \(requests) requests, \(objects) objects, \(Self.size(uniqueBytes)) unique"
            + (unreadable > 0 ? "; \(unreadable) lines or records made no sense and were left out" : "")
        return head + "\n" + lines.joined(separator: "\n") + "\n"
    }

    // MARK: JSON and CSV

    /// One object: `trace` and `results`; the fields of a single result are at the top as well.
    package var json: String {
        var object: [String: Any] = [
            "trace": ["name": traceName, "requests": requests, "objects": objects, "unique_bytes": uniqueBytes, "unreadable": unreadable]
                as [String: Any],
            "results": results.map(Self.fields),
        ]
        if results.count == 1, let only = results.first { object.merge(Self.fields(only)) { old, _ in old } }
        guard
            let data = try? JSONSerialization.data(withJSONObject: object, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
        else { return "{}" }
        return String(decoding: data, as: UTF8.self)
    }

    private static func fields(_ result: RunResult) -> [String: Any] {
        let (totals, store) = (result.totals, result.configuration.store)
        var fields: [String: Any] = [
            "replacement": result.configuration.subject.name, "variant": result.configuration.variant, "memory_bytes": store.memoryBytes,
            "volume_bytes": store.volumeBytes,
            "requests": totals.requests, "bytes_requested": totals.requestedBytes, "hits_memory": totals.memoryHits,
            "hits_disk": totals.diskHits, "bytes_hit": totals.hitBytes, "object_hit_ratio": totals.objectHitRatio,
            "byte_hit_ratio": totals.byteHitRatio, "device_bytes_written": totals.deviceBytesWritten,
            "written_per_requested_byte": totals.writtenPerRequestedByte, "written_per_missed_byte": result.writtenPerMissedByte,
            "records_written": totals.recordsWritten, "records_relocated": totals.recordsRelocated,
            "bytes_relocated": totals.relocatedBytes,
            "records_dropped": totals.recordsDropped, "stripes_kept": totals.stripesKept,
            "hot_stripes_replaced": totals.hotStripesReplaced, "refused_by_budget": totals.refusedByBudget,
            "hit_ratio_over_time": result.hitRatios, "seconds": result.seconds, "requests_per_second": result.requestsPerSecond,
        ]
        if result.configuration.subject == .store(.gyre) {
            fields["byte_share"] = Double(store.byteShare)
            fields["written_byte_cost"] = Double(store.writtenByteCost)
        }
        if let tuning = result.tuning ?? store.tuning {
            fields["tuning_is_fixed"] = store.tuning != nil
            fields["write_chance"] = Double(tuning.writeChance) / Double(Tuning.always)
            fields["relocation_uses"] = Double(tuning.relocationUses)
        }
        if let limit = store.bytesPerSecond { fields["budget_bytes_per_second"] = limit }
        if let limit = store.bytesPerDay { fields["budget_bytes_per_day"] = limit }
        if result.reuse.total > 0, let reuse = try? JSONSerialization.jsonObject(with: Data(result.reuse.json.utf8)) {
            fields["reuse"] = reuse
        }
        return fields
    }

    /// A line for each result; a cell is empty where it has no meaning. Hit ratios over time are those of twentieths of the trace.
    package var csv: String {
        let names = Self.csvColumns.map(\.name) + (1...Runner.slices).map { "hit_ratio_\($0)" }
        let uses = (0..<ReuseStatistics.useClasses).map { "left_after_" + ReuseStatistics.useName($0) }
        var lines = [(names + uses).joined(separator: ",")]
        for result in results {
            let cells = Self.csvColumns.map { $0.value(result) ?? "" } + result.hitRatios.map { "\($0)" }
            let left = (0..<ReuseStatistics.useClasses).map { result.reuse.total > 0 ? "\(result.reuse.records(useClass: $0))" : "" }
            lines.append((cells + left).map(Self.cell).joined(separator: ","))
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// RFC 4180 §2: a comma stands in quotes.
    private static func cell(_ text: String) -> String { text.contains(",") ? "\"\(text)\"" : text }

    private static let csvColumns: [(name: String, value: @Sendable (RunResult) -> String?)] = [
        ("replacement", { $0.configuration.subject.name }),
        ("variant", { $0.configuration.variant }),
        ("memory_bytes", { "\($0.configuration.store.memoryBytes)" }),
        ("volume_bytes", { "\($0.configuration.store.volumeBytes)" }),
        ("budget_bytes_per_second", { $0.configuration.store.bytesPerSecond.map { "\($0)" } }),
        ("budget_bytes_per_day", { $0.configuration.store.bytesPerDay.map { "\($0)" } }),
        ("byte_share", { $0.configuration.subject == .store(.gyre) ? "\($0.configuration.store.byteShare)" : nil }),
        ("written_byte_cost", { $0.configuration.subject == .store(.gyre) ? "\($0.configuration.store.writtenByteCost)" : nil }),
        ("write_chance", { ($0.tuning ?? $0.configuration.store.tuning).map { "\(Double($0.writeChance) / Double(Tuning.always))" } }),
        ("relocation_uses", { ($0.tuning ?? $0.configuration.store.tuning).map { "\($0.relocationUses)" } }),
        ("requests", { "\($0.totals.requests)" }),
        ("bytes_requested", { "\($0.totals.requestedBytes)" }),
        ("object_hit_ratio", { "\($0.totals.objectHitRatio)" }),
        ("byte_hit_ratio", { "\($0.totals.byteHitRatio)" }),
        ("device_bytes_written", { "\($0.totals.deviceBytesWritten)" }),
        ("written_per_requested_byte", { "\($0.totals.writtenPerRequestedByte)" }),
        ("written_per_missed_byte", { "\($0.writtenPerMissedByte)" }),
        ("records_relocated", { "\($0.totals.recordsRelocated)" }),
        ("bytes_relocated", { "\($0.totals.relocatedBytes)" }),
        ("stripes_kept", { "\($0.totals.stripesKept)" }),
        ("refused_by_budget", { "\($0.totals.refusedByBudget)" }),
        ("requests_per_second", { "\($0.requestsPerSecond)" }),
    ]

    // MARK: Numbers

    package static func size(_ bytes: Int) -> String {
        let units = ["B", "KiB", "MiB", "GiB", "TiB"]
        var value = Double(bytes)
        var unit = 0
        while value >= 1024, unit < units.count - 1 {
            value /= 1024
            unit += 1
        }
        return unit == 0 ? "\(bytes) B" : "\(decimals(value, 1)) \(units[unit])"
    }

    static func percent(_ ratio: Double) -> String { decimals(ratio * 100, 2) + " %" }

    static func decimals(_ value: Double, _ count: Int) -> String { String(format: "%.\(count)f", value) }
}
