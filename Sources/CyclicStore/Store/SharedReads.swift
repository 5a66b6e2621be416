// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Lookups that wait for the same key: the first one reads, all are told.
final class SharedReads: @unchecked Sendable {
    typealias Completion = @Sendable (CyclicStore.Lookup) -> Void
    private let lock = Lock()
    // Guarded by `lock`.
    private var waiting: [StoreKey: [Completion]] = [:]

    /// True: the caller reads and then calls ``finish(_:with:)``. False: somebody else does.
    func begin(_ key: StoreKey, _ completion: @escaping Completion) -> Bool {
        lock.locked {
            if waiting[key] != nil {
                waiting[key]?.append(completion)
                return false
            }
            waiting[key] = [completion]
            return true
        }
    }

    func finish(_ key: StoreKey, with result: CyclicStore.Lookup) {
        let completions = lock.locked { waiting.removeValue(forKey: key) ?? [] }
        for completion in completions { completion(result) }
    }
}
