// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore

/// A lookup under way: of an object, and when it is in fragments, of one after the other.
final class PendingRead: @unchecked Sendable {
    // Unchecked: a simulation has one thread.
    let key: Int
    /// Nothing older may be found.
    let lowest: StoreModel.Tick
    /// Nothing older may be found as fresh.
    let lowestFresh: StoreModel.Tick
    /// What the device had misdirected when it began.
    let misdirected: Int
    /// Whether something might be found.
    let mayExist: Bool
    var answers = 0
    var lookup: CyclicStore.Lookup?
    /// Once the head has been read.
    var label: BodyLabel?
    var fragments: FragmentMap?
    var nextFragment = 0

    init(key: Int, lowest: StoreModel.Tick, lowestFresh: StoreModel.Tick, misdirected: Int, mayExist: Bool) {
        self.key = key
        self.lowest = lowest
        self.lowestFresh = lowestFresh
        self.misdirected = misdirected
        self.mayExist = mayExist
    }

    func answer(_ lookup: CyclicStore.Lookup) {
        answers += 1
        self.lookup = lookup
    }
}

extension Simulation {
    func read(_ key: Int) throws(SimulationFailure) {
        let read = beginRead(key)
        reads.append(read)
        store.get(keys[key]) { read.answer($0) }
        try settle()
    }

    /// A lookup as of now.
    func beginRead(_ key: Int) -> PendingRead {
        report.operations += 1
        return PendingRead(
            key: key,
            lowest: model.lowest(key),
            lowestFresh: model.lowestFresh(key),
            misdirected: world.faults(.misdirectedRead),
            mayExist: model.mayExist(key)
        )
    }

    /// Looks at what has been answered since.
    func settle() throws(SimulationFailure) {
        var index = 0
        while index < reads.count {
            if try advance(reads[index]) {
                reads.swapAt(index, reads.count - 1)
                reads.removeLast()
            } else {
                index += 1
            }
        }
        try settleRanges()
        try settleFills()
        try settleFlushes()
        try settlePurges()
        for waiter in roomWaiters { try check(waiter.count <= 1, "whoever waited for room was told twice") }
    }

    /// - Returns: Whether the lookup is over.
    private func advance(_ read: PendingRead) throws(SimulationFailure) -> Bool {
        while let lookup = read.lookup {
            read.lookup = nil
            try check(read.answers == 1, "a lookup was answered \(read.answers) times")
            switch lookup {
            case .miss(let reason):
                if let label = read.label, let map = read.fragments { note(PartialObject(key: read.key, label: label, map: map)) }
                finish(read, hit: false, UInt64(reason.rawValue.utf8.count))
                return true
            case .found(let object, let tier), .stale(let object, let tier):
                guard let object = object as? PlainObject else { throw failure("an object of another type") }
                report.mix(tier == .memory ? 1 : 2)
                if read.label == nil { try checkHead(object, read, isStale: lookup.isStale) } else { try checkFragment(object, read) }
                guard let fragments = read.fragments, read.nextFragment < fragments.count else {
                    finish(read, hit: true, read.label?.version ?? 0)
                    return true
                }
                let key = store.key(fragments.keyBytes(of: read.nextFragment))
                read.answers = 0
                store.get(key) { read.answer($0) }
            }
        }
        return false
    }

    func checkHead(_ object: PlainObject, _ read: PendingRead, isStale: Bool) throws(SimulationFailure) {
        guard let label = BodyLabel(decoding: object.metadata) else { throw failure("key \(read.key): damaged metadata were served") }
        try check(label.key == read.key, "key \(read.key): the metadata of key \(label.key) were served")
        read.label = label
        // A read that went astray may have found an older record of the key in the same stripe: nothing in it says that it is the wrong one.
        let expected = isStale ? read.lowest : max(read.lowest, read.lowestFresh)
        let lowest = world.faults(.misdirectedRead) == read.misdirected ? expected : 0
        if let wrong = model.served(read.key, label.version, since: lowest) { throw failure(wrong) }
        switch object.kind {
        case .object: try checkBytes(object, label, 0..<label.count)
        case .fragmentedHead:
            guard let map = object.withPayload({ FragmentMap(decoding: $0) }), map.totalBytes == UInt64(label.count) else {
                throw failure("key \(read.key): a damaged map of fragments was served")
            }
            read.fragments = map
        case .fragment, .tombstone: throw failure("key \(read.key): a record of kind \(object.kind) was served")
        }
    }

    private func checkFragment(_ object: PlainObject, _ read: PendingRead) throws(SimulationFailure) {
        guard let label = read.label, let map = read.fragments else { return }
        let range = map.range(of: read.nextFragment)
        try check(object.kind == .fragment, "key \(read.key): a record of kind \(object.kind) was served for a fragment")
        try checkBytes(object, label, Int(range.lowerBound)..<Int(range.upperBound))
        read.nextFragment += 1
    }

    private func checkBytes(_ object: PlainObject, _ label: BodyLabel, _ range: Range<Int>) throws(SimulationFailure) {
        let isRight =
            object.payloadByteCount == range.count
            && Bodies.matches(key: label.key, version: label.version, at: range.lowerBound, object, 0..<range.count)
        try check(isRight, "key \(label.key), version \(label.version): wrong bytes")
    }

    private func finish(_ read: PendingRead, hit: Bool, _ word: UInt64) {
        report.readsChecked += 1
        if read.mayExist { report.possibleHits += 1 }
        if hit { report.hits += 1 }
        trace(read.key, "read: " + (hit ? "version \(word)" : "a miss"))
        report.mix(UInt64(read.key) << 32 ^ word)
    }
}

extension CyclicStore.Lookup {
    /// Found, and marked by a soft purge.
    var isStale: Bool { if case .stale = self { true } else { false } }
}
