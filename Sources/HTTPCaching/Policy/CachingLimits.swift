// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Limits on what messages may make this library keep or compute. They are named here and nowhere else.
public enum CachingLimits {
    /// The greatest delta-seconds, 2^31 (RFC 9111 §1.2.2). Greater values are read as this one.
    public static let maxDeltaSeconds: Int64 = 2_147_483_648
    /// The most field lines of a stored response.
    public static let maxStoredFieldCount = 256
    /// The most bytes of an encoded stored head.
    public static let maxEncodedHeadBytes = 262_144
    /// The most bytes of a secondary key (RFC 9111 §4.1).
    public static let maxSecondaryKeyBytes = 32_768
    /// The most names in a `Vary` field.
    public static let maxVaryNameCount = 128
    /// The most range-specs of one `Range` field that are looked at; more and the field is ignored (RFC 9110 §14.2).
    public static let maxRangeSpecCount = 128
    /// Ranges closer together than this many bytes are joined: a part of a multipart answer costs about as much (RFC 9110 §15.3.7.2).
    public static let rangeCoalescingGapBytes: UInt64 = 80
    /// The most cache groups read from one response; RFC 9875 §2 asks for at least 32.
    public static let maxCacheGroupCount = 64
    /// The longest cache group; RFC 9875 §2 asks for at least 32.
    public static let maxCacheGroupBytes = 128
    /// The most purge tags read from one response.
    public static let maxTagCount = 256
    /// The longest purge tag.
    public static let maxTagBytes = 256
}
