// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CoreMetrics
import GyreTelemetry
import Testing

@Suite struct PrometheusRegistryTests {
    static func text(_ registry: PrometheusRegistry) -> String {
        String(decoding: registry.render(), as: UTF8.self)
    }

    /// The page without the metric that is always there.
    static func own(_ registry: PrometheusRegistry) -> String {
        text(registry).split(separator: "\n", omittingEmptySubsequences: false)
            .filter { !$0.contains(MetricsTable.droppedSeries.name) }.joined(separator: "\n")
    }

    static let noneDropped = """
        # HELP gyre_metrics_dropped_series_total Times that a series was refused a place on this page, by reason
        # TYPE gyre_metrics_dropped_series_total counter
        gyre_metrics_dropped_series_total{reason="bad-labels"} 0
        gyre_metrics_dropped_series_total{reason="bad-name"} 0
        gyre_metrics_dropped_series_total{reason="kind-conflict"} 0
        gyre_metrics_dropped_series_total{reason="series-limit"} 0

        """

    @Test func anEmptyRegistryShowsThatNothingWasDropped() {
        #expect(Self.text(PrometheusRegistry()) == Self.noneDropped)
    }

    @Test func seriesAreSortedByNameAndLabels() {
        let registry = PrometheusRegistry()
        Counter(label: "z.last", factory: registry).increment(by: 3)
        Counter(label: "a_first_total", dimensions: [("path", "/b"), ("code", "200")], factory: registry).increment()
        Counter(label: "a_first", dimensions: [("code", "200"), ("path", "/a")], factory: registry).increment(by: 2)
        #expect(
            Self.text(registry)
                == """
                # TYPE a_first_total counter
                a_first_total{code="200",path="/a"} 2
                a_first_total{code="200",path="/b"} 1

                """ + Self.noneDropped + """
                    # TYPE z_last_total counter
                    z_last_total 3

                    """
        )
    }

    @Test func helpComesFromTheTable() {
        let table = [MetricDescription("jobs_total", .counter, help: "Jobs done,\nback\\slash and \"quotes\"")]
        let registry = PrometheusRegistry(descriptions: table)
        Counter(label: "jobs", factory: registry).increment()
        #expect(
            Self.own(registry) == "# HELP jobs_total Jobs done,\\nback\\\\slash and \"quotes\"\n# TYPE jobs_total counter\njobs_total 1\n"
        )
    }

    @Test(arguments: [
        ("plain", "plain"), ("a\"b", "a\\\"b"), ("a\\b", "a\\\\b"), ("a\nb", "a\\nb"), ("größe", "größe"), ("", ""),
    ])
    func labelValuesAreEscaped(value: String, written: String) {
        let registry = PrometheusRegistry()
        Counter(label: "x", dimensions: [("k", value)], factory: registry).increment()
        #expect(Self.own(registry) == "# TYPE x_total counter\nx_total{k=\"\(written)\"} 1\n")
    }

    @Test(arguments: [
        ("http.server-requests", "http_server_requests_total"), ("1st", "_1st_total"), ("a:b", "a:b_total"), ("é", "___total"),
        ("done_total", "done_total"),
    ])
    func namesAreMadeFitForPrometheus(label: String, name: String) {
        let registry = PrometheusRegistry()
        Counter(label: label, factory: registry).increment()
        #expect(Self.own(registry) == "# TYPE \(name) counter\n\(name) 1\n")
    }

    @Test func aCounterOnlyGrowsAndKeepsFractions() {
        let registry = PrometheusRegistry()
        let whole = Counter(label: "work", factory: registry)
        let parts = FloatingPointCounter(label: "work", factory: registry)
        whole.increment(by: 2)
        whole.increment(by: -5)
        parts.increment(by: 0.25)
        parts.increment(by: -1.0)
        parts.increment(by: Double.nan)
        parts.increment(by: Double.infinity)
        #expect(Self.own(registry) == "# TYPE work_total counter\nwork_total 2.25\n")
        whole.reset()
        #expect(Self.own(registry) == "# TYPE work_total counter\nwork_total 0\n")
    }

    @Test(
        arguments: [
            (5.0, "5"), (-2.5, "-2.5"), (0, "0"), (1e300, "1e+300"), (.infinity, "+Inf"), (-.infinity, "-Inf"), (.nan, "NaN"),
        ] as [(Double, String)]
    )
    func gaugesShowAnyNumber(value: Double, written: String) {
        let registry = PrometheusRegistry()
        Meter(label: "level", factory: registry).set(value)
        #expect(Self.own(registry) == "# TYPE level gauge\nlevel \(written)\n")
    }

    @Test func metersGoUpAndDownAndRecordersThatDoNotAggregateAreGauges() {
        let registry = PrometheusRegistry()
        let meter = Meter(label: "open", factory: registry)
        meter.increment(by: 3.0)
        meter.decrement(by: 1.5)
        Gauge(label: "free", factory: registry).record(7)
        #expect(Self.own(registry) == "# TYPE free gauge\nfree 7\n# TYPE open gauge\nopen 1.5\n")
    }

    @Test func timersAreHistogramsInSeconds() {
        let registry = PrometheusRegistry()
        let timer = Timer(label: "fill", dimensions: [("host", "a")], factory: registry)
        for nanoseconds in [0, 10_000, 10_001, 2_000_000, 250_000_000_000] { timer.recordNanoseconds(Int64(nanoseconds)) }
        timer.recordNanoseconds(-5)
        var expected = "# TYPE fill_seconds histogram\n"
        let cumulative: [(String, Int)] = [
            ("1e-05", 3), ("2e-05", 4), ("5e-05", 4), ("0.0001", 4), ("0.0002", 4), ("0.0005", 4), ("0.001", 4), ("0.002", 5), ("0.005", 5),
            ("0.01", 5), ("0.02", 5), ("0.05", 5), ("0.1", 5), ("0.2", 5), ("0.5", 5), ("1", 5), ("2", 5), ("5", 5), ("10", 5), ("20", 5),
            ("50", 5), ("100", 5), ("+Inf", 6),
        ]
        for (bound, count) in cumulative { expected += "fill_seconds_bucket{host=\"a\",le=\"\(bound)\"} \(count)\n" }
        let sum = [0, 1e-05, 1.0001e-05, 0.002, 250].reduce(0.0, +)
        expected += "fill_seconds_sum{host=\"a\"} \(sum)\nfill_seconds_count{host=\"a\"} 6\n"
        #expect(Self.own(registry) == expected)
    }

    @Test func recordersThatAggregateAreHistogramsOfValues() {
        let registry = PrometheusRegistry()
        let recorder = Recorder(label: "size", factory: registry)
        recorder.record(1)
        recorder.record(1.5)
        recorder.record(Double.nan)
        recorder.record(2_000_000_000)
        let page = Self.own(registry)
        #expect(page.hasPrefix("# TYPE size histogram\nsize_bucket{le=\"1\"} 1\nsize_bucket{le=\"2\"} 2\nsize_bucket{le=\"5\"} 2\n"))
        #expect(
            page.hasSuffix(
                "size_bucket{le=\"1000000000\"} 2\nsize_bucket{le=\"+Inf\"} 3\nsize_sum 2000000002.5\nsize_count 3\n"
            )
        )
    }

    @Test func theSameSeriesIsSharedAndGoesWithItsLastHolder() {
        let registry = PrometheusRegistry()
        let first = Counter(label: "shared", factory: registry)
        let second = Counter(label: "shared", factory: registry)
        first.increment()
        second.increment()
        first.destroy()
        #expect(Self.own(registry) == "# TYPE shared_total counter\nshared_total 2\n")
        second.destroy()
        #expect(Self.own(registry) == "")
        Timer(label: "shared_total", factory: registry).destroy()
        Meter(label: "shared_total", factory: registry).destroy()
        #expect(Self.text(registry) == Self.noneDropped)
    }

    @Test func countsFromManyTasksAreAllThere() async {
        let registry = PrometheusRegistry()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    let counter = Counter(label: "hits", factory: registry)
                    let parts = FloatingPointCounter(label: "parts", factory: registry)
                    let timer = Timer(label: "time", factory: registry)
                    for _ in 0..<1000 {
                        counter.increment()
                        parts.increment(by: 0.5)
                        timer.recordNanoseconds(1_000_000_000)
                    }
                }
            }
        }
        let page = Self.own(registry)
        #expect(page.contains("\nhits_total 8000\n"))
        #expect(page.contains("\nparts_total 4000\n"))
        #expect(page.contains("\ntime_seconds_sum 8000\ntime_seconds_count 8000\n"))
    }
}
