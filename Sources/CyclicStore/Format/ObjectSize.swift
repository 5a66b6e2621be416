// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// How large the object is that a record is a part of, in one byte of its directory entry: never too short and at most a quarter too long, from
/// one KiB on. What is known when the record is written: the parts of an object of unknown length carry what had come by then.
package struct ObjectSize: Hashable, Sendable {
    let rawValue: UInt8

    /// The record is the whole object.
    package static let record = ObjectSize(rawValue: 0)

    init(rawValue: UInt8) { self.rawValue = rawValue }

    package init(ofPartOf bytes: Int) {
        // 2^44 KiB are far above any volume.
        rawValue = SizeClass(holding: (min(bytes, 1 << 54) + 1023) / 1024).rawValue + 1
    }

    /// Nil: as long as the record.
    package var bytes: Int? { rawValue == 0 ? nil : SizeClass(rawValue: rawValue - 1).units * 1024 }
}
