// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// The last words on some thousand keys, by their whole hash: open addressing with linear probing, removal by moving back what follows. A
/// rebuild asks it twice for every record that it reads, so it must stay in the processor's caches and hash nothing anew.
struct WordTable: ~Copyable {
    /// What a stripe says of a key.
    struct Word {
        var serial: UInt64
        /// The stripe's sequence; never 0.
        var sequence: UInt64
        /// Nil: it was removed.
        var address: RecordAddress?
        var units: UInt16
    }

    private struct Slot {
        var hash = KeyHash(high: 0, low: 0)
        var serial: UInt64 = 0
        /// 0: the slot is empty.
        var sequence: UInt64 = 0
        /// No record has address 0: it stands for a removal.
        var address: UInt64 = 0
        var units: UInt16 = 0

        var word: Word {
            Word(serial: serial, sequence: sequence, address: address == 0 ? nil : RecordAddress(units: address), units: units)
        }
    }

    private var slots: UnsafeMutableBufferPointer<Slot>
    private var mask: Int { slots.count - 1 }
    private(set) var count = 0

    init() { slots = Self.makeSlots(64) }

    deinit { slots.deallocate() }

    private static func makeSlots(_ count: Int) -> UnsafeMutableBufferPointer<Slot> {
        let slots = UnsafeMutableBufferPointer<Slot>.allocate(capacity: count)
        slots.initialize(repeating: Slot())
        return slots
    }

    /// The hash's slot, or the free one where it would stand.
    @inline(__always)
    private func position(of hash: KeyHash) -> Int {
        var position = Int(truncatingIfNeeded: hash.low) & mask
        while slots[position].sequence != 0, slots[position].hash != hash { position = (position + 1) & mask }
        return position
    }

    func find(_ hash: KeyHash) -> Word? {
        let slot = slots[position(of: hash)]
        return slot.sequence == 0 ? nil : slot.word
    }

    /// Sets the word on a key.
    mutating func set(_ hash: KeyHash, to word: Word) {
        assert(word.sequence != 0)
        var position = position(of: hash)
        if slots[position].sequence == 0 {
            if (count + 1) * 2 > slots.count {
                grow()
                position = self.position(of: hash)
            }
            count += 1
        }
        slots[position] = Slot(
            hash: hash,
            serial: word.serial,
            sequence: word.sequence,
            address: word.address?.units ?? 0,
            units: word.units
        )
    }

    /// Takes out the word on a key.
    @discardableResult
    mutating func remove(_ hash: KeyHash) -> Word? {
        let position = position(of: hash)
        guard slots[position].sequence != 0 else { return nil }
        return take(position)
    }

    /// Takes out the word on a key if a stripe said it.
    mutating func remove(_ hash: KeyHash, saidBy sequence: UInt64) -> Word? {
        let position = position(of: hash)
        guard sequence != 0, slots[position].sequence == sequence else { return nil }
        return take(position)
    }

    private mutating func take(_ position: Int) -> Word {
        let word = slots[position].word
        var hole = position
        var next = (position + 1) & mask
        while slots[next].sequence != 0 {
            // What would not be found any more with a hole before it moves into the hole.
            let home = Int(truncatingIfNeeded: slots[next].hash.low) & mask
            if (next &- home) & mask >= (next &- hole) & mask {
                slots[hole] = slots[next]
                hole = next
            }
            next = (next + 1) & mask
        }
        slots[hole] = Slot()
        count -= 1
        return word
    }

    private mutating func grow() {
        let old = slots
        slots = Self.makeSlots(old.count * 2)
        for slot in old where slot.sequence != 0 { slots[position(of: slot.hash)] = slot }
        old.deallocate()
    }
}
