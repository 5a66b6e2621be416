// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// What a record is.
public enum RecordKind: UInt8, Sendable, CaseIterable {
    /// A whole object: metadata and payload in one record.
    case object = 1
    /// The head of an object whose payload lies in fragments; its payload is a ``FragmentMap``.
    case fragmentedHead = 2
    /// One piece of a large object.
    case fragment = 3
    /// A removal: directory entry only, no bytes.
    case tombstone = 4
}
