// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPCaching

/// How the cache handled a request, in the words of RFC 9211: they stand in `Cache-Status`, the access log and the metrics.
struct CacheOutcome {
    typealias Forward = CacheStatus.Forward

    /// Where the bytes came from.
    enum Source: String {
        case memory
        case disk
        case origin
        case none = "-"
    }

    var isHit = false
    var forward: Forward?
    /// The status the origin answered with, when it is not the one sent.
    var forwardStatus: Int?
    var isStored = false
    /// The request shared another's way to the origin.
    var isCollapsed = false
    /// Seconds of freshness left, negative when stale.
    var ttlSeconds: Int64?
    /// A typed reason's stable name.
    var detail: String?
    var source = Source.none

    /// The field's value. About 60 bytes, and the key if it is to be shown.
    func append(key: [UInt8]?, to output: inout [UInt8]) {
        var status = CacheStatus()
        status.isHit = isHit
        status.forward = forward
        status.forwardStatus = forwardStatus
        status.isStored = isStored
        status.isCollapsed = isCollapsed ? true : nil
        status.ttlSeconds = ttlSeconds
        status.key = key
        status.detail = detail
        status.append(cache: "gyre", to: &output)
    }
}

extension ValidationReason {
    /// Why the request went forward (RFC 9211 §2.2): `request` is what the client forbade, all else lies in the stored response.
    var forward: CacheOutcome.Forward {
        switch self {
        case .stale, .noCache: .stale
        case .requestNoCache, .requestMaxAge, .requestMinFresh: .request
        }
    }
}

extension ReuseDecision {
    /// Why a request goes forward by this decision.
    var forward: CacheOutcome.Forward {
        switch self {
        case .validate(let reason, _): reason.forward
        case .staleServable: .stale
        case .miss(.varyMiss): .varyMiss
        case .miss(.partial), .miss(.incomplete): .partial
        case .fresh, .miss, .gatewayTimeout: .miss
        }
    }
}
