// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
import HTTPCaching
import Synchronization

/// The keys whose last response could not be shared: requests for them do not wait for each other (hit-for-miss).
///
/// A response that can be shared takes its key out. Bounded: when it is full, what has expired goes, then everything.
final class PassMemory: Sendable {
    private static let maxKeys = 65_536
    private let keys = Mutex<[UInt64: Timestamp]>([:])
    private let seconds: Int64

    init(seconds: Int64) { self.seconds = seconds }

    func note(_ key: StoreKey, now: Timestamp) {
        guard seconds > 0 else { return }
        keys.withLock { keys in
            if keys.count >= Self.maxKeys {
                keys = keys.filter { $0.value > now }
                if keys.count >= Self.maxKeys { keys = [:] }
            }
            keys[key.hash.low] = now.adding(seconds: seconds)
        }
    }

    func forget(_ key: StoreKey) { keys.withLock { keys in keys[key.hash.low] = nil } }

    func contains(_ key: StoreKey, now: Timestamp) -> Bool {
        keys.withLock { keys in keys[key.hash.low].map { $0 > now } ?? false }
    }

    var count: Int { keys.withLock { $0.count } }
}
