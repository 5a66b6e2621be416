// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPWire
import HTTPWireTestSupport

extension RefusedRequest {
    static let fieldLines: [RefusedRequest] = [
        .init("9112 §2.2", "LF at the end of a field line", "GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n", .bareLF),
        .init("9112 §2.2", "LF for the empty line", "GET / HTTP/1.1\r\nHost: a\r\n\n", .bareLF),
        .init("9112 §2.2", "LF in a name", "GET / HTTP/1.1\r\nHost: a\r\nX\nY: b\r\n\r\n", .bareLF),
        .init("9112 §2.2", "CR in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: b\rc\r\n\r\n", .bareCR),
        .init("9112 §2.2", "CR before CRLF", "GET / HTTP/1.1\r\nHost: a\r\nX: b\r\r\n\r\n", .bareCR),
        .init("9112 §2.2", "CR in a name", "GET / HTTP/1.1\r\nHost: a\r\nX\rY: b\r\n\r\n", .bareCR),
        .init("9112 §2.2", "CR where a known name has a dash", "GET / HTTP/1.1\r\nHost: a\r\nContent\rLength: 5\r\n\r\n", .bareCR),
        .init("9112 §2.2", "CR first in a line", "GET / HTTP/1.1\r\nHost: a\r\n\rX: b\r\n\r\n", .bareCR),
        .init("9112 §2.2", "CR for the empty line", "GET / HTTP/1.1\r\nHost: a\r\n\rGET / HTTP/1.1\r\n", .bareCR),
        .init("9112 §5.2", "folded with a space", "GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n", .obsFold),
        .init("9112 §5.2", "folded with a tab", "GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n\tc: d\r\n\r\n", .obsFold),
        .init("9112 §2.2", "space before the first field", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", .obsFold),
        .init("9112 §5.2", "a line of one space", "GET / HTTP/1.1\r\nHost: a\r\n \r\n\r\n", .obsFold),
        .init("9112 §5.1", "space before the colon", "GET / HTTP/1.1\r\nHost : a\r\n\r\n", .spaceBeforeColon),
        .init("9112 §5.1", "tab before the colon", "GET / HTTP/1.1\r\nHost: a\r\nContent-Length\t: 5\r\n\r\n", .spaceBeforeColon),
        .init("9112 §5.1", "several before the colon", "GET / HTTP/1.1\r\nHost: a\r\nX \t : 5\r\n\r\n", .spaceBeforeColon),
        .init("9110 §5.1", "space inside a name", "GET / HTTP/1.1\r\nHost: a\r\nX Y: b\r\n\r\n", .badFieldName),
        .init("9110 §5.1", "empty name", "GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n", .emptyFieldName),
        .init("9110 §5.1", "NUL in a name", "GET / HTTP/1.1\r\nHost: a\r\nX\u{00}Y: b\r\n\r\n", .badFieldName),
        .init("9110 §5.1", "control character in a name", "GET / HTTP/1.1\r\nHost: a\r\nContent-Length\u{0B}: 5\r\n\r\n", .badFieldName),
        .init("9110 §5.1", "byte above ASCII in a name", "GET / HTTP/1.1\r\nHost: a\r\nCaf\u{E9}: b\r\n\r\n", .badFieldName),
        .init("9110 §5.1", "parenthesis in a name", "GET / HTTP/1.1\r\nHost: a\r\nX(a): b\r\n\r\n", .badFieldName),
        .init("9110 §5.1", "slash in a name", "GET / HTTP/1.1\r\nHost: a\r\nX/a: b\r\n\r\n", .badFieldName),
        .init("9110 §5.1", "brackets in a name", "GET / HTTP/1.1\r\nHost: a\r\n[]: b\r\n\r\n", .badFieldName),
        .init("9112 §5", "no colon", "GET / HTTP/1.1\r\nHost: a\r\nHello\r\n\r\n", .missingColon),
        .init("9112 §5", "no colon in a line of words", "GET / HTTP/1.1\r\nHost: a\r\nHello world\r\n\r\n", .badFieldName),
        .init("9110 §5.5", "NUL in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: b\u{00}c\r\n\r\n", .nulByte),
        .init("9110 §5.5", "NUL first in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: \u{00}\r\n\r\n", .nulByte),
        .init("9110 §5.5", "escape in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: \u{1B}[31m\r\n\r\n", .controlCharacter),
        .init(
            "9110 §5.5",
            "vertical tab in a value",
            "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \u{0B}chunked\r\n\r\n",
            .controlCharacter
        ),
        .init("9110 §5.5", "DEL in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: b\u{7F}\r\n\r\n", .controlCharacter),
    ]
}

extension AcceptedRequest {
    static let fieldLines: [AcceptedRequest] = [
        .init("9112 §5.1", "no whitespace at all", "GET / HTTP/1.1\r\nHost:a\r\nX:b\r\n\r\n") { $0.fields[1].value == "b" },
        .init("9112 §5.1", "whitespace around a value", "GET / HTTP/1.1\r\nHost: a\r\nX: \t b c\t d \t \r\n\r\n") {
            $0.fields[1].value == "b c\t d"
        },
        .init("9110 §5.5", "empty value", "GET / HTTP/1.1\r\nHost: a\r\nX:\r\nY: \r\n\r\n") {
            $0.fields[1].value == "" && $0.fields[2].value == ""
        },
        .init("9110 §5.5", "colon in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: b:c\r\nY::\r\n\r\n") {
            $0.fields[1].value == "b:c" && $0.fields[2].value == ":"
        },
        .init("9110 §5.5", "bytes above ASCII in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: \u{80}\u{FF}\u{A0}\r\n\r\n") {
            $0.fields[1].value == "\u{80}\u{FF}\u{A0}"
        },
        .init("9110 §5.6.2", "every byte of a token in a name", "GET / HTTP/1.1\r\nHost: a\r\n!#$%&'*+-.^_`|~09azAZ: b\r\n\r\n") {
            $0.fields[1].name == "!#$%&'*+-.^_`|~09azAZ" && $0.fields[1].known == .other
        },
        .init(
            "9110 §5.3",
            "lines of one name stay apart and in order",
            "GET / HTTP/1.1\r\nHost: a\r\nVia: 1.1 b\r\nX: y\r\nvia: 1.1 c\r\n\r\n"
        ) {
            $0.fields.filter { $0.known == .via }.map(\.value) == ["1.1 b", "1.1 c"] && $0.present == [.host, .via, .other]
        },
        .init("9110 §5.1", "a name that begins like a known one", "GET / HTTP/1.1\r\nHost: a\r\nContent-Lengthy: 5\r\nHos: b\r\n\r\n") {
            $0.fields[1].known == .other && $0.fields[2].known == .other && $0.framing == .none
        },
        .init("9111 §5.2", "what the short way asks for", "GET / HTTP/1.1\r\nHost: a\r\nRANGE: bytes=0-\r\nIf-None-Match: \"x\"\r\n\r\n") {
            !$0.present.isDisjoint(with: .needsFullDecision) && $0.present == [.host, .range, .ifNoneMatch]
        },
    ]
}
