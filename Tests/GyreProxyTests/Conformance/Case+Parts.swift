// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import GyreTestKit

extension Case {
    private static func part(
        _ directives: String,
        tag: String? = "\"a\"",
        _ body: OriginBody = "0123",
        range: String = "bytes 0-3/10",
        fields: FieldLines = [:]
    ) -> OriginReply {
        var lines: FieldLines = ["Cache-Control": directives, "Content-Range": range]
        if let tag { lines.append("ETag", tag) }
        for line in fields.lines { lines.append(line.name, line.value) }
        return .response(206, lines, body: body)
    }

    private static let asked: FieldLines = ["Range": "bytes=0-3"]
    private static let old: FieldLines = ["Age": "100"]

    /// Parts that are stored, when they are stale and when more is asked for than they have.
    static let parts: [Case] = [
        Case(
            "RFC 9111 §4.3",
            "a stale part is validated with its tag, and a 304 makes it fresh",
            .origin(part("max-age=1", fields: old), sends: asked, status: 206),
            .validated(
                .response(304, ["Cache-Control": "max-age=60", "ETag": "\"a\""]),
                sends: asked,
                status: 206,
                text: "0123",
                shows: ["Content-Range": "bytes 0-3/10"],
                originSees: ["If-None-Match": "\"a\"", "Range": "bytes=0-3"]
            ),
            .cache(sends: ["Range": "bytes=1-2"], status: 206, text: "12")
        ),
        Case(
            "RFC 9111 §4.3.3",
            "a part of another state replaces it",
            .origin(part("max-age=1", fields: old), sends: asked, status: 206),
            .validated(part("max-age=60", tag: "\"b\"", "abcd"), sends: asked, status: 206, text: "abcd"),
            .cache(sends: asked, status: 206, text: "abcd")
        ),
        Case(
            "RFC 9111 §4.3.3",
            "a whole of another state replaces it, and is cut for the client",
            .origin(part("max-age=1", fields: old), sends: asked, status: 206),
            .validated(
                ok(["Cache-Control": "max-age=60", "ETag": "\"b\""], "abcdefghij"),
                sends: asked,
                status: 206,
                text: "abcd",
                shows: ["Content-Range": "bytes 0-3/10"]
            ),
            .cache(text: "abcdefghij")
        ),
        Case(
            "RFC 5861 §4",
            "stale-if-error, for a part",
            .origin(part("max-age=1, stale-if-error=600", fields: old), sends: asked, status: 206),
            .validated(.response(503), sends: asked, status: 206, text: "0123")
        ),
        Case(
            "RFC 9111 §4.2.4",
            "an origin that closes: a stale part",
            .origin(part("max-age=1", fields: old), sends: asked, status: 206),
            .validated(.close, sends: ["Range": "bytes=1-2"], status: 206, text: "12")
        ),
        Case(
            "RFC 9111 §5.2.2.2",
            "an origin that closes, and a part that must be validated",
            .origin(part("max-age=1, must-revalidate", fields: old), sends: asked, status: 206),
            .validated(.close, sends: asked, status: 504)
        ),
        Case(
            "RFC 9111 §4.3.2",
            "If-None-Match on what is stored in part",
            .origin(part("max-age=60"), sends: asked, status: 206),
            .cache(sends: ["If-None-Match": "\"a\""], status: 304)
        ),
        Case(
            "RFC 9110 §15.5.17",
            "beyond the end that a part tells",
            .origin(part("max-age=60"), sends: asked, status: 206),
            .cache(sends: ["Range": "bytes=50-60"], status: 416, shows: ["Content-Range": "bytes */10"])
        ),
        Case(
            "RFC 9110 §14.4",
            "a part of unknown complete length answers what lies in it",
            .origin(part("max-age=60", range: "bytes 0-3/*"), sends: asked, status: 206),
            .cache(sends: ["Range": "bytes=1-2"], status: 206, text: "12", shows: ["Content-Range": "bytes 1-2/*"]),
            .origin(
                part("max-age=60", "4567", range: "bytes 4-7/*"),
                sends: ["Range": "bytes=4-7"],
                status: 206,
                originSees: ["Range": "bytes=4-7"]
            ),
            .cache(sends: ["Range": "bytes=2-5"], status: 206, text: "2345"),
            .origin(
                ok(["Cache-Control": "max-age=60", "ETag": "\"a\""], "0123456789"),
                sends: ["Range": "bytes=-2"],
                status: 206,
                text: "89"
            )
        ),
        Case(
            "RFC 9111 §5.2.1.7",
            "only-if-cached, of what the parts do not have",
            .origin(part("max-age=60"), sends: asked, status: 206),
            .cache(sends: ["Range": "bytes=2-5", "Cache-Control": "only-if-cached"], status: 504),
            .cache(sends: ["Cache-Control": "only-if-cached"], status: 504),
            .cache(sends: ["Range": "bytes=0-1", "Cache-Control": "only-if-cached"], status: 206, text: "01")
        ),
        Case(
            "RFC 9111 §5.2.1.7",
            "only-if-cached, of a part of unknown complete length",
            .origin(part("max-age=60", range: "bytes 0-3/*"), sends: asked, status: 206),
            .cache(sends: ["Range": "bytes=2-5", "Cache-Control": "only-if-cached"], status: 504)
        ),
        Case(
            "RFC 9110 §9.3.2",
            "a HEAD is told the length that a part tells",
            .origin(part("max-age=60"), sends: asked, status: 206),
            .cache(method: "HEAD", status: 200, text: "", shows: ["Content-Length": "10"], lacks: ["Content-Range"])
        ),
        Case(
            "RFC 9110 §14.4",
            "the complete length that one part tells holds for the others",
            .origin(part("max-age=60"), sends: asked, status: 206),
            .origin(part("max-age=60", "456789", range: "bytes 4-9/*"), sends: ["Range": "bytes=4-"], status: 206),
            .cache(text: "0123456789")
        ),
    ]

    private static func naming(_ names: String, range: String? = nil) -> FieldLines {
        var lines: FieldLines = ["Cache-Control": "max-age=60, no-cache=\"\(names)\"", "ETag": "\"a\"", "Set-Cookie": "u=1", "X-A": "1"]
        if let range { lines.append("Content-Range", range) }
        return lines
    }

    /// RFC 9111 §5.2.2.4: what `no-cache` names is not sent without validation, in whatever form the answer is.
    static let withheld: [Case] =
        ["set-cookie", "x-a, set-cookie"].flatMap { names in
            [
                Case(
                    "RFC 9111 §5.2.2.4",
                    "no-cache=\"\(names)\": not in a 304 from the cache",
                    .origin(ok(naming(names)), shows: ["Set-Cookie": "u=1"]),
                    .cache(sends: ["If-None-Match": "\"a\""], status: 304, shows: ["ETag": "\"a\""], lacks: ["Set-Cookie"])
                ),
                Case(
                    "RFC 9111 §5.2.2.4",
                    "no-cache=\"\(names)\": not in an answer from a part, nor in its 304",
                    .origin(
                        .response(206, naming(names, range: "bytes 0-3/10"), body: "0123"),
                        sends: asked,
                        status: 206,
                        shows: ["Set-Cookie": "u=1"]
                    ),
                    .cache(sends: ["Range": "bytes=1-2"], status: 206, text: "12", lacks: ["Set-Cookie"]),
                    .cache(sends: ["If-None-Match": "\"a\""], status: 304, lacks: ["Set-Cookie"])
                ),
                Case(
                    "RFC 9111 §5.2.2.4",
                    "no-cache=\"\(names)\": not in a whole that was joined",
                    .origin(.response(206, naming(names, range: "bytes 0-3/10"), body: "0123"), sends: asked, status: 206),
                    .origin(
                        .response(206, naming(names, range: "bytes 4-9/10"), body: "456789"),
                        sends: ["Range": "bytes=4-9"],
                        status: 206
                    ),
                    .cache(text: "0123456789", lacks: ["Set-Cookie"])
                ),
            ]
        }
}
