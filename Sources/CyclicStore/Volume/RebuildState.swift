// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// What is known while an index is being made again and the volume serves already. Directories come from the newest stripe to the oldest,
/// so the first word on a key is the last that was said; a later one counts only where several stripes were open at the same time, and there
/// the serials decide.
///
/// The volume's lock guards it. Memory: the records of as many stripes as may be open at once, and about ten bytes for each key that was
/// removed.
final class RebuildState {
    /// What the last stripes said of a key.
    private struct Word {
        var serial: UInt64
        var sequence: UInt64
        /// Nil: it was removed.
        var address: RecordAddress?
        var units: UInt16
    }

    /// Keys of which the newest word is a removal, or that were dropped since the start.
    private(set) var dead: PackedIndex
    private var words: [KeyHash: Word] = [:]
    /// Which keys a stripe in the window put into `words`.
    private var window: [(sequence: UInt64, hashes: [KeyHash])] = []
    /// Words in stripes with a lower sequence are in the snapshot.
    var lowSequence: UInt64
    /// Records that are dead and may be on disk for longer than the word that says so: it is in a stripe with a lower sequence, or a stripe came too
    /// late. They must not come back.
    private var outliving: [(hash: KeyHash, stripe: Int)] = []
    /// Pieces that were to be read, and those that are left, for progress.
    var pieces = 0
    var piecesLeft = 0
    var startedAtSeconds: UInt64 = 0

    init(totalUnits: Int, expectedCount: Int, lowSequence: UInt64) {
        dead = PackedIndex(totalUnits: totalUnits, expectedCount: expectedCount)
        self.lowSequence = lowSequence
    }

    private static let deadAddress = RecordAddress(units: 1)

    /// The key was removed, or its record dropped, by the store that runs: what is found of it later is out of date.
    func bury(_ hash: KeyHash) {
        words[hash] = nil
        dead.insert(hash, address: Self.deadAddress, units: 1)
    }

    /// Records that turned out to be such since the last call: see ``SupersededRecords``.
    func takeOutliving() -> [(hash: KeyHash, stripe: Int)] {
        defer { outliving = [] }
        return outliving
    }

    /// Takes a shard of the snapshot: see ``PackedIndex/install(shard:groups:from:dead:keeps:)``.
    func install(
        shard: Int,
        groups: Int,
        from region: UnsafeRawBufferPointer,
        to index: inout PackedIndex,
        keeps: (RecordAddress) -> Bool
    ) {
        index.install(shard: shard, groups: groups, from: region, dead: dead, keeps: keeps)
    }

    /// Takes a stripe's directory. Stripes come in descending order of sequence. What they say enters the index when no stripe that was open at
    /// the same time is left to come, so that nothing is served that one of them replaces.
    func apply(_ entries: [DirectoryEntry], stripe: Int, sequence: UInt64, unitsPerStripe: Int, to index: inout PackedIndex) {
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
            if let near = words[entry.hash] {
                guard entry.serial > near.serial else { continue }
                if let stripe = near.address?.stripe(unitsPerStripe: unitsPerStripe), near.sequence > sequence {
                    outliving.append((entry.hash, stripe))
                }
            } else if sequence >= lowSequence {
                if isLate, let old = index.remove(entry.hash) {
                    bury(entry.hash)
                    outliving.append((entry.hash, old.address.stripe(unitsPerStripe: unitsPerStripe)))
                    if !entry.isTombstone { outliving.append((entry.hash, stripe)) }
                }
                guard index.find(entry.hash) == nil, dead.find(entry.hash) == nil else { continue }
            }
            let address =
                entry.isTombstone
                ? nil : RecordAddress(stripe: stripe, unitsPerStripe: unitsPerStripe, unitInStripe: Int(entry.unitInStripe))
            words[entry.hash] = Word(serial: entry.serial, sequence: sequence, address: address, units: entry.units)
            hashes.append(entry.hash)
        }
        window.append((sequence, hashes))
    }

    /// No more directories come.
    func settleAll(in index: inout PackedIndex) {
        for (sequence, hashes) in window { settle(hashes, of: sequence, in: &index) }
        window = []
    }

    /// A stripe's words are the last on their keys, but for those that were overtaken meanwhile. What the snapshot has is only compared with.
    private func settle(_ hashes: [KeyHash], of sequence: UInt64, in index: inout PackedIndex) {
        for hash in hashes {
            guard let word = words[hash], word.sequence == sequence else { continue }
            words[hash] = nil
            guard sequence >= lowSequence, index.find(hash) == nil, dead.find(hash) == nil else { continue }
            if let address = word.address {
                index.insert(hash, address: address, units: Int(word.units))
            } else {
                dead.insert(hash, address: Self.deadAddress, units: 1)
            }
        }
    }
}
