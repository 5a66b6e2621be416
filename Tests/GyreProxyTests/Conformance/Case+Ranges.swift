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
    ]
}
