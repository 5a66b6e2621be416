// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Lookups that wait for the same key: the first one reads, all are told. Only lookups of one generation share: one that begins after a
/// write or a removal must not be told what a read that began before it finds. How many read is the engine's bound, how many wait for them
/// is bounded here.
final class SharedReads: @unchecked Sendable {
    typealias Completion = @Sendable (CyclicStore.Lookup) -> Void

    private struct Flight: Hashable {
        var key: StoreKey
        var generation: UInt64
    }

    /// Lookups that wait for the reads of others, of all keys: four for each read that fits into an engine's queue.
    static let maxJoined = 16_384

    private let lock = Lock()
    // Guarded by `lock`.
    private var waiting: [Flight: [Completion]] = [:]
    private var joined = 0

    /// What becomes of a lookup.
    enum Begun {
        /// The caller reads and then calls ``finish(_:generation:with:)``.
        case reads
        /// Somebody else reads already.
        case waits
        /// Somebody else reads, and too many wait: this one is not told.
        case isRefused
    }

    func begin(_ key: StoreKey, generation: UInt64, _ completion: @escaping Completion) -> Begun {
        let flight = Flight(key: key, generation: generation)
        return lock.locked {
            guard waiting[flight] != nil else {
                waiting[flight] = [completion]
                return .reads
            }
            guard joined < Self.maxJoined else { return .isRefused }
            joined += 1
            waiting[flight]?.append(completion)
            return .waits
        }
    }

    /// Nobody reads or waits. For tests.
    var isIdle: Bool { lock.locked { waiting.isEmpty && joined == 0 } }

    func finish(_ key: StoreKey, generation: UInt64, with result: CyclicStore.Lookup) {
        let completions = lock.locked {
            let completions = waiting.removeValue(forKey: Flight(key: key, generation: generation)) ?? []
            joined -= max(0, completions.count - 1)
            return completions
        }
        for completion in completions { completion(result) }
    }
}
