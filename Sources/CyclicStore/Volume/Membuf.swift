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
    private(set) var openedAtSeconds: UInt64 = 0
    private(set) var entries: [DirectoryEntry] = []
    private var usedUnits = 0
    /// Records reserved and not yet committed, those that are being carried here too: it must not be written before they are.
    var writers = 0
    /// Readers copying from it: it must not be filled anew before they are done.
    var readers = 0
    var isSealed = false
    /// Its bytes are fixed; the directory too.
    var isBeingWritten = false
    /// Whether what must be on the device before it is has been synced: see ``Volume/guardOverwrite(_:of:)``.
    var guardState = GuardState.none
    enum GuardState { case none, underWay, synced }
    /// Keys of records in it that were superseded while it was being written: see ``SupersededRecords``.
    var diedWhileWritten: [KeyHash] = []
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
        openedAtSeconds = nowSeconds
        entries.removeAll(keepingCapacity: true)
        writers = 0
        readers = 0
        isSealed = false
        isBeingWritten = false
        guardState = .none
        diedWhileWritten = []
        isRetired = false
        StripeHeader(volumeID: volumeID, sequence: sequence, stripe: UInt32(stripe), openedAtSeconds: nowSeconds).encode(into: memory)
        usedUnits = StripeHeader.byteCount.roundedUp(to: alignment) / alignment
    }

    var isHalfFull: Bool { usedUnits * alignment >= memory.count / 2 }

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
    func reserve(_ wanted: Reservation) -> DirectoryEntry {
        let isTombstone = wanted.kind == .tombstone
        let units = isTombstone ? 0 : wanted.byteCount.roundedUp(to: alignment) / alignment
        let entry = DirectoryEntry(
            hash: wanted.hash,
            serial: wanted.serial,
            unitInStripe: isTombstone ? 0 : UInt16(usedUnits),
            units: UInt16(units),
            kind: wanted.kind,
            priorUses: wanted.priorUses,
            usesBefore: wanted.usesBefore,
            objectSize: wanted.objectSize
        )
        entries.append(entry)
        usedUnits += units
        return entry
    }

    /// A record that was reserved here is not to be found after a restart: its line leaves the directory. Nothing happens when the stripe has
    /// been written.
    func cancel(unitInStripe: Int) {
        entries.removeAll { !$0.isTombstone && Int($0.unitInStripe) == unitInStripe }
    }

    func bytes(of entry: DirectoryEntry, count: Int) -> UnsafeMutableRawBufferPointer {
        memory.part(Int(entry.unitInStripe) * alignment, count)
    }

    /// Writes the directory, and zeroes what lies between the records and it, so that no old memory reaches the disk.
    func encodeFooter(volumeID: VolumeID) {
        let footerBytes = StripeFooter.byteCount(entries: entries.count)
        let used = usedUnits * alignment
        memory.part(used, memory.count - footerBytes - used).zero()
        StripeFooter(volumeID: volumeID, sequence: sequence, stripe: UInt32(stripe), entries: entries)
            .encode(into: memory)
    }
}

/// What a record needs to get a place in a membuf.
struct Reservation {
    var hash: KeyHash
    var serial: UInt64
    /// Header to payload; 0 for a tombstone.
    var byteCount: Int
    var kind: RecordKind
    var priorUses = UseClass.none
    var usesBefore = UseClass.none
    var objectSize = ObjectSize.record
}
