// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Keys that are owed a tombstone, first come first served: a set with an order that is the same in every run, so that a seed replays.
/// Every call takes constant time, spread over the calls.
///
/// Each keeps the serial of the word it stands for: with one from when it is paid it would pass for newer than what was stored in between.
struct OwedTombstones {
    private struct Debt {
        /// Where it stands in `order`.
        var place: Int
        var serial: UInt64
    }

    private var debts: [KeyHash: Debt] = [:]
    /// A place whose member has left holds a hash that `debts` no longer puts there.
    private var order: [KeyHash] = []
    private var head = 0
    private var wasPaid = false

    var count: Int { debts.count }
    var isEmpty: Bool { debts.isEmpty }
    /// The one that has waited longest.
    var first: (hash: KeyHash, serial: UInt64)? {
        var position = head
        while position < order.count {
            if let debt = debts[order[position]], debt.place == position { return (order[position], debt.serial) }
            position += 1
        }
        return nil
    }

    func contains(_ hash: KeyHash) -> Bool { debts[hash] != nil }

    mutating func insert(_ hash: KeyHash, serial: UInt64) {
        if let old = debts[hash] {
            debts[hash]?.serial = max(old.serial, serial)
            return
        }
        if order.count > 2 * debts.count + 64 { sweep() }
        debts[hash] = Debt(place: order.count, serial: serial)
        order.append(hash)
    }

    mutating func remove(_ hash: KeyHash) {
        if debts.removeValue(forKey: hash) != nil { wasPaid = true }
        skip()
    }

    mutating func popFirst() -> (hash: KeyHash, serial: UInt64)? {
        let first = first
        if let first { remove(first.hash) }
        return first
    }

    /// Whether some member has left since this was asked last: what says its word now may be in any stripe that is open.
    mutating func takePaid() -> Bool {
        defer { wasPaid = false }
        return wasPaid
    }

    /// Passes over places whose members have left.
    private mutating func skip() {
        while head < order.count, debts[order[head]]?.place != head { head += 1 }
    }

    private mutating func sweep() {
        var kept: [KeyHash] = []
        kept.reserveCapacity(debts.count)
        for position in head..<order.count where debts[order[position]]?.place == position { kept.append(order[position]) }
        for (position, hash) in kept.enumerated() { debts[hash]?.place = position }
        order = kept
        head = 0
    }
}
