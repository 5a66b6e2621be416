// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// The value of `Range` (RFC 9110 §14.2), as far as it counts: byte ranges in a valid form.
public struct RangeSet: Sendable, Equatable {
    /// One member (RFC 9110 §14.1.2).
    public enum Spec: Sendable, Equatable {
        /// `first-` to the end.
        case from(UInt64)
        /// `first-last`.
        case between(ByteRange)
        /// `-count`: the last bytes.
        case suffix(UInt64)
    }

    /// The members, in their order; never empty.
    public let specs: [Spec]

    /// Reads a field value; `nil` when it has another unit, is invalid, or has too many members: then `Range` is ignored.
    public init?(_ text: String) {
        self.init(text.utf8.span)
    }

    /// Reads a field value; `nil` when it has another unit, is invalid, or has too many members: then `Range` is ignored.
    public init?(_ text: Span<UInt8>) {
        guard text.count > 6, text.matchesIgnoringCase(0..<5, "bytes"), text[5] == ASCII.equals else { return nil }
        var specs: [Spec] = []
        var members = ListCursor(6..<text.count)
        while let member = members.next(in: text) {
            guard specs.count < CachingLimits.maxRangeSpecCount, let spec = Self.spec(text, member) else { return nil }
            specs.append(spec)
        }
        guard !specs.isEmpty else { return nil }
        self.specs = specs
    }

    private static func spec(_ text: Span<UInt8>, _ member: Range<Int>) -> Spec? {
        guard let dash = text.firstIndex(of: ASCII.minus, from: member.lowerBound), dash < member.upperBound else { return nil }
        if dash == member.lowerBound {
            return text.decimal(dash + 1..<member.upperBound).map { .suffix(UInt64($0)) }
        }
        guard let first = text.decimal(member.lowerBound..<dash) else { return nil }
        if dash + 1 == member.upperBound { return .from(UInt64(first)) }
        guard let last = text.decimal(dash + 1..<member.upperBound), let range = ByteRange(first: UInt64(first), last: UInt64(last)) else {
            return nil
        }
        return .between(range)
    }

    /// The members as ranges of a representation of `length` bytes; those that lie beyond its end are left out.
    public func resolved(length: UInt64) -> [ByteRange] {
        specs.compactMap { spec in
            switch spec {
            case .from(let first):
                return length == 0 ? nil : ByteRange(first: first, last: length - 1)
            case .between(let range):
                return length == 0 ? nil : ByteRange(first: range.first, last: min(range.last, length - 1))
            case .suffix(let count):
                guard count > 0, length > 0 else { return nil }
                return ByteRange(first: length - min(count, length), last: length - 1)
            }
        }
    }

    /// Whether a member asks for the last bytes of something empty: RFC 9110 §14.1.2 calls that satisfiable, and the answer is the whole.
    func asksForEndOfNothing(length: UInt64) -> Bool {
        length == 0
            && specs.contains { spec in
                if case .suffix(let count) = spec { return count > 0 }
                return false
            }
    }

    /// Joins ranges that overlap or lie closer than the overhead of a part (RFC 9110 §15.3.7.2). Each result stands where the first of its parts stood.
    static func coalesced(_ ranges: [ByteRange]) -> [ByteRange] {
        guard ranges.count > 1 else { return ranges }
        let gap = CachingLimits.rangeCoalescingGapBytes
        let order = ranges.indices.sorted { ranges[$0].first == ranges[$1].first ? $0 < $1 : ranges[$0].first < ranges[$1].first }
        var joined: [(range: ByteRange, place: Int)] = []
        for index in order {
            let range = ranges[index]
            if let previous = joined.last, range.first <= previous.range.last.addedSaturating(gap) {
                joined[joined.count - 1] = (previous.range.joined(range), min(previous.place, index))
            } else {
                joined.append((range, index))
            }
        }
        return joined.sorted { $0.place < $1.place }.map(\.range)
    }
}
