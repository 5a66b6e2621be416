// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

extension Volume {
    /// Takes stripes back until enough are clean ahead of the head. Under the lock.
    func reclaimAhead() -> [Deed] {
        // What the index does not know yet could not be carried forward.
        guard !isOffline, !isRebuilding else { return [] }
        var deeds = waitingReclaims
        waitingReclaims = []
        while let stripe = cycle.reclaimNext() {
            deeds.append(.readDirectory(stripe: stripe, sequence: cycle.sequence(stripe)))
        }
        return deeds + sealBlocking()
    }

    /// What has waited is tried again. To be called now and then, every tenth of a second or so.
    func tick() {
        perform(
            lock.locked {
                let held = waitingWrites
                waitingWrites = []
                return restartDeeds() + guardedDeeds() + heldUpDeeds() + held.map { .write($0) } + reclaimAhead() + flushDeeds()
                    + roomDeeds()
            }
        )
        askBudgetAgain()
        syncIfDue()
        snapshotIfDue()
        saveStatisticsIfDue()
    }

    func startReclaim(_ stripe: Int, sequence: UInt64) {
        let reader = FooterReader(superblock: superblock, device: device, engine: engine)
        reader.read(stripe: stripe) { [self] outcome in
            switch outcome {
            case .footer(let footer) where footer.sequence == sequence: perform(lock.locked { judge(footer) })
            case .footer(let footer) where sequence == StripeCycle.unknownSequence && footer.sequence < firstSequence:
                perform(
                    lock.locked {
                        _ = cycle.learn(stripe, sequence: footer.sequence)
                        return judge(footer)
                    }
                )
            case .footer, .unreadable: perform(lock.locked { forgetUnread(stripe) })
            // Tried again whenever a read, a write or a search for room ends. Until then there is no clean stripe, and writes are refused.
            case .busy: lock.locked { waitingReclaims.append(.readDirectory(stripe: stripe, sequence: sequence)) }
            }
        }
    }

    // MARK: Under the lock

    /// Asks the policy what is to become of a stripe and its records.
    private func judge(_ footer: StripeFooter) -> [Deed] {
        let stripe = Int(footer.stripe)
        var chosen: [DirectoryEntry] = []
        var sums = ReclaimPolicy.StripeFacts(
            stripeBytes: superblock.stripeBytes,
            stripeCount: cycle.count,
            hotStripes: cycle.hotCount,
            leastHeat: cycle.leastHeat
        )
        var judged: [(entry: DirectoryEntry, facts: ReclaimPolicy.RecordFacts)] = []
        for entry in footer.entries where !entry.isTombstone {
            let facts = facts(entry, in: stripe)
            judged.append((entry, facts))
            if policy.record(facts) == .relocate, facts.isIndexed {
                chosen.append(entry)
                sums.add(facts, under: policy)
            }
        }
        let verdict = policy.stripe(sums)
        if verdict == .replaceCoolest, cycle.releaseCoolest() { statistics.hotStripesReplaced += 1 }
        if verdict != .reclaim, cycle.keep(stripe, heat: sums.heat) { return keep(footer, judged) }
        guard !chosen.isEmpty else { return drop(footer) }
        let survivors = affordable(chosen)
        statistics.relocationsDropped += chosen.count - survivors.count
        relocationsUnderWay += 1
        return [.relocate(Relocation(volume: self, footer: footer, survivors: survivors))]
    }

    /// What the policy is told of a record.
    func facts(_ entry: DirectoryEntry, in stripe: Int) -> ReclaimPolicy.RecordFacts {
        let known = index.find(entry.hash)
        let isIndexed = known?.address == address(entry, in: stripe)
        return ReclaimPolicy.RecordFacts(
            isIndexed: isIndexed,
            uses: isIndexed ? known?.uses ?? .none : .none,
            // In a stripe that stayed they are in the counts already.
            priorUses: cycle.wasHot(stripe) ? .none : entry.priorUses,
            bytes: Int(entry.units) * superblock.recordAlignment,
            objectBytes: entry.objectSize.bytes,
            random: UInt32(truncatingIfNeeded: dice.next())
        )
    }

    /// A stripe that is all survivors would be copied for nothing gained: an eighth of it becomes free whatever the policy says, so that the
    /// turn goes on however hot everything is.
    private func affordable(_ chosen: [DirectoryEntry]) -> [DirectoryEntry] {
        var left = superblock.stripeBytes * 7 / 8
        return chosen.filter { entry in
            left -= Int(entry.units) * superblock.recordAlignment
            return left >= 0
        }
    }

    /// The turn passes over a stripe: its bytes stay, its records cool.
    /// - Parameter judged: Its records as they were before the stripe was hot: from now on what they were used for before is in their counts.
    private func keep(_ footer: StripeFooter, _ judged: [(entry: DirectoryEntry, facts: ReclaimPolicy.RecordFacts)]) -> [Deed] {
        let stripe = Int(footer.stripe)
        statistics.stripesKept += 1
        for (entry, facts) in judged {
            if facts.isIndexed {
                index.setUses(policy.agedUses(facts), of: entry.hash, at: address(entry, in: stripe))
            } else {
                superseded.add(entry.hash, in: stripe)
            }
        }
        log(footer.entries, stripe: stripe, isHot: true)
        return reclaimAhead() + flushDeeds() + roomDeeds()
    }

    /// Forgets what still points into a stripe.
    func drop(_ footer: StripeFooter) -> [Deed] {
        var deeds: [Deed] = []
        let stripe = Int(footer.stripe)
        for entry in footer.entries {
            let gone = entry.isTombstone ? nil : index.remove(entry.hash, at: address(entry, in: stripe))
            if let gone {
                statistics.recordsReclaimed += 1
                reuse.record(
                    uses: UseClass(uses: gone.uses.uses + entry.usesBefore.uses),
                    bytes: Int(entry.units) * superblock.recordAlignment
                )
            }
            // The last word on a key of which an older record is still on disk somewhere.
            if entry.isTombstone || gone != nil, superseded.contains(entry.hash), index.find(entry.hash) == nil,
                !pending.contains(entry.hash, newerThan: 0)
            {
                logTombstone(entry.hash, serial: serials.next(), replacing: nil, &deeds)
            }
            if superseded.contains(entry.hash) { guardOverwrite(stripe, of: entry.hash) }
        }
        for entry in footer.entries where !entry.isTombstone { superseded.add(entry.hash, in: stripe) }
        unreadStripes.remove(stripe)
        statistics.stripesReclaimed += 1
        cycle.emptied(stripe)
        return deeds + reclaimAhead() + flushDeeds() + roomDeeds()
    }

    /// A record was replaced or removed. What it was used for before it was last carried is on the disk; nobody goes to look.
    func recordLeaves(_ old: PackedIndex.Entry) { reuse.record(uses: old.uses, bytes: old.unitsToRead * superblock.recordAlignment) }

    /// The directory is unreadable: whatever points into this stripe must go all the same.
    private func forgetUnread(_ stripe: Int) -> [Deed] {
        unreadStripes.insert(stripe)
        let before = index.count
        // Of a stripe that nobody has looked at yet the index knows nothing.
        if cycle.sequence(stripe) != StripeCycle.unknownSequence {
            index.removeAll(
                from: RecordAddress(stripe: stripe, unitsPerStripe: unitsPerStripe, unitInStripe: 0),
                upTo: RecordAddress(stripe: stripe + 1, unitsPerStripe: unitsPerStripe, unitInStripe: 0)
            )
        }
        statistics.recordsReclaimed += before - index.count
        statistics.stripesReclaimed += 1
        cycle.emptied(stripe)
        return reclaimAhead() + flushDeeds() + roomDeeds()
    }
}
