// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// What a scrape puts its values into.
///
/// The same series may be given several times: numbers and buckets add up, so that two stores or two loops need no knowledge of each other.
public struct MetricSink {
    private(set) var families: [String: CollectedFamily] = [:]
    private(set) var dropped: [DroppedSeries] = []
    private var seriesCount = 0
    private let maxSeries: Int

    init(maxSeries: Int) {
        self.maxSeries = maxSeries
    }

    /// Adds a whole number.
    ///
    /// - Parameters:
    ///   - metric: The row of the table.
    ///   - labelValues: A value for each of its labels, in the table's order.
    ///   - value: The number.
    public mutating func add(_ metric: MetricDescription, _ labelValues: [String] = [], value: Int) {
        add(metric, labelValues, .number(.whole(value)))
    }

    /// Adds a number that may have a fraction.
    public mutating func add(_ metric: MetricDescription, _ labelValues: [String] = [], value: Double) {
        add(metric, labelValues, .number(.real(value)))
    }

    /// Adds the buckets of a histogram.
    public mutating func add(_ metric: MetricDescription, _ labelValues: [String] = [], histogram: HistogramValue) {
        add(metric, labelValues, .histogram(histogram))
    }

    private mutating func add(_ metric: MetricDescription, _ labelValues: [String], _ value: SeriesValue) {
        do throws(DroppedSeries) {
            guard labelValues.count == metric.labels.count else { throw .badLabels }
            let labels = try MetricText.labels(Array(zip(metric.labels.map(\.name), labelValues)), of: metric.kind)
            try add(SeriesKey(name: metric.name, labels: labels), metric.kind, help: metric.help, value)
        } catch {
            dropped.append(error)
        }
    }

    mutating func add(
        _ key: SeriesKey,
        _ kind: MetricKind,
        help: String?,
        _ value: SeriesValue,
        isLimited: Bool = true
    ) throws(DroppedSeries) {
        guard kind == .histogram || value.isNumber, kind != .histogram || !value.isNumber else { throw .kindConflict }
        if let family = families[key.name] {
            guard family.kind == kind else { throw .kindConflict }
            if let present = family.series[key.labels] {
                guard let sum = present.adding(value) else { throw .kindConflict }
                families[key.name]?.series[key.labels] = sum
                return
            }
        } else {
            guard !key.name.isEmpty else { throw .badName }
            guard !key.collides(as: kind, with: { families[$0]?.kind }) else { throw .kindConflict }
        }
        guard !isLimited || seriesCount < maxSeries else { throw .seriesLimit }
        seriesCount += 1
        families[key.name, default: CollectedFamily(kind: kind, help: help)].series[key.labels] = value
    }

    mutating func drop(_ reason: DroppedSeries) {
        dropped.append(reason)
    }
}
