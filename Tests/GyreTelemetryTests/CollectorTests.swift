// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CoreMetrics
import GyreTelemetry
import Synchronization
import Testing

@Suite struct CollectorTests {
    @Test func collectorsAreAskedAtEachScrape() {
        let registry = PrometheusRegistry()
        let asked = Mutex(0)
        let metric = MetricDescription("asked_total", .counter, help: "Times asked")
        registry.registerCollector { sink in
            let count = asked.withLock { count in
                count += 1
                return count
            }
            sink.add(metric, value: count)
        }
        for count in 1...2 {
            #expect(
                PrometheusRegistryTests.own(registry)
                    == "# HELP asked_total Times asked\n# TYPE asked_total counter\nasked_total \(count)\n"
            )
        }
    }

    @Test func aCollectorMayMakeSeriesItself() {
        let registry = PrometheusRegistry()
        registry.registerCollector { _ in Counter(label: "scrapes", factory: registry).increment() }
        #expect(PrometheusRegistryTests.own(registry) == "")
        #expect(PrometheusRegistryTests.own(registry) == "# TYPE scrapes_total counter\nscrapes_total 1\n")
    }

    @Test func theSameSeriesFromTwoCollectorsAddsUp() {
        let registry = PrometheusRegistry()
        let number = MetricDescription("n", .gauge, help: "N")
        let histogram = MetricDescription("h", .histogram, help: "H")
        for value in [0.5, 1.0] {
            registry.registerCollector { sink in
                sink.add(number, value: value)
                sink.add(number, value: 1)
                var buckets = HistogramValue(bounds: [0.75])
                buckets.record(value)
                sink.add(histogram, histogram: buckets)
            }
        }
        #expect(
            PrometheusRegistryTests.own(registry)
                == """
                # HELP h H
                # TYPE h histogram
                h_bucket{le="0.75"} 1
                h_bucket{le="+Inf"} 2
                h_sum 1.5
                h_count 2
                # HELP n N
                # TYPE n gauge
                n 3.5

                """
        )
    }

    @Test func wrongUseIsDroppedAndCounted() {
        let registry = PrometheusRegistry()
        let labelled = MetricDescription("a", .gauge, labels: [.init("k")], help: "A")
        let histogram = MetricDescription("h", .histogram, help: "H")
        registry.registerCollector { sink in
            sink.add(labelled, value: 1)
            sink.add(labelled, ["x", "y"], value: 1)
            sink.add(histogram, value: 1)
            sink.add(labelled, ["x"], histogram: HistogramValue(bounds: [1]))
            sink.add(histogram, histogram: HistogramValue(bounds: [1]))
            sink.add(histogram, histogram: HistogramValue(bounds: [2]))
            sink.add(MetricDescription("", .gauge, help: "Nameless"), value: 1)
        }
        let page = PrometheusRegistryTests.own(registry)
        #expect(registry.droppedSeries(.badLabels) == 2)
        #expect(registry.droppedSeries(.kindConflict) == 3)
        #expect(registry.droppedSeries(.badName) == 1)
        #expect(page == "# HELP h H\n# TYPE h histogram\nh_bucket{le=\"1\"} 0\nh_bucket{le=\"+Inf\"} 0\nh_sum 0\nh_count 0\n")
    }

    @Test func histogramsMadeElsewhereMustFitTheirBounds() {
        #expect(HistogramValue(bounds: [1, 2], counts: [1, 2], sum: 3) == nil)
        let good = HistogramValue(bounds: [1, 2], counts: [1, 2, 3], sum: 9)
        #expect(good?.count == 6)
        var other = HistogramValue(bounds: [1])
        let refused = other.add(HistogramValue(bounds: [2]))
        #expect(!refused)
    }

    @Test func storesAddUp() {
        let registry = PrometheusRegistry()
        var store = StoreMetrics()
        store.records = 10
        store.deviceBytesWritten = 1 << 40
        store.refusedWrites = [("no-membuf", 2), ("too-large", 1)]
        let one = store
        for _ in 0..<2 { registry.registerCollector { one.collect(into: &$0) } }
        let page = PrometheusRegistryTests.own(registry)
        #expect(page.contains("# HELP gyre_store_records Records in the index\n# TYPE gyre_store_records gauge\ngyre_store_records 20\n"))
        #expect(page.contains("\ngyre_store_device_written_bytes_total 2199023255552\n"))
        #expect(
            page.contains(
                "\ngyre_store_refused_writes_total{reason=\"no-membuf\"} 4\ngyre_store_refused_writes_total{reason=\"too-large\"} 2\n"
            )
        )
        #expect(page.contains("\ngyre_store_memory_objects 0\n"))
    }
}
