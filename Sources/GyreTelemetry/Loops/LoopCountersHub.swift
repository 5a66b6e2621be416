// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// The counters of all event loops, added up when somebody asks.
public final class LoopCountersHub: Sendable {
    /// One for each loop. Each belongs to its loop: nobody else may count with it.
    public let loops: [LoopCounters]
    private let layout: LoopCounterLayout

    /// Makes counters, all 0.
    public init(loopCount: Int, reasons: ReasonLists) {
        let layout = LoopCounterLayout(reasons: reasons)
        self.layout = layout
        loops = (0..<max(1, loopCount)).map { _ in LoopCounters(layout: layout) }
    }

    /// The sums over all loops. Each number is exact; two of them may be a few requests apart, since no loop stops for this.
    public func totals() -> LoopTotals {
        var totals = LoopTotals()
        for loop in loops { totals.add(loop, layout) }
        return totals
    }

    /// Adds the sums to a scrape. Every result is shown from the start, a reason when it has occurred.
    public func collect(into sink: inout MetricSink) {
        let totals = totals()
        for result in RequestResult.allCases {
            let durations = totals.durations[result] ?? LatencySummary()
            sink.add(MetricsTable.requests, [result.rawValue], value: durations.count)
            sink.add(MetricsTable.requestDuration, [result.rawValue], histogram: durations.histogram)
        }
        sink.add(MetricsTable.responseBytes, value: totals.responseBytes)
        sink.add(MetricsTable.originRequests, value: totals.originRequests)
        sink.add(MetricsTable.originResponseBytes, value: totals.originResponseBytes)
        sink.add(MetricsTable.clientConnections, value: totals.openConnections)
        sink.add(MetricsTable.clientConnectionsAccepted, value: totals.connectionsOpened)
        sink.add(MetricsTable.tunnels, value: totals.openTunnels)
        sink.add(MetricsTable.tunnelsBegun, value: totals.tunnelsOpened)
        sink.add(MetricsTable.tunnelBytes, ["client"], value: totals.tunnelBytesToClients)
        sink.add(MetricsTable.tunnelBytes, ["origin"], value: totals.tunnelBytesToOrigins)
        for (reason, count) in totals.originErrors { sink.add(MetricsTable.originErrors, [reason], value: count) }
        for (reason, count) in totals.wireErrors { sink.add(MetricsTable.wireErrors, [reason], value: count) }
        for (reason, count) in totals.refusals { sink.add(MetricsTable.refusals, [reason], value: count) }
        for (reason, count) in totals.notStored { sink.add(MetricsTable.notStored, [reason], value: count) }
    }
}
