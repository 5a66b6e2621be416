// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPCaching

/// The run of a response under way that answers a request for a range.
struct FillSlice: Sendable {
    /// Where it lies in the body that comes.
    let bytes: Range<UInt64>
    let contentRange: ContentRange
}

/// How a response under way answers a request.
enum FillAnswer {
    /// As it is, from its first byte to its last.
    case whole
    case slice(FillSlice)
    /// Not from what is known of it.
    case none

    init(_ request: CacheRequest, _ head: StoredHead, _ policy: CachingPolicy) {
        guard request.method == .get, request.presence.contains(.range) else {
            self = head.partial == nil ? .whole : .none
            return
        }
        switch RangePlan.make(request: request, stored: head, policy: policy) {
        case .single(let range, let content):
            let first = head.partial?.range?.first ?? 0
            self = .slice(FillSlice(bytes: range.first - first..<range.last - first + 1, contentRange: content))
        case .whole where head.bodyByteCount != nil: self = .whole
        case .whole, .multiple, .unsatisfiable, .notCovered: self = .none
        }
    }
}
