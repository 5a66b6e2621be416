// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Where a request of a forward proxy goes: what pools and tunnels are kept by.
struct Destination: Hashable, Sendable {
    /// A name in lower case without its last dot, or an address without brackets.
    var host: String
    var port: Int
    var usesTLS = false

    /// The destination that an authority names; nil when it has no host.
    ///
    /// - Parameters:
    ///   - authority: `host`, `host:port` or `[v6]:port`, as the parser has checked it.
    ///   - defaultPort: The port that is meant without one.
    init?(authority: [UInt8], defaultPort: Int, usesTLS: Bool) {
        var host = authority[...]
        var port = defaultPort
        if let colon = authority.lastIndex(of: 0x3a), authority.lastIndex(of: 0x5d).map({ $0 < colon }) ?? true {
            host = authority[..<colon]
            let digits = authority[(colon + 1)...]
            if !digits.isEmpty {
                guard let number = Int(String(decoding: digits, as: UTF8.self)), (1...65_535).contains(number) else { return nil }
                port = number
            }
        }
        if host.first == 0x5b { host = host.dropFirst().dropLast() }
        if host.last == 0x2e { host = host.dropLast() }
        guard !host.isEmpty else { return nil }
        self.host = String(decoding: host, as: UTF8.self).lowercased()
        self.port = port
        self.usesTLS = usesTLS
    }
}
