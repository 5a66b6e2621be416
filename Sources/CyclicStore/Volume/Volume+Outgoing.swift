// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Objects that were in memory before they come here.
extension Volume {
    /// Whether it takes nothing any more.
    var isGone: Bool { lock.locked { isOffline } }

    /// Tells the purger how far the volume has turned, when it wants to know.
    func report(to purger: Purger) {
        let id = superblock.volumeID
        guard purger.wantsNote(of: id, nextSequence: lock.locked { cycle.nextSequence }, stripes: superblock.stripeCount) else { return }
        // The clock first: what is opened later has a later serial.
        let serial = serials.latest
        let turn = lock.locked {
            // What lies in a stripe that could not be read is of any age.
            StripeAges.Turn(
                serial: serial,
                nextSequence: cycle.nextSequence,
                oldestSequence: unreadStripes.isEmpty ? cycle.oldestOnDisk : 0
            )
        }
        purger.note(turn, of: id)
    }

    /// Forgets what there is of a key because something newer is kept in memory.
    /// - Returns: The newer one's serial: what reaches the volume from now on has a higher one.
    func displace(_ hash: KeyHash) -> UInt64 {
        var deeds: [Deed] = []
        let serial = lock.locked {
            let removal = serials.next()
            let wasPending = pending.remove(hash, serial: removal)
            let old = index.remove(hash)
            noteForgotten(hash)
            if old != nil || wasPending || mayBeOnDisk(hash) { logTombstone(hash, serial: removal, replacing: old, &deeds) }
            return serials.next()
        }
        perform(deeds)
        return serial
    }

    /// An object that leaves memory, and what its record will be like.
    private struct Leaving {
        var one: Outgoing
        var shape: RecordShape
    }

    /// Copies objects into a membuf side by side, under the serials they came with; what one stripe cannot hold goes to the next. Those that
    /// something newer has overtaken are left out: they are cancelled, or the volume knows a record of their key.
    ///
    /// When it throws, some may have been written: to try again with all is right.
    /// - Returns: How many were written.
    @discardableResult
    func write(_ leaving: [Outgoing], group: UInt32) throws(RefusedWrite) -> Int {
        var run: [Leaving] = []
        var (runBytes, written) = (0, 0)
        for one in leaving {
            let shape = try RecordShape(one.object)
            guard shape.totalBytes <= recordCapacity else { throw .tooLarge }
            let bytes = shape.totalBytes.roundedUp(to: superblock.recordAlignment) + DirectoryEntry.byteCount
            if runBytes + bytes - DirectoryEntry.byteCount > recordCapacity {
                written += try write(run, group)
                (run, runBytes) = ([], 0)
            }
            run.append(Leaving(one: one, shape: shape))
            runBytes += bytes
        }
        return written + (try write(run, group))
    }

    /// As above, of what fits into a stripe.
    private func write(_ leaving: [Leaving], _ group: UInt32) throws(RefusedWrite) -> Int {
        var members = leaving
        var deeds: [Deed] = []
        var places: [Reserved] = []
        var refusal: RefusedWrite?
        lock.locked {
            members.removeAll { $0.one.isCancelled || index.find($0.one.hash) != nil || pending.contains($0.one.hash, newerThan: 0) }
            let runBytes = members.reduce(0) {
                $0 + $1.shape.totalBytes.roundedUp(to: superblock.recordAlignment) + DirectoryEntry.byteCount
            }
            for member in members {
                let (one, shape) = (member.one, member.shape)
                let wanted = Reservation(
                    hash: one.hash,
                    serial: one.serial,
                    byteCount: shape.totalBytes,
                    kind: one.object.kind,
                    // The miss that brought it counts for its worth, and is no use of it.
                    priorUses: UseClass(uses: one.uses + 1),
                    usesBefore: UseClass(uses: one.uses)
                )
                let place: Result<Reserved, RefusedWrite> =
                    places.first.map { .success(take($0.membuf, wanted)) }
                    ?? reserve(wanted, for: .fresh, room: runBytes - DirectoryEntry.byteCount, &deeds)
                switch place {
                case .success(let place):
                    places.append(place)
                    pending.begin(one.hash, serial: one.serial)
                    owedTombstones.remove(one.hash)
                case .failure(let reason):
                    statistics.writesRefused[reason, default: 0] += 1
                    refusal = reason
                    return
                }
            }
        }
        perform(deeds)
        if let refusal { throw refusal }

        var unitsAfter = places.reduce(0) { $0 + Int($1.entry.units) }
        var unitsBefore = 0
        for (place, member) in zip(places, members) {
            unitsAfter -= Int(place.entry.units)
            let run = LocalityRun(group: group, unitsBefore: UInt16(unitsBefore), unitsAfter: UInt16(unitsAfter))
            encode(member.one.object, member.shape, at: place, run: group == 0 ? .none : run)
            unitsBefore += Int(place.entry.units)
        }
        perform(lock.locked { places.reduce(into: []) { $0 += commit($1) } })
        return places.count
    }

    /// Seals membufs that have waited long for more: after `seconds` when they are half full, else after ten times as long. So what is stored is
    /// on the disk after a while though little comes, and a quiet store does not turn its volume with empty stripes.
    func flushAged(seconds: UInt64) {
        let now = nowSeconds()
        perform(
            lock.locked {
                allOpen.filter { membuf in
                    let age = now - min(now, membuf.openedAtSeconds)
                    return age >= (membuf.isHalfFull ? seconds : seconds * 10)
                }.flatMap { seal($0) }
            }
        )
    }
}
