// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Keys whose records have a place in a membuf and are still being copied there. Copying happens outside the lock, so records of one key
/// can be ready in another order than they were begun, and a removal can come in between: serials decide what may enter the index.
struct PendingRecords {
    private struct Group {
        /// Records begun and not yet ready.
        var writers = 0
        /// The highest serial begun.
        var newest: UInt64 = 0
        /// The highest serial that is in the index or was a removal.
        var floor: UInt64 = 0
    }

    private var groups: [KeyHash: Group] = [:]

    var isEmpty: Bool { groups.isEmpty }

    /// A record has been given its place and serial.
    mutating func begin(_ hash: KeyHash, serial: UInt64) {
        groups[hash, default: Group()].writers += 1
        groups[hash, default: Group()].newest = serial
    }

    /// A record is ready. True when nothing newer of its key is known: it goes into the index.
    mutating func commit(_ hash: KeyHash, serial: UInt64) -> Bool {
        guard var group = groups[hash] else { preconditionFailure("a record is begun before it is ready") }
        let isNewest = serial > group.floor
        group.floor = max(group.floor, serial)
        group.writers -= 1
        groups[hash] = group.writers == 0 ? nil : group
        return isNewest
    }

    /// Everything begun so far was removed. False when nothing is pending.
    mutating func remove(_ hash: KeyHash, serial: UInt64) -> Bool {
        guard groups[hash] != nil else { return false }
        groups[hash]?.floor = serial
        return true
    }

    /// Whether a record newer than this one is pending: it speaks for the key from then on.
    func contains(_ hash: KeyHash, newerThan serial: UInt64) -> Bool {
        groups[hash].map { $0.newest > serial } ?? false
    }
}
