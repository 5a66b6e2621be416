// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// What tells a series from all others: the metric, and the labels as they are written.
struct SeriesKey: Sendable, Hashable {
    let name: String
    let labels: String

    private static let histogramSuffixes = ["_bucket", "_sum", "_count"]

    /// Whether a metric of this name would have lines that look like another's: a histogram has three names more than its own.
    func collides(as kind: MetricKind, with kindOf: (String) -> MetricKind?) -> Bool {
        for suffix in Self.histogramSuffixes {
            if kind == .histogram, kindOf(name + suffix) != nil { return true }
            if name.hasSuffix(suffix), kindOf(String(name.dropLast(suffix.count))) == .histogram { return true }
        }
        return false
    }
}
