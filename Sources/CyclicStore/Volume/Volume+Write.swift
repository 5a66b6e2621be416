// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

extension Volume {
    /// Copies an object into a membuf. It can be read from there at once.
    /// - Parameter known: What is known of the object, or of the one that it is a part of.
    /// - Returns: The record's serial: of two writes or removals of a key, the one with the higher serial holds.
    @discardableResult
    func write(_ object: any StoredObject, group: UInt32 = 0, _ known: KnownUse = KnownUse()) throws(RefusedWrite) -> UInt64 {
        try writeRun([object], group: group, known)[0]
    }

    /// What reclaim is told of a record.
    struct KnownUse {
        var priorUses = UseClass.none
        var objectSize = ObjectSize.record
    }

    /// Copies objects into a membuf, side by side and in this order; all of them or none.
    /// - Parameter known: The same for all.
    /// - Returns: Their serials.
    func writeRun(_ objects: [any StoredObject], group: UInt32, _ known: KnownUse = KnownUse()) throws(RefusedWrite) -> [UInt64] {
        var shapes: [RecordShape] = []
        var runBytes = 0
        for object in objects {
            let shape = try RecordShape(object)
            guard shape.totalBytes <= recordCapacity else { throw .tooLarge }
            runBytes += shape.totalBytes.roundedUp(to: superblock.recordAlignment) + DirectoryEntry.byteCount
            shapes.append(shape)
        }
        guard objects.count == 1 || runBytes - DirectoryEntry.byteCount <= recordCapacity else { throw .tooLarge }

        var deeds: [Deed] = []
        var places: [Reserved] = []
        var refusal = RefusedWrite.noMembuf
        lock.locked {
            for (number, object) in objects.enumerated() {
                let hash = object.key.hash
                // The first takes a place where all have room; nobody comes in between under the lock.
                let wanted = Reservation(
                    hash: hash,
                    serial: serials.next(),
                    byteCount: shapes[number].totalBytes,
                    kind: object.kind,
                    priorUses: known.priorUses,
                    objectSize: known.objectSize
                )
                let place =
                    number == 0
                    ? reserve(wanted, for: .fresh, room: runBytes - DirectoryEntry.byteCount, &deeds)
                    : .success(take(places[0].membuf, wanted))
                switch place {
                case .success(let place):
                    places.append(place)
                    pending.begin(hash, serial: place.entry.serial)
                    // This record says what a tombstone would have said.
                    owedTombstones.remove(hash)
                case .failure(let reason):
                    statistics.writesRefused[reason, default: 0] += 1
                    refusal = reason
                    return
                }
            }
        }
        perform(deeds)
        guard places.count == objects.count else { throw refusal }

        var unitsAfter = places.reduce(0) { $0 + Int($1.entry.units) }
        var unitsBefore = 0
        for (number, place) in places.enumerated() {
            unitsAfter -= Int(place.entry.units)
            let run = LocalityRun(group: group, unitsBefore: UInt16(unitsBefore), unitsAfter: UInt16(unitsAfter))
            encode(objects[number], shapes[number], at: place, run: group == 0 ? .none : run)
            unitsBefore += Int(place.entry.units)
        }
        perform(lock.locked { places.reduce(into: []) { $0 += commit($1) } })
        return places.map(\.entry.serial)
    }

    /// Writes a record's bytes to its place. Outside the lock.
    func encode(_ object: any StoredObject, _ shape: RecordShape, at place: Reserved, run: LocalityRun) {
        let (key, total) = (object.key, shape.totalBytes)
        let bytes = place.membuf.bytes(of: place.entry, count: Int(place.entry.units) * superblock.recordAlignment)
        let header = RecordHeader(
            kind: object.kind,
            hash: key.hash,
            sequence: place.membuf.sequence,
            serial: place.entry.serial,
            keyBytes: key.bytes.count,
            metadataBytes: shape.metadataBytes,
            payloadBytes: shape.payloadBytes,
            storedAtSeconds: UInt32(truncatingIfNeeded: nowSeconds()),
            tagCount: shape.tags.count,
            run: run
        )
        header.encode(into: bytes)
        for (number, tag) in shape.tags.enumerated() { bytes.setField(RecordHeader.byteCount + number * 8, tag) }
        key.bytes.withUnsafeBytes { bytes.part(header.keyOffset, $0.count).copyMemory(from: $0) }
        object.copyContent(into: bytes.part(header.metadataOffset, shape.metadataBytes + shape.payloadBytes))
        RecordHeader.setChecksum(of: bytes.part(0, total))
        bytes.part(total, bytes.count - total).zero()
    }

    /// A record's bytes are in its place: it can be found from now on. Under the lock.
    func commit(_ place: Reserved) -> [Deed] {
        let (membuf, entry) = (place.membuf, place.entry)
        if pending.commit(entry.hash, serial: entry.serial) {
            let old = index.insert(entry.hash, address: address(entry, in: membuf.stripe), units: Int(entry.units))
            if let old { supersede(entry.hash, old, by: membuf.sequence) }
        } else {
            // A newer word came in between.
            membuf.cancel(unitInStripe: Int(entry.unitInStripe))
        }
        statistics.recordsWritten += 1
        statistics.recordBytesWritten += Int(entry.units) * superblock.recordAlignment
        membuf.writers -= 1
        return writeIfReady(membuf)
    }

    /// Forgets a record and leaves a tombstone in the log, so that it stays forgotten when the index is rebuilt. Durable when the stripe
    /// with the tombstone is.
    /// - Returns: Whether the index knew it, and the removal's serial.
    func remove(_ hash: KeyHash) -> (wasKnown: Bool, serial: UInt64) {
        var deeds: [Deed] = []
        let result = lock.locked {
            let serial = serials.next()
            // Both: a record of the key may be on its way while an older one is in the index.
            let wasPending = pending.remove(hash, serial: serial)
            let old = index.remove(hash)
            let wasKnown = old != nil || wasPending
            noteForgotten(hash)
            if wasKnown { statistics.removals += 1 }
            if wasKnown || mayBeOnDisk(hash) { logTombstone(hash, serial: serial, replacing: old, &deeds) }
            return (wasKnown, serial)
        }
        perform(deeds)
        return result
    }
}

extension Volume {
    /// Whether a restart may find a record of a key that the index does not know: in a stripe that was taken back and is not overwritten yet, in a
    /// hot one, or in one that has not been looked at. Under the lock.
    func mayBeOnDisk(_ hash: KeyHash) -> Bool { superseded.contains(hash) || isRebuilding || !unreadStripes.isEmpty }
}

/// The lengths of a record's parts.
struct RecordShape {
    var tags: [UInt64]
    var metadataBytes: Int
    var payloadBytes: Int
    var totalBytes: Int

    init(_ object: any StoredObject) throws(RefusedWrite) {
        tags = object.tags
        metadataBytes = object.metadataByteCount
        payloadBytes = object.payloadByteCount
        let keyBytes = object.key.bytes.count
        guard keyBytes <= Limits.maxKeyBytes, metadataBytes <= Limits.maxMetadataBytes, tags.count <= Limits.maxTags else {
            throw .tooLarge
        }
        totalBytes = RecordHeader.byteCount + tags.count * 8 + keyBytes + metadataBytes + payloadBytes
    }
}
