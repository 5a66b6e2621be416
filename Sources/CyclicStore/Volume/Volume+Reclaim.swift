// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

extension Volume {
    /// Takes stripes back until enough are clean ahead of the head. Under the lock.
    func reclaimAhead() -> [Deed] {
        guard !isOffline else { return [] }
        var deeds = waitingReclaims
        waitingReclaims = []
        while let stripe = cycle.reclaimNext() {
            deeds.append(.readDirectory(stripe: stripe, sequence: cycle.sequence(stripe)))
        }
        return deeds
    }

    func startReclaim(_ stripe: Int, sequence: UInt64) {
        let reader = FooterReader(superblock: superblock, device: device, engine: engine)
        reader.read(stripe: stripe) { [self] outcome in
            switch outcome {
            case .footer(let footer): finishReclaim(stripe, footer: footer.sequence == sequence ? footer : nil)
            case .unreadable: finishReclaim(stripe, footer: nil)
            // Tried again whenever a read, a write or a search for room ends. Until then there is no clean stripe, and writes are refused.
            case .busy: lock.locked { waitingReclaims.append(.readDirectory(stripe: stripe, sequence: sequence)) }
            }
        }
    }

    private func finishReclaim(_ stripe: Int, footer: StripeFooter?) {
        perform(
            lock.locked {
                if let footer {
                    for entry in footer.entries where !entry.isTombstone {
                        if index.remove(entry.hash, at: address(entry, in: stripe)) { statistics.recordsReclaimed += 1 }
                    }
                } else {
                    // The directory is unreadable: whatever points into this stripe must go all the same.
                    let before = index.count
                    index.removeAll(
                        from: RecordAddress(stripe: stripe, unitsPerStripe: unitsPerStripe, unitInStripe: 0),
                        upTo: RecordAddress(stripe: stripe + 1, unitsPerStripe: unitsPerStripe, unitInStripe: 0)
                    )
                    statistics.recordsReclaimed += before - index.count
                }
                statistics.stripesReclaimed += 1
                cycle.emptied(stripe)
                return reclaimAhead() + roomDeeds()
            }
        )
    }
}
