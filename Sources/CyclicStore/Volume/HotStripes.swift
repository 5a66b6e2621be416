// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// The stripes outside the turn, ordered by how hot each was when it was judged last: a binary heap with the coolest on top.
///
/// Cost: logarithmic in the number of hot stripes for each change; four bytes for each stripe of the volume, eight more for each hot one.
package struct HotStripes: Sendable {
    private struct Member {
        var stripe: Int32
        var heat: Float
    }

    private var members: [Member] = []
    /// Where in ``members`` a stripe is, or -1.
    private var slots: [Int32]

    /// - Parameter stripeCount: Stripes of the volume.
    package init(stripeCount: Int) {
        slots = [Int32](repeating: -1, count: stripeCount)
    }

    package var count: Int { members.count }
    package func contains(_ stripe: Int) -> Bool { slots[stripe] >= 0 }

    /// The one that gives way first.
    package var coolest: (stripe: Int, heat: Float)? {
        members.first.map { (Int($0.stripe), $0.heat) }
    }

    /// Puts a stripe in, or judges it anew.
    package mutating func set(_ stripe: Int, heat: Float) {
        if slots[stripe] < 0 {
            slots[stripe] = Int32(members.count)
            members.append(Member(stripe: Int32(stripe), heat: heat))
        }
        let slot = Int(slots[stripe])
        members[slot].heat = heat
        settle(slot)
    }

    /// Takes a stripe out, if it is in.
    package mutating func remove(_ stripe: Int) {
        let slot = Int(slots[stripe])
        guard slot >= 0 else { return }
        let last = members.count - 1
        swap(slot, last)
        members.removeLast()
        slots[stripe] = -1
        if slot < last { settle(slot) }
    }

    private mutating func settle(_ start: Int) {
        var slot = start
        while slot > 0, members[slot].heat < members[(slot - 1) / 2].heat {
            swap(slot, (slot - 1) / 2)
            slot = (slot - 1) / 2
        }
        while let child = coolerChild(of: slot), members[child].heat < members[slot].heat {
            swap(slot, child)
            slot = child
        }
    }

    private func coolerChild(of slot: Int) -> Int? {
        let (left, right) = (2 * slot + 1, 2 * slot + 2)
        guard left < members.count else { return nil }
        return right < members.count && members[right].heat < members[left].heat ? right : left
    }

    private mutating func swap(_ first: Int, _ second: Int) {
        members.swapAt(first, second)
        slots[Int(members[first].stripe)] = Int32(first)
        slots[Int(members[second].stripe)] = Int32(second)
    }
}
