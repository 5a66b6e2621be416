// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

extension SimulatedDevice {
    /// What may go wrong, each as a chance out of 2^32 per operation.
    package struct Faults: Sendable {
        /// A read fails with EIO.
        package var readError: UInt32 = 0
        /// A read ends early.
        package var shortRead: UInt32 = 0
        /// A read returns with one bit flipped (the medium is unharmed).
        package var bitFlip: UInt32 = 0
        /// A read returns the bytes of another place.
        package var misdirectedRead: UInt32 = 0
        /// A write fails with EIO, having written a random part of its sectors.
        package var writeError: UInt32 = 0
        /// A write fails with ENOSPC, having written nothing.
        package var noSpace: UInt32 = 0
        /// A write reaches the medium with one bit flipped.
        package var writeFlip: UInt32 = 0
        /// A write is done at another place.
        package var misdirectedWrite: UInt32 = 0
        /// A write is said to be done and was not.
        package var lostWrite: UInt32 = 0
        /// A sync fails with EIO, and some of what was written is lost.
        package var syncError: UInt32 = 0
        /// At any operation, a bit flips somewhere on the medium.
        package var bitRot: UInt32 = 0
        /// No fault: a read is answered on the caller's thread, as from a page cache.
        package var cachedRead: UInt32 = 0
        /// No faults.
        package init() {}

        /// A probability as a chance.
        package static func chance(_ probability: Double) -> UInt32 { UInt32(probability * 4_294_967_295) }
    }

    /// The kinds of faults that are counted.
    package enum Fault: Int, Sendable, CaseIterable {
        case readError, shortRead, readFlip, misdirectedRead
        case writeError, noSpace, writeFlip, misdirectedWrite, lostWrite, tornWrite
        case syncError, unsyncedLost, bitRot
        /// An operation on a device without power or that died.
        case dead
    }

    /// Operations seen and faults injected.
    package struct Counts: Sendable {
        /// Reads asked for.
        package var reads = 0
        /// Writes asked for.
        package var writes = 0
        /// Syncs asked for.
        package var syncs = 0
        /// Bytes of successful writes.
        package var bytesWritten = 0
        /// A digest of every operation in its order: two runs that did the same have the same.
        package private(set) var trace: UInt64 = 0
        private var byKind = [Int](repeating: 0, count: Fault.allCases.count)

        /// Faults of one kind.
        package func count(_ fault: Fault) -> Int { byKind[fault.rawValue] }
        /// Faults of all kinds.
        package var faults: Int { byKind.reduce(0, +) }
        /// Reads, writes and syncs.
        package var operations: Int { reads + writes + syncs }

        mutating func add(_ fault: Fault, _ count: Int = 1) { byKind[fault.rawValue] += count }

        mutating func begin(_ kind: IOOperation.Kind, _ offset: Int, _ count: Int) {
            switch kind {
            case .read: reads += 1
            case .write: writes += 1
            case .sync: syncs += 1
            }
            var mix = SeededRandom(seed: trace ^ UInt64(truncatingIfNeeded: offset &* 31 &+ count &* 7 &+ operations))
            trace = mix.next()
        }
    }
}
