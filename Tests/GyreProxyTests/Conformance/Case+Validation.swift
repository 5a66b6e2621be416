// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import GyreTestKit

extension Case {
    private static let old = HTTPClock.date(secondsFromNow: -86_400)
    private static let older = HTTPClock.date(secondsFromNow: -172_800)
    private static let tagged: FieldLines = ["Cache-Control": "max-age=60", "ETag": "\"abc\"", "Last-Modified": old, "X-A": "1"]

    private static func answers(_ name: String, tag: String = "\"abc\"", sends: FieldLines, status: Int) -> Case {
        Case(
            "RFC 9110 §13",
            name,
            .origin(ok(["Cache-Control": "max-age=60", "ETag": tag, "Last-Modified": old])),
            .cache(sends: sends, status: status, text: status == 200 ? "one" : nil)
        )
    }

    static let conditions: [Case] = [
        answers("If-None-Match: the tag", sends: ["If-None-Match": "\"abc\""], status: 304),
        answers("If-None-Match: another tag", sends: ["If-None-Match": "\"abd\""], status: 200),
        answers("If-None-Match: the first of several", sends: ["If-None-Match": "\"abc\", \"x\""], status: 304),
        answers("If-None-Match: the last of several", sends: ["If-None-Match": "\"x\",W/\"y\" , \"abc\""], status: 304),
        answers("If-None-Match: in a second line", sends: ["If-None-Match": "\"x\"", "If-None-Match": "\"abc\""], status: 304),
        answers("If-None-Match: *", sends: ["If-None-Match": "*"], status: 304),
        answers("If-None-Match: weak against strong", sends: ["If-None-Match": "W/\"abc\""], status: 304),
        answers("If-None-Match: strong against weak", tag: "W/\"abc\"", sends: ["If-None-Match": "\"abc\""], status: 304),
        answers("If-None-Match: a tag with a comma", tag: "\"a,b\"", sends: ["If-None-Match": "\"a\", \"a,b\""], status: 304),
        answers("If-None-Match: a tag with a backslash", tag: "\"a\\b\"", sends: ["If-None-Match": "\"a\\b\""], status: 304),
        answers("If-None-Match: without quotes, as it was given", tag: "abc", sends: ["If-None-Match": "abc"], status: 304),
        answers("If-None-Match: a small w is no mark", sends: ["If-None-Match": "w/\"abc\""], status: 200),
        answers("If-None-Match outranks If-Modified-Since", sends: ["If-None-Match": "\"x\"", "If-Modified-Since": old], status: 200),
        answers("If-Modified-Since: the date", sends: ["If-Modified-Since": old], status: 304),
        answers("If-Modified-Since: later", sends: ["If-Modified-Since": HTTPClock.date()], status: 304),
        answers("If-Modified-Since: earlier", sends: ["If-Modified-Since": older], status: 200),
        answers("If-Modified-Since: no date", sends: ["If-Modified-Since": "yesterday"], status: 200),
        answers("If-Match: the tag", sends: ["If-Match": "\"abc\""], status: 200),
        answers("If-Unmodified-Since: the date", sends: ["If-Unmodified-Since": old], status: 200),
        answers("If-Match outranks If-Unmodified-Since", sends: ["If-Match": "\"abc\"", "If-Unmodified-Since": older], status: 200),
        answers("If-Match first, then If-None-Match", sends: ["If-Match": "\"abc\"", "If-None-Match": "\"abc\""], status: 304),
        Case(
            "RFC 9110 §15.4.5",
            "a 304 has what a 200 would tell caches, and no body's fields",
            .origin(
                ok([
                    "Cache-Control": "max-age=60", "ETag": "\"abc\"", "Vary": "X", "Expires": "0", "Content-Location": "/z",
                    "Content-Type": "a/b",
                ])
            ),
            .cache(
                sends: ["If-None-Match": "\"abc\""],
                status: 304,
                shows: ["Cache-Control": "max-age=60", "ETag": "\"abc\"", "Vary": "X", "Expires": "0", "Content-Location": "/z"],
                lacks: ["Content-Type", "Content-Length"]
            )
        ),
        Case(
            "RFC 9111 §4.3.2",
            "with nothing stored, preconditions are the origin's to judge",
            .origin(
                .response(304, ["ETag": "\"abc\""]),
                sends: ["If-None-Match": "\"abc\""],
                status: 304,
                originSees: ["If-None-Match": "\"abc\""]
            ),
            .origin(.response(304), sends: ["If-Modified-Since": old], status: 304, originSees: ["If-Modified-Since": old]),
            .origin(ok(tagged), sends: ["If-None-Match": "\"x\""], status: 200, text: "one"),
            .cache(text: "one")
        ),
        Case(
            "RFC 9111 §4.3.1",
            "a strong tag and the date are sent",
            .origin(ok(["Cache-Control": "max-age=0", "ETag": "\"abc\"", "Last-Modified": old])),
            .validated(.response(304), status: 200, text: "one", originSees: ["If-None-Match": "\"abc\"", "If-Modified-Since": old])
        ),
        Case(
            "RFC 9111 §4.3.1",
            "a weak tag is sent",
            .origin(ok(["Cache-Control": "max-age=0", "ETag": "W/\"abc\""])),
            .validated(.response(304), status: 200, text: "one", originSees: ["If-None-Match": "W/\"abc\""])
        ),
        Case(
            "RFC 9111 §4.3.1",
            "Last-Modified alone is sent",
            .origin(ok(["Cache-Control": "max-age=0", "Last-Modified": old])),
            .validated(.response(304), status: 200, text: "one", originSees: ["If-Modified-Since": old])
        ),
        Case(
            "RFC 9111 §4.3.3",
            "a full answer replaces",
            .origin(ok(["Cache-Control": "max-age=0", "ETag": "\"a\""])),
            .validated(ok(["Cache-Control": "max-age=60", "ETag": "\"b\""], "two"), text: "two"),
            .cache(text: "two")
        ),
        Case(
            "RFC 9111 §4.3.2",
            "a client's own tag is judged after the validation",
            .origin(ok(["Cache-Control": "max-age=0", "ETag": "\"abc\""])),
            .validated(.response(304), sends: ["If-None-Match": "\"abc\""], status: 304),
            .validated(
                .response(304),
                sends: ["If-None-Match": "\"x\""],
                status: 200,
                text: "one",
                originSees: ["If-None-Match": "\"abc\""]
            )
        ),
    ]

    static let updates: [Case] =
        [
            ("Cache-Control", "max-age=3600"), ("Expires", "Thu, 18 Aug 2050 02:01:18 GMT"), ("X-Any", "2"), ("Content-Foo", "2"),
            ("Content-Location", "/two"), ("Content-Security-Policy", "two"), ("Content-Type", "text/two"), ("Clear-Site-Data", "\"two\""),
            ("Set-Cookie", "two=2"), ("X-Frame-Options", "two"), ("Public-Key-Pins", "two"), ("Content-Language", "sv"), ("Link", "</two>"),
        ].map { name, value in
            Case(
                "RFC 9111 §3.2",
                "\(name) is taken from a 304",
                .origin(ok(["Cache-Control": "max-age=0", "ETag": "\"a\"", name: name == "Cache-Control" ? "x" : "one"])),
                .validated(
                    .response(304, name == "Cache-Control" ? [name: value] : ["Cache-Control": "max-age=60", name: value]),
                    status: 200,
                    text: "one",
                    shows: [name: value]
                ),
                .cache(text: "one", shows: [name: value])
            )
        }
        + [("Content-Length", "36"), ("Content-Encoding", "gzip"), ("Content-Range", "bytes 1-2/9")].map { name, value in
            Case(
                "RFC 9111 §3.2",
                "\(name) is not taken from a 304",
                .origin(ok(["Cache-Control": "max-age=0", "ETag": "\"a\""])),
                .validated(.response(304, ["Cache-Control": "max-age=60", name: value]), status: 200, text: "one"),
                name == "Content-Length" ? .cache(text: "one", shows: ["Content-Length": "3"]) : .cache(text: "one", lacks: [name])
            )
        }
        + [
            Case(
                "RFC 9111 §4.3.4",
                "a 304 with another strong tag updates nothing: fetched anew",
                .origin(ok(["Cache-Control": "max-age=60", "ETag": "\"a\""])),
                .cache(text: "one")
            ),
            Case(
                "RFC 9111 §4.3.5",
                "HEAD is answered from a fresh GET",
                .origin(ok(tagged)),
                .cache(method: "HEAD", status: 200, text: "", shows: ["Content-Length": "3", "X-A": "1"])
            ),
            Case(
                "RFC 9111 §4",
                "HEAD goes to the origin when what is stored is stale, and updates it",
                .origin(ok(["Cache-Control": "max-age=0", "ETag": "\"a\"", "X-A": "1"])),
                .origin(
                    .response(
                        200,
                        ["Cache-Control": "max-age=60", "ETag": "\"a\"", "X-A": "2", "Content-Length": "3"],
                        framing: .asWritten
                    ),
                    method: "HEAD",
                    status: 200,
                    shows: ["X-A": "2"]
                ),
                .cache(text: "one", shows: ["X-A": "2"])
            ),
            Case(
                "RFC 9111 §4.3.5",
                "a HEAD with another tag makes the stored response stale",
                .origin(ok(["Cache-Control": "max-age=60", "ETag": "\"a\""])),
                .origin(
                    .response(200, ["Cache-Control": "max-age=60", "ETag": "\"b\""]),
                    method: "HEAD",
                    sends: ["Cache-Control": "no-cache"],
                    status: 200
                ),
                .validated(ok(["ETag": "\"b\""], "two"), text: "two")
            ),
            Case(
                "RFC 9111 §4.3.5",
                "a HEAD with another length makes the stored response stale",
                .origin(ok(["Cache-Control": "max-age=60", "ETag": "\"a\""])),
                .origin(
                    .response(200, ["Cache-Control": "max-age=60", "ETag": "\"a\"", "Content-Length": "5"], framing: .asWritten),
                    method: "HEAD",
                    sends: ["Cache-Control": "no-cache"],
                    status: 200
                ),
                .validated(.response(304), status: 200, text: "one")
            ),
        ]

    static let methods: [Case] =
        ["POST", "PUT", "DELETE", "PATCH", "M-SEARCH"].flatMap { method in
            [
                Case(
                    "RFC 9111 §4.4",
                    "\(method) that succeeds invalidates the target",
                    .origin(ok(tagged)),
                    .origin(ok([:], "done"), method: method, text: "done", body: [1]),
                    .origin(ok([:], "two"), text: "two")
                ),
                Case(
                    "RFC 9111 §4.4",
                    "\(method) that redirects invalidates the target",
                    .origin(ok(tagged)),
                    .origin(ok(["Location": "/x"], status: 303), method: method, body: [1]),
                    .origin(ok([:], "two"), text: "two")
                ),
                Case(
                    "RFC 9111 §4.4",
                    "\(method) that fails does not",
                    .origin(ok(tagged)),
                    .origin(ok([:], "no", status: 500), method: method, body: [1]),
                    .cache(text: "one")
                ),
                Case(
                    "RFC 9111 §4.4",
                    "\(method) invalidates its Location",
                    .origin(ok(tagged)),
                    .origin(ok(["Location": "/r"], status: 201), method: method, target: "/other", body: [1]),
                    .origin(ok([:], "two"), text: "two")
                ),
                Case(
                    "RFC 9111 §4.4",
                    "\(method) invalidates its Content-Location, relative as it may be",
                    .origin(ok(tagged)),
                    .origin(ok(["Content-Location": "r"]), method: method, target: "/other", body: [1]),
                    .origin(ok([:], "two"), text: "two")
                ),
                Case(
                    "RFC 9111 §4.4",
                    "\(method) does not invalidate at another origin",
                    .origin(ok(tagged)),
                    .origin(ok(["Location": "http://other.test/r"]), method: method, target: "/other", body: [1]),
                    .cache(text: "one")
                ),
            ]
        }
        + ["OPTIONS", "HEAD", "TRACE"].map { method in
            Case(
                "RFC 9110 §9.2.1",
                "\(method) is safe and invalidates nothing",
                .origin(ok(tagged)),
                .origin(ok([:], ""), method: method, target: "/r?x"),
                .cache(text: "one")
            )
        } + [
            Case(
                "RFC 9111 §4",
                "a POST is never answered from the cache",
                .origin(ok(tagged), method: "POST", body: [1]),
                .origin(ok(tagged, "two"), method: "POST", text: "two", body: [1])
            ),
            Case(
                "RFC 9110 §9.3.3",
                "a POST with explicit freshness and its own Content-Location answers later GETs",
                .origin(ok(["Cache-Control": "max-age=60", "Content-Location": "/r"]), method: "POST", body: [1]),
                .cache(text: "one")
            ),
            Case(
                "RFC 9110 §9.3.3",
                "without Content-Location it does not",
                .origin(ok(["Cache-Control": "max-age=60"]), method: "POST", body: [1]),
                .origin(ok([:], "two"), text: "two")
            ),
        ]

    static let vary: [Case] = [
        varying("A", ["A": "1"], ["A": "1"], true),
        varying("A", ["A": "1"], ["A": "2"], false),
        varying("A", ["A": "1"], [:], false),
        varying("A", [:], [:], true),
        varying("A", [:], ["A": "1"], false),
        varying("*", ["A": "1"], ["A": "1"], false),
        varying("A, *", ["A": "1"], ["A": "1"], false),
        varying("*, A", ["A": "1"], ["A": "1"], false),
        varying("*, *", ["A": "1"], ["A": "1"], false),
        varying("A, B", ["A": "1", "B": "2"], ["B": "2", "A": "1"], true),
        varying("A, B", ["A": "1", "B": "2"], ["A": "1"], false),
        varying("A,B,C", ["A": "1", "B": "2", "C": "3"], ["A": "1", "B": "2", "C": "4"], false),
        varying("a", ["A": "1"], ["A": "1"], true),
        varying("A", ["A": "1", "A": "2"], ["A": "1, 2"], true),
        varying("A", ["A": "1,2"], ["A": "1, 2"], true),
        varying("Accept-Language", ["Accept-Language": "en, de"], ["Accept-Language": "EN,de"], true),
        varying("Accept-Language", ["Accept-Language": "en, de"], ["Accept-Language": "de, en"], true),
        varying("Accept-Language", ["Accept-Language": "en;q=0.5, de"], ["Accept-Language": "en, de;q=0.5"], false),
        varying("Accept-Encoding", ["Accept-Encoding": "gzip, br"], ["Accept-Encoding": "br,gzip"], true),
        Case(
            "RFC 9111 §4.1",
            "many variants are kept apart",
            steps: (0..<20).map { .origin(ok(["Cache-Control": "max-age=60", "Vary": "A"], "v\($0)"), sends: ["A": "\($0)"]) }
                + (0..<20).map { .cache(sends: ["A": "\($0)"], text: "v\($0)") }
        ),
        Case(
            "RFC 9111 §4.1",
            "a Vary line with a star behind another line",
            .origin(ok(["Cache-Control": "max-age=60", "Vary": "A", "Vary": "*"])),
            .origin(ok([:], "two"), text: "two")
        ),
    ]

    private static func varying(_ vary: String, _ first: FieldLines, _ second: FieldLines, _ matches: Bool) -> Case {
        let fields: FieldLines = ["Cache-Control": "max-age=60", "Vary": vary]
        return Case(
            "RFC 9111 §4.1",
            "Vary: \(vary), \(first.lines.map(\.value)) and \(second.lines.map(\.value))",
            .origin(ok(fields), sends: first),
            matches ? .cache(sends: second, text: "one") : .origin(ok(fields, "two"), sends: second, text: "two")
        )
    }

    static let stale: [Case] =
        [
            Case(
                "RFC 5861 §3",
                "stale-while-revalidate beyond its time",
                .origin(ok(["Cache-Control": "max-age=1, stale-while-revalidate=10", "Age": "100", "ETag": "\"a\""])),
                .validated(.response(304), status: 200, text: "one")
            ),
            Case(
                "RFC 5861 §4",
                "stale-if-error on 503",
                .origin(ok(["Cache-Control": "max-age=1, stale-if-error=600", "Age": "100", "ETag": "\"a\""])),
                .validated(.response(503), status: 200, text: "one")
            ),
            Case(
                "RFC 5861 §4",
                "stale-if-error of the request",
                .origin(ok(["Cache-Control": "max-age=1", "Age": "100", "ETag": "\"a\""])),
                .validated(.response(500), sends: ["Cache-Control": "stale-if-error=600"], status: 200, text: "one")
            ),
            Case(
                "RFC 9111 §5.2.2.2",
                "must-revalidate on 503",
                .origin(ok(["Cache-Control": "max-age=1, stale-if-error=600, must-revalidate", "Age": "100", "ETag": "\"a\""])),
                .validated(.response(503), status: 503)
            ),
            Case(
                "RFC 9111 §4.2.4",
                "an origin that closes: a stale response",
                .origin(ok(["Cache-Control": "max-age=1, stale-if-error=600", "Age": "100", "ETag": "\"a\""])),
                .validated(.close, status: 200, text: "one")
            ),
        ]
        + ["must-revalidate", "proxy-revalidate", "s-maxage=1", "no-cache"].map { directive in
            Case(
                "RFC 9111 §4.2.4",
                "an origin that closes, and \(directive): no stale response",
                .origin(ok(["Cache-Control": "max-age=1, \(directive)", "Age": "100", "ETag": "\"a\""])),
                .validated(.close, status: 504)
            )
        }
}
