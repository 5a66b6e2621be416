// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Testing

@testable import GyreConfiguration

struct ListenAddressTests {
    @Test(
        arguments: [
            ("127.0.0.1:8080", "127.0.0.1", 8080, "127.0.0.1:8080"),
            ("0.0.0.0:80", "0.0.0.0", 80, "0.0.0.0:80"),
            (":8080", nil, 8080, ":8080"),
            (":0", nil, 0, ":0"),
            ("localhost:65535", "localhost", 65535, "localhost:65535"),
            ("Edge-1.Example.ORG:1", "edge-1.example.org", 1, "edge-1.example.org:1"),
            ("cache_1:80", "cache_1", 80, "cache_1:80"),
            ("[::1]:8080", "::1", 8080, "[::1]:8080"),
            ("[::]:8080", "::", 8080, "[::]:8080"),
            ("[2001:DB8::1]:443", "2001:db8::1", 443, "[2001:db8::1]:443"),
            ("[::ffff:192.0.2.1]:80", "::ffff:192.0.2.1", 80, "[::ffff:192.0.2.1]:80"),
            ("[fe80::1%eth0]:80", "fe80::1%eth0", 80, "[fe80::1%eth0]:80"),
        ] as [(String, String?, Int, String)]
    )
    func readsHostAndPort(text: String, host: String?, port: Int, written: String) throws {
        let address = try ListenAddress(parsing: text)
        #expect(address == ListenAddress(host: host, port: port))
        #expect(address.description == written)
        #expect(try ListenAddress(parsing: written) == address)
    }

    static let noPort = "its port is not a number from 0 to 65535"
    static let noHost = "its host is neither a name nor an IPv4 address"
    static let noAddress = "what is in brackets is not an IPv6 address"

    @Test(
        arguments: [
            ("", .malformed(because: "it has no port")),
            ("localhost", .malformed(because: "it has no port")),
            ("[::1]", .malformed(because: "it has no port")),
            ("8080", .malformed(because: "it has no colon", suggestion: ":8080")),
            ("*:80", .malformed(because: noHost, suggestion: ":80")),
            ("::1", .malformed(because: "an IPv6 address needs brackets and a port", suggestion: "[::1]:8080")),
            ("localhost:", .malformed(because: noPort)),
            ("localhost:65536", .malformed(because: noPort)),
            ("localhost:-1", .malformed(because: noPort)),
            ("localhost:080", .malformed(because: noPort)),
            ("localhost:http", .malformed(because: noPort)),
            ("localhost: 80", .malformed(because: noPort)),
            ("localhost:999999999999999999999", .malformed(because: noPort)),
            ("1.2.3:80", .malformed(because: noHost)),
            ("1.2.3.4.5:80", .malformed(because: noHost)),
            ("256.0.0.1:80", .malformed(because: noHost)),
            ("01.2.3.4:80", .malformed(because: noHost)),
            ("-a:80", .malformed(because: noHost)),
            ("a-:80", .malformed(because: noHost)),
            ("a..b:80", .malformed(because: noHost)),
            ("a b:80", .malformed(because: noHost)),
            ("bücher:80", .malformed(because: noHost)),
            ("/run/gyre.sock:80", .malformed(because: noHost)),
            ("[1.2.3.4]:80", .malformed(because: noAddress)),
            ("[]:80", .malformed(because: noAddress)),
            ("[::1%]:80", .malformed(because: noAddress)),
            ("[::1%a b]:80", .malformed(because: noAddress)),
            ("[::1]80", .malformed()),
            ("[::1:80", .malformed()),
            ("a:b:80", .malformed()),
        ] as [(String, ValueRefusal)]
    )
    func refusesAndNamesThePartAtFault(text: String, refusal: ValueRefusal) {
        #expect(throws: refusal) { try ListenAddress(parsing: text) }
    }

    @Test func boundsTheLengthOfNamesAndLabels() throws {
        let label = String(repeating: "a", count: 63)
        #expect(try ListenAddress(parsing: "\(label):80").host == label)
        #expect(throws: ValueRefusal.malformed(because: Self.noHost)) { try ListenAddress(parsing: "a\(label):80") }
        let name = [label, label, label, String(repeating: "b", count: 61)].joined(separator: ".")
        #expect(try ListenAddress(parsing: "\(name):80").host == name)
        #expect(throws: ValueRefusal.malformed(because: Self.noHost)) { try ListenAddress(parsing: "\(name)b:80") }
    }
}
