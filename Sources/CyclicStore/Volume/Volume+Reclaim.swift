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
        let (hasStayed, logged) = lock.locked { (restart.isOn && cycle.hasStayed(stripe), restart.pages[stripe]) }
        if let logged, logged.hasUsesSincePass, logged.sequence == sequence {
            // Not in the log yet.
            let footer = StripeFooter(
                volumeID: superblock.volumeID,
                sequence: sequence,
                stripe: UInt32(stripe),
                entries: logged.entries,
                hasUsesSincePass: true
            )
            return perform(lock.locked { judge(footer) })
        }
        let reader = FooterReader(superblock: superblock, device: device, engine: engine)
        let finish: @Sendable (FooterReader.Outcome) -> Void = { [self] outcome in
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
        if hasStayed {
            reader.readStayed(stripe: stripe, sequence: sequence, finish)
        } else {
            reader.read(stripe: stripe, finish)
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
            let facts = facts(entry, of: footer)
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
    func facts(_ entry: DirectoryEntry, of footer: StripeFooter) -> ReclaimPolicy.RecordFacts {
        facts(entry, in: Int(footer.stripe), hasStayed: footer.hasUsesSincePass)
    }

    func facts(_ entry: DirectoryEntry, in stripe: Int, hasStayed: Bool = false) -> ReclaimPolicy.RecordFacts {
        let known = index.find(entry.hash)
        let isIndexed = known?.address == address(entry, in: stripe)
        return ReclaimPolicy.RecordFacts(
            isIndexed: isIndexed,
            uses: isIndexed ? known?.uses ?? .none : .none,
            // In a stripe that stayed they are in the counts already.
            priorUses: hasStayed || cycle.wasHot(stripe) ? .none : entry.priorUses,
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
        // The count is aged from now on: how often a record was really used until now goes to the log.
        var entries = footer.entries.filter(\.isTombstone)
        for (entry, facts) in judged {
            var kept = entry
            if facts.isIndexed {
                kept.usesBefore = allUses(entry, facts, of: footer)
                kept.priorUses = policy.agedUses(facts)
                index.setUses(kept.priorUses, of: entry.hash, at: address(entry, in: stripe))
            } else {
                superseded.add(entry.hash, in: stripe)
            }
            entries.append(kept)
        }
        log(entries, stripe: stripe, hasStayed: true)
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
                let bytes = Int(entry.units) * superblock.recordAlignment
                reuse.record(
                    uses: UseClass(uses: allUses(entry, gone.uses, of: footer)),
                    objectBytes: max(bytes, entry.objectSize.bytes ?? 0),
                    bytes: bytes
                )
            }
            // The last word on a key of which an older record is still on disk somewhere.
            if entry.isTombstone || gone != nil, superseded.contains(entry.hash), index.find(entry.hash) == nil,
                !pending.contains(entry.hash, newerThan: 0)
            {
                // What is in memory only has a later serial already.
                logTombstone(entry.hash, serial: entry.serial, replacing: nil, &deeds)
            }
            if superseded.contains(entry.hash) { guardOverwrite(stripe, of: entry.hash) }
        }
        for entry in footer.entries where !entry.isTombstone { superseded.add(entry.hash, in: stripe) }
        unreadStripes.remove(stripe)
        statistics.stripesReclaimed += 1
        cycle.emptied(stripe)
        return deeds + reclaimAhead() + flushDeeds() + roomDeeds()
    }

    /// Uses of a record since it was first written, wherever it has been.
    /// - Parameter count: What the index counted.
    private func allUses(_ entry: DirectoryEntry, _ count: UseClass, of footer: StripeFooter) -> Int {
        if footer.hasUsesSincePass { return entry.usesBefore.uses + max(0, count.uses - entry.priorUses.uses) }
        // Without a footer log, or when its page is lost, nobody knows what the count was aged from: one of the two is too low.
        if cycle.hasStayed(Int(footer.stripe)) { return max(entry.usesBefore.uses, count.uses) }
        return entry.usesBefore.uses + count.uses
    }

    /// The same as a class, rounded by chance: a record that is carried again and again would lose a use each time.
    func allUses(_ entry: DirectoryEntry, _ facts: ReclaimPolicy.RecordFacts, of footer: StripeFooter) -> UseClass {
        UseClass(uses: Float(allUses(entry, facts.uses, of: footer)), random: facts.random)
    }

    /// The directory is unreadable: whatever points into this stripe must go all the same. Of its records the length is known, and the uses since
    /// they came here.
    private func forgetUnread(_ stripe: Int) -> [Deed] {
        unreadStripes.insert(stripe)
        let before = index.count
        // Of a stripe that nobody has looked at yet the index knows nothing.
        if cycle.sequence(stripe) != StripeCycle.unknownSequence {
            index.removeAll(
                from: RecordAddress(stripe: stripe, unitsPerStripe: unitsPerStripe, unitInStripe: 0),
                upTo: RecordAddress(stripe: stripe + 1, unitsPerStripe: unitsPerStripe, unitInStripe: 0)
            ) { gone in
                let bytes = gone.unitsToRead * superblock.recordAlignment
                reuse.record(uses: gone.uses, objectBytes: bytes, bytes: bytes)
            }
        }
        statistics.recordsReclaimed += before - index.count
        statistics.stripesReclaimed += 1
        cycle.emptied(stripe)
        return reclaimAhead() + flushDeeds() + roomDeeds()
    }
}
