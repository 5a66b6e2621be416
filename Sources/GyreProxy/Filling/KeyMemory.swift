// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
import HTTPCaching
import Synchronization

/// Remembers something of keys for a short while.
///
/// Bounded: when it is full, what has expired goes, then everything. Keys are told apart by 64 bits of their hashes: two that share them
/// share what is remembered, which costs a wait or a request, never a wrong answer.
final class KeyMemory<Value: Sendable>: Sendable {
    private struct Entry {
        var value: Value
        var until: Timestamp
    }

    private static var maxKeys: Int { 65_536 }
    private let keys = Mutex<[UInt64: Entry]>([:])
    private let milliseconds: Int64

    init(milliseconds: Int64) { self.milliseconds = milliseconds }

    func note(_ key: StoreKey, _ value: Value, now: Timestamp) {
        guard milliseconds > 0 else { return }
        keys.withLock { keys in
            if keys.count >= Self.maxKeys {
                keys = keys.filter { $0.value.until > now }
                if keys.count >= Self.maxKeys { keys = [:] }
            }
            keys[key.hash.low] = Entry(value: value, until: now.adding(milliseconds: milliseconds))
        }
    }

    func forget(_ key: StoreKey) { keys.withLock { keys in keys[key.hash.low] = nil } }

    func value(of key: StoreKey, now: Timestamp) -> Value? {
        keys.withLock { keys in keys[key.hash.low].flatMap { $0.until > now ? $0.value : nil } }
    }

    var count: Int { keys.withLock { $0.count } }
}

/// The keys whose last response could not be shared: requests for them do not wait for each other (hit-for-miss). A response that can be shared takes its
/// key out.
typealias PassMemory = KeyMemory<Void>

extension PassMemory {
    func note(_ key: StoreKey, now: Timestamp) { note(key, (), now: now) }
    func contains(_ key: StoreKey, now: Timestamp) -> Bool { value(of: key, now: now) != nil }
}

/// The keys whose validation has just failed, and how: for a moment the origin is not asked again while what is stored may be served instead.
typealias OutageMemory = KeyMemory<ErrorFallback.Failure>
