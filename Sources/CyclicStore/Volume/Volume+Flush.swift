// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

extension Volume {
    struct FlushWaiter {
        /// Told when no membuf with a lower sequence is left.
        var before: UInt64
        var tell: @Sendable () -> Void
    }

    /// Writes every open membuf, full or not, and calls back when everything stored before the call is on the device or has failed to get
    /// there. What is stored meanwhile does not hold it up.
    func flush(_ completion: @escaping @Sendable () -> Void) {
        perform(
            lock.locked {
                var deeds: [Deed] = []
                for membuf in allOpen { deeds += seal(membuf) }
                // What was paid before is in the stripes that have just been sealed.
                if flushWaiters.isEmpty { _ = owedTombstones.takePaid() }
                flushWaiters.append(FlushWaiter(before: cycle.nextSequence, tell: completion))
                return deeds + reclaimAhead() + flushDeeds()
            }
        )
    }

    /// The system has forgotten what it could not write, and says so once: any stripe written since the last sync may be lost (Rebello et al., "Can
    /// applications recover from fsync failures?", USENIX ATC 2020). What a flush has promised since is void, so the volume is set aside, and
    /// the next start looks at what there is.
    func syncFailed() { goOffline() }

    /// Something else than the stripes has failed: nothing is read or written here any more.
    func goOffline() {
        perform(
            lock.locked {
                setAside() + roomDeeds() + flushDeeds()
            }
        )
    }

    /// Refuses writes from now on.
    func refuseWrites() {
        perform(
            lock.locked {
                isClosed = true
                return roomDeeds()
            }
        )
    }

    /// Under the lock, whenever a membuf is done.
    func flushDeeds() -> [Deed] {
        guard !flushWaiters.isEmpty else { return [] }
        var deeds: [Deed] = []
        payTombstones(&deeds)
        if owedTombstones.takePaid() {
            // What could not be logged when the flush began belongs to it all the same: as a tombstone, paid here or by whoever opened a stripe
            // meanwhile, or as a newer record of the key.
            for membuf in allOpen { deeds += seal(membuf) }
            for index in flushWaiters.indices { flushWaiters[index].before = cycle.nextSequence }
        }
        // A removal that is not logged yet would come undone: the flush waits until there is a clean stripe for it. There will be, when the
        // reclaim or the reads that are under way end.
        guard owedTombstones.isEmpty || isOffline else { return deeds }
        let oldest = membufs.values.reduce(UInt64.max) { min($0, $1.sequence) }
        deeds += flushWaiters.filter { $0.before <= oldest }.map { .tell($0.tell) }
        flushWaiters.removeAll { $0.before <= oldest }
        return deeds
    }

    /// Under the lock, when the engine took no write. To try again at once would go on for ever: the next write that ends does, and when
    /// none is under way the flush has failed.
    func refusedFlushDeeds() -> [Deed] {
        guard membufs.count == allOpen.count else { return [] }
        defer { flushWaiters = [] }
        return flushWaiters.map { .tell($0.tell) }
    }

    /// Checks what must always hold. For tests.
    func checkInvariants() {
        lock.locked {
            cycle.checkInvariants()
            precondition(freeMembufs.count + membufs.count <= membufCount)
            precondition(openMembufs.count <= openLimit)
            for membuf in allOpen {
                precondition(!membuf.isSealed && membuf.sequence + UInt64(Self.openWindow) + 1 >= cycle.nextSequence)
            }
            for (stripe, membuf) in membufs {
                precondition(membuf.stripe == stripe && cycle.phase(stripe) == .filling)
            }
        }
    }

    /// Checks that nothing is held when nobody does anything: no lease, no pin, no membuf but those that are open or wait for bytes of the
    /// write budget. For tests.
    func checkNothingLeaks() {
        lock.locked {
            precondition(cycle.leaseCount == 0, "a lease was not given back")
            precondition(pending.isEmpty, "a record is pending for ever")
            precondition(relocationsUnderWay == 0, "a relocation never ended")
            precondition(freeMembufs.count + membufs.count == membufCount, "a membuf was not given back")
            let held = waitingWrites.isEmpty ? 0 : waitingWrites.count + guardedWrites.count
            precondition(membufs.count == allOpen.count + held, "a membuf is not written")
            precondition(membufs.values.allSatisfy { $0.readers == 0 && $0.writers == 0 })
            let left = reuse.total - keptAtStart.reuse.total
            precondition(left == statistics.recordsReclaimed, "a record left uncounted, or counted twice")
            superseded.checkInvariants(stripeCount: superblock.stripeCount, unsynced: unsynced.count)
        }
    }
}
