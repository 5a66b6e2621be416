// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Keys that are owed a tombstone, first come first served: a set with an order that is the same in every run, so that a seed replays.
/// Every call takes constant time, spread over the calls.
struct OwedTombstones: ExpressibleByArrayLiteral {
    /// Where each member stands in `order`.
    private var places: [KeyHash: Int] = [:]
    /// A place whose member has left holds a hash that `places` no longer puts there.
    private var order: [KeyHash] = []
    private var head = 0
    private var wasPaid = false

    init(arrayLiteral elements: KeyHash...) {
        for hash in elements { insert(hash) }
    }

    var count: Int { places.count }
    var isEmpty: Bool { places.isEmpty }
    /// The one that has waited longest.
    var first: KeyHash? {
        var position = head
        while position < order.count {
            if places[order[position]] == position { return order[position] }
            position += 1
        }
        return nil
    }

    func contains(_ hash: KeyHash) -> Bool { places[hash] != nil }

    mutating func insert(_ hash: KeyHash) {
        guard places[hash] == nil else { return }
        if order.count > 2 * places.count + 64 { sweep() }
        places[hash] = order.count
        order.append(hash)
    }

    mutating func remove(_ hash: KeyHash) {
        if places.removeValue(forKey: hash) != nil { wasPaid = true }
        skip()
    }

    mutating func popFirst() -> KeyHash? {
        skip()
        guard head < order.count else { return nil }
        let hash = order[head]
        remove(hash)
        return hash
    }

    /// Whether some member has left since this was asked last: what says its word now may be in any stripe that is open.
    mutating func takePaid() -> Bool {
        defer { wasPaid = false }
        return wasPaid
    }

    /// Passes over places whose members have left.
    private mutating func skip() {
        while head < order.count, places[order[head]] != head { head += 1 }
    }

    private mutating func sweep() {
        var kept: [KeyHash] = []
        kept.reserveCapacity(places.count)
        for position in head..<order.count where places[order[position]] == position { kept.append(order[position]) }
        for (position, hash) in kept.enumerated() { places[hash] = position }
        order = kept
        head = 0
    }
}
