// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import GyreProxy
import GyreTestKit
import HTTPCaching

extension Case {
    private static let old = HTTPClock.date(secondsFromNow: -86_400)
    private static let older = HTTPClock.date(secondsFromNow: -172_800)
    private static let tagged: FieldLines = ["Cache-Control": "max-age=60", "ETag": "\"abc\"", "Last-Modified": old]

    private static func forwarded(_ name: String, tag: String = "\"abc\"", sends: FieldLines) -> Case {
        Case(
            "RFC 9111 §4.3.2",
            "\(name): the origin's to judge when what is stored does not meet it",
            .origin(ok(["Cache-Control": "max-age=60", "ETag": tag, "Last-Modified": old])),
            .origin(
                .response(412, [:], body: "no"),
                sends: sends,
                status: 412,
                text: "no",
                shows: ["Cache-Status": "gyre; fwd=request; fwd-status=412; detail=status-about-request"],
                originSees: sends
            ),
            .cache(text: "one"),
            .origin(ok(tagged, "two"), sends: sends, status: 200, text: "two"),
            .cache(text: "two")
        )
    }

    /// Preconditions that are not applicable to a cache.
    static let originConditions: [Case] = [
        forwarded("If-Match: another tag", sends: ["If-Match": "\"x\""]),
        forwarded("If-Match: weak never", sends: ["If-Match": "W/\"abc\""]),
        forwarded("If-Unmodified-Since: earlier", sends: ["If-Unmodified-Since": older]),
        forwarded("If-Match before If-None-Match", sends: ["If-Match": "\"x\"", "If-None-Match": "\"y\""]),
        Case(
            "RFC 9111 §4.3.2",
            "a HEAD likewise",
            .origin(ok(tagged)),
            .origin(.response(412), method: "HEAD", sends: ["If-Match": "\"x\""], status: 412, originSees: ["If-Match": "\"x\""])
        ),
        Case(
            "RFC 9111 §4.3.2",
            "when what is stored needs validation, the origin gets the client's condition, not the cache's",
            .origin(ok(["Cache-Control": "max-age=0", "ETag": "\"abc\""])),
            .origin(
                .response(412),
                sends: ["If-Match": "\"x\""],
                status: 412,
                originSees: ["If-Match": "\"x\""],
                originLacks: ["If-None-Match"]
            )
        ),
        Case(
            "RFC 9111 §4.3.2",
            "of a part likewise",
            .origin(
                .response(206, ["Cache-Control": "max-age=60", "ETag": "\"abc\"", "Content-Range": "bytes 0-1/9"], body: "01"),
                sends: ["Range": "bytes=0-1"],
                status: 206
            ),
            .origin(
                .response(412),
                sends: ["Range": "bytes=0-1", "If-Match": "\"x\""],
                status: 412,
                originSees: ["If-Match": "\"x\"", "Range": "bytes=0-1"]
            )
        ),
        Case(
            "RFC 9111 §5.2.1.7",
            "with only-if-cached nobody is asked",
            .origin(ok(tagged)),
            .cache(sends: ["If-Match": "\"x\"", "Cache-Control": "only-if-cached"], status: 504)
        ),
    ]

    /// Answers to HEAD (RFC 9110 §9.3.2, RFC 9111 §4.3.5).
    static let heads: [Case] = [
        Case(
            "RFC 9110 §9.3.2",
            "an answer to HEAD answers the next HEAD, and no GET",
            .origin(head(["Cache-Control": "max-age=60", "Content-Length": "3", "X-A": "1"]), method: "HEAD", status: 200),
            .cache(method: "HEAD", status: 200, shows: ["Content-Length": "3", "X-A": "1", "Age": "0"]),
            .origin(ok(tagged), text: "one"),
            .cache(method: "HEAD", status: 200, shows: ["ETag": "\"abc\""])
        ),
        Case(
            "RFC 9110 §9.3.2",
            "one without a length tells none",
            .origin(.response(200, ["Cache-Control": "max-age=60"], framing: .asWritten), method: "HEAD", status: 200),
            .cache(method: "HEAD", status: 200, lacks: ["Content-Length"])
        ),
        Case(
            "RFC 9111 §4.1",
            "answers to HEAD vary too",
            .origin(head(["Cache-Control": "max-age=60", "Vary": "A", "X-A": "1"]), method: "HEAD", sends: ["A": "1"]),
            .origin(
                head(["Cache-Control": "max-age=60", "Vary": "A", "X-A": "2"]),
                method: "HEAD",
                sends: ["A": "2"],
                shows: ["X-A": "2"]
            ),
            .cache(method: "HEAD", sends: ["A": "2"], shows: ["X-A": "2"])
        ),
        Case(
            "RFC 9111 §4.4",
            "an unsafe request makes it invalid",
            .origin(head(["Cache-Control": "max-age=60"]), method: "HEAD"),
            .origin(ok([:], "done"), method: "POST", body: [1]),
            .origin(head(["Cache-Control": "max-age=60"]), method: "HEAD")
        ),
        Case(
            "RFC 9111 §3",
            "one that may not be stored is not",
            .origin(head(["Cache-Control": "no-store"]), method: "HEAD"),
            .origin(head(["Cache-Control": "private"]), method: "HEAD"),
            .origin(head(["Cache-Control": "max-age=60"]), method: "HEAD", sends: ["Authorization": "x"]),
            .origin(head(["Cache-Control": "max-age=60"]), method: "HEAD")
        ),
        Case(
            "RFC 9111 §4.3.1",
            "a HEAD for what is stale goes with its validators, and a 304 freshens it",
            .origin(ok(["Cache-Control": "max-age=0", "ETag": "\"abc\""])),
            .validated(
                .response(304, ["Cache-Control": "max-age=60", "ETag": "\"abc\"", "X-A": "2"]),
                method: "HEAD",
                status: 200,
                text: "",
                shows: ["Content-Length": "3", "X-A": "2"],
                originSees: ["If-None-Match": "\"abc\""]
            ),
            .cache(text: "one", shows: ["X-A": "2"])
        ),
        Case(
            "RFC 9111 §4.3.2",
            "the client's own tag is judged after that",
            .origin(ok(["Cache-Control": "max-age=0", "ETag": "\"abc\""])),
            .validated(.response(304), method: "HEAD", sends: ["If-None-Match": "\"abc\""], status: 304),
            .validated(
                head(["Cache-Control": "max-age=60", "ETag": "\"new\"", "Content-Length": "3"]),
                method: "HEAD",
                sends: ["If-None-Match": "\"new\""],
                status: 304
            )
        ),
        Case(
            "RFC 9111 §4.3.5",
            "a HEAD that finds nothing makes the stored answer to GET stale",
            .origin(ok(["Cache-Control": "max-age=60", "ETag": "\"abc\""])),
            .origin(.response(404), method: "HEAD", sends: ["Cache-Control": "no-cache"], status: 404),
            .validated(ok([:], "none", status: 404), status: 404)
        ),
    ]

    private static func head(_ fields: FieldLines) -> OriginReply { .response(200, fields, framing: .asWritten) }

    /// What is wrong with a message, and what becomes of it.
    static let messages: [Case] =
        [
            Case(
                "RFC 9110 §15.4.5",
                "a 304 that nobody asked for is no answer",
                .origin(.response(304), status: 502),
                .origin(.response(304), sends: ["Range": "bytes=0-1"], status: 502),
                .origin(.response(304), method: "HEAD", status: 502),
                .origin(.response(304), sends: ["If-Match": "\"x\""], status: 502),
                .origin(.response(304, ["ETag": "\"x\""]), sends: ["If-None-Match": "\"x\""], status: 304)
            ),
            Case(
                "RFC 9110 §15.4.5",
                "neither when it speaks of another tag and is sent again to a request without a condition",
                .origin(ok(["Cache-Control": "max-age=0, must-revalidate", "ETag": "\"a\""])),
                .origin(.response(304, ["ETag": "\"b\""]), status: 504)
            ),
            Case(
                "RFC 9110 §15.2",
                "a 100 that the client did not ask for is passed on",
                .origin(ok(["Cache-Control": "max-age=60"]).interim(100), text: "one", interim: [100]),
                .cache(text: "one")
            ),
            Case(
                "RFC 9110 §7.6.3",
                "Via names the protocol by which a response came",
                .origin(.raw("HTTP/1.0 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 3\r\n\r\none"), shows: ["Via": "1.0 gyre"]),
                .cache(text: "one", shows: ["Via": "1.0 gyre"]),
                .origin(ok(["Cache-Control": "max-age=60"]), target: "/other", shows: ["Via": "1.1 gyre"]),
                .cache(target: "/other", shows: ["Via": "1.1 gyre"])
            ),
            Case(
                "RFC 9111 §4.3",
                "what is kept no longer is fetched anew",
                steps: [
                    .origin(ok(["Cache-Control": "max-age=1", "Age": "100", "ETag": "\"a\""])),
                    .origin(ok(["Cache-Control": "max-age=1", "Age": "100", "ETag": "\"a\""]), originLacks: ["If-None-Match"]),
                ],
                adjust: { configuration in
                    configuration.caching.keepSeconds = 0
                    configuration.caching.staleWhenUnreachableSeconds = 0
                }
            ),
            Case(
                "RFC 9111 §4.3",
                "unless it may be served stale for longer",
                .origin(ok(["Cache-Control": "max-age=1, stale-if-error=600", "Age": "100", "ETag": "\"a\""])),
                .validated(.response(304), text: "one"),
                adjust: { $0.caching.keepSeconds = 0 }
            ),
            Case(
                "RFC 9111 §5.2.1.7",
                "only-if-cached on what no cache answers",
                .cache(method: "POST", sends: ["Cache-Control": "only-if-cached"], status: 504)
            ),
            Case(
                "RFC 9111 §5.2.1.2",
                "max-stale=0 takes nothing stale, whoever else permits it",
                .origin(ok(["Cache-Control": "max-age=1, stale-while-revalidate=600", "Age": "100", "ETag": "\"a\""])),
                .validated(.response(304), sends: ["Cache-Control": "max-stale=0"], text: "one")
            ),
            Case(
                "RFC 9875 §2",
                "the empty name is a group too",
                .origin(ok(["Cache-Control": "max-age=60", "Cache-Groups": "\"\""])),
                .origin(ok(["Cache-Group-Invalidation": "\"\""]), method: "POST", target: "/other", body: [1]),
                .origin(ok([:], "two"), text: "two")
            ),
        ]
        + [428, 429, 431, 511].map { status in
            Case(
                "RFC 6585",
                "\(status) is never stored",
                .origin(ok(["Cache-Control": "max-age=60"], status: status), status: status),
                .origin(ok([:], "two"), text: "two")
            )
        }

    private static func told(_ name: String, _ first: Step, _ second: Step) -> Case { Case("RFC 9211 §2", name, first, second) }

    /// `Cache-Status`, word by word.
    static let status: [Case] = [
        told(
            "a response that must be validated each time: stale, not the request's doing",
            .origin(
                ok(["Cache-Control": "no-cache, max-age=60", "ETag": "\"a\""]),
                shows: ["Cache-Status": "gyre; fwd=uri-miss; fwd-status=200; stored; ttl"]
            ),
            .validated(
                .response(304, ["Cache-Control": "no-cache, max-age=60"]),
                shows: ["Cache-Status": "gyre; fwd=stale; fwd-status=304; stored; ttl; detail=no-cache"]
            )
        ),
        told(
            "a request that wants a validation",
            .origin(ok(tagged)),
            .validated(
                .response(304, ["Cache-Control": "max-age=60"]),
                sends: ["Cache-Control": "no-cache"],
                shows: ["Cache-Status": "gyre; fwd=request; fwd-status=304; stored; ttl; detail=request-no-cache"]
            )
        ),
        told(
            "a part, and a request that wants a validation",
            .origin(
                .response(206, ["Cache-Control": "max-age=60", "ETag": "\"a\"", "Content-Range": "bytes 0-1/9"], body: "01"),
                sends: ["Range": "bytes=0-1"],
                shows: ["Cache-Status": "gyre; fwd=uri-miss; fwd-status=206; stored; ttl"]
            ),
            .validated(
                .response(304, ["Cache-Control": "max-age=60"]),
                sends: ["Range": "bytes=0-1", "Cache-Control": "no-cache"],
                status: 206,
                shows: ["Cache-Status": "gyre; fwd=request; fwd-status=304; stored; ttl; detail=request-no-cache"]
            )
        ),
        told(
            "a reset content with content",
            .origin(
                ok(["Cache-Control": "max-age=60"], status: 205),
                status: 205,
                shows: ["Cache-Status": "gyre; fwd=uri-miss; fwd-status=205; stored; ttl"]
            ),
            .cache(status: 205, text: "one")
        ),
    ]
}
