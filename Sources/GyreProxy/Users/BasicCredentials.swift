// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// A name and a password of the Basic scheme (RFC 7617).
struct BasicCredentials: Sendable, Hashable {
    let user: String
    let password: [UInt8]

    /// Reads the value of a `Proxy-Authorization`; nil when it is of another scheme or malformed.
    init?(_ value: String) {
        let parts = value.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "basic" else { return nil }
        let token = String(parts[1].drop { $0 == " " })
        guard let decoded = Data(base64Encoded: token), let colon = decoded.firstIndex(of: 0x3a) else { return nil }
        guard let user = String(validating: decoded[..<colon], as: UTF8.self) else { return nil }
        self.user = user
        password = Array(decoded[(colon + 1)...])
    }
}
