// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Testing

@testable import GyreConfiguration

struct OriginURLTests {
    @Test(
        arguments: [
            ("http://127.0.0.1:9000", .http, "127.0.0.1", 9000, "127.0.0.1:9000", "http://127.0.0.1:9000"),
            ("http://example.org", .http, "example.org", 80, "example.org", "http://example.org"),
            ("http://example.org/", .http, "example.org", 80, "example.org", "http://example.org"),
            ("HTTPS://Example.Org:443", .https, "example.org", 443, "example.org", "https://example.org"),
            ("https://example.org:80", .https, "example.org", 80, "example.org:80", "https://example.org:80"),
            ("http://[::1]:9000/", .http, "::1", 9000, "[::1]:9000", "http://[::1]:9000"),
            ("https://[2001:DB8::1]", .https, "2001:db8::1", 443, "[2001:db8::1]", "https://[2001:db8::1]"),
        ] as [(String, OriginURL.Scheme, String, Int, String, String)]
    )
    func readsSchemeHostAndPort(
        text: String,
        scheme: OriginURL.Scheme,
        host: String,
        port: Int,
        authority: String,
        written: String
    ) throws {
        let url = try OriginURL(parsing: text)
        #expect(url == OriginURL(scheme: scheme, host: host, port: port))
        #expect(url.authority == authority)
        #expect(url.description == written)
        #expect(try OriginURL(parsing: written) == url)
    }

    static let noHost = "its host is neither a name nor an address"
    static let noPort = "its port is not a number from 1 to 65535"

    @Test(
        arguments: [
            ("", .malformed(because: "it has no scheme")),
            ("127.0.0.1:9000", .malformed(because: "it has no scheme", suggestion: "http://127.0.0.1:9000")),
            ("example.org/", .malformed(because: "it has no scheme", suggestion: "http://example.org")),
            ("http:/example.org", .malformed(because: "it has no scheme")),
            ("ftp://example.org", .malformed(because: "its scheme is neither http nor https")),
            ("http://", .malformed(because: noHost)),
            ("http://:80", .malformed(because: noHost)),
            ("http://a b", .malformed(because: noHost)),
            ("http://[::1%eth0]", .malformed(because: noHost)),
            ("http://[fe80]", .malformed(because: noHost)),
            ("http://1.2.3", .malformed(because: noHost)),
            ("http://[::1", .malformed(because: "its host and port cannot be told apart")),
            ("http://::1", .malformed(because: "its host and port cannot be told apart")),
            ("http://a:0", .malformed(because: noPort)),
            ("http://a:", .malformed(because: noPort)),
            ("http://a:65536", .malformed(because: noPort)),
            ("http://user:secret@a", .malformed(because: "it has a user name")),
            ("http://a/b", .malformed(because: "it has a path", suggestion: "http://a")),
            ("https://a//", .malformed(because: "it has a path", suggestion: "https://a")),
            ("http://a?b", .malformed(because: "it has a query")),
            ("http://a#b", .malformed(because: "it has a fragment")),
        ] as [(String, ValueRefusal)]
    )
    func refusesAndNamesThePartAtFault(text: String, refusal: ValueRefusal) {
        #expect(throws: refusal) { try OriginURL(parsing: text) }
    }
}
