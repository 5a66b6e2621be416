// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// What a stripe's own bytes say of it.
package enum StripeVerdict: String, Sendable, Hashable, Codable, CaseIterable {
    /// Never written since the volume was formatted.
    case blank
    /// Header, footer and checksums do not agree, or cannot be read. A store throws it away alone.
    case damaged
    /// Header and directory are whole. Its records carry checksums of their own.
    case intact
}

/// What one stripe holds.
package struct StripeSummary: Sendable, Hashable, Codable {
    /// Its position, from 0.
    package var stripe: Int
    /// Where it begins on the device, in bytes.
    package var offset: Int
    /// What its own bytes say of it. The rest is known for an intact stripe only, or else empty.
    package var verdict = StripeVerdict.blank
    /// Grows with every stripe that is filled.
    package var sequence: UInt64?
    /// Seconds since 1970, when it began to be filled.
    package var openedAtSeconds: UInt64?
    /// Records in its directory.
    package var records = 0
    /// Removals in its directory.
    package var tombstones = 0
    /// Bytes of its records, padding included.
    package var recordBytes = 0
    /// Bytes of header, records, directory and trailer together.
    package var usedBytes = 0
}
