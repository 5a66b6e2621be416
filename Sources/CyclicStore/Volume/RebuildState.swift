// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// What is known while an index is being made again and the volume serves already. Directories come from the newest stripe to the oldest,
/// so the first word on a key is the last that was said; a later one counts only where several stripes were open at the same time, and there
/// the serials decide.
///
/// The volume's lock guards it. Memory: the records of as many stripes as may be open at once, and about ten bytes for each key that was
/// removed.
final class RebuildState {
    /// In one piece, so that a call checks once that nobody else is at it.
    private var words: LastWords
    /// Words in stripes with a lower sequence are in the snapshot.
    var lowSequence: UInt64 {
        get { words.lowSequence }
        set { words.lowSequence = newValue }
    }
    /// A bit for each stripe whose records in the snapshot are taken, and the state of the cycle for which that holds.
    private var kept: [UInt64] = []
    private var keptAt = -1
    /// Pieces that were to be read, and those that are left, for progress.
    var pieces = 0
    var piecesLeft = 0
    var startedAtSeconds: UInt64 = 0
    /// Called after each piece, with how many of all are left; under the volume's lock.
    var onAdvance: (@Sendable (_ left: Int, _ of: Int) -> Void)?

    /// A piece has been read.
    func advance() {
        piecesLeft -= 1
        onAdvance?(piecesLeft, pieces)
    }

    init(totalUnits: Int, expectedCount: Int, lowSequence: UInt64) {
        words = LastWords(totalUnits: totalUnits, expectedCount: expectedCount, lowSequence: lowSequence)
    }

    /// The key was removed, or its record dropped, by the store that runs: what is found of it later is out of date.
    func bury(_ hash: KeyHash) { words.bury(hash) }

    /// Records that turned out to be such since the last call: see ``SupersededRecords``.
    func takeOutliving() -> [(hash: KeyHash, stripe: Int)] { words.takeOutliving() }

    /// Has `holds` asked of every stripe again if the cycle has changed since.
    func keepStripes(of cycle: StripeCycle, _ holds: (Int) -> Bool) {
        guard keptAt != cycle.changes else { return }
        keptAt = cycle.changes
        kept = [UInt64](repeating: 0, count: (cycle.count + 63) / 64)
        for stripe in 0..<cycle.count where holds(stripe) { kept[stripe / 64] |= 1 << UInt64(stripe % 64) }
    }

    /// Takes a shard of the snapshot, without what lies in other stripes than those that are kept: see
    /// ``PackedIndex/install(shard:groups:from:dead:keeps:)``.
    func install(_ shard: SnapshotShards.Shard, unitsPerStripe: Int, to index: inout PackedIndex) {
        kept.withUnsafeBufferPointer { kept in
            index.install(shard: shard.number, groups: shard.groups, from: shard.slots, dead: words.dead) { address in
                let stripe = address.stripe(unitsPerStripe: unitsPerStripe)
                return stripe / 64 < kept.count && kept[stripe / 64] >> UInt64(stripe % 64) & 1 != 0
            }
        }
    }

    /// Takes a stripe's directory. Stripes come in descending order of sequence. What they say enters the index when no stripe that was open at
    /// the same time is left to come, so that nothing is served that one of them replaces.
    func apply(_ entries: [DirectoryEntry], stripe: Int, sequence: UInt64, unitsPerStripe: Int, to index: inout PackedIndex) {
        words.apply(entries, stripe: stripe, sequence: sequence, unitsPerStripe: unitsPerStripe, to: &index)
    }

    /// No more directories come.
    func settleAll(in index: inout PackedIndex) { words.settleAll(in: &index) }
}

/// The words that have been read and may be overtaken yet, and the keys that are gone.
private struct LastWords: ~Copyable {
    /// Keys of which the newest word is a removal, or that were dropped since the start.
    private(set) var dead: PackedIndex
    /// A bit for each value of the last 16 bits of a hash that is dead.
    private var deadBits = [UInt64](repeating: 0, count: 1024)
    private var near = WordTable()
    /// Which keys a stripe in the window put into `near`.
    private var window: [(sequence: UInt64, hashes: [KeyHash])] = []
    var lowSequence: UInt64
    /// Records that are dead and may be on disk for longer than the word that says so: it is in a stripe with a lower sequence, or a stripe came too
    /// late. They must not come back.
    private var outliving: [(hash: KeyHash, stripe: Int)] = []

    init(totalUnits: Int, expectedCount: Int, lowSequence: UInt64) {
        dead = PackedIndex(totalUnits: totalUnits, expectedCount: expectedCount)
        self.lowSequence = lowSequence
    }

    private static let deadAddress = RecordAddress(units: 1)

    mutating func bury(_ hash: KeyHash) {
        near.remove(hash)
        kill(hash)
    }

    private mutating func kill(_ hash: KeyHash) {
        dead.insert(hash, address: Self.deadAddress, units: 1)
        let bit = Self.bit(hash)
        deadBits[bit / 64] |= 1 << UInt64(bit % 64)
    }

    /// Where few are dead, most of the others are told from them without a look into the table.
    private func isDead(_ hash: KeyHash) -> Bool {
        let bit = Self.bit(hash)
        return deadBits[bit / 64] >> UInt64(bit % 64) & 1 != 0 && dead.find(hash) != nil
    }

    private static func bit(_ hash: KeyHash) -> Int { Int(hash.low & 0xFFFF) }

    mutating func takeOutliving() -> [(hash: KeyHash, stripe: Int)] {
        defer { outliving = [] }
        return outliving
    }

    mutating func apply(_ entries: [DirectoryEntry], stripe: Int, sequence: UInt64, unitsPerStripe: Int, to index: inout PackedIndex) {
        // Where reads fail or the log is damaged a stripe may come too late. What was taken for the last word then is given up: a miss is never
        // out of date.
        let isLate = window.last.map { $0.sequence < sequence } ?? false
        while let first = window.first, first.sequence > sequence + UInt64(Volume.openWindow) + 1 {
            settle(first.hashes, of: first.sequence, in: &index)
            window.removeFirst()
        }
        var hashes: [KeyHash] = []
        hashes.reserveCapacity(entries.count)
        for entry in entries {
            if isLate, sequence >= lowSequence {
                if let old = index.remove(entry.hash) {
                    bury(entry.hash)
                    outliving.append((entry.hash, old.address.stripe(unitsPerStripe: unitsPerStripe)))
                    if !entry.isTombstone { outliving.append((entry.hash, stripe)) }
                    continue
                }
                if isDead(entry.hash) { continue }
            }
            if let other = near.find(entry.hash) {
                guard entry.serial > other.serial else { continue }
                if let stripe = other.address?.stripe(unitsPerStripe: unitsPerStripe), other.sequence > sequence {
                    outliving.append((entry.hash, stripe))
                }
            }
            let address =
                entry.isTombstone
                ? nil : RecordAddress(stripe: stripe, unitsPerStripe: unitsPerStripe, unitInStripe: Int(entry.unitInStripe))
            near.set(entry.hash, to: .init(serial: entry.serial, sequence: sequence, address: address, units: entry.units))
            hashes.append(entry.hash)
        }
        window.append((sequence, hashes))
    }

    mutating func settleAll(in index: inout PackedIndex) {
        for (sequence, hashes) in window { settle(hashes, of: sequence, in: &index) }
        window = []
    }

    /// A stripe's words are the last on their keys, but for those that were overtaken meanwhile. What the snapshot has is only compared with.
    private mutating func settle(_ hashes: [KeyHash], of sequence: UInt64, in index: inout PackedIndex) {
        guard sequence >= lowSequence else {
            for hash in hashes { _ = near.remove(hash, saidBy: sequence) }
            return
        }
        // Where the index is far larger than the processor's caches the lines of all of them are on the way before the first is needed.
        for hash in hashes { index.prefetch(hash) }
        for hash in hashes {
            guard let word = near.remove(hash, saidBy: sequence), !isDead(hash) else { continue }
            if let address = word.address {
                index.insertIfAbsent(hash, address: address, units: Int(word.units))
            } else if index.find(hash) == nil {
                kill(hash)
            }
        }
    }
}
