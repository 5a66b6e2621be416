// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CCyclicStore

/// The table from key hash to record address: 8 bytes an entry, about 10 with the room between them.
///
/// Shards of a few hundred entries grow by a quarter when they are full, so the table follows what is stored without a guess of object
/// sizes and never stops to rehash as a whole. Within a shard an entry lies in one of two groups of eight (a bucketed two-choice table,
/// after Azar et al., SIAM J. Comput. 1999); both follow from the fingerprint kept in the entry, so growing needs nothing but the table.
/// A match of the fingerprint is a hint: the record's whole key decides. There is one entry for a fingerprint in a shard: a new record
/// takes the place of the old. Weakness: two different keys with the same fingerprint (one pair in 2^19 to 2^31 times the shard's size,
/// by the size of the volume) push each other out, which costs a miss and nothing else.
///
/// Not thread-safe; the volume's lock guards it.
struct PackedIndex: ~Copyable {
    let layout: IndexLayout
    let shards: UnsafeMutableBufferPointer<Shard>
    private let shardShift: UInt64
    /// Entries in the table.
    fileprivate(set) var count = 0
    /// Bytes of memory held.
    fileprivate(set) var byteCount: Int
    /// Entries that found no place even after growing: forgotten, counted. The record is then a miss.
    private(set) var overflows = 0
    /// Groups of a shard that gets its first entry: see ``expect(_:)``.
    private var firstGroups = 1
    /// The same for every table: a seeded run repeats.
    private var dice = SeededRandom(seed: 0)

    struct Shard {
        var slots: UnsafeMutablePointer<UInt64>?
        var groups: Int32
        var used: Int32
    }

    /// What the table knows of a record.
    struct Entry: Hashable {
        var address: RecordAddress
        /// At least the record's length, in units of the record alignment.
        var unitsToRead: Int
        /// Uses since it was written, as far as the index saw them.
        var uses: UseClass
    }

    /// - Parameters:
    ///   - totalUnits: All addresses lie below.
    ///   - expectedCount: Sets the number of shards only; any count works.
    init(totalUnits: Int, expectedCount: Int) {
        layout = IndexLayout(totalUnits: totalUnits)
        var bits: UInt64 = 3
        while bits < 24, (1 << bits) * Self.entriesPerShard < expectedCount { bits += 1 }
        shards = .allocate(capacity: 1 << Int(bits))
        shards.initialize(repeating: Shard(slots: nil, groups: 0, used: 0))
        shardShift = 64 - bits
        byteCount = shards.count * MemoryLayout<Shard>.stride
    }

    deinit {
        for index in shards.indices { shards[index].slots?.deallocate() }
        shards.deallocate()
    }

    /// The entry whose fingerprint matches.
    func find(_ hash: KeyHash) -> Entry? {
        slot(of: hash).map { entry($0.pointee) }
    }

    /// The entry whose fingerprint matches, one use added to it.
    mutating func use(_ hash: KeyHash) -> Entry? {
        guard let slot = slot(of: hash) else { return nil }
        count(1, useOf: slot)
        return entry(slot.pointee)
    }

    /// Adds uses that others saw to the entry for this hash.
    mutating func addUses(_ uses: Int, to hash: KeyHash) {
        guard let slot = slot(of: hash) else { return }
        count(min(uses, UseClass.most.uses), useOf: slot)
    }

    /// Sets the uses of the entry for this hash if it points to this address.
    func setUses(_ uses: UseClass, of hash: KeyHash, at address: RecordAddress) {
        guard let slot = slot(of: hash), layout.address(slot.pointee) == address else { return }
        slot.pointee = layout.setting(uses, in: slot.pointee)
    }

    /// Points an entry to where its record was carried. False when it points elsewhere by now.
    /// - Parameter counted: So many of its uses are written down elsewhere, and do not count in its new place.
    func move(_ hash: KeyHash, from old: RecordAddress, to new: RecordAddress, counted: UseClass) -> Bool {
        guard let slot = slot(of: hash), layout.address(slot.pointee) == old else { return false }
        let moved = layout.slot(fingerprint: layout.fingerprint(hash), address: new, units: layout.unitsToRead(slot.pointee))
        let left = UseClass(uses: max(0, layout.uses(slot.pointee).uses - counted.uses))
        slot.pointee = layout.setting(left, in: moved)
        return true
    }

    /// Adds an entry, in place of one with the same fingerprint.
    /// - Returns: The one that was replaced.
    @discardableResult
    mutating func insert(_ hash: KeyHash, address: RecordAddress, units: Int) -> Entry? {
        let raw = layout.slot(fingerprint: layout.fingerprint(hash), address: address, units: units)
        if let old = slot(of: hash) {
            let replaced = entry(old.pointee)
            old.pointee = raw
            return replaced
        }
        add(raw, in: shardIndex(hash))
        return nil
    }

    /// Adds an entry where there is none with the same fingerprint.
    mutating func insertIfAbsent(_ hash: KeyHash, address: RecordAddress, units: Int) {
        guard slot(of: hash) == nil else { return }
        add(layout.slot(fingerprint: layout.fingerprint(hash), address: address, units: units), in: shardIndex(hash))
    }

    /// Has the memory that a lookup of this hash needs brought near.
    @inline(__always)
    func prefetch(_ hash: KeyHash) {
        let shard = shards[shardIndex(hash)]
        guard let slots = shard.slots else { return }
        let (first, second) = groups(layout.fingerprint(hash), of: shard.groups)
        gyre_prefetch(slots + first &* Self.groupSlots)
        gyre_prefetch(slots + second &* Self.groupSlots)
    }

    /// So many entries are about to come: a shard that grows for the first time makes room for its part of them at once. A guess that is too low
    /// costs moves, one that is too high costs memory.
    mutating func expect(_ entries: Int) {
        firstGroups = max(1, min(1024, entries / (shards.count * (Self.groupSlots - 1))))
    }

    /// Gives back the room of a shard of which nearly half is empty.
    mutating func trim(shard index: Int) {
        let old = shards[index]
        let groups = Int(old.used) / (Self.groupSlots - 1) + 1
        guard old.groups > 1, groups * 3 < Int(old.groups) * 2 else { return }
        resize(index, to: groups, below: Int(old.groups))
    }

    /// Two full groups are rare below the load limit; growing spreads them. Each try makes the shard a quarter larger.
    private mutating func add(_ raw: UInt64, in index: Int) {
        for _ in 0..<Self.maxGrowths {
            if place(raw, in: index) { return }
            grow(index)
        }
        if !place(raw, in: index) { overflows += 1 }
    }

    /// Removes the entry for this hash if it points to this address.
    /// - Returns: What it was, or nil when it does not point there.
    @discardableResult
    mutating func remove(_ hash: KeyHash, at address: RecordAddress) -> Entry? {
        guard let slot = slot(of: hash), layout.address(slot.pointee) == address else { return nil }
        let entry = entry(slot.pointee)
        clear(slot, in: shardIndex(hash))
        return entry
    }

    /// Removes whatever entry matches the hash.
    /// - Returns: What it was.
    @discardableResult
    mutating func remove(_ hash: KeyHash) -> Entry? {
        guard let slot = slot(of: hash) else { return nil }
        let entry = entry(slot.pointee)
        clear(slot, in: shardIndex(hash))
        return entry
    }

    /// Removes every entry from one address up to, not including, another. A pass over the whole table: for stripes whose directory is lost.
    /// - Parameter gone: Called with each of them.
    mutating func removeAll(from lower: RecordAddress, upTo upper: RecordAddress, _ gone: (Entry) -> Void = { _ in }) {
        for index in shards.indices {
            guard let slots = shards[index].slots else { continue }
            for position in 0..<(Int(shards[index].groups) * Self.groupSlots) where slots[position] != 0 {
                let address = layout.address(slots[position])
                guard address.units >= lower.units, address.units < upper.units else { continue }
                gone(entry(slots[position]))
                clear(slots + position, in: index)
            }
        }
    }

    // MARK: Inside

    @inline(__always)
    private func entry(_ raw: UInt64) -> Entry {
        Entry(address: layout.address(raw), unitsToRead: layout.unitsToRead(raw), uses: layout.uses(raw))
    }

    static let groupSlots = 8
    private static let maxGrowths = 4
    private static let maxGroups = 4096
    /// About, when the table is as full as was expected: few enough to copy in a microsecond, so many that the table of shards stays in the
    /// processor's second cache.
    private static let entriesPerShard = 640

    @inline(__always)
    private mutating func count(_ uses: Int, useOf slot: UnsafeMutablePointer<UInt64>) {
        var raw = slot.pointee
        for _ in 0..<uses { raw = layout.setting(layout.uses(raw).addingUse(random: UInt32(truncatingIfNeeded: dice.next())), in: raw) }
        slot.pointee = raw
    }

    @inline(__always)
    private func shardIndex(_ hash: KeyHash) -> Int { Int(hash.high >> shardShift) }

    /// Read and written back as a whole: adding in place through the buffer makes the thread sanitizer's build of Swift 6.3.1 abort.
    private mutating func count(_ change: Int32, in index: Int) {
        var shard = shards[index]
        shard.used += change
        shards[index] = shard
        count += Int(change)
    }

    private mutating func clear(_ slot: UnsafeMutablePointer<UInt64>, in index: Int) {
        slot.pointee = 0
        count(-1, in: index)
    }

    @inline(__always)
    private func groups(_ fingerprint: UInt64, of groups: Int32) -> (Int, Int) {
        let count = UInt64(groups)
        let bits = UInt64(layout.fingerprintBits)
        // An odd multiplier spreads the same bits another way.
        let other = (fingerprint &* 0x9e37_79b1) & ((1 << bits) - 1)
        return (Int((fingerprint * count) >> bits), Int((other * count) >> bits))
    }

    /// Both groups are looked at whole and without a branch that depends on them, so that the two memory accesses, and those of the lookups
    /// that follow, go on at the same time: a guess that is wrong would end that. A group is one line of the processor's cache.
    @inline(__always)
    private func slot(of hash: KeyHash) -> UnsafeMutablePointer<UInt64>? {
        slot(of: layout.fingerprint(hash), in: shardIndex(hash))
    }

    @inline(__always)
    private func slot(of fingerprint: UInt64, in index: Int) -> UnsafeMutablePointer<UInt64>? {
        let shard = shards[index]
        guard let slots = shard.slots else { return nil }
        let (first, second) = groups(fingerprint, of: shard.groups)
        let (a, b) = (slots + first &* Self.groupSlots, slots + second &* Self.groupSlots)
        let found = gyre_match_groups(a, b, layout.fingerprintMask, layout.placed(fingerprint))
        guard found != 0 else { return nil }
        let position = found.trailingZeroBitCount
        return (position < Self.groupSlots ? a : b) + (position & (Self.groupSlots - 1))
    }

    /// Zeroed slots, each group on a cache line of its own.
    static func makeSlots(_ count: Int) -> UnsafeMutablePointer<UInt64> {
        let memory = UnsafeMutableRawPointer.allocate(byteCount: count * 8, alignment: groupSlots * 8)
        return memory.initializeMemory(as: UInt64.self, repeating: 0, count: count)
    }

    private mutating func place(_ raw: UInt64, in index: Int) -> Bool {
        let shard = shards[index]
        // Above 15/16 a group is too often full on both sides.
        guard let slots = shard.slots, Int(shard.used) * 16 < Int(shard.groups) * Self.groupSlots * 15 else { return false }
        guard let free = freeSlot(for: raw, in: slots, groups: shard.groups) else { return false }
        free.pointee = raw
        count(1, in: index)
        return true
    }

    /// A free slot in the emptier of an entry's two groups.
    private func freeSlot(for raw: UInt64, in slots: UnsafeMutablePointer<UInt64>, groups: Int32) -> UnsafeMutablePointer<UInt64>? {
        let (first, second) = self.groups(layout.fingerprint(raw), of: groups)
        let (a, b) = (slots + first * Self.groupSlots, slots + second * Self.groupSlots)
        let free = gyre_free_in_groups(a, b)
        guard free != 0 else { return nil }
        let (inA, inB) = (free & 0xFF, free >> UInt32(Self.groupSlots))
        return inA.nonzeroBitCount >= inB.nonzeroBitCount ? a + inA.trailingZeroBitCount : b + inB.trailingZeroBitCount
    }

    private mutating func grow(_ index: Int) {
        let old = shards[index]
        resize(index, to: max(Int(old.groups) + 1, Int(old.groups) * 5 / 4, firstGroups), below: Self.maxGroups)
    }

    /// Gives a shard so many groups, or as many more as its entries need to find a place.
    private mutating func resize(_ index: Int, to wanted: Int, below limit: Int) {
        let old = shards[index]
        for groups in stride(from: wanted, to: limit, by: 1) {
            let slots = Self.makeSlots(groups * Self.groupSlots)
            if move(old, into: slots, groups: Int32(groups)) {
                old.slots?.deallocate()
                shards[index] = Shard(slots: slots, groups: Int32(groups), used: old.used)
                byteCount += (groups - Int(old.groups)) * Self.groupSlots * 8
                return
            }
            slots.deallocate()
        }
    }

    private func move(_ old: Shard, into slots: UnsafeMutablePointer<UInt64>, groups: Int32) -> Bool {
        guard let from = old.slots else { return true }
        for position in 0..<(Int(old.groups) * Self.groupSlots) where from[position] != 0 {
            guard let free = freeSlot(for: from[position], in: slots, groups: groups) else { return false }
            free.pointee = from[position]
        }
        return true
    }
}

/// Whole shards, for the snapshot on disk.
extension PackedIndex {
    var shardCount: Int { shards.count }

    /// Groups of a shard: its slots take 64 bytes each.
    func groups(ofShard index: Int) -> Int { Int(shards[index].groups) }

    /// Copies a shard's slots.
    func copyShard(_ index: Int, into region: UnsafeMutableRawBufferPointer) {
        guard let slots = shards[index].slots else { return }
        region.copyMemory(from: UnsafeRawBufferPointer(start: slots, count: groups(ofShard: index) * Self.groupSlots * 8))
    }

    /// Takes a shard from a snapshot. What is in the table already is newer and stays; of the shard, those entries come in for which
    /// `keeps` says so and that `dead` does not know.
    mutating func install(
        shard index: Int,
        groups: Int,
        from region: UnsafeRawBufferPointer,
        dead: borrowing PackedIndex,
        keeps: (RecordAddress) -> Bool
    ) {
        let total = groups * Self.groupSlots
        let slots = Self.makeSlots(total)
        UnsafeMutableRawPointer(slots).copyMemory(from: region.baseAddress ?? UnsafeRawPointer(slots), byteCount: total * 8)
        var used: Int32 = 0
        for position in 0..<total where slots[position] != 0 {
            let fingerprint = layout.fingerprint(slots[position])
            let isOvertaken = slot(of: fingerprint, in: index) != nil || dead.slot(of: fingerprint, in: index) != nil
            if isOvertaken || !keeps(layout.address(slots[position])) { slots[position] = 0 } else { used += 1 }
        }
        let old = shards[index]
        shards[index] = Shard(slots: slots, groups: Int32(groups), used: used)
        count += Int(used) - Int(old.used)
        byteCount += (groups - Int(old.groups)) * Self.groupSlots * 8
        if let before = old.slots {
            for position in 0..<(Int(old.groups) * Self.groupSlots) where before[position] != 0 { add(before[position], in: index) }
            before.deallocate()
        }
    }
}
