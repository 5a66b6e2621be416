// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// The last bytes of a stripe: the directory of its records, then a trailer of 64 bytes that ends where the stripe ends.
struct StripeFooter: Hashable, Sendable {
    static let trailerBytes = 64
    static let magic: UInt64 = 0x3152_4f4f_4654_5347  // "GSTFOOR1"

    var volumeID: VolumeID
    var sequence: UInt64
    var stripe: UInt32
    var entries: [DirectoryEntry]
    /// The footer log has it so, of a stripe that stayed: ``DirectoryEntry/usesBefore`` has all uses until the head passed over the stripe last, and
    /// ``DirectoryEntry/priorUses`` is what the record's count became then.
    var hasUsesSincePass = false

    static func byteCount(entries: Int) -> Int { entries * DirectoryEntry.byteCount + trailerBytes }

    func encode(into stripeBytes: UnsafeMutableRawBufferPointer) {
        let directoryOffset = stripeBytes.count - Self.byteCount(entries: entries.count)
        for (index, entry) in entries.enumerated() {
            entry.encode(into: stripeBytes, at: directoryOffset + index * DirectoryEntry.byteCount)
        }
        let directory = UnsafeRawBufferPointer(stripeBytes).part(directoryOffset, entries.count * DirectoryEntry.byteCount)
        let trailer = stripeBytes.part(stripeBytes.count - Self.trailerBytes, Self.trailerBytes)
        trailer.zero()
        trailer.setField(0, Self.magic)
        trailer.setField(8, volumeID.word0)
        trailer.setField(16, volumeID.word1)
        trailer.setField(24, sequence)
        trailer.setField(32, stripe)
        trailer.setField(36, UInt32(entries.count))
        trailer.setField(40, Checksum.of(directory))
        trailer.setField(60, Checksum.of(UnsafeRawBufferPointer(trailer).part(0, 60)))
    }

    init(volumeID: VolumeID, sequence: UInt64, stripe: UInt32, entries: [DirectoryEntry], hasUsesSincePass: Bool = false) {
        self.volumeID = volumeID
        self.sequence = sequence
        self.stripe = stripe
        self.entries = entries
        self.hasUsesSincePass = hasUsesSincePass
    }

    /// The fixed part of a footer, read first: it says how many bytes before it belong to the directory.
    struct Trailer: Hashable, Sendable {
        var volumeID: VolumeID
        var sequence: UInt64
        var stripe: UInt32
        var entryCount: Int
        var directoryChecksum: UInt32

        /// `tail` ends where the stripe ends.
        init?(decodingEndOf tail: UnsafeRawBufferPointer, stripeBytes: Int) {
            guard tail.count >= StripeFooter.trailerBytes else { return nil }
            let bytes = tail.part(tail.count - StripeFooter.trailerBytes, StripeFooter.trailerBytes)
            guard bytes.field(0, as: UInt64.self) == StripeFooter.magic,
                bytes.field(60, as: UInt32.self) == Checksum.of(bytes.part(0, 60))
            else { return nil }
            volumeID = VolumeID(word0: bytes.field(8), word1: bytes.field(16))
            sequence = bytes.field(24)
            stripe = bytes.field(32)
            entryCount = Int(bytes.field(36, as: UInt32.self))
            directoryChecksum = bytes.field(40)
            guard entryCount * DirectoryEntry.byteCount <= stripeBytes - StripeHeader.byteCount - StripeFooter.trailerBytes else {
                return nil
            }
        }

        var footerBytes: Int { StripeFooter.byteCount(entries: entryCount) }
    }

    /// `tail` ends where the stripe ends and holds at least the whole footer. Nil when a checksum or an entry is wrong.
    init?(trailer: Trailer, tail: UnsafeRawBufferPointer, unitsPerStripe: Int) {
        guard tail.count >= trailer.footerBytes else { return nil }
        let directory = tail.part(tail.count - trailer.footerBytes, trailer.entryCount * DirectoryEntry.byteCount)
        guard Checksum.of(directory) == trailer.directoryChecksum else { return nil }
        var entries: [DirectoryEntry] = []
        entries.reserveCapacity(trailer.entryCount)
        for index in 0..<trailer.entryCount {
            guard let entry = DirectoryEntry(decoding: directory, at: index * DirectoryEntry.byteCount),
                entry.isSound(unitsPerStripe: unitsPerStripe)
            else { return nil }
            entries.append(entry)
        }
        self.init(
            volumeID: trailer.volumeID,
            sequence: trailer.sequence,
            stripe: trailer.stripe,
            entries: entries
        )
    }
}
