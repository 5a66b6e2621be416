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
    /// Sequences to leave out: see ``StripeCycle``.
    let sequenceGap: UInt32
    private var index: PackedIndex

    /// A volume with nothing in it.
    init(empty superblock: Superblock, sequenceGap: UInt32) {
        self.superblock = superblock
        self.sequenceGap = sequenceGap
        sequences = [UInt64?](repeating: nil, count: superblock.stripeCount)
        let units = superblock.stripeCount * (superblock.stripeBytes / superblock.recordAlignment)
        // A mean object of 32 KiB sets the number of shards; any other mean works.
        index = PackedIndex(totalUnits: units, expectedCount: superblock.stripeCount * superblock.stripeBytes / 32768)
    }

    consuming func takeIndex() -> PackedIndex { index }

    /// Rebuilds the index from every stripe's footer. Reads two small regions of each stripe.
    init(reading device: any BlockDevice, superblock: Superblock, sequenceGap: UInt32) {
        self.init(empty: superblock, sequenceGap: sequenceGap)
        var footers: [(stripe: Int, sequence: UInt64)] = []
        for stripe in 0..<superblock.stripeCount {
            switch StripeScanner(superblock: superblock, device: device).scan(stripe) {
            case .blank: break
            case .damaged: damagedStripes += 1
            case .intact(_, let trailer): footers.append((stripe, trailer.sequence))
            }
        }
        footers.sort { $0.sequence < $1.sequence }
        // Several stripes fill at the same time, so records of a key in stripes that are near in sequence can be in either order: serials
        // decide.
        var window: [(sequence: UInt64, serials: [KeyHash: UInt64])] = []
        for (stripe, sequence) in footers {
            guard let footer = StripeScanner(superblock: superblock, device: device).footer(of: stripe), footer.sequence == sequence else {
                damagedStripes += 1
                continue
            }
            sequences[stripe] = sequence
            window.removeAll { $0.sequence + UInt64(Volume.openWindow) + 1 < sequence }
            var here: [KeyHash: UInt64] = [:]
            here.reserveCapacity(footer.entries.count)
            for entry in footer.entries {
                nextSerial = max(nextSerial, entry.serial &+ 1)
                if let newer = here[entry.hash], newer > entry.serial { continue }
                if window.contains(where: { ($0.serials[entry.hash] ?? 0) > entry.serial }) { continue }
                here[entry.hash] = entry.serial
                apply(entry, stripe: stripe)
            }
            window.append((sequence, here))
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
