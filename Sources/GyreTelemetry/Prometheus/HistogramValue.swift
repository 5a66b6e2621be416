// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// The upper bounds of the buckets. They are fixed, so that processes, versions and times can be added up.
public enum HistogramBounds {
    /// For times: 1, 2 and 5 of each power of ten from 10 µs to 50 s, and 100 s.
    public static let seconds: [Double] = microseconds.map { Double($0) / 1_000_000 }
    /// For other values: 1, 2 and 5 of each power of ten from 1 to 1,000,000,000.
    public static let values: [Double] = steps(from: 1, through: 1_000_000_000).map { Double($0) }

    /// ``seconds`` as whole microseconds.
    static let microseconds = steps(from: 10, through: 100_000_000)

    private static func steps(from first: Int, through last: Int) -> [Int] {
        sequence(first: first) { $0 < last ? $0 * 10 : nil }.flatMap { [$0, $0 * 2, $0 * 5] }.filter { $0 <= last }
    }
}

/// The buckets of a histogram at one moment.
public struct HistogramValue: Sendable, Hashable {
    /// Upper bounds, each belonging to its bucket. One more bucket is for what is above the last.
    public let bounds: [Double]
    /// What fell into each bucket alone. One more than there are bounds.
    public private(set) var counts: [UInt64]
    /// The sum of all values.
    public private(set) var sum: Double

    /// Makes an empty histogram.
    public init(bounds: [Double]) {
        self.bounds = bounds
        counts = Array(repeating: 0, count: bounds.count + 1)
        sum = 0
    }

    /// Makes a histogram of what was counted elsewhere. Nil when `counts` is not one longer than `bounds`.
    public init?(bounds: [Double], counts: [UInt64], sum: Double) {
        guard counts.count == bounds.count + 1 else { return nil }
        self.bounds = bounds
        self.counts = counts
        self.sum = sum
    }

    /// How many values there are.
    public var count: UInt64 { counts.reduce(0, &+) }

    /// Counts a value. What is not a number is not counted.
    public mutating func record(_ value: Double) {
        guard !value.isNaN else { return }
        counts[bounds.firstIndex { value <= $0 } ?? bounds.count] &+= 1
        sum += value
    }

    /// Adds another histogram's values. False, and nothing changed, when its bounds differ.
    public mutating func add(_ other: HistogramValue) -> Bool {
        guard bounds == other.bounds else { return false }
        for index in counts.indices { counts[index] &+= other.counts[index] }
        sum += other.sum
        return true
    }
}
