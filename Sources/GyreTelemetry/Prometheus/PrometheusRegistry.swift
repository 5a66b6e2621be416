// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

public import CoreMetrics
import Synchronization

/// The metrics of the process, and the page that shows them in the text format 0.0.4 of Prometheus.
///
/// Values come from two sides: from swift-metrics, whose back end this is, and from collectors, which are asked at each scrape. Making a series takes a lock;
/// changing one does not (a histogram excepted). All of it may be used from any thread.
public final class PrometheusRegistry: MetricsFactory {
    /// The media type of the page.
    public static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    let state = Mutex(RegistryState())
    let maxSeries: Int
    private let help: [String: String]
    private let dropped: CounterBank
    private let droppedHandler = DroppedHandler()

    /// Makes an empty registry.
    ///
    /// - Parameters:
    ///   - maxSeries: The most series it holds and shows. One more is refused and counted.
    ///   - descriptions: Where the help texts of swift-metrics' series come from. Collectors bring their own.
    public init(maxSeries: Int = TelemetryLimits.maxSeries, descriptions: [MetricDescription] = MetricsTable.all) {
        self.maxSeries = maxSeries
        help = Dictionary(descriptions.map { ($0.name, $0.help) }, uniquingKeysWith: { first, _ in first })
        dropped = CounterBank(count: DroppedSeries.allCases.count)
    }

    /// Has `collect` called at each scrape, on the thread that scrapes and without a lock held. It must not wait for long.
    public func registerCollector(_ collect: @escaping @Sendable (inout MetricSink) -> Void) {
        state.withLock { $0.collectors.append(collect) }
    }

    /// The page, as UTF-8. Costs time in the number of series; nobody who counts waits for it.
    public func render() -> [UInt8] {
        let (series, collectors) = state.withLock { ($0.series, $0.collectors) }
        var sink = MetricSink(maxSeries: maxSeries)
        for entry in series.values {
            do {
                try sink.add(entry.key, entry.kind, help: help[entry.key.name], entry.handler.value)
            } catch {
                sink.drop(error)
            }
        }
        for collect in collectors { collect(&sink) }
        for reason in sink.dropped { count(reason) }
        return finish(&sink)
    }

    /// How often a series was refused for this reason. One that is asked for again is counted again.
    public func droppedSeries(_ reason: DroppedSeries) -> Int {
        Int(clamping: dropped.load(reason.index))
    }

    func count(_ reason: DroppedSeries) {
        dropped.addShared(reason.index, 1)
    }

    func refuse(_ reason: DroppedSeries) -> DroppedHandler {
        count(reason)
        return droppedHandler
    }

    private func finish(_ sink: inout MetricSink) -> [UInt8] {
        let metric = MetricsTable.droppedSeries
        for reason in DroppedSeries.allCases {
            // Outside the limit: the one metric that must be there when there is no room. A collector that took the name is left alone.
            let key = SeriesKey(name: metric.name, labels: "\(metric.labels[0].name)=\"\(reason.rawValue)\"")
            try? sink.add(key, metric.kind, help: metric.help, .number(.whole(droppedSeries(reason))), isLimited: false)
        }
        return sink.render()
    }
}

extension DroppedSeries {
    var index: Int {
        switch self {
        case .seriesLimit: 0
        case .kindConflict: 1
        case .badName: 2
        case .badLabels: 3
        }
    }
}
