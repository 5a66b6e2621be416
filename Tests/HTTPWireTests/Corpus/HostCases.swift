// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPWire
import HTTPWireTestSupport

extension RefusedRequest {
    static let hosts: [RefusedRequest] = [
        .init("9112 §3.2", "no Host in HTTP/1.1", "GET / HTTP/1.1\r\n\r\n", .missingHost),
        .init("9112 §3.2", "no Host among other fields", "GET / HTTP/1.1\r\nAccept: */*\r\nX-Host: a\r\n\r\n", .missingHost),
        .init("9112 §3.2.2", "absolute target without Host", "GET http://a/ HTTP/1.1\r\n\r\n", .missingHost),
        .init("9112 §3.2", "two Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", .severalHosts),
        .init("9112 §3.2", "the same Host twice", "GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n", .severalHosts),
        .init("9112 §3.2", "two Hosts in HTTP/1.0", "GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", .severalHosts),
        .init("9110 §4.2.1", "empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", .badHost),
        .init("9110 §4.2.1", "Host of whitespace", "GET / HTTP/1.1\r\nHost: \t \r\n\r\n", .badHost),
        .init("9112 §3.2", "list of hosts", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", .badHost),
        .init("9112 §3.2", "list without a space", "GET / HTTP/1.1\r\nHost: a,b\r\n\r\n", .badHost),
        .init("9112 §3.2", "space inside", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", .badHost),
        .init("9112 §3.2", "slash", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", .badHost),
        .init("9112 §3.2", "backslash", "GET / HTTP/1.1\r\nHost: a\\b\r\n\r\n", .badHost),
        .init("9112 §3.2", "question mark", "GET / HTTP/1.1\r\nHost: a?b\r\n\r\n", .badHost),
        .init("9112 §3.2", "hash", "GET / HTTP/1.1\r\nHost: a#b\r\n\r\n", .badHost),
        .init("9110 §4.2.4", "user information", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", .badHost),
        .init("9112 §3.2", "scheme", "GET / HTTP/1.1\r\nHost: http://a\r\n\r\n", .badHost),
        .init("9112 §3.2", "percent-encoding", "GET / HTTP/1.1\r\nHost: a%2eb\r\n\r\n", .badHost),
        .init("9112 §3.2", "byte above ASCII", "GET / HTTP/1.1\r\nHost: b\u{FC}cher.example\r\n\r\n", .badHost),
        .init("9112 §3.2", "port alone", "GET / HTTP/1.1\r\nHost: :80\r\n\r\n", .badHost),
        .init("9112 §3.2", "port of letters", "GET / HTTP/1.1\r\nHost: a:b\r\n\r\n", .badHost),
        .init("9112 §3.2", "signed port", "GET / HTTP/1.1\r\nHost: a:+80\r\n\r\n", .badHost),
        .init("9112 §3.2", "port too large", "GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n", .badHost),
        .init("9112 §3.2", "port of six digits", "GET / HTTP/1.1\r\nHost: a:000080\r\n\r\n", .badHost),
        .init("9112 §3.2", "two ports", "GET / HTTP/1.1\r\nHost: a:80:80\r\n\r\n", .badHost),
        .init("3986 §3.2.2", "address without its end", "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", .badHost),
        .init("3986 §3.2.2", "brackets around nothing", "GET / HTTP/1.1\r\nHost: []\r\n\r\n", .badHost),
        .init("3986 §3.2.2", "brackets around a name", "GET / HTTP/1.1\r\nHost: [a.example]\r\n\r\n", .badHost),
        .init("3986 §3.2.2", "text behind the brackets", "GET / HTTP/1.1\r\nHost: [::1]a\r\n\r\n", .badHost),
        .init("6874", "zone in an address", "GET / HTTP/1.1\r\nHost: [fe80::1%25eth0]\r\n\r\n", .badHost),
        .init("9112 §3.2", "bad Host in HTTP/1.0 too", "GET / HTTP/1.0\r\nHost: a b\r\n\r\n", .badHost),
        .init("9112 §3.2.2", "absolute target, another Host", "GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n", .hostMismatch),
        .init("9112 §3.2.2", "absolute target, another port", "GET http://a:81/ HTTP/1.1\r\nHost: a\r\n\r\n", .hostMismatch),
        .init("9112 §3.2.2", "the default port of the other scheme", "GET https://a/ HTTP/1.1\r\nHost: a:80\r\n\r\n", .hostMismatch),
        .init("9112 §3.2.2", "absolute target, a bad Host", "GET http://a/ HTTP/1.1\r\nHost: a b\r\n\r\n", .badHost),
        .init("9112 §3.2.3", "CONNECT, another Host", "CONNECT a:443 HTTP/1.1\r\nHost: b:443\r\n\r\n", .hostMismatch),
        .init("9112 §3.2.3", "CONNECT, another port", "CONNECT a:443 HTTP/1.1\r\nHost: a:80\r\n\r\n", .hostMismatch),
    ]
}

extension AcceptedRequest {
    static let hosts: [AcceptedRequest] = [
        .init("9112 §3.2", "name and port", "GET / HTTP/1.1\r\nHost: a.example:8080\r\n\r\n") {
            $0.host == "a.example:8080" && $0.hostName == "a.example" && $0.port == 8080
        },
        .init("9110 §4.2.3", "an empty port is none", "GET / HTTP/1.1\r\nHost: a.example:\r\n\r\n") {
            $0.host == "a.example" && $0.port == nil
        },
        .init("9112 §5", "Host in any case and anywhere", "GET / HTTP/1.1\r\nAccept: */*\r\nhOsT:a.example\r\n\r\n") {
            $0.host == "a.example"
        },
        .init("9112 §5.1", "whitespace around it", "GET / HTTP/1.1\r\nHost: \t a.example \t\r\n\r\n") { $0.host == "a.example" },
        .init("9112 §3.2", "address of version 4", "GET / HTTP/1.1\r\nHost: 127.0.0.1:80\r\n\r\n") {
            $0.hostName == "127.0.0.1" && $0.port == 80
        },
        .init("3986 §3.2.2", "address of version 6", "GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n") {
            $0.hostName == "[::1]" && $0.port == 80
        },
        .init("3986 §3.2.2", "address with a version 4 tail", "GET / HTTP/1.1\r\nHost: [::ffff:1.2.3.4]\r\n\r\n") {
            $0.host == "[::ffff:1.2.3.4]"
        },
        .init("9112 §3.2", "underscore and trailing dot", "GET / HTTP/1.1\r\nHost: my_host.example.\r\n\r\n") {
            $0.host == "my_host.example."
        },
        .init("9112 §3.2", "the largest port", "GET / HTTP/1.1\r\nHost: a:65535\r\n\r\n") { $0.port == 65535 },
        .init("9112 §3.2.2", "the target's case wins", "GET http://A.Example/ HTTP/1.1\r\nHost: a.eXample\r\n\r\n") {
            $0.host == "A.Example"
        },
        .init("9110 §4.2.3", "the default port in the target", "GET http://a:80/ HTTP/1.1\r\nHost: a\r\n\r\n") {
            $0.host == "a:80" && $0.port == 80
        },
        .init("9110 §4.2.3", "the default port in Host", "GET https://a/ HTTP/1.1\r\nHost: a:443\r\n\r\n") {
            $0.host == "a" && $0.port == nil
        },
        .init("9112 §3.2.2", "absolute in HTTP/1.0 without Host", "GET http://a/ HTTP/1.0\r\n\r\n") { $0.host == "a" },
    ]
}
