// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// The durations of requests, added up over loops.
public struct LatencySummary: Sendable, Hashable {
    /// How many there are.
    public private(set) var count = 0
    /// Their sum in microseconds.
    public private(set) var sumMicroseconds = 0
    private var buckets = [UInt64](repeating: 0, count: LatencyBuckets.count)

    /// Makes a summary of nothing.
    public init() {}

    /// Adds what another summary holds.
    public mutating func add(_ other: LatencySummary) {
        count += other.count
        sumMicroseconds += other.sumMicroseconds
        for index in buckets.indices { buckets[index] += other.buckets[index] }
    }

    mutating func addLoop(bucket index: Int, count added: UInt64) {
        buckets[index] += added
        count += Int(clamping: added)
    }

    mutating func addLoop(sumMicroseconds added: UInt64) {
        sumMicroseconds += Int(clamping: added)
    }

    /// A duration in microseconds that this share of all durations does not exceed: the upper bound of the bucket, so to one digit, never too low.
    /// Nil when there is nothing, or when the durations are longer than the buckets reach.
    public func quantileMicroseconds(_ share: Double) -> Int? {
        guard count > 0 else { return nil }
        let wanted = max(1, (min(max(share, 0), 1) * Double(count)).rounded(.up))
        var seen: UInt64 = 0
        for (index, held) in buckets.enumerated() {
            seen += held
            if Double(seen) >= wanted { return LatencyBuckets.upperBoundMicroseconds(index) }
        }
        return nil
    }

    /// The same, in the buckets of the metrics page.
    var histogram: HistogramValue {
        let bounds = HistogramBounds.microseconds
        var counts = [UInt64](repeating: 0, count: bounds.count + 1)
        var place = 0
        for (index, held) in buckets.enumerated() {
            // Every bound of the page is a bound of a bucket, so no bucket is on both sides of one.
            let upper = LatencyBuckets.upperBoundMicroseconds(index) ?? .max
            while place < bounds.count, upper > bounds[place] { place += 1 }
            counts[place] += held
        }
        return HistogramValue(bounds: HistogramBounds.seconds, counts: counts, sum: Double(sumMicroseconds) / 1_000_000)
            ?? HistogramValue(bounds: HistogramBounds.seconds)
    }
}
