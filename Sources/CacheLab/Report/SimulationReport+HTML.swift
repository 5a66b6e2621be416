// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
import Foundation

extension SimulationReport {
    /// One page with everything in it: plots, the table, the reuse of each volume.
    package var html: String {
        let plots = [sizePlot("object", \.objectHitRatio), sizePlot("byte", \.byteHitRatio), frontierPlot, writesPlot, timePlot, reusePlot]
            .compactMap(\.self)
        return """
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
            <title>\(Plot.escaped(traceName)) · gyre simulate</title>
            <style>
            body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 1400px; padding: 0 1rem; color: #1f2328; background: #fff }
            table { border-collapse: collapse; margin: 1rem 0; font-variant-numeric: tabular-nums }
            th, td { padding: .25rem .7rem; text-align: right; border-bottom: 1px solid #d1d9e0 } th:first-child, td:first-child { text-align: left }
            .plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(520px, 1fr)); gap: 1.5rem }
            svg { width: 100%; height: auto; font: 12px system-ui, sans-serif } .grid { stroke: #d1d9e0 } .title { font-weight: 600; font-size: 14px }
            </style></head><body>
            <h1>\(Plot.escaped(traceName))</h1>
            <p>\(requests) requests, \(objects) objects, \(Self.size(uniqueBytes)) unique\(unreadable > 0 ? "; \(unreadable) lines or records made no sense and were left out" : "").</p>
            <div class="plots">\(plots.map { "<div>" + $0.svg + "</div>" }.joined(separator: "\n"))</div>
            \(htmlTable)
            </body></html>

            """
    }

    private var names: [String] {
        var names: [String] = []
        for result in results where !names.contains(result.configuration.name) { names.append(result.configuration.name) }
        return names
    }

    private func series(_ point: (RunResult) -> (x: Double, y: Double)) -> [Plot.Series] {
        names.map { name in
            let own = results.filter { $0.configuration.name == name }
            return Plot.Series(name: name, points: own.map(point).sorted { $0.x < $1.x })
        }
    }

    private func sizePlot(_ what: String, _ ratio: KeyPath<StoreModelResult, Double>) -> Plot? {
        let sizes = Set(results.map { $0.configuration.store.memoryBytes + $0.configuration.store.volumeBytes })
        guard sizes.count > 1 else { return nil }
        return Plot(
            title: "\(what.capitalized) hit ratio against size",
            xName: "memory and volume, MiB",
            yName: "\(what) hit ratio",
            series: series {
                (Double($0.configuration.store.memoryBytes + $0.configuration.store.volumeBytes) / 1_048_576, $0.totals[keyPath: ratio])
            }
        )
    }

    private var frontierPlot: Plot {
        var plot = Plot(
            title: "Hits against writes; the frontier is what nothing beats in both",
            xName: "device bytes written for each byte requested",
            yName: "object hit ratio",
            series: series { ($0.totals.writtenPerRequestedByte, $0.totals.objectHitRatio) },
            isScatter: true
        )
        plot.frontier = frontier
        return plot
    }

    /// From few writes to many, each with more hits than all before it.
    private var frontier: [(x: Double, y: Double)] {
        // The optimum knows the future and belongs to no frontier.
        let points = results.filter { $0.configuration.subject != .reference(.optimum) }
            .map { (x: $0.totals.writtenPerRequestedByte, y: $0.totals.objectHitRatio) }
        var frontier: [(x: Double, y: Double)] = []
        for point in points.sorted(by: { ($0.x, -$0.y) < ($1.x, -$1.y) }) where point.y > frontier.last?.y ?? -1 { frontier.append(point) }
        return frontier
    }

    /// What more hits cost in writes, as the volume grows. The ancestor's hits write, so that its line does not come down as others' do.
    private var writesPlot: Plot? {
        let lines = series { ($0.totals.objectHitRatio, $0.totals.writtenPerRequestedByte) }.filter { $0.points.count > 1 }
        guard !lines.isEmpty else { return nil }
        return Plot(
            title: "Writes as hits grow with the size of the volume",
            xName: "object hit ratio",
            yName: "device bytes written for each byte requested",
            series: lines
        )
    }

    /// The plot of writes over hits as a file of its own; nil when no policy was run with two sizes.
    package var writesSVG: String? { writesPlot?.file }

    /// What gets a line of its own where sizes are no axis: everything, or of each policy the largest when there are more lines than colors.
    private var detailed: [RunResult] {
        guard results.count > Plot.colors.count else { return results }
        return names.compactMap { name in
            results.filter { $0.configuration.name == name }
                .max { bytes($0) < bytes($1) }
        }
    }

    private func bytes(_ result: RunResult) -> Int { result.configuration.store.memoryBytes + result.configuration.store.volumeBytes }

    private var detailNote: String { detailed.count < results.count ? ", largest sizes" : "" }

    private func detailName(_ result: RunResult) -> String {
        result.configuration.name + (detailed.count > names.count ? " " + Self.size(result.configuration.store.volumeBytes) : "")
    }

    private var timePlot: Plot {
        Plot(
            title: "Hit ratio over time" + detailNote,
            xName: "share of the trace",
            yName: "object hit ratio",
            series: detailed.map { result in
                Plot.Series(
                    name: detailName(result),
                    points: result.hitRatios.enumerated().map { (Double($0 + 1) / Double(result.hitRatios.count), $1) }
                )
            }
        )
    }

    private var reusePlot: Plot? {
        let own = detailed.filter { $0.reuse.total > 0 }
        guard !own.isEmpty else { return nil }
        return Plot(
            title: "Uses of the records that left the volume" + detailNote,
            xName: "uses",
            yName: "share of records",
            series: own.map { result in
                Plot.Series(
                    name: detailName(result),
                    points: (0..<ReuseStatistics.useClasses).map {
                        (Double($0), Double(result.reuse.records(useClass: $0)) / Double(result.reuse.total))
                    }
                )
            },
            xLabels: (0..<ReuseStatistics.useClasses).map(ReuseStatistics.useName)
        )
    }

    private var htmlTable: String {
        var html =
            "<table><tr><th>policy<th>memory<th>volume<th>object hits<th>byte hits<th>written / requested<th>written / missed<th>relocated<th>million requests / s</tr>"
        for result in results {
            let cells = [
                result.configuration.name, Self.size(result.configuration.store.memoryBytes),
                Self.size(result.configuration.store.volumeBytes), Self.percent(result.totals.objectHitRatio),
                Self.percent(result.totals.byteHitRatio), Self.decimals(result.totals.writtenPerRequestedByte, 3),
                Self.decimals(result.writtenPerMissedByte, 3), Self.size(result.totals.relocatedBytes),
                Self.decimals(result.requestsPerSecond / 1e6, 2),
            ]
            html += "<tr>" + cells.map { "<td>" + Plot.escaped($0) }.joined() + "</tr>\n"
        }
        return html + "</table>"
    }
}
