// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import GyreTestKit

extension Case {
    private static let hour = "max-age=3600"
    private static let longAgo = HTTPClock.date(secondsFromNow: -100)

    /// RFC 9111 §4 and §4.1, where more than one stored response is in question.
    static let variants: [Case] = [
        Case(
            "RFC 9111 §4",
            "of two sets of selecting fields that match, the newer response by Date, though it came first",
            .origin(ok(["Cache-Control": hour, "Vary": "A"], "new"), sends: ["A": "1", "B": "1"]),
            .origin(ok(["Cache-Control": hour, "Vary": "B", "Date": longAgo], "old"), sends: ["A": "2", "B": "2"]),
            .cache(sends: ["A": "1", "B": "2"], text: "new"),
            .cache(sends: ["A": "3", "B": "2"], text: "old")
        ),
        Case(
            "RFC 9111 §4",
            "an older response that does not vary stands beside the variants",
            .origin(ok(["Cache-Control": hour, "Vary": "A"], "varies"), sends: ["A": "1"]),
            .origin(ok(["Cache-Control": hour, "Date": longAgo], "any"), sends: ["A": "2"]),
            .cache(sends: ["A": "1"], text: "varies"),
            .cache(sends: ["A": "3"], text: "any")
        ),
        Case(
            "RFC 9111 §4",
            "an error that does not vary leaves the variants there",
            .origin(ok(["Cache-Control": hour, "Vary": "A", "Date": HTTPClock.date(secondsFromNow: 3000)], "varies"), sends: ["A": "1"]),
            .origin(ok(["Cache-Control": hour], "none", status: 404), sends: ["A": "2"], status: 404),
            .cache(sends: ["A": "1"], status: 200, text: "varies")
        ),
        Case(
            "RFC 9111 §4",
            "a newer response that does not vary answers all",
            .origin(ok(["Cache-Control": hour, "Vary": "A", "Date": longAgo], "varies"), sends: ["A": "1"]),
            .origin(ok(["Cache-Control": hour], "any"), sends: ["A": "2"]),
            .cache(sends: ["A": "1"], text: "any")
        ),
        Case(
            "RFC 9111 §3.3",
            "a part that does not vary leaves the variants there",
            .origin(ok(["Cache-Control": hour, "Vary": "A"], "varies"), sends: ["A": "1"]),
            .origin(
                .response(206, ["Cache-Control": hour, "ETag": "\"p\"", "Content-Range": "bytes 0-1/9"], body: "pa"),
                sends: ["A": "2", "Range": "bytes=0-1"],
                status: 206
            ),
            .cache(sends: ["A": "1"], text: "varies")
        ),
        Case(
            "RFC 9111 §4.3.1",
            "a new selection is asked for with the tags of the stored variants, and a 304 chooses one",
            .origin(ok(["Cache-Control": hour, "Vary": "A", "ETag": "\"1\""], "first"), sends: ["A": "1"]),
            .origin(ok(["Cache-Control": hour, "Vary": "A", "ETag": "\"2\""], "second"), sends: ["A": "2"]),
            .origin(
                .response(304, ["Cache-Control": hour, "Vary": "A", "ETag": "\"1\""]),
                sends: ["A": "3"],
                status: 200,
                text: "first",
                originSees: ["If-None-Match": "\"2\", \"1\""]
            ),
            .cache(sends: ["A": "3"], text: "first"),
            .cache(sends: ["A": "2"], text: "second")
        ),
        Case(
            "RFC 9111 §4.3.1",
            "a full answer to that is a variant of its own",
            .origin(ok(["Cache-Control": hour, "Vary": "A", "ETag": "\"1\""], "first"), sends: ["A": "1"]),
            .origin(ok(["Cache-Control": hour, "Vary": "A", "ETag": "\"2\""], "second"), sends: ["A": "2"], text: "second"),
            .cache(sends: ["A": "1"], text: "first"),
            .cache(sends: ["A": "2"], text: "second")
        ),
        Case(
            "RFC 9111 §4.3.2",
            "a client's own tag goes along alone",
            .origin(ok(["Cache-Control": hour, "Vary": "A", "ETag": "\"1\""], "first"), sends: ["A": "1"]),
            .origin(
                .response(304, ["ETag": "\"x\""]),
                sends: ["A": "2", "If-None-Match": "\"x\""],
                status: 304,
                originSees: ["If-None-Match": "\"x\""]
            )
        ),
        Case(
            "RFC 9111 §4.3.4",
            "a 304 that chooses a tag nobody has is asked again without",
            .origin(ok(["Cache-Control": hour, "Vary": "A", "ETag": "\"1\""], "first"), sends: ["A": "1"]),
            .origin(.response(304, ["Vary": "A", "ETag": "\"9\""]), sends: ["A": "2"], status: 502)
        ),
        Case(
            "RFC 9111 §4.1",
            "a 304 that adds Vary makes the stored response a variant",
            .origin(ok(["Cache-Control": "max-age=0", "ETag": "\"a\""]), sends: ["A": "1"]),
            .validated(.response(304, ["Cache-Control": hour, "Vary": "A", "ETag": "\"a\""]), sends: ["A": "1"], text: "one"),
            .origin(ok(["Cache-Control": hour, "Vary": "A", "ETag": "\"b\""], "two"), sends: ["A": "2"], text: "two"),
            .cache(sends: ["A": "1"], text: "one"),
            .cache(sends: ["A": "2"], text: "two")
        ),
        Case(
            "RFC 9111 §4.1",
            "a hundred names",
            .origin(ok(["Cache-Control": hour, "Vary": (0..<100).map { "X\($0)" }.joined(separator: ", ")]), sends: ["X7": "1"]),
            .cache(sends: ["X7": "1"], text: "one"),
            .origin(ok([:], "two"), sends: ["X7": "2"], text: "two")
        ),
        Case(
            "RFC 9111 §4.1",
            "a selecting value of 12 KiB",
            .origin(ok(["Cache-Control": hour, "Vary": "A"]), sends: ["A": long]),
            .cache(sends: ["A": long], text: "one"),
            .origin(ok([:], "two"), sends: ["A": long + "y"], text: "two")
        ),
    ]

    private static let long = String(repeating: "x", count: 12 * 1024)
}
