// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// From a 64-bit hash to the serials of the newest hard and the newest soft purge of it.
///
/// Open addressing with linear probing over slots of 16 bytes, hard and soft in slots of their own: most purged things know one kind.
/// Hashes are keyed by the store's secret, so nobody outside can make them collide; when two do, too much is purged, never too little.
struct EpochTable: Sendable {
    /// The top bit of a stamp; serials stay below it until the year 2241 (microseconds since 1970, shifted by 8).
    private static let softBit: UInt64 = 1 << 63

    private struct Slot {
        var id: UInt64 = 0
        /// Serial and mode; 0 is an empty slot.
        var stamp: UInt64 = 0
    }

    /// Serials of the newest purges; 0 where there is none.
    struct Epochs: Hashable, Sendable {
        var hard: UInt64 = 0
        var soft: UInt64 = 0

        mutating func raise(_ mode: PurgeMode, to serial: UInt64) {
            switch mode {
            case .hard: hard = max(hard, serial)
            case .soft: soft = max(soft, serial)
            }
        }

        mutating func raise(to other: Epochs) {
            hard = max(hard, other.hard)
            soft = max(soft, other.soft)
        }
    }

    private var slots: [Slot] = []
    /// Entries, hard and soft counted apart.
    private(set) var count = 0

    /// Bytes of memory.
    var byteCount: Int { slots.capacity * MemoryLayout<Slot>.stride }

    /// One cache miss, as long as the table is not degenerate.
    func find(_ id: UInt64) -> Epochs {
        var epochs = Epochs()
        guard count > 0 else { return epochs }
        slots.withUnsafeBufferPointer { slots in
            var index = Self.home(id, slots.count)
            while slots[index].stamp != 0 {
                if slots[index].id == id {
                    let stamp = slots[index].stamp
                    if stamp & Self.softBit == 0 { epochs.hard = stamp } else { epochs.soft = stamp & ~Self.softBit }
                }
                index += 1
                if index == slots.count { index = 0 }
            }
        }
        return epochs
    }

    /// Raises the epoch of an id. True when that took a new entry.
    @discardableResult
    mutating func raise(_ id: UInt64, _ mode: PurgeMode, to serial: UInt64) -> Bool {
        precondition(serial != 0 && serial & Self.softBit == 0, "a serial is between 1 and 2^63 - 1")
        if (count + 1) * 5 > slots.count * 4 { resize(to: max(8, slots.count + slots.count / 2)) }
        return put(id, mode == .hard ? serial : serial | Self.softBit)
    }

    /// Drops every entry up to a serial. Costs one pass.
    /// - Returns: The newest serials among what was dropped.
    mutating func removeAll(through serial: UInt64, modes: Set<PurgeMode> = [.hard, .soft]) -> Epochs {
        var dropped = Epochs()
        guard count > 0 else { return dropped }
        let old = slots
        var kept = 0
        func stays(_ stamp: UInt64) -> Bool {
            let mode: PurgeMode = stamp & Self.softBit == 0 ? .hard : .soft
            return stamp & ~Self.softBit > serial || !modes.contains(mode)
        }
        for slot in old where slot.stamp != 0 {
            if stays(slot.stamp) {
                kept += 1
            } else {
                dropped.raise(slot.stamp & Self.softBit == 0 ? .hard : .soft, to: slot.stamp & ~Self.softBit)
            }
        }
        guard kept < count else { return dropped }
        slots = kept == 0 ? [] : [Slot](repeating: Slot(), count: max(8, kept + kept / 2))
        count = 0
        for slot in old where slot.stamp != 0 && stays(slot.stamp) { put(slot.id, slot.stamp) }
        return dropped
    }

    /// Every entry, in no order.
    func forEach(_ body: (_ id: UInt64, _ mode: PurgeMode, _ serial: UInt64) -> Void) {
        for slot in slots where slot.stamp != 0 {
            body(slot.id, slot.stamp & Self.softBit == 0 ? .hard : .soft, slot.stamp & ~Self.softBit)
        }
    }

    private static func home(_ id: UInt64, _ count: Int) -> Int { Int(id.multipliedFullWidth(by: UInt64(count)).high) }

    @discardableResult
    private mutating func put(_ id: UInt64, _ stamp: UInt64) -> Bool {
        var index = Self.home(id, slots.count)
        while slots[index].stamp != 0 {
            if slots[index].id == id, (slots[index].stamp ^ stamp) & Self.softBit == 0 {
                slots[index].stamp = max(slots[index].stamp, stamp)
                return false
            }
            index += 1
            if index == slots.count { index = 0 }
        }
        slots[index] = Slot(id: id, stamp: stamp)
        count += 1
        return true
    }

    private mutating func resize(to newCount: Int) {
        let old = slots
        slots = [Slot](repeating: Slot(), count: newCount)
        count = 0
        for slot in old where slot.stamp != 0 { put(slot.id, slot.stamp) }
    }
}
