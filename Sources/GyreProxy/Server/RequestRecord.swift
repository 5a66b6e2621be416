// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
import GyreTelemetry
import HTTPCaching

/// What became of a request: for the log and the counters.
struct RequestRecord {
    var request: ClientRequest
    /// Of the key without its variant.
    var keyHash: KeyHash
    var outcome: CacheOutcome
    var result: RequestResult
    var status: Int
    var bodyBytesSent: Int
    var originMicroseconds: Int?

    var servedFrom: ServedFrom {
        switch outcome.source {
        case .memory: .memory
        case .disk: .disk
        case .origin: .origin
        case .none: .none
        }
    }

    var cacheWord: String { outcome.isHit ? "hit" : outcome.forward?.rawValue ?? "-" }
}
