// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CoreMetrics
import GyreTelemetry
import Testing

@Suite struct RegistryRefusalTests {
    @Test func seriesOverTheLimitAreDroppedAndCounted() {
        let registry = PrometheusRegistry(maxSeries: 2)
        for name in ["a", "b", "c", "d"] { Counter(label: name, factory: registry).increment() }
        Counter(label: "a", factory: registry).increment()
        #expect(registry.droppedSeries(.seriesLimit) == 2)
        let page = PrometheusRegistryTests.text(registry)
        #expect(page.hasPrefix("# TYPE a_total counter\na_total 2\n# TYPE b_total counter\nb_total 1\n# HELP gyre_metrics_dropped"))
        #expect(page.hasSuffix("{reason=\"series-limit\"} 2\n"))
    }

    @Test func aSeriesThatGoesMakesRoom() {
        let registry = PrometheusRegistry(maxSeries: 1)
        let first = Counter(label: "a", factory: registry)
        first.destroy()
        Counter(label: "b", factory: registry).increment()
        #expect(PrometheusRegistryTests.own(registry) == "# TYPE b_total counter\nb_total 1\n")
        #expect(registry.droppedSeries(.seriesLimit) == 0)
    }

    @Test func collectorsAreWithinTheSameLimit() {
        let registry = PrometheusRegistry(maxSeries: 2)
        Counter(label: "a", factory: registry).increment()
        let metric = MetricDescription("b", .gauge, labels: [.init("n")], help: "Numbers")
        registry.registerCollector { sink in
            for n in 0..<3 { sink.add(metric, [String(n)], value: n) }
            // Present already, so it needs no room.
            sink.add(metric, ["0"], value: 40)
        }
        #expect(
            PrometheusRegistryTests.own(registry) == "# TYPE a_total counter\na_total 1\n# HELP b Numbers\n# TYPE b gauge\nb{n=\"0\"} 40\n"
        )
        #expect(registry.droppedSeries(.seriesLimit) == 2)
    }

    @Test func oneNameHasOneKind() {
        let registry = PrometheusRegistry()
        Meter(label: "x_total", factory: registry).set(1)
        Counter(label: "x", factory: registry).increment()
        Recorder(label: "y_seconds", factory: registry).record(1)
        Timer(label: "y", factory: registry).recordNanoseconds(1)
        Gauge(label: "y_seconds_sum", factory: registry).record(1)
        Gauge(label: "z_count", factory: registry).record(1)
        Recorder(label: "z", factory: registry).record(1)
        #expect(registry.droppedSeries(.kindConflict) == 4)
        let page = PrometheusRegistryTests.own(registry)
        #expect(page.hasPrefix("# TYPE x_total gauge\nx_total 1\n# TYPE y_seconds histogram\n"))
        #expect(page.hasSuffix("y_seconds_count 1\n# TYPE z_count gauge\nz_count 1\n"))
    }

    @Test(arguments: [
        [("", "v")], [("__name__", "v")], [("a", "1"), ("a", "2")], [("a.b", "1"), ("a-b", "2")],
    ])
    func labelsThatPrometheusCannotTellApartAreRefused(dimensions: [(String, String)]) {
        let registry = PrometheusRegistry()
        Counter(label: "x", dimensions: dimensions, factory: registry).increment()
        #expect(registry.droppedSeries(.badLabels) == 1)
        #expect(PrometheusRegistryTests.own(registry) == "")
    }

    @Test func theBucketLabelIsReservedInHistogramsAlone() {
        let registry = PrometheusRegistry()
        Timer(label: "t", dimensions: [("le", "1")], factory: registry).recordNanoseconds(1)
        Counter(label: "c", dimensions: [("le", "1")], factory: registry).increment()
        #expect(registry.droppedSeries(.badLabels) == 1)
        #expect(PrometheusRegistryTests.own(registry) == "# TYPE c_total counter\nc_total{le=\"1\"} 1\n")
    }

    @Test func anEmptyNameIsRefused() {
        let registry = PrometheusRegistry()
        Counter(label: "", factory: registry).increment()
        Timer(label: "", factory: registry).recordNanoseconds(1)
        #expect(registry.droppedSeries(.badName) == 2)
        #expect(PrometheusRegistryTests.own(registry) == "")
    }
}
