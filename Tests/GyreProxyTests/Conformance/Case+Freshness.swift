// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import GyreTestKit

extension Case {
    private static func reused(_ section: String, _ name: String, _ fields: FieldLines, age: String? = nil) -> Case {
        Case(section, name, .origin(ok(fields)), .cache(text: "one"))
    }

    private static func notReused(_ section: String, _ name: String, _ fields: FieldLines) -> Case {
        Case(section, name, .origin(ok(fields)), .origin(ok(fields, "two"), text: "two"))
    }

    private static let old = HTTPClock.date(secondsFromNow: -86_400)
    private static let later = HTTPClock.date(secondsFromNow: 3600)

    static let parsing: [Case] = [
        reused("RFC 9111 §5.2", "a directive in any case", ["Cache-Control": "MaX-aGe=3600"]),
        reused("RFC 9111 §5.2", "a quoted argument", ["Cache-Control": "max-age=\"3600\""]),
        reused("RFC 9111 §5.2.3", "unknown directives are passed over", ["Cache-Control": "foobar, max-age=3600, x=\"y\""]),
        reused("RFC 9111 §1.2.2", "zeros in front", ["Cache-Control": "max-age=003600"]),
        reused("RFC 9111 §1.2.2", "more than 2^31", ["Cache-Control": "max-age=99999999999999999999"]),
        reused("RFC 9111 §1.2.2", "exactly 2^31", ["Cache-Control": "max-age=2147483648"]),
        reused("RFC 9110 §5.3", "several lines are one", ["Cache-Control": "public", "Cache-Control": "max-age=3600"]),
        reused("RFC 9110 §5.6.1", "empty members and tabs", ["Cache-Control": ",\t,max-age=3600 ,,"]),
        notReused("RFC 9111 §4.2.1", "two max-age: the shorter", ["Cache-Control": "max-age=3600, max-age=0"]),
        notReused("RFC 9111 §4.2.1", "two lines of max-age: the shorter", ["Cache-Control": "max-age=0", "Cache-Control": "max-age=3600"]),
        notReused("RFC 9111 §5.2", "max-age inside a quoted string", ["Cache-Control": "x=\"max-age=3600\", max-age=0"]),
        notReused("RFC 9111 §5.2", "max-age in the middle of a name", ["Cache-Control": "xmax-age=3600"]),
        notReused("RFC 9111 §1.2.2", "a negative max-age", ["Cache-Control": "max-age=-3600"]),
        notReused("RFC 9111 §1.2.2", "a fraction", ["Cache-Control": "max-age=3600.0"]),
        notReused("RFC 9111 §1.2.2", "letters behind the number", ["Cache-Control": "max-age=3600abc"]),
        notReused("RFC 9111 §5.2", "single quotes", ["Cache-Control": "max-age='3600'"]),
        notReused("RFC 9111 §5.2", "space before the equals sign", ["Cache-Control": "max-age =3600"]),
        notReused("RFC 9111 §5.2", "space behind the equals sign", ["Cache-Control": "max-age= 3600"]),
        notReused("RFC 9111 §5.2", "half a quoted string", ["Cache-Control": "max-age=\"3600"]),
        notReused("RFC 9111 §5.2.2.5", "no-store in any case", ["Cache-Control": "max-age=3600, No-StOrE"]),
        notReused("RFC 9111 §5.2.2.5", "no-store behind commas", ["Cache-Control": "max-age=3600,,no-store"]),
        notReused("RFC 9111 §5.2.2.5", "no-store in a line of its own", ["Cache-Control": "max-age=3600", "Cache-Control": "no-store"]),
        notReused("RFC 9111 §5.2.2.5", "no-store with an argument", ["Cache-Control": "max-age=3600, no-store=foo"]),
        notReused("RFC 9111 §5.2.2.7", "private in any case", ["Cache-Control": "PRIVATE, max-age=3600"]),
        reused("RFC 9111 §5.1", "an Age that is no number is ignored", ["Cache-Control": "max-age=3600", "Age": "abc7200"]),
        reused("RFC 9111 §5.1", "an Age with letters behind is ignored", ["Cache-Control": "max-age=3600", "Age": "7200abc"]),
        reused("RFC 9111 §5.1", "a negative Age is ignored", ["Cache-Control": "max-age=3600", "Age": "-7200"]),
        reused("RFC 9111 §5.1", "an Age with a parameter is ignored", ["Cache-Control": "max-age=3600", "Age": "7200;x=1"]),
        reused("RFC 9111 §5.1", "of several members the first", ["Cache-Control": "max-age=3600", "Age": "0, 7200"]),
        notReused("RFC 9111 §5.1", "of several members the first, which is old", ["Cache-Control": "max-age=3600", "Age": "7200, 0"]),
        notReused(
            "RFC 9111 §5.1",
            "of several lines the first, which is old",
            ["Cache-Control": "max-age=3600", "Age": "7200", "Age": "0"]
        ),
        notReused("RFC 9111 §5.1", "an Age beyond 2^31", ["Cache-Control": "max-age=3600", "Age": "2147483649"]),
        notReused("RFC 9111 §5.1", "an Age beyond 2^64", ["Cache-Control": "max-age=3600", "Age": "99999999999999999999"]),
        reused("RFC 9110 §5.6.7", "Expires in the obsolete long form", ["Expires": "Thursday, 18-Aug-50 02:01:18 GMT"]),
        reused("RFC 9110 §5.6.7", "Expires in the form of asctime", ["Expires": "Thu Aug  8 02:01:18 2050"]),
        reused("RFC 9111 §4.2", "Expires in other case", ["Expires": "THU, 18 aug 2050 02:01:18 gmt"]),
        notReused("RFC 9111 §5.3", "Expires: 0", ["Expires": "0"]),
        notReused("RFC 9111 §5.3", "Expires: -1", ["Expires": "-1"]),
        notReused("RFC 9111 §5.3", "Expires that is empty", ["Expires": ""]),
        notReused("RFC 9111 §4.2", "Expires in another zone", ["Expires": "Thu, 18 Aug 2050 02:01:18 AEST"]),
        notReused("RFC 9111 §5.3", "Expires without its comma", ["Expires": "Thu 18 Aug 2050 02:01:18 GMT"]),
        notReused("RFC 9111 §5.3", "Expires with more spaces", ["Expires": "Thu, 18  Aug  2050 02:01:18 GMT"]),
        notReused("RFC 9111 §5.3", "Expires with dashes", ["Expires": "Thu, 18-Aug-2050 02:01:18 GMT"]),
        notReused("RFC 9111 §5.3", "Expires with a one-digit hour", ["Expires": "Thu, 18 Aug 2050 2:01:18 GMT"]),
        notReused("RFC 9111 §5.3", "Expires with a two-digit year", ["Expires": "Thu, 18 Aug 50 02:01:18 GMT"]),
        notReused("RFC 9111 §5.3", "Expires with dots in the time", ["Expires": "Thu, 18 Aug 2050 02.01.18 GMT"]),
        notReused("RFC 9111 §4.2.1", "two Expires, one of them past", ["Expires": later, "Expires": old]),
        notReused("RFC 9111 §5.3", "two Expires, one of them no date", ["Expires": later, "Expires": "0"]),
    ]

    static let freshness: [Case] = [
        reused("RFC 9111 §4.2.1", "max-age", ["Cache-Control": "max-age=3600"]),
        notReused("RFC 9111 §4.2.1", "max-age=0", ["Cache-Control": "max-age=0"]),
        reused("RFC 9111 §4.2.1", "s-maxage", ["Cache-Control": "s-maxage=3600"]),
        reused("RFC 9111 §5.2.2.10", "s-maxage outranks max-age", ["Cache-Control": "max-age=0, s-maxage=3600"]),
        notReused("RFC 9111 §5.2.2.10", "a shorter s-maxage outranks max-age", ["Cache-Control": "s-maxage=0, max-age=3600"]),
        reused("RFC 9111 §5.3", "Expires", ["Expires": later]),
        notReused("RFC 9111 §5.3", "Expires in the past", ["Expires": old]),
        notReused("RFC 9111 §5.3", "Expires as now", ["Expires": HTTPClock.date()]),
        reused("RFC 9111 §5.3", "max-age outranks an Expires in the past", ["Cache-Control": "max-age=3600", "Expires": old]),
        reused("RFC 9111 §5.3", "max-age outranks an invalid Expires", ["Cache-Control": "max-age=3600", "Expires": "0"]),
        notReused("RFC 9111 §5.3", "max-age=0 outranks a future Expires", ["Cache-Control": "max-age=0", "Expires": later]),
        notReused("RFC 9111 §4.2.3", "an Age beyond max-age", ["Cache-Control": "max-age=3600", "Age": "3601"]),
        notReused("RFC 9111 §4.2.3", "a Date long past is an age", ["Cache-Control": "max-age=3600", "Date": old]),
        reused("RFC 9111 §4.2.3", "a Date in the future is no age", ["Cache-Control": "max-age=3600", "Date": later]),
        notReused("RFC 9111 §5.3", "Expires counts from Date", ["Expires": HTTPClock.date(secondsFromNow: -10), "Date": old]),
        Case(
            "RFC 9111 §5.1",
            "Age is told and goes on from the origin's own",
            .origin(ok(["Cache-Control": "max-age=3600", "Age": "300"]), shows: ["Age": "300"]),
            .cache(text: "one", shows: ["Age": "300"])
        ),
        Case(
            "RFC 9110 §6.6.1",
            "a missing Date is added and stays",
            .origin(OriginReply.response(200, ["Cache-Control": "max-age=3600"], body: "one").withoutDate()),
            .cache(text: "one")
        ),
        Case(
            "RFC 9111 §4.2.2",
            "a tenth of the time since Last-Modified",
            .origin(ok(["Last-Modified": old])),
            .cache(text: "one")
        ),
        Case(
            "RFC 9111 §4.2.2",
            "nothing to go by: not reused",
            .origin(ok([:])),
            .origin(ok([:], "two"), text: "two")
        ),
        Case(
            "RFC 9111 §5.2.2.4",
            "no-cache is validated each time",
            .origin(ok(["Cache-Control": "no-cache, max-age=60", "ETag": "\"a\""])),
            .validated(.response(304, ["ETag": "\"a\""]), status: 200, text: "one"),
            .validated(.response(304, ["ETag": "\"a\""]), status: 200, text: "one")
        ),
        Case(
            "RFC 9111 §5.2.2.4",
            "no-cache with names: without those fields",
            .origin(ok(["Cache-Control": "max-age=60, no-cache=\"x-a, x-b\"", "X-A": "1", "X-B": "2", "X-C": "3"])),
            .cache(text: "one", shows: ["X-C": "3"], lacks: ["X-A", "X-B"])
        ),
        Case(
            "RFC 9111 §5.2.2.7",
            "private with names: stored without those fields",
            .origin(ok(["Cache-Control": "max-age=60, private=\"x-a\"", "X-A": "1", "X-C": "3"]), shows: ["X-A": "1"]),
            .cache(text: "one", shows: ["X-C": "3"], lacks: ["X-A"])
        ),
    ]

    static let statuses: [Case] =
        [200, 203, 204, 205, 299, 301, 302, 303, 307, 308, 400, 404, 410, 421, 451, 499, 500, 502, 503, 504, 599].flatMap { status in
            [
                Case(
                    "RFC 9111 §3",
                    "\(status) with explicit freshness is reused",
                    .origin(
                        ok(["Cache-Control": "max-age=3600", "Location": "/x"], status == 204 ? "" : "one", status: status),
                        status: status
                    ),
                    .cache(status: status)
                ),
                Case(
                    "RFC 9111 §4",
                    "\(status) that is stale is not",
                    .origin(
                        ok(["Cache-Control": "max-age=0", "Location": "/x"], status == 204 ? "" : "one", status: status),
                        status: status
                    ),
                    .origin(ok(["Cache-Control": "max-age=0"], "two"), status: 200, text: "two")
                ),
            ]
        }
        + [200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 451, 501].map { status in
            Case(
                "RFC 9110 §15.1",
                "\(status) is heuristically cacheable",
                .origin(ok(["Last-Modified": old], status == 204 ? "" : "one", status: status), status: status),
                .cache(status: status)
            )
        }
        + [201, 202, 302, 303, 307, 400, 403, 500, 502, 503, 504, 599].map { status in
            Case(
                "RFC 9110 §15.1",
                "\(status) is not heuristically cacheable",
                .origin(ok(["Last-Modified": old], status: status), status: status),
                .origin(ok(["Last-Modified": old], "two", status: status), text: "two")
            )
        }
        + [
            Case(
                "RFC 9111 §4.2.2",
                "599 with public is reused by heuristics",
                .origin(ok(["Last-Modified": old, "Cache-Control": "public"], status: 599), status: 599),
                .cache(status: 599)
            ),
            Case(
                "RFC 9111 §5.2.2.3",
                "must-understand: an unknown status is not stored",
                .origin(ok(["Cache-Control": "max-age=60, must-understand"], status: 599), status: 599),
                .origin(ok([:], "two"), text: "two")
            ),
            Case(
                "RFC 9111 §5.2.2.3",
                "must-understand outranks no-store for a known status",
                .origin(ok(["Cache-Control": "max-age=60, no-store, must-understand"])),
                .cache(text: "one")
            ),
        ]
}
