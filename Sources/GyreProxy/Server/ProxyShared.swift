// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore

/// What the loops of one proxy share.
struct ProxyShared: Sendable {
    /// Fetches that can be joined.
    let fills: FillTable
    /// The markers of variants under way.
    let markers = MarkerTable()
    /// Keys whose requests do not wait for each other.
    let passing: PassMemory
    /// Keys whose stored responses are served for a moment because the origin failed.
    let outages: OutageMemory
    /// Purges and invalidations.
    let purging: Purging
    /// What a forward proxy has besides.
    let forward: ForwardServices?

    init(_ configuration: ProxyConfiguration, store: CyclicStore, forward: ForwardServices?) {
        self.forward = forward
        fills = FillTable(maxKeptBytes: configuration.collapsing.maxKeptBytes)
        passing = PassMemory(milliseconds: configuration.collapsing.passSeconds * 1000)
        outages = OutageMemory(milliseconds: configuration.errorBackoffMilliseconds)
        purging = Purging(store: store, rules: URLRules(configuration), keysHaveParts: configuration.keysHaveParts)
    }
}
