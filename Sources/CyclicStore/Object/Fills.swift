// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// The fills of a store that go on, by key: one at a time for a key, and a bounded number in all.
final class Fills: @unchecked Sendable {
    private let lock = Lock()
    // Guarded by `lock`.
    private var going: [StoreKey: Fill] = [:]
    private let limit: Int
    private let memoryBytes: Int
    private let fragmentBytes: Int

    init(limit: Int, memoryBytes: Int, fragmentBytes: Int) {
        self.limit = limit
        self.memoryBytes = memoryBytes
        self.fragmentBytes = fragmentBytes
    }

    /// What each fill may keep in memory for its readers: an even share, a fragment at least.
    var windowBytes: Int { max(fragmentBytes, memoryBytes / max(1, lock.locked { going.count })) }

    func find(_ key: StoreKey) -> Fill? { lock.locked { going[key] } }

    enum Begun { case mine, others(Fill), full }

    func begin(_ fill: Fill) -> Begun {
        lock.locked {
            if let other = going[fill.key] { return .others(other) }
            guard going.count < limit else { return .full }
            going[fill.key] = fill
            return .mine
        }
    }

    func end(_ fill: Fill) {
        lock.locked {
            if going[fill.key] === fill { going[fill.key] = nil }
        }
    }

    var count: Int { lock.locked { going.count } }
}

extension CyclicStore {
    /// What came of the wish to fill a key.
    public enum FillStart {
        /// The caller brings the bytes.
        case begun(FillWriter)
        /// Somebody else does.
        case joined(Fill)
        /// As many fills go on as may: the caller does without.
        case full
    }

    /// The fill of a key that goes on, to read along; nil when there is none.
    public func fill(of key: StoreKey) -> Fill? { fills.find(key) }

    /// Begins to fill a key, or joins whoever does.
    /// - Parameters:
    ///   - key: What is filled.
    ///   - info: What those who join need to know before the first byte.
    ///   - expectedBytes: The length if it is known.
    ///   - maxBytes: A limit of the caller's for what is stored.
    public func beginFill(
        _ key: StoreKey,
        info: any Sendable,
        expectedBytes: Int? = nil,
        maxBytes: Int = .max
    ) -> FillStart {
        let fill = Fill(self, key, info: info, expectedBytes: expectedBytes)
        switch fills.begin(fill) {
        case .mine:
            return .begun(FillWriter(fill, ObjectWriter(store: self, key: key, expectedBytes: expectedBytes, maxBytes: maxBytes), fills))
        case .others(let other): return .joined(other)
        case .full: return .full
        }
    }
}
