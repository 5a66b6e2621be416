// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// How often records were used before they left: a histogram by uses and by size, for the operator. What is never used was written for
/// nothing; what is used most is worth more disk.
///
/// A record leaves when the turn takes its place: from then on it is not served because something else was worth more room. Each counts once,
/// with all its uses since it was first written, in memory and wherever it was carried, and by the size of its object: a part of an object in
/// fragments by the whole object's. Not counted is what ends otherwise and says nothing of the room: what was replaced by a newer version, removed,
/// or found purged by a reader; what is lost to the device, by a read or a check that fails, by a stripe that could not be written, with a volume that
/// is set aside or a crash. ``VolumeStatistics`` counts those that the device lost. A record that was purged and that nobody asked for since
/// counts like any other: nobody looks.
///
/// Uses are right on average (see ``UseClass``). After a crash those since the last snapshot are missing. Of a stripe that stayed when the turn came to
/// it, and whose page of the footer log is lost (or has no room for the directory, or the volume has no log), they are too low; of one whose directory
/// cannot be read only the uses since the record came there count, and its own size.
/// With ``Replacement/relocateOnHit(percent:)`` a fragment that was copied counts by its own size.
package struct ReuseStatistics: Hashable, Sendable {
    /// 0, 1, 2, 4, 8, … 256 uses and more.
    package static let useClasses = 10
    /// Objects below 1 KiB, 4 KiB, 16 KiB, … 1 GiB, and above.
    package static let sizeClasses = 12

    /// Records by size class of their object, then by use class.
    package private(set) var records = [UInt64](repeating: 0, count: useClasses * sizeClasses)
    /// Their bytes, in the same order.
    package private(set) var bytes = [UInt64](repeating: 0, count: useClasses * sizeClasses)

    package init() {}

    init(records: [UInt64], bytes: [UInt64]) {
        self.records = records
        self.bytes = bytes
    }

    /// A record leaves.
    /// - Parameters:
    ///   - objectBytes: Length of its object: of the record, or of all the fragments together.
    ///   - count: Its own length on disk, in bytes.
    package mutating func record(uses: UseClass, objectBytes: Int, bytes count: Int) {
        let index = Self.sizeClass(bytes: objectBytes) * Self.useClasses + Self.useClass(uses)
        records[index] &+= 1
        bytes[index] &+= UInt64(count)
    }

    /// Takes in what another run, or another volume, counted.
    package mutating func add(_ other: ReuseStatistics) {
        for index in records.indices {
            records[index] &+= other.records[index]
            bytes[index] &+= other.bytes[index]
        }
    }

    /// Records of a use class, of all sizes.
    package func records(useClass: Int) -> UInt64 {
        (0..<Self.sizeClasses).reduce(0) { $0 &+ records[$1 * Self.useClasses + useClass] }
    }

    /// All records that left.
    package var total: UInt64 { records.reduce(0, &+) }

    // MARK: Names

    /// "0", "1", "2", "4", … "256+".
    package static func useName(_ useClass: Int) -> String {
        useClass == 0 ? "0" : useClass == useClasses - 1 ? "\(1 << (useClass - 1))+" : "\(1 << (useClass - 1))"
    }

    /// "< 1 KiB", … "≥ 1 GiB".
    package static func sizeName(_ sizeClass: Int) -> String {
        func name(_ power: Int) -> String { "\(1 << (power % 10)) \(["B", "KiB", "MiB", "GiB"][power / 10])" }
        return sizeClass == sizeClasses - 1 ? "≥ " + name(10 + 2 * (sizeClass - 1)) : "< " + name(10 + 2 * sizeClass)
    }

    static func useClass(_ uses: UseClass) -> Int {
        let uses = uses.uses
        return uses == 0 ? 0 : Int.bitWidth - uses.leadingZeroBitCount
    }

    static func sizeClass(bytes: Int) -> Int {
        let bits = Int.bitWidth - max(0, bytes).leadingZeroBitCount
        return min(sizeClasses - 1, max(0, bits - 9) / 2)
    }
}
