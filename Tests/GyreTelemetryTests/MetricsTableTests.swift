// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Testing

@testable import GyreTelemetry

@Suite struct MetricsTableTests {
    @Test func namesAreUniqueAndSayWhatTheyAre() {
        #expect(Set(MetricsTable.all.map(\.name)).count == MetricsTable.all.count)
        for metric in MetricsTable.all {
            #expect(metric.name == MetricText.name(metric.name))
            #expect(metric.name.hasPrefix("gyre_"))
            #expect(metric.name.hasSuffix("_total") == (metric.kind == .counter), "\(metric.name)")
            if metric.unit == .bytes { #expect(metric.name.contains("bytes"), "\(metric.name)") }
            if metric.unit == .seconds { #expect(metric.name.hasSuffix("_seconds"), "\(metric.name)") }
            #expect(!metric.help.isEmpty && !metric.help.hasSuffix(".") && !metric.help.contains("|") && !metric.help.contains("\n"))
            for label in metric.labels { #expect(label.name == MetricText.labelName(label.name)) }
        }
    }

    @Test(arguments: [
        "gyre_requests_total", "gyre_request_duration_seconds", "gyre_response_bytes_total", "gyre_origin_requests_total",
        "gyre_origin_response_bytes_total", "gyre_origin_errors_total", "gyre_client_connections", "gyre_client_connections_total",
        "gyre_wire_errors_total", "gyre_not_stored_total", "gyre_store_records", "gyre_store_refused_writes_total", "gyre_build_info",
    ])
    func whatWasPromisedIsThere(name: String) {
        #expect(MetricsTable.description(named: name)?.name == name)
    }

    @Test func everyReasonNameIsLowerCaseWithHyphens() {
        let names =
            RequestResult.allCases.map(\.rawValue) + DroppedLine.allCases.map(\.rawValue) + DroppedSeries.allCases.map(\.rawValue)
            + LogTargetError.Operation.allCases.map(\.rawValue)
        for name in names {
            #expect(!name.isEmpty && name.utf8.allSatisfy { (0x61...0x7A).contains($0) || $0 == 0x2D }, "\(name)")
        }
    }

    @Test func placesInTablesAreTheOrderOfTheCases() {
        #expect(RequestResult.allCases.map(\.index) == Array(0..<RequestResult.allCases.count))
        #expect(DroppedSeries.allCases.map(\.index) == Array(0..<DroppedSeries.allCases.count))
        #expect(DroppedLine.allCases.map(\.index) == Array(0..<DroppedLine.allCases.count))
        #expect(LogTargetError.Operation.allCases.map(\.index) == Array(0..<LogTargetError.Operation.allCases.count))
    }

    @Test func theManualHasARowForEachMetric() {
        let lines = Set(MetricsTable.renderManual().split(separator: "\n").map(String.init))
        for metric in MetricsTable.all {
            let labels = metric.labels.map { "`\($0.name)`" }.joined(separator: ", ")
            #expect(lines.contains("| `\(metric.name)` | \(metric.kind.rawValue) | \(metric.unit.rawValue) | \(labels) | \(metric.help) |"))
        }
        #expect(
            lines.contains(
                "| `gyre_requests_total` | `result` | `hit-memory`, `hit-disk`, `miss`, `revalidated`, `stale`, `bypass`, `tunnel`, `error` |"
            )
        )
        #expect(
            lines.contains(
                "Histograms of time have these upper bounds, in seconds: 1e-05, 2e-05, 5e-05, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, "
                    + "0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100."
            )
        )
    }

    @Test func theMetricsPageShowsNothingThatIsNotInTheTable() {
        let registry = PrometheusRegistry()
        let words = ReasonWords(["a"])
        let lists = ReasonLists(originErrors: words, wireErrors: words, notStored: words, refusals: words)
        let hub = LoopCountersHub(loopCount: 1, reasons: lists)
        for word in ["a", "b"] {
            hub.loops[0].countOriginError(word)
            hub.loops[0].countWireError(word)
            hub.loops[0].countNotStored(word)
            hub.loops[0].countRefusal(word)
        }
        var store = StoreMetrics()
        store.refusedWrites = [("a", 1)]
        store.admission = [("a", 1)]
        let stored = store
        let writer = AccessLogWriter(target: NoLogTarget())
        registry.registerCollector { sink in
            hub.collect(into: &sink)
            stored.collect(into: &sink)
            writer.collect(into: &sink)
            sink.add(MetricsTable.buildInfo, ["1.2.3"], value: 1)
        }
        let page = PrometheusRegistryTests.text(registry)
        let shown = page.split(separator: "\n").filter { $0.hasPrefix("# TYPE ") }.map { String($0.split(separator: " ")[2]) }
        #expect(shown == MetricsTable.all.map(\.name).sorted())
        #expect(page.contains("\ngyre_build_info{version=\"1.2.3\"} 1\n"))
        for reason in DroppedSeries.allCases { #expect(registry.droppedSeries(reason) == 0) }
    }
}
