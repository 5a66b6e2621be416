// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The image in memory of a stripe that is being filled, or is filled and not yet on disk. The volume's lock guards everything but the
/// bytes of a reserved record, which its writer alone touches until it commits.
final class Membuf: @unchecked Sendable {
    let memory: UnsafeMutableRawBufferPointer
    private let alignment: Int
    private(set) var stripe = 0
    private(set) var sequence: UInt64 = 0
    private(set) var entries: [DirectoryEntry] = []
    private var usedUnits = 0
    /// Records reserved and not yet committed: it must not be written before they are.
    var writers = 0
    /// Readers copying from it: it must not be filled anew before they are done.
    var readers = 0
    var isSealed = false
    /// Its stripe has been written or given up; it waits for readers only.
    var isRetired = false

    init(stripeBytes: Int, recordAlignment: Int) {
        var base: UnsafeMutableRawPointer?
        guard posix_memalign(&base, Limits.pageBytes, stripeBytes) == 0, let base else {
            fatalError("out of memory allocating a membuf of \(stripeBytes) bytes")
        }
        memory = UnsafeMutableRawBufferPointer(start: base, count: stripeBytes)
        alignment = recordAlignment
    }

    deinit { free(memory.baseAddress) }

    func begin(stripe: Int, sequence: UInt64, volumeID: VolumeID, nowSeconds: UInt64) {
        self.stripe = stripe
        self.sequence = sequence
        entries.removeAll(keepingCapacity: true)
        writers = 0
        readers = 0
        isSealed = false
        isRetired = false
        StripeHeader(volumeID: volumeID, sequence: sequence, stripe: UInt32(stripe), openedAtSeconds: nowSeconds).encode(into: memory)
        usedUnits = StripeHeader.byteCount.roundedUp(to: alignment) / alignment
    }

    /// Bytes left for one more record, its directory entry taken off.
    var room: Int {
        memory.count - usedUnits * alignment - StripeFooter.byteCount(entries: entries.count + 1)
    }

    /// The largest record an empty stripe takes.
    static func capacity(stripeBytes: Int, recordAlignment: Int) -> Int {
        (stripeBytes - StripeHeader.byteCount.roundedUp(to: recordAlignment) - StripeFooter.byteCount(entries: 1))
            .roundedDown(to: recordAlignment)
    }

    /// Takes space for a record. The caller has checked ``room``.
    func reserve(hash: KeyHash, serial: UInt64, byteCount: Int, kind: RecordKind) -> DirectoryEntry {
        let units = byteCount.roundedUp(to: alignment) / alignment
        let entry = DirectoryEntry(
            hash: hash,
            serial: serial,
            unitInStripe: kind == .tombstone ? 0 : UInt16(usedUnits),
            units: kind == .tombstone ? 0 : UInt16(units),
            kind: kind
        )
        entries.append(entry)
        if kind != .tombstone { usedUnits += units }
        return entry
    }

    func bytes(of entry: DirectoryEntry, count: Int) -> UnsafeMutableRawBufferPointer {
        memory.part(Int(entry.unitInStripe) * alignment, count)
    }

    /// Writes the directory, and zeroes what lies between the records and it, so that no old memory reaches the disk.
    func encodeFooter(volumeID: VolumeID, oldestSequence: UInt64) {
        let footerBytes = StripeFooter.byteCount(entries: entries.count)
        let used = usedUnits * alignment
        memory.part(used, memory.count - footerBytes - used).zero()
        StripeFooter(volumeID: volumeID, sequence: sequence, stripe: UInt32(stripe), oldestSequence: oldestSequence, entries: entries)
            .encode(into: memory)
    }
}
