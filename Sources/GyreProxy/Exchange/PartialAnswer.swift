// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPCaching

/// The status of an answer that is made from parts, and the runs of bytes in it.
enum PartialAnswer {
    case whole
    case single(ByteRange, ContentRange)
    case multiple([ByteRange])
    /// The complete length is known, and nothing asked for lies in it.
    case unsatisfiable(ContentRange)

    /// Nil: the parts cannot tell.
    init?(_ request: CacheRequest, _ partial: PartialResponse, _ policy: CachingPolicy) {
        guard let length = partial.completeLength else {
            self.init(request, ofUnknownLength: partial, policy)
            return
        }
        guard length > 0 else { return nil }
        switch RangePlan.make(request: request, stored: partial.wholeHead, policy: policy) {
        case .whole, .notCovered: self = .whole
        case .single(let range, let content): self = .single(range, content)
        case .multiple(let ranges, _): self = .multiple(ranges)
        case .unsatisfiable(let content): self = .unsatisfiable(content)
        }
    }

    /// Without the complete length only what lies in one run of bytes can be told.
    private init?(_ request: CacheRequest, ofUnknownLength partial: PartialResponse, _ policy: CachingPolicy) {
        for run in partial.coverage.ranges {
            var head = partial.head
            head.partial = ContentRange(range: run, completeLength: nil)
            if case .single(let range, let content) = RangePlan.make(request: request, stored: head, policy: policy) {
                self = .single(range, content)
                return
            }
        }
        return nil
    }

    /// Whether the parts have all that a request asks for.
    static func suffices(_ partial: PartialResponse, _ request: CacheRequest, _ policy: CachingPolicy) -> Bool {
        PartialAnswer(request, partial, policy).map { $0.gaps(in: partial).isEmpty } ?? false
    }

    func ranges(completeLength: UInt64?) -> [ByteRange] {
        switch self {
        case .whole: completeLength.flatMap { ByteRange(first: 0, last: $0 - 1) }.map { [$0] } ?? []
        case .single(let range, _): [range]
        case .multiple(let ranges): ranges
        case .unsatisfiable: []
        }
    }

    /// The bytes that it needs and the parts do not have.
    func gaps(in partial: PartialResponse) -> [ByteRange] {
        let coverage = partial.coverage
        return ranges(completeLength: partial.completeLength).flatMap { coverage.missing(in: $0) }
    }
}
