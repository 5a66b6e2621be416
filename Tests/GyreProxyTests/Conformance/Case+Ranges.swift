// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import GyreTestKit

extension Case {
    private static let ten: FieldLines = ["Cache-Control": "max-age=60", "ETag": "\"a\""]

    private static func cut(_ name: String, _ range: String, _ status: Int, _ text: String?, _ contentRange: String?) -> Case {
        Case(
            "RFC 9110 §14.2",
            name,
            .origin(ok(ten, "0123456789")),
            .cache(sends: ["Range": range], status: status, text: text, shows: contentRange.map { ["Content-Range": $0] } ?? [:])
        )
    }

    private static func part(_ bytes: String, _ first: Int, _ last: Int, _ complete: String = "10", tag: String = "\"a\"") -> OriginReply {
        .response(
            206,
            ["Cache-Control": "max-age=60", "ETag": tag, "Content-Range": "bytes \(first)-\(last)/\(complete)"],
            body: OriginBody([.bytes(Array(bytes.utf8))])
        )
    }

    static let ranges: [Case] = [
        cut("from the stored whole: the middle", "bytes=2-4", 206, "234", "bytes 2-4/10"),
        cut("to the end", "bytes=7-", 206, "789", "bytes 7-9/10"),
        cut("a suffix", "bytes=-3", 206, "789", "bytes 7-9/10"),
        cut("a suffix longer than all", "bytes=-30", 206, "0123456789", "bytes 0-9/10"),
        cut("beyond the end", "bytes=5-100", 206, "56789", "bytes 5-9/10"),
        cut("unsatisfiable", "bytes=10-", 416, nil, "bytes */10"),
        cut("another unit", "lines=1-2", 200, "0123456789", nil),
        cut("no sense", "bytes=4-2", 200, "0123456789", nil),
        cut("ranges that touch are one", "bytes=0-2,3-4", 206, "01234", "bytes 0-4/10"),
        Case(
            "RFC 9110 §13.1.5",
            "If-Range",
            .origin(ok(ten, "0123456789")),
            .cache(sends: ["Range": "bytes=0-1", "If-Range": "\"a\""], status: 206, text: "01"),
            .cache(sends: ["Range": "bytes=0-1", "If-Range": "\"b\""], status: 200, text: "0123456789"),
            .cache(sends: ["Range": "bytes=0-1", "If-Range": "W/\"a\""], status: 200, text: "0123456789")
        ),
        Case(
            "RFC 9110 §14.6",
            "several ranges in one answer",
            .origin(ok(["Cache-Control": "max-age=60", "ETag": "\"a\"", "Content-Type": "text/x"], OriginBody([.bytes(long)]))),
            .cache(sends: ["Range": "bytes=0-1,500-501,-2"], status: 206, lacks: ["Content-Range"])
        ),
        Case(
            "RFC 9111 §3.3",
            "a stored part answers the same range",
            .origin(part("2345", 2, 5), sends: ["Range": "bytes=2-5"], status: 206, text: "2345", originSees: ["Range": "bytes=2-5"]),
            .cache(sends: ["Range": "bytes=2-5"], status: 206, text: "2345", shows: ["Content-Range": "bytes 2-5/10"])
        ),
        Case(
            "RFC 9111 §3.3",
            "a stored part answers ranges inside it",
            .origin(part("2345", 2, 5), sends: ["Range": "bytes=2-5"], status: 206),
            .cache(sends: ["Range": "bytes=3-4"], status: 206, text: "34", shows: ["Content-Range": "bytes 3-4/10"])
        ),
        Case(
            "RFC 9111 §3.3",
            "a stored end answers a suffix",
            .origin(part("56789", 5, 9), sends: ["Range": "bytes=5-"], status: 206),
            .cache(sends: ["Range": "bytes=-2"], status: 206, text: "89", shows: ["Content-Range": "bytes 8-9/10"])
        ),
        Case(
            "RFC 9111 §3.3",
            "a stored part is not the whole: only the rest is fetched, and then all is there",
            .origin(part("01234", 0, 4), sends: ["Range": "bytes=0-4"], status: 206),
            .origin(
                part("56789", 5, 9),
                status: 200,
                text: "0123456789",
                lacks: ["Content-Range"],
                originSees: ["Range": "bytes=5-", "If-Range": "\"a\""]
            ),
            .cache(status: 200, text: "0123456789", lacks: ["Content-Range"]),
            .cache(sends: ["Range": "bytes=3-6"], status: 206, text: "3456")
        ),
        Case(
            "RFC 9110 §15.3.7.3",
            "a gap in the middle is fetched alone",
            .origin(part("012", 0, 2), sends: ["Range": "bytes=0-2"], status: 206),
            .origin(part("789", 7, 9), sends: ["Range": "bytes=7-"], status: 206, text: "789", originSees: ["Range": "bytes=7-"]),
            .origin(part("3456", 3, 6), status: 200, text: "0123456789", originSees: ["Range": "bytes=3-6"]),
            .cache(text: "0123456789")
        ),
        Case(
            "RFC 9111 §3.4",
            "parts of another state are not joined",
            .origin(part("01234", 0, 4), sends: ["Range": "bytes=0-4"], status: 206),
            .origin(ok(["Cache-Control": "max-age=60", "ETag": "\"b\""], "abcdefghij"), status: 200, text: "abcdefghij"),
            .cache(sends: ["Range": "bytes=0-2"], status: 206, text: "abc")
        ),
        Case(
            "RFC 9111 §3.4",
            "without a strong validator nothing is joined",
            .origin(part("01234", 0, 4, tag: "W/\"a\""), sends: ["Range": "bytes=0-4"], status: 206),
            .origin(ok(ten, "0123456789"), status: 200, text: "0123456789", originLacks: ["Range", "If-Range"]),
            .cache(text: "0123456789")
        ),
        Case(
            "RFC 9111 §3.4",
            "the fields of the newer part count",
            .origin(
                .response(
                    206,
                    ["Cache-Control": "max-age=60", "ETag": "\"a\"", "Content-Range": "bytes 0-4/10", "X-A": "1", "X-B": "1"],
                    body: "01234"
                ),
                sends: ["Range": "bytes=0-4"],
                status: 206
            ),
            .origin(
                .response(
                    206,
                    ["Cache-Control": "max-age=60", "ETag": "\"a\"", "Content-Range": "bytes 5-9/10", "X-A": "2"],
                    body: "56789"
                ),
                status: 200,
                text: "0123456789",
                shows: ["X-A": "2", "X-B": "1"]
            ),
            .cache(text: "0123456789", shows: ["X-A": "2", "X-B": "1"])
        ),
        Case(
            "RFC 9111 §3.3",
            "a part that is stale is asked for again",
            .origin(
                .response(206, ["Cache-Control": "max-age=0", "ETag": "\"a\"", "Content-Range": "bytes 0-4/10"], body: "01234"),
                sends: ["Range": "bytes=0-4"],
                status: 206
            ),
            .origin(part("01234", 0, 4), sends: ["Range": "bytes=0-4"], status: 206, text: "01234")
        ),
        Case(
            "RFC 9110 §14.4",
            "a 206 whose Content-Range makes no sense is not stored",
            .origin(
                .response(206, ["Cache-Control": "max-age=60", "ETag": "\"a\"", "Content-Range": "bytes 4-0/10"], body: "01234"),
                sends: ["Range": "bytes=0-4"],
                status: 206
            ),
            .origin(part("01234", 0, 4), sends: ["Range": "bytes=0-4"], status: 206)
        ),
        Case(
            "RFC 9110 §14.2",
            "of an origin that ignores ranges the whole is stored, and the client gets what it asked for",
            .origin(
                ok(ten, "0123456789"),
                sends: ["Range": "bytes=0-1"],
                status: 206,
                text: "01",
                shows: ["Content-Range": "bytes 0-1/10", "Content-Length": "2"]
            ),
            .cache(text: "0123456789"),
            .cache(sends: ["Range": "bytes=0-1"], status: 206, text: "01")
        ),
        Case(
            "RFC 9110 §13.1.5",
            "If-Range goes along when nothing is stored",
            .origin(part("01", 0, 1), sends: ["Range": "bytes=0-1", "If-Range": "\"a\""], status: 206, originSees: ["If-Range": "\"a\""])
        ),
    ]

    private static let long = [UInt8](repeating: 0x78, count: 1000)
}
