// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Every purge that may still match something: what was purged, how, and with which serial. A pure value; ``Purger`` is its shell.
///
/// An object is judged by the serial of its write. The cost does not depend on the number of objects, nor on that of purges: one probe for
/// the key, one for each of its tags, one for each length of prefix that has been purged (at most ``PrefixTable/maxLengths``).
///
/// The size is bounded. Purges that nothing on the volumes can match any more are dropped (``expire(through:)``); when that is not enough,
/// the older half is replaced by one purge of everything that was stored before: that purges too much, never too little, and is counted.
struct PurgeTable: Sendable {
    private let secret: HashSecret
    /// Entries it may have; at least 16.
    let capacity: Int
    private var keys = EpochTable()
    private var tags = EpochTable()
    private var prefixes = PrefixTable()
    private var everything = EpochTable.Epochs()
    /// Announced by ``expire(through:)``, not yet applied.
    private var expiry: UInt64 = 0

    /// Serial of the newest purge. What was stored or checked later needs no check.
    private(set) var newest: UInt64 = 0
    /// Purges up to this serial may have been dropped. An object outside the volumes that was neither stored nor checked after it
    /// cannot be judged any more.
    private(set) var floor: UInt64 = 0
    /// How often older purges were replaced by one of everything.
    private(set) var collapses = 0

    init(secret: HashSecret, capacity: Int) {
        self.secret = secret
        self.capacity = max(16, capacity)
    }

    /// Entries, the purges of everything not counted.
    var count: Int { keys.count + tags.count + prefixes.count }
    /// Bytes of memory.
    var byteCount: Int { keys.byteCount + tags.byteCount + prefixes.byteCount }
    /// Lengths of prefix a key is hashed at.
    var prefixLengths: Int { prefixes.lengthCount }

    // MARK: Judging

    /// What the purges say about an object.
    ///
    /// - Parameters:
    ///   - serial: That of its write, or a later one up to which it has been checked already.
    ///   - tags: ``HashSecret/tagHash(_:)`` of each of its tags.
    func verdict(serial: UInt64, hash: KeyHash, key: UnsafeRawBufferPointer, tags: UnsafeBufferPointer<UInt64>) -> PurgeVerdict {
        if serial >= newest { return .current }
        var epochs = everything
        if epochs.hard > serial { return .gone }
        epochs.raise(to: keys.find(hash.purgeID))
        if self.tags.count > 0 {
            for tag in tags { epochs.raise(to: self.tags.find(tag)) }
        }
        if epochs.hard > serial { return .gone }
        epochs.raise(to: prefixes.find(key, secret: secret))
        if epochs.hard > serial { return .gone }
        return epochs.soft > serial ? .stale : .current
    }

    /// As above, for what is at hand as arrays.
    func verdict(serial: UInt64, key: StoreKey, tags: [UInt64] = []) -> PurgeVerdict {
        key.bytes.withUnsafeBytes { bytes in
            tags.withUnsafeBufferPointer { verdict(serial: serial, hash: key.hash, key: bytes, tags: $0) }
        }
    }

    // MARK: Purging

    /// The entry for a purge. Prefixes may be shortened: see ``PrefixTable``.
    func entry(_ scope: PurgeScope, _ mode: PurgeMode, serial: UInt64) -> PurgeEntry {
        let subject: PurgeEntry.Subject
        switch scope {
        case .key(let key): subject = .key(key.hash.purgeID)
        case .tag(let tag): subject = .tag(secret.tagHash(tag))
        case .everything: subject = .everything
        case .prefix(let bytes) where bytes.isEmpty: subject = .everything
        case .prefix(let bytes):
            // No key is longer, so a longer prefix matches nothing; cut, it may match one that it would not.
            let byteCount = prefixes.length(for: min(bytes.count, Limits.maxKeyBytes))
            subject = .prefix(byteCount: byteCount, bytes.withUnsafeBytes { secret.hash($0.part(0, byteCount)).low })
        }
        return PurgeEntry(subject: subject, mode: mode, serial: serial)
    }

    /// Takes a purge, in any order of serials.
    mutating func insert(_ entry: PurgeEntry) {
        newest = max(newest, entry.serial)
        // An old journal's: nothing can match it any more, or it is covered.
        if entry.serial <= max(floor, everything.hard) || (entry.mode == .soft && entry.serial <= everything.soft) { return }
        switch entry.subject {
        case .key(let id): keys.raise(id, entry.mode, to: entry.serial)
        case .tag(let id): tags.raise(id, entry.mode, to: entry.serial)
        case .prefix(let byteCount, let id):
            if prefixes.isOpen(byteCount) {
                _ = prefixes.raise(byteCount: byteCount, id: id, entry.mode, to: entry.serial)
            } else {
                // Only the hash is known, so it cannot be shortened now. Happens when journals that were apart are united.
                collapses += 1
                purgeEverything(entry.mode, entry.serial)
            }
        case .everything: purgeEverything(entry.mode, entry.serial)
        }
        if count > capacity { makeRoom() }
    }

    private mutating func purgeEverything(_ mode: PurgeMode, _ serial: UInt64) {
        everything.raise(mode, to: serial)
        // What it covers need not be remembered apart: a hard one covers all that is older, a soft one what is older and soft.
        _ = removeAll(through: serial, modes: mode == .hard ? [.hard, .soft] : [.soft])
    }

    // MARK: Forgetting

    /// Purges up to a serial match nothing on any volume any more: every record was stored or checked after them. They are dropped when
    /// the room is needed. Costs nothing.
    mutating func expire(through serial: UInt64) { expiry = max(expiry, serial) }

    /// Drops what ``expire(through:)`` allowed. Costs one pass over the table when there is something.
    mutating func dropExpired() {
        guard expiry > floor else { return }
        floor = expiry
        // What is older than the floor is looked at once more, for whoever knows better than the table: see ``Purger/verdict``.
        newest = max(newest, floor)
        _ = removeAll(through: floor, modes: [.hard, .soft])
        if everything.hard <= floor { everything.hard = 0 }
        if everything.soft <= floor { everything.soft = 0 }
    }

    /// A floor from a journal.
    mutating func raiseFloor(to serial: UInt64) {
        expire(through: serial)
        dropExpired()
    }

    private mutating func makeRoom() {
        dropExpired()
        // Some room must come of it, or a table that stays nearly full would be gone through for every purge.
        guard count > capacity - capacity / 16 else { return }
        collapses += 1
        let dropped = removeAll(through: middleSerial(), modes: [.hard, .soft])
        everything.raise(to: dropped)
    }

    /// About half of the entries have serials up to this one, and at least one has: the middle of a sample.
    private func middleSerial() -> UInt64 {
        var sample: [UInt64] = []
        let stride = max(1, count / 1024)
        var position = 0
        forEach { entry in
            if position % stride == 0 { sample.append(entry.serial) }
            position += 1
        }
        sample.sort()
        return sample.isEmpty ? newest : sample[sample.count / 2]
    }

    private mutating func removeAll(through serial: UInt64, modes: Set<PurgeMode>) -> EpochTable.Epochs {
        var dropped = keys.removeAll(through: serial, modes: modes)
        dropped.raise(to: tags.removeAll(through: serial, modes: modes))
        dropped.raise(to: prefixes.removeAll(through: serial, modes: modes))
        return dropped
    }

    // MARK: Listing

    /// Every purge that is remembered, in no order: inserted into another table they give the same verdicts.
    func forEach(_ body: (PurgeEntry) -> Void) {
        if everything.hard > 0 { body(PurgeEntry(subject: .everything, mode: .hard, serial: everything.hard)) }
        if everything.soft > 0 { body(PurgeEntry(subject: .everything, mode: .soft, serial: everything.soft)) }
        keys.forEach { body(PurgeEntry(subject: .key($0), mode: $1, serial: $2)) }
        tags.forEach { body(PurgeEntry(subject: .tag($0), mode: $1, serial: $2)) }
        prefixes.forEach { body(PurgeEntry(subject: .prefix(byteCount: $0, $1), mode: $2, serial: $3)) }
    }
}
