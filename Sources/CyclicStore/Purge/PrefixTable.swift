// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Purged key prefixes: one ``EpochTable`` for each length of prefix, because a key is hashed once for each length there is.
///
/// The number of lengths is bounded, so a lookup hashes a key at most ``maxLengths`` times. Most lengths are free; when ``maxFreeLengths``
/// are in use, a prefix of yet another length is shortened to the longest length in use or in ``ladder`` that it has: that purges too
/// much, never too little.
struct PrefixTable: Sendable {
    /// Lengths that are always to be had, so that every prefix has something to be shortened to.
    static let ladder = [1, 2, 4, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 1024, 4096]
    static let maxFreeLengths = 48
    static var maxLengths: Int { maxFreeLengths + ladder.count }

    private var lengths: [(byteCount: Int, epochs: EpochTable)] = []

    var count: Int { lengths.reduce(0) { $0 + $1.epochs.count } }
    var byteCount: Int { lengths.reduce(0) { $0 + $1.epochs.byteCount } }
    var lengthCount: Int { lengths.count }

    /// The length that a prefix is purged at: its own, or a shorter one. `wanted` is at least 1.
    func length(for wanted: Int) -> Int {
        if isOpen(wanted) { return wanted }
        let inUse = lengths.last { $0.byteCount <= wanted }?.byteCount ?? 1
        return max(inUse, Self.ladder.last { $0 <= wanted } ?? 1)
    }

    /// Whether entries of this length can be taken.
    func isOpen(_ byteCount: Int) -> Bool {
        if Self.ladder.contains(byteCount) || lengths.contains(where: { $0.byteCount == byteCount }) { return true }
        return lengths.count(where: { !Self.ladder.contains($0.byteCount) }) < Self.maxFreeLengths
    }

    /// Raises the epoch of a prefix of an open length. True when that took a new entry.
    mutating func raise(byteCount: Int, id: UInt64, _ mode: PurgeMode, to serial: UInt64) -> Bool {
        let index = lengths.firstIndex { $0.byteCount >= byteCount } ?? lengths.count
        if index == lengths.count || lengths[index].byteCount != byteCount {
            lengths.insert((byteCount, EpochTable()), at: index)
        }
        return lengths[index].epochs.raise(id, mode, to: serial)
    }

    /// The newest purges of any prefix of a key.
    func find(_ key: UnsafeRawBufferPointer, secret: HashSecret) -> EpochTable.Epochs {
        var epochs = EpochTable.Epochs()
        for (byteCount, table) in lengths {
            guard byteCount <= key.count else { break }
            epochs.raise(to: table.find(secret.hash(key.part(0, byteCount)).low))
        }
        return epochs
    }

    mutating func removeAll(through serial: UInt64, modes: Set<PurgeMode>) -> EpochTable.Epochs {
        var dropped = EpochTable.Epochs()
        for index in lengths.indices { dropped.raise(to: lengths[index].epochs.removeAll(through: serial, modes: modes)) }
        lengths.removeAll { $0.epochs.count == 0 }
        return dropped
    }

    func forEach(_ body: (_ byteCount: Int, _ id: UInt64, _ mode: PurgeMode, _ serial: UInt64) -> Void) {
        for (byteCount, table) in lengths {
            table.forEach { body(byteCount, $0, $1, $2) }
        }
    }
}
