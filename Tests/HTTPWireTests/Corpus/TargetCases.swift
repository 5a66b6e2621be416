// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPWire
import HTTPWireTestSupport

extension RefusedRequest {
    static let targets: [RefusedRequest] = [
        .init("9112 §3.2", "relative path", "GET index.html HTTP/1.1\r\nHost: a\r\n\r\n", .badTarget),
        .init("9112 §3.2", "control character", "GET /a\u{01}b HTTP/1.1\r\nHost: a\r\n\r\n", .badTarget),
        .init("9112 §3.2", "NUL", "GET /a\u{00}b HTTP/1.1\r\nHost: a\r\n\r\n", .badTarget),
        .init("9112 §3.2", "DEL", "GET /a\u{7F}b HTTP/1.1\r\nHost: a\r\n\r\n", .badTarget),
        .init("9112 §3.2", "byte above ASCII in the path", "GET /caf\u{E9} HTTP/1.1\r\nHost: a\r\n\r\n", .badTarget),
        .init("9112 §3.2", "byte above ASCII in the query", "GET /?caf\u{E9} HTTP/1.1\r\nHost: a\r\n\r\n", .badTarget),
        .init("9112 §3.2", "0xFF in the path", "GET /\u{FF} HTTP/1.1\r\nHost: a\r\n\r\n", .badTarget),
        .init("9112 §3.2", "fragment", "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", .badTarget),
        .init("9112 §3.2", "fragment behind a query", "GET /a?b#c HTTP/1.1\r\nHost: a\r\n\r\n", .badTarget),
        .init("9112 §3.2", "backslash in the path", "GET /a\\b HTTP/1.1\r\nHost: a\r\n\r\n", .badTarget),
        .init("9112 §3.2", "space in the target", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", .badRequestLine),
        .init("3986 §2.1", "percent without digits", "GET /100% HTTP/1.1\r\nHost: a\r\n\r\n", .badPercentEncoding),
        .init("3986 §2.1", "percent with one digit", "GET /%4 HTTP/1.1\r\nHost: a\r\n\r\n", .badPercentEncoding),
        .init("3986 §2.1", "percent with a letter beyond f", "GET /%4g/ HTTP/1.1\r\nHost: a\r\n\r\n", .badPercentEncoding),
        .init("3986 §2.1", "percent u", "GET /%u0041 HTTP/1.1\r\nHost: a\r\n\r\n", .badPercentEncoding),
        .init("3986 §2.1", "percent just before the query", "GET /%?a HTTP/1.1\r\nHost: a\r\n\r\n", .badPercentEncoding),
        .init("9112 §3.2.4", "asterisk with GET", "GET * HTTP/1.1\r\nHost: a\r\n\r\n", .targetFormMismatch),
        .init("9112 §3.2.4", "asterisk and more", "OPTIONS *a HTTP/1.1\r\nHost: a\r\n\r\n", .badTarget),
        .init("9112 §3.2.3", "CONNECT with a path", "CONNECT / HTTP/1.1\r\nHost: a\r\n\r\n", .targetFormMismatch),
        .init("9112 §3.2.3", "CONNECT without a port", "CONNECT a.example HTTP/1.1\r\nHost: a.example\r\n\r\n", .badAuthority),
        .init("9112 §3.2.3", "CONNECT with an empty port", "CONNECT a.example: HTTP/1.1\r\nHost: a.example\r\n\r\n", .badAuthority),
        .init("9112 §3.2.3", "CONNECT to port 0", "CONNECT a.example:0 HTTP/1.1\r\nHost: a.example\r\n\r\n", .badAuthority),
        .init("9112 §3.2.3", "CONNECT beyond the last port", "CONNECT a.example:65536 HTTP/1.1\r\nHost: a.example\r\n\r\n", .badAuthority),
        .init("9112 §3.2.3", "CONNECT with an absolute target", "CONNECT http://a:80/ HTTP/1.1\r\nHost: a\r\n\r\n", .badAuthority),
        .init("9112 §3.2.3", "authority with GET", "GET a.example:443 HTTP/1.1\r\nHost: a.example\r\n\r\n", .unsupportedScheme),
        .init("9112 §3.2.2", "another scheme", "GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", .unsupportedScheme),
        .init("9112 §3.2.2", "one slash", "GET http:/a HTTP/1.1\r\nHost: a\r\n\r\n", .badTarget),
        .init("9112 §3.2.2", "no authority", "GET http:///a HTTP/1.1\r\nHost: a\r\n\r\n", .badAuthority),
        .init("9110 §4.2.4", "user information", "GET http://user@a/ HTTP/1.1\r\nHost: a\r\n\r\n", .badAuthority),
        .init("9110 §4.2.4", "user and password", "GET http://u:p@a/ HTTP/1.1\r\nHost: a\r\n\r\n", .badAuthority),
        .init("9112 §3.2.2", "backslash in the authority", "GET http://a\\b/ HTTP/1.1\r\nHost: a\r\n\r\n", .badAuthority),
        .init("9112 §3.2.2", "fragment behind the authority", "GET http://a#b HTTP/1.1\r\nHost: a\r\n\r\n", .badAuthority),
        .init("9112 §3.2.2", "fragment behind the path", "GET http://a/#b HTTP/1.1\r\nHost: a\r\n\r\n", .badTarget),
    ]
}

extension AcceptedRequest {
    static let targets: [AcceptedRequest] = [
        .init("9112 §3.2.1", "path and query", "GET /a/b?c=d&e HTTP/1.1\r\nHost: a\r\n\r\n") {
            $0.target == "/a/b?c=d&e" && $0.path == "/a/b?c=d&e" && $0.query == "c=d&e"
        },
        .init("9112 §3.2.1", "empty query", "GET /? HTTP/1.1\r\nHost: a\r\n\r\n") { $0.path == "/?" && $0.query == "" },
        .init("9112 §3.2.1", "second question mark", "GET /?a?b HTTP/1.1\r\nHost: a\r\n\r\n") { $0.query == "a?b" },
        .init("9112 §3.2.1", "two slashes first stay a path", "GET //a/b HTTP/1.1\r\nHost: h\r\n\r\n") {
            $0.targetForm == .origin && $0.path == "//a/b" && $0.host == "h"
        },
        .init("3986 §2.1", "percent-encoding of either case", "GET /%2e%2E%c3%A9 HTTP/1.1\r\nHost: a\r\n\r\n") {
            $0.path == "/%2e%2E%c3%A9"
        },
        .init("3986 §2.1", "lone percent in a query, as browsers send it", "GET /?q=100% HTTP/1.1\r\nHost: a\r\n\r\n") {
            $0.query == "q=100%"
        },
        .init("3986 §2.2", "brackets and bars, as browsers send them", "GET /a|b[1]{2}^`?x={\"y\":[1]}|\\ HTTP/1.1\r\nHost: a\r\n\r\n") {
            $0.path == "/a|b[1]{2}^`?x={\"y\":[1]}|\\"
        },
        .init("9112 §3.2.4", "OPTIONS with an asterisk", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n") {
            $0.targetForm == .asterisk && $0.target == "*" && $0.path == ""
        },
        .init("9112 §3.2.2", "absolute", "GET http://a.example/p?q HTTP/1.1\r\nHost: a.example\r\n\r\n") {
            $0.targetForm == .absolute && $0.scheme == .http && $0.host == "a.example" && $0.path == "/p?q" && $0.query == "q"
                && $0.port == nil
        },
        .init("9112 §3.2.2", "absolute without a path", "GET http://a.example HTTP/1.1\r\nHost: a.example\r\n\r\n") {
            $0.path == "" && $0.target == "http://a.example"
        },
        .init("9112 §3.2.2", "absolute with a query alone", "GET http://a.example?q HTTP/1.1\r\nHost: a.example\r\n\r\n") {
            $0.path == "?q" && $0.query == "q"
        },
        .init("9112 §3.2.2", "scheme in any case", "GET HttpS://a.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n") { $0.scheme == .https },
        .init("9112 §3.2.2", "OPTIONS for a whole server", "OPTIONS http://a.example:8001 HTTP/1.1\r\nHost: a.example:8001\r\n\r\n") {
            $0.path == "" && $0.port == 8001 && $0.hostName == "a.example"
        },
        .init("9112 §3.2.3", "CONNECT", "CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n") {
            $0.targetForm == .authority && $0.host == "a.example:443" && $0.hostName == "a.example" && $0.port == 443 && $0.path == ""
        },
        .init("9112 §3.2.3", "CONNECT, the port not in Host", "CONNECT a.example:443 HTTP/1.1\r\nHost: a.example\r\n\r\n") {
            $0.port == 443
        },
        .init("9112 §3.2.3", "CONNECT of HTTP/1.0 without Host", "CONNECT a.example:443 HTTP/1.0\r\n\r\n") { $0.host == "a.example:443" },
        .init("9112 §3.2.3", "CONNECT to an address", "CONNECT [2001:db8::1]:443 HTTP/1.1\r\nHost: [2001:db8::1]:443\r\n\r\n") {
            $0.hostName == "[2001:db8::1]" && $0.port == 443
        },
    ]
}
