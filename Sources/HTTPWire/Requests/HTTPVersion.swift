// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// `HTTP/` digit `.` digit (RFC 9112 §2.3), eight bytes in one word.
enum HTTPVersion {
    case minor(UInt8)
    case unsupported
    case malformed

    static let byteCount = 8

    // "HTTP/1.1", "HTTP/1.0", and "HTTP/" with "." in its place; the first byte is the lowest.
    private static let version11: UInt64 = 0x312E_312F_5054_5448
    private static let version10: UInt64 = 0x302E_312F_5054_5448
    private static let form: UInt64 = 0x002E_002F_5054_5448
    private static let formMask: UInt64 = 0x00FF_00FF_FFFF_FFFF

    /// A minor version above 1 is taken as 1: a higher minor version of the same major one may be processed as the highest that is
    /// implemented (RFC 9110 §2.5).
    @inline(__always)
    static func parse(_ word: UInt64) -> HTTPVersion {
        if word == version11 { return .minor(1) }
        if word == version10 { return .minor(0) }
        return rare(word)
    }

    @inline(never)
    private static func rare(_ word: UInt64) -> HTTPVersion {
        let major = UInt8(truncatingIfNeeded: word >> 40)
        let minor = UInt8(truncatingIfNeeded: word >> 56)
        guard word & formMask == form, ASCII.isDigit(major), ASCII.isDigit(minor) else { return .malformed }
        return major == ASCII.zero &+ 1 ? .minor(1) : .unsupported
    }
}
