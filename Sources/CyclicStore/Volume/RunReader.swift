// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Reads the neighbours of a record that were written side by side with it: one read of the device for a whole locality group.
struct RunReader: Sendable {
    let volume: Volume

    /// The records around one that was found, itself left out, and those left out that the index does not point at any more. Calls back once;
    /// with nothing when there are none, when the stripe has been taken back since, or when the engine has no room. Uses are not counted.
    func readNeighbours(of box: RecordBox, _ completion: @escaping @Sendable ([RecordBox]) -> Void) {
        let (superblock, granule) = (volume.superblock, volume.device.alignment)
        let origin = box.origin
        let unit = origin.address.unitInStripe(unitsPerStripe: volume.unitsPerStripe)
        let first = unit - Int(origin.run.unitsBefore)
        let last = unit + origin.units + Int(origin.run.unitsAfter)
        guard origin.run.group != 0, last - first > origin.units, first > 0, last <= volume.unitsPerStripe,
            let place = volume.pinStripe(of: origin.address, sequence: origin.sequence)
        else { return completion([]) }
        let start = (first * superblock.recordAlignment).roundedDown(to: granule)
        let end = min((last * superblock.recordAlignment).roundedUp(to: granule), superblock.stripeBytes)
        let stripe = origin.address.stripe(unitsPerStripe: volume.unitsPerStripe)
        let buffer = PageBuffer(byteCount: end - start)
        let read = IOOperation(
            kind: .read,
            device: volume.device,
            offset: superblock.offset(of: stripe) + start,
            region: buffer.region
        ) { error in
            volume.countRead(bytes: end - start, withoutHop: false)
            var found: [RecordBox] = []
            if error == nil {
                let skipped = first * superblock.recordAlignment - start
                let bytes = UnsafeRawBufferPointer(buffer.region).part(skipped, buffer.region.count - skipped)
                found = records(in: bytes, stripe: stripe, units: first..<last, origin)
            }
            volume.release(place)
            completion(found)
        }
        if !volume.engine.submit(read) {
            volume.release(place)
            completion([])
        }
    }

    private func records(in bytes: UnsafeRawBufferPointer, stripe: Int, units: Range<Int>, _ origin: RecordBox.Origin) -> [RecordBox] {
        var found: [RecordBox] = []
        var unit = units.lowerBound
        while unit < units.upperBound {
            let offset = (unit - units.lowerBound) * volume.superblock.recordAlignment
            guard bytes.count - offset >= RecordHeader.byteCount else { break }
            let record = bytes.part(offset, bytes.count - offset)
            let hash = KeyHash(high: record.field(16), low: record.field(24))
            // Without a sound header there is no telling where the next record begins.
            guard let header = try? RecordHeader(checking: record, sequence: origin.sequence, hash: hash),
                header.run.group == origin.run.group
            else { break }
            let address = RecordAddress(stripe: stripe, unitsPerStripe: volume.unitsPerStripe, unitInStripe: unit)
            let length = header.totalBytes.roundedUp(to: volume.superblock.recordAlignment) / volume.superblock.recordAlignment
            if address != origin.address, volume.points(hash, to: address) {
                let key = StoreKey(hash: hash, bytes: Array(record.part(header.keyOffset, header.keyBytes)))
                let payload = OwnedBytes(copying: record.part(header.payloadOffset, header.payloadBytes))
                let image = RecordImage(header, record, key: key, payload: payload)
                found.append(RecordBox(image, RecordBox.Origin(header, at: address, volume.superblock)))
            }
            unit += length
        }
        return found
    }
}

extension Volume {
    /// Keeps a stripe on disk from being overwritten while it is read; nil when it is not there any more, or still a membuf.
    func pinStripe(of address: RecordAddress, sequence: UInt64) -> Place? {
        lock.locked {
            let stripe = address.stripe(unitsPerStripe: unitsPerStripe)
            guard !isOffline, membufs[stripe] == nil, cycle.sequence(stripe) == sequence,
                [.live, .hot, .reclaiming].contains(cycle.phase(stripe))
            else { return nil }
            cycle.lease(stripe)
            return .disk(stripe: stripe, sequence: sequence, address: address, unitsToRead: 0)
        }
    }

    /// Whether the index points a hash to this address.
    func points(_ hash: KeyHash, to address: RecordAddress) -> Bool { lock.locked { index.find(hash)?.address == address } }
}
