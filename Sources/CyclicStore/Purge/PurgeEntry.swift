// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// One purge as it is remembered, in memory and in the journal: what it matches as hashes, its mode and its serial.
struct PurgeEntry: Hashable, Sendable {
    /// What it matches.
    enum Subject: Hashable, Sendable {
        /// Half of a key's hash.
        case key(UInt64)
        /// ``HashSecret/tagHash(_:)``.
        case tag(UInt64)
        /// Half of the hash of a key's first bytes.
        case prefix(byteCount: Int, UInt64)
        case everything
    }

    var subject: Subject
    var mode: PurgeMode
    var serial: UInt64
}

extension HashSecret {
    /// What stands for a tag in records and purges.
    public func tagHash(_ tag: UnsafeRawBufferPointer) -> UInt64 { hash(tag).high }

    /// What stands for a tag in records and purges.
    public func tagHash(_ tag: [UInt8]) -> UInt64 { tag.withUnsafeBytes { tagHash($0) } }
}

extension KeyHash {
    /// What stands for a key in purges.
    var purgeID: UInt64 { low }
}
