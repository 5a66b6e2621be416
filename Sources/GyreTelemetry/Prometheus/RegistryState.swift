// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// The series of a registry, and who else is to be asked. Guarded by the registry's lock.
struct RegistryState: Sendable {
    struct Entry: Sendable {
        let key: SeriesKey
        let kind: MetricKind
        let handler: SeriesHandler
        /// How many holders there are: the series goes with the last of them.
        var users = 0
    }

    private(set) var series: [SeriesKey: Entry] = [:]
    private var families: [String: Family] = [:]
    var collectors: [@Sendable (inout MetricSink) -> Void] = []

    private struct Family {
        let kind: MetricKind
        let bounds: [Double]
        var count = 0
    }

    /// The series of this key, made now when there is none.
    mutating func obtain(_ key: SeriesKey, _ kind: MetricKind, bounds: [Double], maxSeries: Int) throws(DroppedSeries) -> SeriesHandler {
        guard !key.name.isEmpty else { throw .badName }
        if let family = families[key.name] {
            guard family.kind == kind, family.bounds == bounds else { throw .kindConflict }
        } else if key.collides(as: kind, with: { families[$0]?.kind }) {
            throw .kindConflict
        }
        if let entry = series[key] {
            series[key]?.users += 1
            return entry.handler
        }
        guard series.count < maxSeries else { throw .seriesLimit }
        let handler = SeriesHandler(key, kind, bounds: bounds)
        series[key] = Entry(key: key, kind: kind, handler: handler, users: 1)
        families[key.name, default: Family(kind: kind, bounds: bounds)].count += 1
        return handler
    }

    mutating func release(_ key: SeriesKey) {
        guard let entry = series[key] else { return }
        guard entry.users <= 1 else {
            series[key]?.users -= 1
            return
        }
        series[key] = nil
        guard let family = families[key.name] else { return }
        if family.count <= 1 { families[key.name] = nil } else { families[key.name]?.count -= 1 }
    }
}

enum SeriesHandler: Sendable {
    case counter(CounterSeries)
    case gauge(GaugeSeries)
    case histogram(HistogramSeries)

    init(_ key: SeriesKey, _ kind: MetricKind, bounds: [Double]) {
        switch kind {
        case .counter: self = .counter(CounterSeries(key))
        case .gauge: self = .gauge(GaugeSeries(key))
        case .histogram: self = .histogram(HistogramSeries(key, bounds: bounds))
        }
    }

    var value: SeriesValue {
        switch self {
        case .counter(let series): .number(series.value)
        case .gauge(let series): .number(series.value)
        case .histogram(let series): .histogram(series.value)
        }
    }
}
