// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPWire
import Testing

/// A chunked body and what must come of it.
struct ChunkedCase: Sendable, CustomTestStringConvertible {
    let section: String
    let what: String
    let text: String
    /// What it holds, and its trailers as lines; nil when it must be refused or goes on.
    let data: String?
    let trailers: [String]
    let error: WireError?

    init(_ section: String, _ what: String, _ text: String, _ data: String, trailers: [String] = []) {
        (self.section, self.what, self.text, self.data, self.trailers, self.error) = (section, what, text, data, trailers, nil)
    }

    init(_ section: String, _ what: String, _ text: String, _ error: WireError) {
        (self.section, self.what, self.text, self.data, self.trailers, self.error) = (section, what, text, nil, [], error)
    }

    var testDescription: String { "\(section): \(what)" }

    static let all = accepted + refused

    static let accepted: [ChunkedCase] = [
        .init("9112 §7.1", "nothing", "0\r\n\r\n", ""),
        .init("9112 §7.1", "one chunk", "3\r\nabc\r\n0\r\n\r\n", "abc"),
        .init("9112 §7.1", "several chunks", "1\r\na\r\n2\r\nbc\r\n3\r\ndef\r\n0\r\n\r\n", "abcdef"),
        .init("9112 §7.1", "digits of either case", "a\r\n0123456789\r\nB\r\nabcdefghijk\r\n0\r\n\r\n", "0123456789abcdefghijk"),
        .init("9112 §7.1", "leading zeros", "0003\r\nabc\r\n00000\r\n\r\n", "abc"),
        .init("9112 §7.1", "sixteen digits", "0000000000000003\r\nabc\r\n0000000000000000\r\n\r\n", "abc"),
        .init("9112 §7.1", "data that looks like framing", "7\r\n0\r\n\r\nab\r\n0\r\n\r\n", "0\r\n\r\nab"),
        .init("9112 §7.1", "what follows is not touched", "1\r\na\r\n0\r\n\r\nGET / HTTP/1.1\r\n", "a"),
        .init("9112 §7.1.1", "extension without a value", "1;x\r\na\r\n0\r\n\r\n", "a"),
        .init("9112 §7.1.1", "extension with a value", "1;x=y\r\na\r\n0;z\r\n\r\n", "a"),
        .init("9112 §7.1.1", "several extensions", "1;x=y;z;w=\"v\"\r\na\r\n0\r\n\r\n", "a"),
        .init("9112 §7.1.1", "whitespace where the grammar has it", "1 ; x = y\t;\tz =\t\"v\" ; w\r\na\r\n0\r\n\r\n", "a"),
        .init("9110 §5.6.4", "quoted semicolon, escape and byte above ASCII", "1;x=\";\\\"\\\\ \u{E9}\t\"\r\na\r\n0\r\n\r\n", "a"),
        .init("9110 §5.6.4", "empty quotes", "1;x=\"\"\r\na\r\n0\r\n\r\n", "a"),
        .init("9112 §7.1.2", "trailer", "1\r\na\r\n0\r\nX-Sum: 1\r\n\r\n", "a", trailers: ["X-Sum: 1"]),
        .init("9112 §7.1.2", "several trailers", "0\r\nA: b\r\nETag: \"c\"\r\nE:\r\n\r\n", "", trailers: ["A: b", "ETag: \"c\"", "E: "]),
        .init("9112 §7.1.2", "what follows trailers is not touched", "0\r\nA: b\r\n\r\nC: d\r\n\r\n", "", trailers: ["A: b"]),
        .init("9112 §7.1.2", "trailers read as fields are", "0\r\nserver-timing: \t a \r\n\r\n", "", trailers: ["server-timing: a"]),
    ]

    static let refused: [ChunkedCase] = [
        .init("9112 §7.1", "no size", "\r\nabc", .badChunkSize),
        .init("9112 §7.1", "plus sign", "+3\r\nabc\r\n0\r\n\r\n", .badChunkSize),
        .init("9112 §7.1", "minus sign", "-3\r\nabc\r\n0\r\n\r\n", .badChunkSize),
        .init("9112 §7.1", "0x", "0x3\r\nabc\r\n0\r\n\r\n", .badChunkSize),
        .init("9112 §7.1", "letter beyond f", "g\r\n", .badChunkSize),
        .init("9112 §7.1", "underscore", "1_0\r\n", .badChunkSize),
        .init("9112 §7.1", "space first", " 3\r\nabc\r\n0\r\n\r\n", .badChunkSize),
        .init("9112 §7.1", "seventeen digits", "00000000000000003\r\nabc", .badChunkSize),
        .init("9112 §7.1", "beyond 64 bits", "10000000000000003\r\nabc", .badChunkSize),
        .init("9112 §7.1", "beyond 63 bits", "8000000000000000\r\nabc", .badChunkSize),
        .init("9112 §7.1", "all bits", "FFFFFFFFFFFFFFFF\r\nabc", .badChunkSize),
        .init("9112 §7.1", "NUL behind the size", "3\u{0}\r\nabc", .badChunkSize),
        .init("9112 §7.1", "LF behind the size", "3\nabc\r\n0\r\n\r\n", .bareLF),
        .init("9112 §7.1", "LF alone for a size", "\n3\r\nabc", .bareLF),
        .init("9112 §7.1", "CR alone behind the size", "3\rabc\r\n0\r\n\r\n", .bareCR),
        .init("9112 §7.1", "two CR", "3\r\r\nabc\r\n0\r\n\r\n", .bareCR),
        .init("9112 §7.1", "space behind the size", "3 \r\nabc\r\n0\r\n\r\n", .badChunkExtension),
        .init("9112 §7.1", "two sizes", "3 3\r\nabc\r\n0\r\n\r\n", .badChunkExtension),
        .init("9112 §7.1", "data longer than its size", "3\r\nabcd\r\n0\r\n\r\n", .badChunkEnd),
        .init("9112 §7.1", "data shorter than its size", "4\r\nabc\r\n0\r\n\r\n", .bareLF),
        .init("9112 §7.1", "LF behind the data", "3\r\nabc\n0\r\n\r\n", .bareLF),
        .init("9112 §7.1", "CR alone behind the data", "3\r\nabc\r0\r\n\r\n", .bareCR),
        .init("9112 §7.1.1", "semicolon alone", "3;\r\nabc", .badChunkExtension),
        .init("9112 §7.1.1", "two semicolons", "3;;x\r\nabc", .badChunkExtension),
        .init("9112 §7.1.1", "equals sign first", "3;=x\r\nabc", .badChunkExtension),
        .init("9112 §7.1.1", "no value", "3;x=\r\nabc", .badChunkExtension),
        .init("9112 §7.1.1", "whitespace at the end of a name", "3;x \r\nabc", .badChunkExtension),
        .init("9112 §7.1.1", "whitespace at the end of a value", "3;x=y \r\nabc", .badChunkExtension),
        .init("9112 §7.1.1", "two words", "3;x y\r\nabc", .badChunkExtension),
        .init("9112 §7.1.1", "LF in an extension", "3;x\nabc\r\n0\r\n\r\n", .bareLF),
        .init("9112 §7.1.1", "CR in an extension", "3;x\ry\r\nabc", .bareCR),
        .init("9112 §7.1.1", "NUL in an extension", "3;x\u{0}\r\nabc", .badChunkExtension),
        .init("9110 §5.6.4", "LF in quotes", "3;x=\"\n\"\r\nabc", .bareLF),
        .init("9110 §5.6.4", "CRLF in quotes", "3;x=\"\r\n\"\r\nabc", .badChunkExtension),
        .init("9110 §5.6.4", "quotes that do not end", "3;x=\"y\r\nabc", .badChunkExtension),
        .init("9110 §5.6.4", "escaped CR", "3;x=\"\\\r\n\"\r\nabc", .badChunkExtension),
        .init("9110 §5.6.4", "text behind the quotes", "3;x=\"y\"z\r\nabc", .badChunkExtension),
        .init("9112 §7.1.2", "length", "0\r\nContent-Length: 5\r\n\r\n", .forbiddenTrailer),
        .init("9112 §7.1.2", "coding", "0\r\nTransfer-Encoding: chunked\r\n\r\n", .forbiddenTrailer),
        .init("9110 §6.5.1", "host", "0\r\nA: b\r\nHost: a\r\n\r\n", .forbiddenTrailer),
        .init("9110 §6.5.1", "credentials", "0\r\nAuthorization: x\r\n\r\n", .forbiddenTrailer),
        .init("9112 §2.2", "LF behind a trailer", "0\r\nA: b\n\r\n", .bareLF),
        .init("9112 §2.2", "LF for the last line", "0\r\n\n", .bareLF),
        .init("9112 §2.2", "CR alone for the last line", "0\r\n\rA", .bareCR),
        .init("9112 §5.1", "space before a colon", "0\r\nA : b\r\n\r\n", .spaceBeforeColon),
        .init("9112 §5.2", "folded trailer", "0\r\nA: b\r\n c\r\n\r\n", .obsFold),
        .init("9110 §5.5", "NUL in a trailer", "0\r\nA: \u{0}\r\n\r\n", .nulByte),
    ]
}
