// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Buckets for microseconds: nine for each power of ten, as wide as that power. From 1 µs to 1,000 s.
///
/// A bucket holds what is above its lower bound, and up to and including its upper one. So every bound of ``HistogramBounds/seconds`` is a bound
/// here too, and the metrics page shows exact counts rather than guesses. The idea is that of log-linear histograms
/// (T. Schlossnagle et al., "Circllhist: A Log-Linear Histogram Data Structure for IT Infrastructure Monitoring", 2020), with one digit instead of two; the
/// weakness is that a quantile is only known to one digit.
enum LatencyBuckets {
    static let decades = 9
    static let perDecade = 9
    /// One for up to 1 µs, and one for what is longer than the last bound.
    static let count = decades * perDecade + 2

    /// The bucket of a duration. Negative ones count as 0: a clock that jumped must not crash a loop.
    @inline(__always)
    static func index(microseconds: Int) -> Int {
        if microseconds <= 1 { return 0 }
        if microseconds > 1_000_000_000 { return count - 1 }
        // Bounds belong to the bucket below them, hence the step back.
        let below = UInt32(truncatingIfNeeded: microseconds - 1)
        // Most answers take less than a millisecond, so the small powers are tried first.
        if below < 10 { return Int(below) }
        if below < 100 { return 9 + Int(below / 10) }
        if below < 1_000 { return 18 + Int(below / 100) }
        if below < 10_000 { return 27 + Int(below / 1_000) }
        if below < 100_000 { return 36 + Int(below / 10_000) }
        if below < 1_000_000 { return 45 + Int(below / 100_000) }
        if below < 10_000_000 { return 54 + Int(below / 1_000_000) }
        if below < 100_000_000 { return 63 + Int(below / 10_000_000) }
        return 72 + Int(below / 100_000_000)
    }

    /// The longest duration of a bucket; nil for the last, which has no end.
    static func upperBoundMicroseconds(_ index: Int) -> Int? {
        if index == 0 { return 1 }
        guard index < count - 1 else { return nil }
        var power = 1
        for _ in 0..<(index - 1) / perDecade { power *= 10 }
        return ((index - 1) % perDecade + 2) * power
    }
}
