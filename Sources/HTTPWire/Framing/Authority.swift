// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// `host` or `host:port` as it stands in `Host`, in an absolute target or after CONNECT.
///
/// Stricter than RFC 3986 §3.2.2 on purpose: a name consists of unreserved characters only. Sub-delimiters and percent-encoding never occur in
/// the names of DNS, and peers disagree about where such a name ends. User information is refused (RFC 9110 §4.2.4).
struct Authority {
    /// The number of bytes of the name; an IPv6 address with its brackets.
    let nameBytes: Int
    /// The port, or nil when there is none or when it is empty after its colon (RFC 9110 §4.2.3 makes both the same).
    let port: UInt16?

    /// The number of bytes without the colon of an empty port.
    let byteCount: Int

    /// Checks `bytes` from the first to the last; nil when they are no authority.
    init?(_ bytes: WireBytes) {
        var index = 0
        if bytes.count > 0, bytes[0] == ASCII.openBracket {
            guard let end = Self.endOfAddress(bytes) else { return nil }
            index = end
        } else {
            while index < bytes.count, ASCII.isUnreserved(bytes[index]) { index &+= 1 }
        }
        guard index > 0 else { return nil }
        nameBytes = index
        guard index < bytes.count else {
            port = nil
            byteCount = index
            return
        }
        guard bytes[index] == ASCII.colon else { return nil }
        index &+= 1
        if index == bytes.count {
            port = nil
            byteCount = nameBytes
            return
        }
        // Five digits at most: a port with leading zeros beyond that is nobody's.
        guard bytes.count &- index <= 5, let value = bytes.part(from: index, to: bytes.count).decimal(), value > 0, value <= 65_535 else {
            return nil
        }
        port = UInt16(truncatingIfNeeded: value)
        byteCount = bytes.count
    }

    /// The end of `[` address `]`. Only the characters of an address are checked, its syntax is checked by who connects to it.
    private static func endOfAddress(_ bytes: WireBytes) -> Int? {
        var index = 1
        var colons = 0
        while index < bytes.count {
            let byte = bytes[index]
            if byte == ASCII.closeBracket { return colons >= 2 ? index &+ 1 : nil }
            if byte == ASCII.colon {
                colons &+= 1
            } else if ASCII.hexValue(byte) == nil, byte != 0x2E {
                return nil
            }
            index &+= 1
        }
        return nil
    }
}
