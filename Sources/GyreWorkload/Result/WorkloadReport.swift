// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CacheLab
import Foundation

/// A result as text for people or as JSON.
package struct WorkloadReport: Sendable {
    package var result: WorkloadResult
    /// What was asked.
    package var target: String

    package init(_ result: WorkloadResult, target: String) {
        self.result = result
        self.target = target
    }

    // MARK: Table

    package var table: String {
        let total = result.total(measuredOnly: true)
        let all = result.total(measuredOnly: false)
        var lines = [
            "\(target): \(all.requests) answers in \(Self.decimals(result.seconds, 1)) s at \(Self.decimals(result.settings.rate, 0)) requests a second, seed \(result.settings.seed)"
                + (result.isComplete ? "" : "; stopped before its end"), "",
        ]
        var rows = [["phase", "answers", "hits offered", "hits", "hits p50", "hits p99", "others p50", "others p99", "errors", "wrong"]]
        for (name, phase) in result.phases { rows.append(Self.row(name.rawValue, phase)) }
        rows.append(Self.row("both plateaus", total))
        lines += TextTable.lines(rows)
        lines.append("")

        rows = [["on the plateaus", "p50", "p90", "p99", "p99.9", "max"]]
        for (name, times) in [
            ("hits", total.hitTimes), ("hits that shared a fetch", total.joinedTimes), ("others", total.missTimes),
            ("all, since they were sent", total.serviceTimes),
        ] {
            rows.append([name] + Latencies.percentiles.map { Self.time(times.microseconds($0)) } + [Self.time(times.maxMicroseconds)])
        }
        lines += TextTable.lines(rows)
        lines.append("")
        lines += TextTable.lines(facts(total, all))
        lines += troubles(all)
        return lines.joined(separator: "\n")
    }

    private static func row(_ name: String, _ phase: PhaseResult) -> [String] {
        [
            name, "\(phase.requests)", percent(phase.offeredHitRatio), percent(phase.hitRatio), time(phase.hitTimes.microseconds(50)),
            time(phase.hitTimes.microseconds(99)), time(phase.missTimes.microseconds(50)), time(phase.missTimes.microseconds(99)),
            "\(phase.errorCount)", "\(phase.wrongCount)",
        ]
    }

    private func facts(_ total: PhaseResult, _ all: PhaseResult) -> [[String]] {
        var rows = [
            ["hit ratio the plan offers", Self.percent(result.offer.hitRatio)],
            ["byte hit ratio on the plateaus, offered", Self.percent(total.offeredByteHitRatio)],
            ["byte hit ratio on the plateaus", Self.percent(total.byteHitRatio)],
            ["bytes served", SimulationReport.size(all.bytes)],
            ["bytes from the origin", SimulationReport.size(result.originBytes)],
        ]
        if let use = result.cacheUse {
            rows.append(["bytes the cache wrote", SimulationReport.size(use.bytesWritten)])
            rows.append([
                "the cache's processor time for an answer",
                "\(Self.decimals(use.processorSeconds * 1e6 / Double(max(1, all.requests)), 0)) µs",
            ])
            rows.append(["the cache's resident memory", SimulationReport.size(use.residentBytes)])
        }
        if let written = result.volumeBytesWritten { rows.append(["bytes written to the volume", SimulationReport.size(written)]) }
        if let written = result.deviceBytesWritten { rows.append(["bytes the device took", SimulationReport.size(written)]) }
        rows.append(["connections opened", "\(result.connectionsOpened)"])
        rows.append(["the generator's own lateness, p99", Self.time(result.lateness.microseconds(99))])
        return rows
    }

    private func troubles(_ all: PhaseResult) -> [String] {
        var lines: [String] = []
        if all.reloadsFromCache > 0 { lines.append("\(all.reloadsFromCache) reloads were answered without asking the origin") }
        if result.retries > 0 { lines.append("\(result.retries) requests were sent again: their connection had been closed") }
        for (failure, count) in all.failures.sorted(by: { $0.value > $1.value }) { lines.append("error: \(failure.rawValue): \(count)") }
        for (status, count) in all.statuses.sorted(by: { $0.value > $1.value }) { lines.append("error: status \(status): \(count)") }
        for (wrong, count) in all.wrong.sorted(by: { $0.value > $1.value }) { lines.append("WRONG: \(wrong.rawValue): \(count)") }
        return lines.isEmpty ? ["no error, no stale and no wrong byte"] : lines
    }

    // MARK: JSON

    package var json: String {
        let total = result.total(measuredOnly: true)
        let all = result.total(measuredOnly: false)
        var object: [String: Any] = [
            "target": target, "seed": result.settings.seed, "rate": result.settings.rate, "seconds": result.seconds,
            "complete": result.isComplete, "offered_hit_ratio_planned": result.offer.hitRatio,
            "offered_byte_hit_ratio_planned": result.offer.byteHitRatio, "plateaus": Self.fields(total), "all": Self.fields(all),
            "phases": result.phases.map { name, phase in
                var fields = Self.fields(phase)
                fields["name"] = name.rawValue
                return fields
            }, "bytes_from_origin": result.originBytes, "requests_to_origin": result.originRequests,
            "connections_opened": result.connectionsOpened, "retries": result.retries,
            "generator_lateness_us": Self.fields(result.lateness),
        ]
        if let use = result.cacheUse {
            object["cache_bytes_written"] = use.bytesWritten
            object["cache_processor_seconds"] = use.processorSeconds
            object["cache_resident_bytes"] = use.residentBytes
        }
        if let written = result.volumeBytesWritten { object["volume_bytes_written"] = written }
        if let written = result.deviceBytesWritten { object["device_bytes_written"] = written }
        guard
            let data = try? JSONSerialization.data(withJSONObject: object, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
        else { return "{}" }
        return String(decoding: data, as: UTF8.self)
    }

    private static func fields(_ phase: PhaseResult) -> [String: Any] {
        [
            "answers": phase.requests, "hits": phase.hits, "hits_offered": phase.offeredHits, "hits_joined": phase.joined,
            "validated": phase.validated,
            "object_hit_ratio": phase.hitRatio, "offered_hit_ratio": phase.offeredHitRatio, "byte_hit_ratio": phase.byteHitRatio,
            "offered_byte_hit_ratio": phase.offeredByteHitRatio, "bytes_served": phase.bytes, "bytes_hit": phase.hitBytes,
            "aborted": phase.aborted, "reloads_from_cache": phase.reloadsFromCache, "errors": phase.errorCount, "wrong": phase.wrongCount,
            "errors_by_kind": Dictionary(
                phase.failures.map { ($0.key.rawValue, $0.value) } + phase.statuses.map { ("status \($0.key)", $0.value) },
                uniquingKeysWith: +
            ), "wrong_by_kind": Dictionary(uniqueKeysWithValues: phase.wrong.map { ($0.key.rawValue, $0.value) }),
            "hit_us": fields(phase.hitTimes), "joined_us": fields(phase.joinedTimes), "other_us": fields(phase.missTimes),
            "service_us": fields(phase.serviceTimes),
        ]
    }

    private static func fields(_ times: Latencies) -> [String: Any] {
        var fields: [String: Any] = ["count": times.count]
        for percentile in Latencies.percentiles {
            let name = "p" + (percentile == percentile.rounded() ? "\(Int(percentile))" : "\(percentile)")
            fields[name] = times.microseconds(percentile) ?? 0
        }
        fields["max"] = times.maxMicroseconds ?? 0
        return fields
    }

    // MARK: Text

    private static func time(_ microseconds: Int?) -> String {
        guard let microseconds else { return "-" }
        if microseconds < 10_000 { return "\(microseconds) µs" }
        return microseconds < 10_000_000 ? "\(microseconds / 1000) ms" : "\(microseconds / 1_000_000) s"
    }

    private static func percent(_ ratio: Double) -> String { decimals(ratio * 100, 1) + " %" }
    private static func decimals(_ value: Double, _ count: Int) -> String { String(format: "%.\(count)f", value) }
}
