// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Addresses that share a prefix, as in `192.0.2.0/24` or `2001:db8::/32`; without a length, one address.
///
/// IPv4 addresses are held as mapped IPv6 addresses (RFC 4291 §2.5.5.2), so that both ways of writing one match.
public struct AddressRange: Sendable, Hashable {
    private let bytes: [UInt8]
    private let prefixBits: Int

    /// Reads a range; nil when it is none.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let address = IPAddress(String(first))?.bytes else { return nil }
        let isFour = !first.contains(":")
        guard parts.count == 2 else {
            bytes = address
            prefixBits = 128
            return
        }
        guard let length = Int(parts[1]), (0...(isFour ? 32 : 128)).contains(length), parts[1].allSatisfy(\.isNumber) else { return nil }
        bytes = address
        prefixBits = isFour ? length + 96 : length
    }

    /// Whether an address lies in the range. What is no address lies in none.
    public func contains(_ address: String) -> Bool { IPAddress(address).map(contains) ?? false }

    func contains(_ address: IPAddress) -> Bool {
        let whole = prefixBits / 8
        guard bytes[..<whole] == address.bytes[..<whole] else { return false }
        let rest = prefixBits % 8
        return rest == 0 || (bytes[whole] ^ address.bytes[whole]) >> UInt8(8 - rest) == 0
    }
}
