// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// What is known of a volume after its superblock and footers have been read.
struct RecoveredVolume: ~Copyable {
    let superblock: Superblock
    /// The sequence of each stripe that can be trusted.
    private(set) var sequences: [UInt64?]
    private(set) var nextSerial: UInt64 = 1
    /// Stripes whose header and footer did not agree: thrown away alone.
    private(set) var damagedStripes = 0
    private var index: PackedIndex

    /// A volume with nothing in it.
    init(empty superblock: Superblock) {
        self.superblock = superblock
        sequences = [UInt64?](repeating: nil, count: superblock.stripeCount)
        let units = superblock.stripeCount * (superblock.stripeBytes / superblock.recordAlignment)
        // A mean object of 32 KiB sets the number of shards; any other mean works.
        index = PackedIndex(totalUnits: units, expectedCount: superblock.stripeCount * superblock.stripeBytes / 32768)
    }

    consuming func takeIndex() -> PackedIndex { index }

    /// Rebuilds the index from every stripe's footer. Reads two small regions of each stripe.
    init(reading device: any BlockDevice, superblock: Superblock) throws(DeviceError) {
        self.init(empty: superblock)
        var footers: [(stripe: Int, sequence: UInt64)] = []
        for stripe in 0..<superblock.stripeCount {
            switch StripeScanner(superblock: superblock, device: device).scan(stripe) {
            case .blank: break
            case .damaged: damagedStripes += 1
            case .intact(let trailer): footers.append((stripe, trailer.sequence))
            }
        }
        footers.sort { $0.sequence < $1.sequence }
        guard let newest = footers.last?.sequence else { return }
        // A stripe more than one turn old was meant to be overwritten and was not: what it holds may have been removed since.
        let oldest = newest >= UInt64(superblock.stripeCount) ? newest - UInt64(superblock.stripeCount) + 1 : 0
        // Two stripes may fill at the same time, so neighbours in sequence can hold records in either order: serials decide between them.
        var recent: [KeyHash: UInt64] = [:]
        var recentByStripe: [[KeyHash]] = []
        for (stripe, sequence) in footers where sequence >= oldest {
            guard let footer = StripeScanner(superblock: superblock, device: device).footer(of: stripe), footer.sequence == sequence else {
                damagedStripes += 1
                continue
            }
            sequences[stripe] = sequence
            for entry in footer.entries {
                nextSerial = max(nextSerial, entry.serial + 1)
                if let newer = recent[entry.hash], newer > entry.serial { continue }
                recent[entry.hash] = entry.serial
                apply(entry, stripe: stripe)
            }
            recentByStripe.append(footer.entries.map(\.hash))
            if recentByStripe.count > 4 {
                let serialsStillNear = Set(recentByStripe.dropFirst().joined())
                for hash in recentByStripe.removeFirst() where !serialsStillNear.contains(hash) { recent[hash] = nil }
            }
        }
    }

    private mutating func apply(_ entry: DirectoryEntry, stripe: Int) {
        if entry.isTombstone {
            index.remove(entry.hash)
        } else {
            let units = superblock.stripeBytes / superblock.recordAlignment
            index.insert(
                entry.hash,
                address: RecordAddress(stripe: stripe, unitsPerStripe: units, unitInStripe: Int(entry.unitInStripe)),
                units: Int(entry.units)
            )
        }
    }
}
