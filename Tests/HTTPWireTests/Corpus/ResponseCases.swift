// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPWire
import HTTPWireTestSupport
import Testing

/// A response and what must come of it.
struct ResponseCase: Sendable, CustomTestStringConvertible {
    let section: String
    let what: String
    let method: Method
    let text: String
    let error: WireError?
    let holds: @Sendable (ResponseSummary) -> Bool

    init(
        _ section: String,
        _ what: String,
        _ method: Method,
        _ text: String,
        _ holds: @escaping @Sendable (ResponseSummary) -> Bool
    ) {
        (self.section, self.what, self.method, self.text, self.error, self.holds) = (section, what, method, text, nil, holds)
    }

    init(_ section: String, _ what: String, _ text: String, _ holds: @escaping @Sendable (ResponseSummary) -> Bool) {
        self.init(section, what, .get, text, holds)
    }

    init(_ section: String, _ what: String, _ text: String, _ error: WireError) {
        (self.section, self.what, self.method, self.text, self.error, self.holds) = (section, what, .get, text, error, { _ in false })
    }

    var testDescription: String { "\(section): \(what)" }

    static let all = statusLines + framing + refused

    static let statusLines: [ResponseCase] = [
        .init("9112 §4", "usual", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi") {
            $0.status == 200 && $0.reason == "OK" && $0.minorVersion == 1 && $0.framing == .length(2) && $0.byteCount == 38 && $0.keepAlive
        },
        .init("9112 §4", "no reason phrase", "HTTP/1.1 204 \r\n\r\n") { $0.reason == "" && $0.status == 204 },
        .init("9112 §4", "no space for it either", "HTTP/1.1 204\r\n\r\n") { $0.reason == "" && $0.status == 204 },
        .init("9112 §4", "reason with bytes above ASCII and a tab", "HTTP/1.1 404 pas trouv\u{E9}\tici\r\n\r\n") {
            $0.reason == "pas trouv\u{E9}\tici"
        },
        .init("9110 §15", "unknown status", "HTTP/1.1 599 X\r\n\r\n") { $0.status == 599 },
        .init("9110 §2.5", "later minor version", "HTTP/1.7 200 OK\r\n\r\n") { $0.minorVersion == 1 },
        .init("9112 §4", "HTTP/1.0", "HTTP/1.0 200 OK\r\n\r\n") { $0.minorVersion == 0 && !$0.keepAlive },
    ]

    static let framing: [ResponseCase] = [
        .init("9112 §6.3", "until the close", "HTTP/1.1 200 OK\r\n\r\nabc") {
            $0.framing == .untilClose && !$0.keepAlive && $0.byteCount == 19
        },
        .init("9112 §6.3", "chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n") { $0.framing == .chunked && $0.keepAlive },
        .init("9112 §6.3", "answer to HEAD with a length", .head, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n") {
            $0.framing == .none && $0.contentLength == 5 && $0.keepAlive
        },
        .init("9112 §6.3", "answer to HEAD with chunks", .head, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n") {
            $0.framing == .none && $0.contentLength == nil && $0.keepAlive
        },
        .init("9112 §6.3", "answer to HEAD without either", .head, "HTTP/1.1 200 OK\r\n\r\n") { $0.framing == .none && $0.keepAlive },
        .init("9112 §6.3", "304 with a length", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n") {
            $0.framing == .none && $0.contentLength == 5 && $0.keepAlive
        },
        .init("9112 §6.3", "204", "HTTP/1.1 204 No Content\r\n\r\n") { $0.framing == .none && $0.keepAlive },
        .init("9112 §6.3", "204 with length 0", "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n") {
            $0.framing == .none && $0.keepAlive
        },
        .init("9112 §6.3", "204 that announces content", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n") {
            $0.framing == .none && !$0.keepAlive
        },
        .init("9112 §6.3", "204 that announces chunks", "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n") {
            $0.framing == .none && !$0.keepAlive
        },
        .init("9110 §15.2", "100 is interim", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n") {
            $0.isInterim && $0.framing == .none && $0.byteCount == 25
        },
        .init("8297", "103 is interim", "HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n") {
            $0.isInterim && $0.fields[0].known == .link
        },
        .init("9110 §15.2.2", "101 is final", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n") {
            !$0.isInterim && $0.framing == .none && $0.connection == .upgrade
        },
        .init("9112 §6.3", "2xx to CONNECT has no content whatever it says", .connect, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n") {
            $0.framing == .none && $0.keepAlive
        },
        .init("9112 §6.3", "a refusal of CONNECT has", .connect, "HTTP/1.1 403 No\r\nContent-Length: 5\r\n\r\n") {
            $0.framing == .length(5)
        },
        .init("9112 §9.3", "close", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n") { !$0.keepAlive },
        .init("9112 §9.3", "HTTP/1.0 with keep-alive", "HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n") {
            $0.keepAlive
        },
        .init("9112 §9.3", "HTTP/1.0 with keep-alive until the close", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\n") {
            !$0.keepAlive && $0.framing == .untilClose
        },
        .init("9112 §3.2", "Host says nothing in a response", "HTTP/1.1 200 OK\r\nHost: a b\r\nContent-Length: 0\r\n\r\n") {
            $0.framing == .length(0)
        },
    ]

    static let refused: [ResponseCase] = [
        .init("9112 §4", "empty line first", "\r\nHTTP/1.1 200 OK\r\n\r\n", .badStatusLine),
        .init("9112 §4", "another protocol", "ICY 200 OK\r\n\r\n", .badStatusLine),
        .init("9112 §4", "a request", "GET / HTTP/1.1\r\n\r\n", .badStatusLine),
        .init("9112 §4", "content where a head should be", "H<html>\r\n\r\n", .badStatusLine),
        .init("9112 §2.3", "lower-case version", "Http/1.1 200 OK\r\n\r\n", .badVersion),
        .init("9112 §2.3", "HTTP/2.0", "HTTP/2.0 200 OK\r\n\r\n", .unsupportedVersion),
        .init("9112 §4", "two spaces", "HTTP/1.1  200 OK\r\n\r\n", .badStatusLine),
        .init("9112 §4", "tab", "HTTP/1.1\t200 OK\r\n\r\n", .badStatusLine),
        .init("9112 §4", "two digits", "HTTP/1.1 20 OK\r\n\r\n", .badStatusLine),
        .init("9112 §4", "four digits", "HTTP/1.1 2000 OK\r\n\r\n", .badStatusLine),
        .init("9112 §4", "signed", "HTTP/1.1 +20 OK\r\n\r\n", .badStatusLine),
        .init("9112 §4", "no status", "HTTP/1.1\r\n\r\n", .badStatusLine),
        .init("9112 §4", "tab behind the status", "HTTP/1.1 200\tOK\r\n\r\n", .badStatusLine),
        .init("9110 §15", "099", "HTTP/1.1 099 X\r\n\r\n", .badStatus),
        .init("9110 §15", "600", "HTTP/1.1 600 X\r\n\r\n", .badStatus),
        .init("9112 §4", "NUL in the reason", "HTTP/1.1 200 O\u{0}K\r\n\r\n", .controlCharacter),
        .init("9112 §2.2", "LF at the end of the status line", "HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n", .bareLF),
        .init("9112 §2.2", "CR in the status line", "HTTP/1.1 200 O\rK\r\n\r\n", .bareCR),
        .init("9112 §2.2", "LF at the end of a field line", "HTTP/1.1 200 OK\r\nContent-Length: 0\n\r\n", .bareLF),
        .init("9112 §5.1", "space before a colon", "HTTP/1.1 200 OK\r\nContent-Length : 0\r\n\r\n", .spaceBeforeColon),
        .init("9112 §5.2", "folded line", "HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n", .obsFold),
        .init("9110 §5.5", "NUL in a value", "HTTP/1.1 200 OK\r\nX: \u{0}\r\n\r\n", .nulByte),
        .init("9112 §6.3", "both", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", .bothLengthAndEncoding),
        .init(
            "9112 §6.3",
            "both in a 304",
            "HTTP/1.1 304 X\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
            .bothLengthAndEncoding
        ),
        .init("9112 §6.3", "two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n", .repeatedContentLength),
        .init("9110 §8.6", "list of lengths", "HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\n", .badContentLength),
        .init("9112 §6.1", "coding in HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", .encodingInHTTP10),
        .init(
            "9112 §6.1",
            "a coding before chunked",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
            .unknownTransferCoding
        ),
        .init("9112 §6.3", "chunked is not there", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", .badTransferEncoding),
    ]
}
