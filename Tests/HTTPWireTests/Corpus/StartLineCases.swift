// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPWire
import HTTPWireTestSupport

extension RefusedRequest {
    static let startLine: [RefusedRequest] = [
        .init("9112 §2.2", "two empty lines first", "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", .emptyRequestLine),
        .init("9112 §2.2", "LF alone first", "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", .bareLF),
        .init("9112 §2.2", "CR alone first", "\rGET / HTTP/1.1\r\nHost: a\r\n\r\n", .bareCR),
        .init("9112 §2.2", "request line ends with LF", "GET / HTTP/1.1\nHost: a\r\n\r\n", .bareLF),
        .init("9112 §2.2", "whole head ends its lines with LF", "GET / HTTP/1.1\nHost: a\n\n", .bareLF),
        .init("9112 §2.2", "CR in the request line", "GET /\r HTTP/1.1\r\nHost: a\r\n\r\n", .bareCR),
        .init("9112 §2.2", "two CR before LF", "GET / HTTP/1.1\r\r\nHost: a\r\n\r\n", .bareCR),
        .init("9112 §3", "space first", " GET / HTTP/1.1\r\nHost: a\r\n\r\n", .badMethod),
        .init("9112 §3", "TLS hello on a clear port", "\u{16}\u{03}\u{01}\u{02}\u{00}\u{01}", .badMethod),
        .init("9112 §3", "NUL first", "\u{00}GET / HTTP/1.1\r\n", .badMethod),
        .init("9112 §3", "two spaces after the method", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", .badRequestLine),
        .init("9112 §3", "two spaces after the target", "GET /  HTTP/1.1\r\nHost: a\r\n\r\n", .badRequestLine),
        .init("9112 §3", "tab after the method", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", .badRequestLine),
        .init("9112 §3", "tab after the target", "GET /\tHTTP/1.1\r\nHost: a\r\n\r\n", .badRequestLine),
        .init("9112 §3", "space after the version", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n", .badRequestLine),
        .init("9112 §3", "no version", "GET /\r\nHost: a\r\n\r\n", .badRequestLine),
        .init("9112 §3", "no version but a space", "GET / \r\nHost: a\r\n\r\n", .badRequestLine),
        .init("9112 §3", "method alone", "GET\r\nHost: a\r\n\r\n", .badRequestLine),
        .init("9112 §3", "method and a space", "GET \r\nHost: a\r\n\r\n", .badRequestLine),
        .init("9112 §3", "no target", "GET HTTP/1.1\r\nHost: a\r\n\r\n", .badRequestLine),
        .init("9112 §3", "four parts", "GET / HTTP/1.1 HTTP/1.1\r\nHost: a\r\n\r\n", .badRequestLine),
        .init("9112 §3", "a status line", "HTTP/1.1 200 OK\r\n\r\n", .badMethod),
        .init("9110 §9.1", "colon in the method", "GE:T / HTTP/1.1\r\nHost: a\r\n\r\n", .badMethod),
        .init("9110 §9.1", "parenthesis in the method", "GET( / HTTP/1.1\r\nHost: a\r\n\r\n", .badMethod),
        .init("9110 §9.1", "NUL in the method", "G\u{00}T / HTTP/1.1\r\nHost: a\r\n\r\n", .badMethod),
        .init("9110 §9.1", "byte above ASCII in the method", "G\u{C9}T / HTTP/1.1\r\nHost: a\r\n\r\n", .badMethod),
        .init("9112 §3", "method of 33 bytes", "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFG / HTTP/1.1\r\nHost: a\r\n\r\n", .methodTooLong),
        .init("9112 §2.3", "lower-case version", "GET / http/1.1\r\nHost: a\r\n\r\n", .badVersion),
        .init("9112 §2.3", "two digits", "GET / HTTP/1.10\r\nHost: a\r\n\r\n", .badVersion),
        .init("9112 §2.3", "one digit too many in front", "GET / HTTP/01.1\r\nHost: a\r\n\r\n", .badVersion),
        .init("9112 §2.3", "no minor version", "GET / HTTP/1.\r\nHost: a\r\n\r\n", .badVersion),
        .init("9112 §2.3", "no dot", "GET / HTTP/11\r\nHost: a\r\n\r\n", .badVersion),
        .init("9112 §2.3", "HTTP/2 without a minor version", "GET / HTTP/2\r\nHost: a\r\n\r\n", .badVersion),
        .init("9112 §2.3", "comma for the dot", "GET / HTTP/1,1\r\nHost: a\r\n\r\n", .badVersion),
        .init("9112 §2.3", "minus before the digit", "GET / HTTP/-1.1\r\nHost: a\r\n\r\n", .badVersion),
        .init("9112 §2.3", "another protocol", "GET / RTSP/1.0\r\nHost: a\r\n\r\n", .badVersion),
        .init("9110 §2.5", "HTTP/2.0", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", .unsupportedVersion),
        .init("9110 §2.5", "HTTP/0.9", "GET / HTTP/0.9\r\nHost: a\r\n\r\n", .unsupportedVersion),
        .init("9110 §2.5", "HTTP/3.0", "GET / HTTP/3.0\r\nHost: a\r\n\r\n", .unsupportedVersion),
        .init("9113 §3.4", "the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", .targetFormMismatch),
    ]
}

extension AcceptedRequest {
    static let startLine: [AcceptedRequest] = [
        .init("9112 §3", "the least request", "GET / HTTP/1.1\r\nHost: a\r\n\r\n") {
            $0.method == .get && $0.target == "/" && $0.path == "/" && $0.query == "" && $0.minorVersion == 1 && $0.framing == .none
                && $0.keepAlive && $0.fields.count == 1 && $0.targetForm == .origin && $0.scheme == .unstated && $0.byteCount == 27
        },
        .init("9112 §3", "HTTP/1.0 without anything", "GET / HTTP/1.0\r\n\r\n") {
            $0.minorVersion == 0 && $0.host == "" && !$0.keepAlive && $0.fields.isEmpty && $0.present == []
        },
        .init("9112 §2.2", "one empty line first", "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n") { $0.byteCount == 29 && $0.target == "/" },
        .init("9110 §2.5", "a later minor version is 1.1", "GET / HTTP/1.2\r\nHost: a\r\n\r\n") { $0.minorVersion == 1 && $0.keepAlive },
        .init("9110 §2.5", "minor version 9", "GET / HTTP/1.9\r\nHost: a\r\n\r\n") { $0.minorVersion == 1 },
        .init("9110 §9.1", "HEAD", "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n") { $0.method == .head },
        .init("9110 §9.1", "POST", "POST / HTTP/1.1\r\nHost: a\r\n\r\n") { $0.method == .post },
        .init("9110 §9.1", "PUT", "PUT / HTTP/1.1\r\nHost: a\r\n\r\n") { $0.method == .put },
        .init("9110 §9.1", "DELETE", "DELETE / HTTP/1.1\r\nHost: a\r\n\r\n") { $0.method == .delete },
        .init("9110 §9.1", "OPTIONS", "OPTIONS / HTTP/1.1\r\nHost: a\r\n\r\n") { $0.method == .options },
        .init("9110 §9.1", "TRACE", "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n") { $0.method == .trace },
        .init("5789", "PATCH", "PATCH / HTTP/1.1\r\nHost: a\r\n\r\n") { $0.method == .patch },
        .init("9110 §9.1", "PURGE is another method", "PURGE /x HTTP/1.1\r\nHost: a\r\n\r\n") {
            $0.method == .other && $0.methodName == "PURGE"
        },
        .init("9110 §9.1", "methods are case-sensitive", "get / HTTP/1.1\r\nHost: a\r\n\r\n") {
            $0.method == .other && $0.methodName == "get"
        },
        .init("9110 §9.1", "every byte of a token", "!#$%&'*+-.^_`|~09azAZ / HTTP/1.1\r\nHost: a\r\n\r\n") {
            $0.method == .other && $0.methodName == "!#$%&'*+-.^_`|~09azAZ"
        },
        .init("9112 §3", "method of 32 bytes", "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEF / HTTP/1.1\r\nHost: a\r\n\r\n") {
            $0.methodName.utf8.count == 32
        },
        .init("9112 §9.3.2", "what follows is not touched", "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\n") {
            $0.byteCount == 28 && $0.target == "/1" && $0.fields.count == 1
        },
    ]
}
