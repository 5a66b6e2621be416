// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Why a series has no place on the metrics page. The names are the values of a label.
public enum DroppedSeries: String, Error, Sendable, CaseIterable {
    /// ``TelemetryLimits/maxSeries`` are there already.
    case seriesLimit = "series-limit"
    /// The name belongs to a metric of another kind or with other buckets, or is one that a histogram's lines have.
    case kindConflict = "kind-conflict"
    /// The name is empty.
    case badName = "bad-name"
    /// The labels are too many, too few, repeated, reserved, or have no name.
    case badLabels = "bad-labels"
}
