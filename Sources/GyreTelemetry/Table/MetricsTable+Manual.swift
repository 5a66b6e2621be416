// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

extension MetricsTable {
    /// The manual page of the metrics, `docs/metrics.md`, as Markdown. It depends on nothing but the table.
    public static func renderManual() -> String {
        var page = """
            # Metrics

            <!-- Made from the table of metrics. Change the table, not this page. -->

            The admin address answers `GET /metrics` in the text format 0.0.4 of Prometheus. Counters begin at 0 when the process starts.
            Reasons are the same words as in `Cache-Status` and in the access log. One scrape shows at most \(TelemetryLimits.maxSeries) series;
            what is over is left out and counted in `\(droppedSeries.name)`.


            """
        page += "| metric | kind | unit | labels | what it says |\n|---|---|---|---|---|\n"
        for metric in all {
            let labels = metric.labels.map { "`\($0.name)`" }.joined(separator: ", ")
            page += "| `\(metric.name)` | \(metric.kind.rawValue) | \(metric.unit.rawValue) | \(labels) | \(metric.help) |\n"
        }
        page += "\n## Values of labels\n\n| metric | label | values |\n|---|---|---|\n"
        for metric in all {
            for label in metric.labels where !label.values.isEmpty {
                page += "| `\(metric.name)` | `\(label.name)` | \(label.values.map { "`\($0)`" }.joined(separator: ", ")) |\n"
            }
        }
        let bounds = HistogramBounds.seconds.map { MetricText.number($0) }.joined(separator: ", ")
        page += "\n## Buckets\n\nHistograms of time have these upper bounds, in seconds: \(bounds).\n"
        return page
    }
}
