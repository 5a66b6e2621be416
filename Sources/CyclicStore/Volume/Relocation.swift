// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Carries the records of one stripe that are worth keeping to the head, from its reclaim to the moment the stripe is empty.
///
/// The ancestor's two races are closed so: until a record's copy is complete the index points at the old place, which nobody overwrites while
/// the stripe is under reclaim, so readers are served from there; and a copy is a writer of its membuf, which is not written to the device
/// before its last writer is done. A record that was replaced or removed while it was copied is not put back: the index moves only from
/// the very place the copy was made from.
///
/// Memory: the bytes from the first survivor to the last of a group of neighbours, at most a stripe; as many relocations at a time as stripes
/// are kept clean.
final class Relocation: @unchecked Sendable {
    // Unchecked: used by one completion after another, never by two at once.
    private let volume: Volume
    private let footer: StripeFooter
    private var extents: [Extent]

    /// Survivors that are read together.
    private struct Extent {
        var units: Range<Int>
        var entries: [DirectoryEntry]
    }

    /// A gap of this many bytes is read rather than sought over.
    private static let gapBytes = 64 << 10

    init(volume: Volume, footer: StripeFooter, survivors: [DirectoryEntry]) {
        self.volume = volume
        self.footer = footer
        extents = []
        let gap = Self.gapBytes / volume.superblock.recordAlignment
        for entry in survivors.sorted(by: { $0.unitInStripe < $1.unitInStripe }) {
            let units = Int(entry.unitInStripe)..<(Int(entry.unitInStripe) + Int(entry.units))
            if let last = extents.last, units.lowerBound <= last.units.upperBound + gap {
                extents[extents.count - 1].units = last.units.lowerBound..<max(last.units.upperBound, units.upperBound)
                extents[extents.count - 1].entries.append(entry)
            } else {
                extents.append(Extent(units: units, entries: [entry]))
            }
        }
        extents.reverse()
    }

    /// Reads the next survivors, copies them, and so on; then the stripe is emptied. Nothing here waits: without room the rest is dropped.
    func start() {
        guard let extent = extents.popLast() else { return volume.finishRelocation(footer) }
        let (superblock, granule) = (volume.superblock, volume.device.alignment)
        let unit = superblock.recordAlignment
        let first = (extent.units.lowerBound * unit).roundedDown(to: granule)
        let length = min((extent.units.upperBound * unit).roundedUp(to: granule), superblock.stripeBytes) - first
        let buffer = PageBuffer(byteCount: length)
        let read = IOOperation(
            kind: .read,
            device: volume.device,
            offset: superblock.offset(of: Int(footer.stripe)) + first,
            region: buffer.region
        ) { [self] error in
            volume.countRead(bytes: length, withoutHop: false)
            for entry in extent.entries {
                let offset = Int(entry.unitInStripe) * unit - first
                if error == nil {
                    volume.carry(entry, from: footer, UnsafeRawBufferPointer(buffer.region).part(offset, Int(entry.units) * unit))
                } else {
                    volume.countDroppedRelocation()
                }
            }
            start()
        }
        if !volume.engine.submit(read) {
            for _ in extent.entries { volume.countDroppedRelocation() }
            start()
        }
    }
}

extension Volume {
    /// Copies one record to the head and points the index there, if it still points at the old place.
    /// - Parameter bytes: The record's units, header first, as read from the disk; or from the record's beginning to its end at least.
    func carry(_ entry: DirectoryEntry, from footer: StripeFooter, _ bytes: UnsafeRawBufferPointer) {
        carry(entry, at: address(entry, in: Int(footer.stripe)), sequence: footer.sequence, bytes, from: footer)
    }

    /// - Parameter footer: Nil when the record was read for a client.
    private func carry(
        _ entry: DirectoryEntry,
        at old: RecordAddress,
        sequence: UInt64,
        _ bytes: UnsafeRawBufferPointer,
        from footer: StripeFooter? = nil
    ) {
        let header: RecordHeader
        do throws(RecordHeader.Refusal) {
            header = try RecordHeader(checking: bytes, sequence: sequence, hash: entry.hash)
        } catch {
            return lock.locked { statistics.damagedRecords += 1 }
        }
        guard let place = beginCarrying(entry, header, at: old, from: footer) else { return countDroppedRelocation() }
        copy(header, bytes, to: place)
        // After the place was taken: a purge that comes later than this finds the copy in a stripe that was opened before it.
        let tags = bytes.part(RecordHeader.byteCount, header.tagCount * 8)
        let isDead = isPurged(header, bytes.part(header.keyOffset, header.keyBytes), tags)
        endCarrying(place, from: old, byteCount: header.totalBytes, isDead: isDead)
    }

    /// Takes a place at the head for a record that the index points to. Its membuf is not written before ``endCarrying(_:from:byteCount:isDead:)``.
    /// - Parameter footer: Where the entry comes from; nil when it is not known how often the record was used before it came to its old place.
    func beginCarrying(_ entry: DirectoryEntry, _ header: RecordHeader, at old: RecordAddress, from footer: StripeFooter?) -> Reserved? {
        var deeds: [Deed] = []
        let place: Reserved? = lock.locked {
            let stripe = old.stripe(unitsPerStripe: unitsPerStripe)
            let facts = facts(entry, in: stripe, hasStayed: footer?.hasUsesSincePass ?? false)
            guard facts.isIndexed else { return nil }
            let wanted = Reservation(
                hash: entry.hash,
                serial: header.serial,
                byteCount: header.totalBytes,
                kind: header.kind,
                priorUses: policy.carriedUses(facts),
                usesBefore: footer.map { allUses(entry, facts, of: $0) } ?? .none,
                objectSize: entry.objectSize
            )
            guard case .success(var place) = reserve(wanted, for: .relocation, &deeds) else { return nil }
            // What is not written down with the copy stays in the index.
            place.countedUses = footer == nil ? .none : facts.uses
            return place
        }
        perform(deeds)
        return place
    }

    private func copy(_ header: RecordHeader, _ bytes: UnsafeRawBufferPointer, to place: Reserved) {
        let target = place.membuf.bytes(of: place.entry, count: Int(place.entry.units) * superblock.recordAlignment)
        target.copyMemory(from: bytes.part(0, header.totalBytes))
        var moved = header
        moved.sequence = place.membuf.sequence
        // Its neighbours were not carried with it, or not side by side.
        moved.run = LocalityRun(group: header.run.group, unitsBefore: 0, unitsAfter: 0)
        moved.encode(into: target)
        RecordHeader.setChecksum(of: target.part(0, header.totalBytes))
        target.part(header.totalBytes, target.count - header.totalBytes).zero()
    }

    /// Points the index to the copy, unless the record was replaced, removed or purged meanwhile.
    func endCarrying(_ place: Reserved, from old: RecordAddress, byteCount: Int, isDead: Bool) {
        perform(
            lock.locked {
                let new = address(place.entry, in: place.membuf.stripe)
                if !isDead, index.move(place.entry.hash, from: old, to: new, counted: place.countedUses) {
                    statistics.recordsRelocated += 1
                    statistics.recordBytesRelocated += byteCount
                } else {
                    statistics.relocationsDropped += 1
                    place.membuf.cancel(unitInStripe: Int(place.entry.unitInStripe))
                }
                place.membuf.writers -= 1
                return writeIfReady(place.membuf)
            }
        )
    }

    /// A record was read from the device and found good: the ancestor's replacement copies it to the head now.
    func didRead(_ header: RecordHeader, at address: RecordAddress, sequence: UInt64, _ record: UnsafeRawBufferPointer) {
        let entry: DirectoryEntry? = lock.locked {
            let facts = ReclaimPolicy.HitFacts(
                stripesSince: Int(clamping: cycle.nextSequence - sequence),
                stripeCount: cycle.count
            )
            guard policy.copiesToHead(facts) else { return nil }
            return DirectoryEntry(
                hash: header.hash,
                serial: header.serial,
                unitInStripe: UInt16(address.unitInStripe(unitsPerStripe: unitsPerStripe)),
                units: UInt16(header.totalBytes.roundedUp(to: superblock.recordAlignment) / superblock.recordAlignment),
                kind: header.kind
            )
        }
        if let entry { carry(entry, at: address, sequence: sequence, record.part(0, header.totalBytes)) }
    }

    func countDroppedRelocation() { lock.locked { statistics.relocationsDropped += 1 } }

    /// All survivors of a stripe are at the head, or given up.
    func finishRelocation(_ footer: StripeFooter) {
        perform(
            lock.locked {
                relocationsUnderWay -= 1
                return drop(footer)
            }
        )
    }
}
