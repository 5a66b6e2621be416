// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// The bounds of the format, in one place. `StoreConfiguration.validate()` checks how they relate.
public enum Limits {
    /// Smallest stripe: below it the fixed parts weigh too much.
    public static let minStripeBytes = 64 * 1024
    /// Largest stripe: a stripe is written by one write and held whole in memory.
    public static let maxStripeBytes = 16 * 1024 * 1024
    /// Fewest stripes in a volume: fewer cannot turn while membufs are out.
    public static let minStripes = 4
    /// Longest key.
    public static let maxKeyBytes = 65_535
    /// Longest metadata of one record.
    public static let maxMetadataBytes = 1 << 20
    /// Most purge tags of one record.
    public static let maxTags = 64
    /// Alignment of everything that is read or written directly.
    public static let pageBytes = 4096
}
