// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

extension MetricSink {
    /// The page: metrics sorted by name, series by labels, so that two scrapes can be compared line by line.
    func render() -> [UInt8] {
        var page: [UInt8] = []
        for (name, family) in families.sorted(by: { $0.key < $1.key }) {
            if let help = family.help { page += "# HELP \(name) \(MetricText.escaped(help, quote: false))\n".utf8 }
            page += "# TYPE \(name) \(family.kind.rawValue)\n".utf8
            for (labels, value) in family.series.sorted(by: { $0.key < $1.key }) {
                switch value {
                case .number(let number): Self.line(name, labels, number.text, &page)
                case .histogram(let histogram): Self.lines(name, labels, histogram, &page)
                }
            }
        }
        return page
    }

    private static func line(_ name: String, _ labels: String, _ value: String, _ page: inout [UInt8]) {
        page += name.utf8
        if !labels.isEmpty { page += "{\(labels)}".utf8 }
        page += " \(value)\n".utf8
    }

    private static func lines(_ name: String, _ labels: String, _ histogram: HistogramValue, _ page: inout [UInt8]) {
        let before = labels.isEmpty ? "" : labels + ","
        var total: UInt64 = 0
        for (index, count) in histogram.counts.enumerated() {
            total &+= count
            let bound = index < histogram.bounds.count ? MetricText.number(histogram.bounds[index]) : "+Inf"
            line(name + "_bucket", "\(before)le=\"\(bound)\"", String(total), &page)
        }
        line(name + "_sum", labels, MetricText.number(histogram.sum), &page)
        line(name + "_count", labels, String(total), &page)
    }
}
