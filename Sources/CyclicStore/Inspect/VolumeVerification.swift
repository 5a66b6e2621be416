// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// What a reading of a whole volume found: see ``VolumeInspector/verify(_:)``.
package struct VolumeVerification: Sendable, Hashable, Codable {
    /// The superblock.
    package var volume: VolumeSummary
    /// Stripes whose header, directory and records are as they were written, but for the records listed as damaged.
    package var intactStripes = 0
    /// Stripes that hold nothing.
    package var blankStripes = 0
    /// Stripes that a store would throw away, whole.
    package var damagedStripes: [Int] = []
    /// Records whose checksum is right.
    package var records = 0
    /// Their bytes, with padding.
    package var recordBytes = 0
    /// Removals in the directories.
    package var tombstones = 0
    /// Records that a store would answer with a miss, the first ``listLimit`` of them.
    package var damagedRecords: [DamagedRecord] = []
    /// How many there are.
    package var damagedRecordCount = 0
    /// The purge journal.
    package var journal = PartVerdict.absent
    /// The marks of the head: damaged when neither can be read. One that was torn by a crash is no fault, the other counts.
    package var marks = PartVerdict.absent
    /// The index as it was written last.
    package var snapshot = PartVerdict.absent
    /// Pages of the footer log that say what their stripe says.
    package var loggedStripes = 0
    /// Stripes that the footer log does not know, or knows from an earlier turn. As many as have been written lately are right.
    package var unloggedStripes = 0
    /// Bytes read.
    package var bytesRead = 0

    /// Damaged records that are listed one by one.
    package static let listLimit = 1000

    /// What a region beside the stripes is worth.
    package enum PartVerdict: String, Sendable, Hashable, Codable {
        /// The volume is too small for it, or it has never been written.
        case absent
        /// Everything that was written to it is there.
        case intact
        /// Something of it is damaged or cannot be read.
        case damaged
    }

    /// A record that its stripe's directory names and that is not there.
    package struct DamagedRecord: Sendable, Hashable, Codable {
        /// Its stripe.
        package var stripe: Int
        /// Where it should begin in the stripe, in bytes.
        package var offset: Int
        /// Its length with padding, in bytes.
        package var length: Int
        /// What is wrong with it.
        package var verdict: RecordVerdict
    }

    /// Nothing is damaged that a store would serve or start from.
    package var isSound: Bool {
        damagedStripes.isEmpty && damagedRecordCount == 0 && journal != .damaged && marks != .damaged && snapshot != .damaged
            && volume.firstSuperblockIsIntact && volume.secondSuperblockIsIntact && !volume.isShrunk
    }

    /// The totals, then what is damaged, one fact a line.
    package var text: String {
        var text =
            volume.text + """
                stripes          \(intactStripes) intact, \(blankStripes) blank, \(damagedStripes.count) damaged
                records          \(records) intact in \(recordBytes) bytes, \(damagedRecordCount) damaged; \(tombstones) tombstones
                purge journal    \(journal.rawValue)
                marks            \(marks.rawValue)
                footer log       \(loggedStripes) stripes as written, \(unloggedStripes) not yet
                snapshot         \(snapshot.rawValue)
                read             \(bytesRead) bytes

                """
        for stripe in damagedStripes { text += "damaged stripe   \(stripe)\n" }
        for record in damagedRecords {
            text += "damaged record   stripe \(record.stripe), \(record.length) bytes at \(record.offset): \(record.verdict.rawValue)\n"
        }
        if damagedRecordCount > damagedRecords.count { text += "… and \(damagedRecordCount - damagedRecords.count) records more\n" }
        return text
            + (isSound ? "sound\n" : "NOT sound: what is damaged is never served; a store that opens the volume goes on without it\n")
    }
}
