// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// What a metric measures with.
public enum MetricKind: String, Sendable, Hashable, CaseIterable {
    /// A number that only grows, and begins at 0 with the process.
    case counter
    /// A number that goes up and down.
    case gauge
    /// Counts in fixed buckets, with a sum.
    case histogram
}

/// What the number of a metric counts.
public enum MetricUnit: String, Sendable, Hashable, CaseIterable {
    /// Plain counts.
    case count
    /// Bytes.
    case bytes
    /// Seconds, with a fraction.
    case seconds
}

/// One row of the ``MetricsTable``.
public struct MetricDescription: Sendable, Hashable {
    /// A label of a metric.
    public struct Label: Sendable, Hashable {
        /// The label's name.
        public let name: String
        /// The values it can have, or none where another module's table of reasons has them.
        public let values: [String]

        /// Makes a label. Leave `values` out where the list is open.
        public init(_ name: String, values: [String] = []) {
            self.name = name
            self.values = values
        }
    }

    /// The name on the metrics page. A counter's ends in `_total`.
    public let name: String
    /// Counter, gauge or histogram.
    public let kind: MetricKind
    /// What is counted.
    public let unit: MetricUnit
    /// The labels, in the order in which their values are given.
    public let labels: [Label]
    /// One line of plain English, without a full stop.
    public let help: String

    /// Makes a row.
    public init(_ name: String, _ kind: MetricKind, _ unit: MetricUnit = .count, labels: [Label] = [], help: String) {
        self.name = name
        self.kind = kind
        self.unit = unit
        self.labels = labels
        self.help = help
    }
}
