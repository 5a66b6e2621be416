// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Lookups that wait for the same key: the first one reads, all are told. Only lookups of one generation share: one that begins after a
/// write or a removal must not be told what a read that began before it finds.
final class SharedReads: @unchecked Sendable {
    typealias Completion = @Sendable (CyclicStore.Lookup) -> Void

    private struct Flight: Hashable {
        var key: StoreKey
        var generation: UInt64
    }

    private let lock = Lock()
    // Guarded by `lock`.
    private var waiting: [Flight: [Completion]] = [:]

    /// True: the caller reads and then calls ``finish(_:generation:with:)``. False: somebody else does.
    func begin(_ key: StoreKey, generation: UInt64, _ completion: @escaping Completion) -> Bool {
        let flight = Flight(key: key, generation: generation)
        return lock.locked {
            let isFirst = waiting[flight] == nil
            waiting[flight, default: []].append(completion)
            return isFirst
        }
    }

    func finish(_ key: StoreKey, generation: UInt64, with result: CyclicStore.Lookup) {
        let completions = lock.locked { waiting.removeValue(forKey: Flight(key: key, generation: generation)) ?? [] }
        for completion in completions { completion(result) }
    }
}
