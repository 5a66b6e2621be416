// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// One metric of a scrape.
struct CollectedFamily {
    let kind: MetricKind
    let help: String?
    var series: [String: SeriesValue] = [:]
}

enum SeriesValue {
    case number(MetricValue)
    case histogram(HistogramValue)

    var isNumber: Bool {
        if case .number = self { true } else { false }
    }

    func adding(_ other: SeriesValue) -> SeriesValue? {
        switch (self, other) {
        case (.number(let a), .number(let b)): return .number(a + b)
        case (.histogram(var a), .histogram(let b)): return a.add(b) ? .histogram(a) : nil
        default: return nil
        }
    }
}
