// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// A start by the newest mark: the stripes that it leaves open are read, the rest is left to the ``Rebuilder``.
extension RecoveredVolume {
    mutating func readNewest(
        _ device: any BlockDevice,
        _ mark: TurnMark,
        _ snapshot: SnapshotHeader?,
        _ sequenceGap: UInt32
    ) throws(DeviceError) {
        let count = UInt64(superblock.stripeCount)
        var found: [(place: UInt64, footer: StripeFooter)] = []
        sequences = [UInt64?](repeating: StripeCycle.unknownSequence, count: superblock.stripeCount)
        let known = usable(snapshot, mark, device)
        var plan = RestartPlan(
            logPlaces: min(known?.header.low ?? mark.high - count, mark.low)..<mark.low,
            snapshot: known?.header,
            shardOffset: known?.shardOffset ?? 0,
            firstPlace: mark.high - count,
            stripes: known?.stripes ?? [],
            lowSequence: known?.header.lowSequence ?? 0
        )
        if let known {
            for (stripe, word) in known.stripes.enumerated() {
                sequences[stripe] = word == .neverWritten ? nil : word.sequence ?? StripeCycle.unknownSequence
                if word.isHot { plan.watched.append(stripe) }
            }
            for place in plan.logPlaces { sequences[Int(place % count)] = StripeCycle.unknownSequence }
        }
        var lost: [(place: UInt64, stripe: Int)] = []
        for place in mark.low..<mark.high {
            let stripe = Int(place % count)
            sequences[stripe] = nil
            guard let footer = try scan(stripe, device) else {
                lost.append((place, stripe))
                continue
            }
            if footer.sequence < mark.lowSequence, isVoid(footer, device) { continue }
            sequences[stripe] = footer.sequence
            found.append((place, footer))
        }
        nextSerial = max(nextSerial, mark.nextSerial, known?.header.nextSerial ?? 1)
        // Of those that the mark left open, what it did not allow for is from the turn before.
        var recent = found.filter { $0.footer.sequence >= mark.lowSequence }
        recent.sort { $0.footer.sequence < $1.footer.sequence }
        let newest = recent.last { $0.footer.sequence >= mark.nextSequence }
        start = StripeCycle.Start(
            odometer: max(mark.head, newest.map { $0.place + 1 } ?? 0),
            nextSequence: max(mark.nextSequence, newest.map { $0.footer.sequence + 1 } ?? 0) + UInt64(sequenceGap)
        )
        unread = lost.filter { $0.place < start.odometer || $0.place >= 2 * count }.map(\.stripe)
        // What the log says of a stripe that was being written at a crash is from the turn before.
        for (place, stripe) in lost where place < start.odometer {
            let empty = StripeFooter(
                volumeID: superblock.volumeID,
                sequence: start.nextSequence - 1,
                stripe: UInt32(stripe),
                entries: []
            )
            unlogged.append((empty, false))
        }
        let state = RebuildState(
            totalUnits: superblock.totalUnits,
            expectedCount: superblock.expectedRecords,
            lowSequence: plan.lowSequence
        )
        for (_, footer) in recent.reversed() {
            for entry in footer.entries { nextSerial = max(nextSerial, entry.serial &+ 1) }
            state.apply(
                footer.entries,
                stripe: Int(footer.stripe),
                sequence: footer.sequence,
                unitsPerStripe: superblock.unitsPerStripe,
                to: &index
            )
            unlogged.append((footer, false))
        }
        for (place, footer) in found where footer.sequence < mark.lowSequence {
            // The head has passed over it, and the log may not say so.
            if place < start.odometer { unlogged.append((footer, true)) }
            plan.hot.append((footer.sequence, Int(footer.stripe)))
            if known != nil, place < start.odometer { plan.watched.append(Int(footer.stripe)) }
        }
        outliving = state.takeOutliving()
        self.plan = plan
        rebuild = state
    }

    private mutating func scan(_ stripe: Int, _ device: any BlockDevice) throws(DeviceError) -> StripeFooter? {
        let scanner = StripeScanner(superblock: superblock, device: device)
        switch scanner.scan(stripe) {
        case .blank: return nil
        case .damaged:
            try giveUp(stripe, device)
            return nil
        case .intact(_, let trailer):
            guard let footer = scanner.footer(of: stripe), footer.sequence == trailer.sequence else {
                try giveUp(stripe, device)
                return nil
            }
            return footer
        }
    }

    /// Whether the log knows of a later turn, whose write failed: what is in the stripe had been taken back then.
    private func isVoid(_ footer: StripeFooter, _ device: any BlockDevice) -> Bool {
        loggedSequence(Int(footer.stripe), device) > footer.sequence
    }

    /// What the log says of a stripe; 0 when it says nothing that can be read.
    private func loggedSequence(_ stripe: Int, _ device: any BlockDevice) -> UInt64 {
        let page = PageBuffer(byteCount: FooterLogPage.byteCount(stripeBytes: superblock.stripeBytes))
        do throws(DeviceError) {
            try device.read(at: FooterLogPage.offset(of: stripe, superblock), into: page.region)
        } catch { return 0 }
        return FooterLogPage(decoding: UnsafeRawBufferPointer(page.region), stripe: stripe, superblock)?.sequence ?? 0
    }

    /// The snapshot and its stripes, if what came after it can be told from what it has.
    private func usable(
        _ snapshot: SnapshotHeader?,
        _ mark: TurnMark,
        _ device: any BlockDevice
    ) -> (header: SnapshotHeader, stripes: [SnapshotStripe], shardOffset: Int)? {
        guard let snapshot, Int(snapshot.shardCount) == index.shardCount, mark.high - min(mark.high, snapshot.low) < superblock.stripeCount,
            snapshot.head <= mark.high
        else { return nil }
        var stripes: [SnapshotStripe] = []
        stripes.reserveCapacity(superblock.stripeCount)
        let slot = SnapshotHeader.slot(snapshot.generation, in: superblock.regions.snapshot)
        let end = slot.end
        var offset = slot.offset + Limits.pageBytes
        for number in 0..<snapshot.stripeChunkCount {
            let chunk = PageBuffer(byteCount: SnapshotHeader.chunkBytes)
            let region = chunk.region.part(0, max(0, min(SnapshotHeader.chunkBytes, end - offset)))
            do throws(DeviceError) { try device.read(at: offset, into: region) } catch { return nil }
            guard
                let content = SnapshotChunk.content(
                    of: UnsafeRawBufferPointer(region),
                    number: number,
                    generation: snapshot.generation,
                    volumeID: superblock.volumeID
                )
            else { return nil }
            offset += SnapshotChunk.length(used: content.count)
            for position in 0..<(content.count / 8) { stripes.append(SnapshotStripe(word: content.field(position * 8))) }
        }
        return stripes.count == superblock.stripeCount ? (snapshot, stripes, offset) : nil
    }
}
