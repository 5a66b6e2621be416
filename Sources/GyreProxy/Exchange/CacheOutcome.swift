// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPCaching

/// How the cache handled a request, in the words of RFC 9211: they stand in `Cache-Status`, the access log and the metrics.
struct CacheOutcome {
    /// Why a request went forward.
    enum Forward: String {
        case uriMiss = "uri-miss"
        case varyMiss = "vary-miss"
        case miss
        case stale
        case request
        case method
        case partial
        case bypass
    }

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

    /// The field's value. About 60 bytes.
    func append(to output: inout [UInt8]) {
        output.append(contentsOf: "gyre".utf8)
        if isHit { output.append(contentsOf: "; hit".utf8) }
        if let forward { output.append(contentsOf: "; fwd=\(forward.rawValue)".utf8) }
        if let forwardStatus { output.append(contentsOf: "; fwd-status=\(forwardStatus)".utf8) }
        if isStored { output.append(contentsOf: "; stored".utf8) }
        if isCollapsed { output.append(contentsOf: "; collapsed".utf8) }
        if let ttlSeconds { output.append(contentsOf: "; ttl=\(ttlSeconds)".utf8) }
        if let detail { output.append(contentsOf: "; detail=\(detail)".utf8) }
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
