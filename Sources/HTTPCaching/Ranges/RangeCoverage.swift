// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Which bytes of a representation are there: sorted ranges that neither overlap nor touch.
public struct RangeCoverage: Sendable, Equatable {
    /// The ranges, in order.
    public private(set) var ranges: [ByteRange] = []

    /// Nothing is there.
    public init() {}

    /// What these ranges cover together.
    public init(_ ranges: [ByteRange]) {
        for range in ranges { insert(range) }
    }

    /// Adds a range. Cost: linear in the number of ranges.
    public mutating func insert(_ range: ByteRange) {
        var low = 0
        while low < ranges.count, ranges[low].last.addedSaturating(1) < range.first { low += 1 }
        var high = low
        var joined = range
        while high < ranges.count, ranges[high].first <= range.last.addedSaturating(1) {
            joined = joined.joined(ranges[high])
            high += 1
        }
        ranges.replaceSubrange(low..<high, with: [joined])
    }

    /// Whether all bytes of a range are there.
    public func contains(_ range: ByteRange) -> Bool {
        ranges.contains { $0.contains(range) }
    }

    /// The parts of a range that are not there, in order: what has to be fetched.
    public func missing(in wanted: ByteRange) -> [ByteRange] {
        var result: [ByteRange] = []
        var next = wanted.first
        for range in ranges where range.last >= wanted.first && range.first <= wanted.last {
            if range.first > next, let gap = ByteRange(first: next, last: range.first - 1) { result.append(gap) }
            if range.last >= wanted.last { return result }
            next = max(next, range.last + 1)
        }
        if let gap = ByteRange(first: next, last: wanted.last) { result.append(gap) }
        return result
    }
}
