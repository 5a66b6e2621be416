// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// The one table of what Gyre measures. The metrics page takes its help texts from here, and the manual is made from it.
public enum MetricsTable {
    /// Every row, in the order of the manual.
    public static let all: [MetricDescription] = [
        requestRows, originRows, connectionRows, refusalRows, StoreMetrics.descriptions, ownRows,
    ].flatMap { $0 }

    /// The row of this name.
    public static func description(named name: String) -> MetricDescription? {
        byName[name]
    }

    // The first of two rows with one name would win; a test says that there are no two.
    private static let byName = Dictionary(all.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
}
