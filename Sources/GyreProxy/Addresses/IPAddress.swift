// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif
import NIOCore

/// An IPv4 or IPv6 address as 16 bytes; IPv4 as a mapped address (RFC 4291 §2.5.5.2), so that both ways of writing one are equal.
struct IPAddress: Hashable, Sendable {
    let bytes: [UInt8]

    private static let mappedPrefix: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]

    /// Reads `192.0.2.1` or `2001:db8::1`; nil for anything else, short and octal forms with it.
    init?(_ text: String) {
        var four = in_addr()
        if inet_pton(AF_INET, text, &four) == 1 {
            bytes = Self.mappedPrefix + withUnsafeBytes(of: &four) { Array($0) }
            return
        }
        var six = in6_addr()
        guard inet_pton(AF_INET6, text, &six) == 1 else { return nil }
        bytes = withUnsafeBytes(of: &six) { Array($0) }
    }

    /// The address of a socket address; nil for a path.
    init?(_ address: SocketAddress) {
        guard let text = address.ipAddress, let address = IPAddress(text) else { return nil }
        self = address
    }

    private init(fourBytes: ArraySlice<UInt8>) { bytes = Self.mappedPrefix + fourBytes }

    var isIPv4: Bool { bytes.starts(with: Self.mappedPrefix) }

    /// The IPv4 address that a packet to this one ends at, where it has one inside: compatible (RFC 4291 §2.5.5.1), translated (RFC 6052),
    /// 6to4 (RFC 3056). The address itself otherwise.
    var unwrapped: IPAddress {
        if bytes.starts(with: [0x20, 0x02]) { return IPAddress(fourBytes: bytes[2..<6]) }
        if bytes.starts(with: [0x00, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0]) { return IPAddress(fourBytes: bytes[12...]) }
        // Not `::` and `::1`, which are of IPv6 itself.
        if bytes[..<12].allSatisfy({ $0 == 0 }), bytes[12...].contains(where: { $0 != 0 }), bytes[12..<15] != [0, 0, 0] {
            return IPAddress(fourBytes: bytes[12...])
        }
        return self
    }
}
