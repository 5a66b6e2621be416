// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CCyclicStore

/// The volume's side of a rebuild that goes on while it serves. What is not known yet is a miss.
extension Volume {
    /// Under the lock.
    var isRebuilding: Bool { rebuild != nil }

    /// Under the lock, whenever the store forgets what the index knew of a key.
    func noteForgotten(_ hash: KeyHash) { rebuild?.bury(hash) }

    /// Directories, in descending order of sequence.
    func applyRebuilt(_ footers: [StripeFooter]) {
        guard !footers.isEmpty else { return }
        lock.locked {
            for footer in footers {
                let stripe = Int(footer.stripe)
                let isNew = footer.sequence >= rebuild?.lowSequence ?? 0
                // Of a stripe that was opened or taken back meanwhile nothing is left. One that the snapshot knows is only compared with.
                if isNew, !cycle.learn(stripe, sequence: footer.sequence), !cycle.holds(stripe, sequence: footer.sequence) { continue }
                if !isNew { _ = cycle.learn(stripe, sequence: footer.sequence) }
                rebuild?.apply(
                    footer.entries,
                    stripe: stripe,
                    sequence: footer.sequence,
                    unitsPerStripe: unitsPerStripe,
                    to: &index
                )
            }
            for (hash, stripe) in rebuild?.takeOutliving() ?? [] { superseded.add(hash, in: stripe) }
        }
    }

    /// The log has been read.
    func settleRebuilt() { lock.locked { rebuild?.settleAll(in: &index) } }

    func learn(_ stripe: Int, sequence: UInt64) { lock.locked { _ = cycle.learn(stripe, sequence: sequence) } }

    func learnEmpty(_ stripe: Int, isDamaged: Bool) {
        lock.locked {
            cycle.learnEmpty(stripe)
            if isDamaged || cycle.place(of: stripe) >= UInt64(cycle.count) { unreadStripes.insert(stripe) }
            if isDamaged { statistics.damagedStripes += 1 }
        }
    }

    /// Takes shards from the snapshot, without what lies in stripes that have been written since. Under the lock, some at a time.
    func install(_ content: UnsafeRawBufferPointer, _ stripes: [SnapshotStripe]) {
        var shards = SnapshotShards(content)
        var isLeft = true
        while isLeft {
            isLeft = lock.locked {
                guard let rebuild else { return false }
                rebuild.keepStripes(of: cycle) { stripe in
                    guard let sequence = stripes[stripe].sequence, sequence < rebuild.lowSequence else { return false }
                    return cycle.holds(stripe, sequence: sequence)
                }
                for _ in 0..<64 {
                    guard let shard = shards.next(), shard.number < index.shardCount else { return false }
                    if shard.groups > 0 { rebuild.install(shard, unitsPerStripe: unitsPerStripe, to: &index) }
                }
                return true
            }
        }
    }

    /// So many records may come from the log.
    func expectRecords(_ count: Int) { lock.locked { index.expect(count) } }

    /// Gives back what ``expectRecords(_:)`` was wrong about, and what was only needed for the rebuild. The lock is never held for long.
    func trimIndex() {
        defer { gyre_return_free_memory() }
        let count = lock.locked { index.shardCount }
        for begin in stride(from: 0, to: count, by: 64) {
            lock.locked { for shard in begin..<min(count, begin + 64) { index.trim(shard: shard) } }
        }
    }

    func noteHot(_ stripe: Int) { lock.locked { hotFoundAtStart.append(stripe) } }
    /// Hot stripes that were found while the log was read.
    var hotFound: [Int] { lock.locked { hotFoundAtStart } }

    func watchDead(_ footer: StripeFooter) {
        lock.locked {
            let stripe = Int(footer.stripe)
            guard cycle.holds(stripe, sequence: footer.sequence) else { return }
            cycle.noteOld(stripe)
            for entry in footer.entries where !entry.isTombstone {
                guard let known = index.find(entry.hash), known.address == address(entry, in: stripe) else {
                    superseded.add(entry.hash, in: stripe)
                    continue
                }
                // What the log remembers of its heat may be newer than the snapshot.
                if footer.hasUsesSincePass, known.uses < entry.priorUses {
                    index.setUses(entry.priorUses, of: entry.hash, at: known.address)
                }
            }
        }
    }

    /// The directory of a hot stripe could not be read: which of its records are dead is not known.
    func noteUnread(_ stripe: Int) { lock.locked { _ = unreadStripes.insert(stripe) } }

    /// Everything is in the log that is read from now on.
    func snapshotIsDamaged(pieces: Int) {
        lock.locked {
            rebuild?.lowSequence = 0
            rebuild?.pieces += pieces
            rebuild?.piecesLeft = pieces
        }
    }

    func rebuildAdvanced() { lock.locked { rebuild?.advance() } }

    /// Calls back once when the index is complete, at once if it is.
    func whenRebuilt(_ callback: @escaping @Sendable () -> Void) {
        let isNow = lock.locked {
            if isRebuilding { rebuildWaiters.append(callback) }
            return !isRebuilding
        }
        if isNow { callback() }
    }

    /// The engine had no room; to be tried again at the next tick.
    func waitToRebuild(_ step: @escaping @Sendable () -> Void) { lock.locked { waitingRebuild = step } }

    func endRebuild() {
        perform(
            lock.locked {
                rebuild = nil
                // Taken back when the snapshot was written, and not overwritten since: what they hold is not known before they are read.
                for stripe in 0..<cycle.count where cycle.sequence(stripe) == StripeCycle.unknownSequence { unreadStripes.insert(stripe) }
                hotFoundAtStart = []
                let waiters = rebuildWaiters.map { Deed.tell($0) }
                rebuildWaiters = []
                return waiters + reclaimAhead() + flushDeeds() + roomDeeds()
            }
        )
    }
}
