// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPTypes
import Testing

@testable import HTTPCaching

/// The directives in one line, in a fixed order.
private func describe(_ directives: CacheControl) -> String {
    var words: [String] = []
    let flags: [(CacheControl.Flags, String)] = [
        (.noStore, "no-store"), (.noCache, "no-cache"), (.noTransform, "no-transform"), (.onlyIfCached, "only-if-cached"),
        (.mustRevalidate, "must-revalidate"), (.proxyRevalidate, "proxy-revalidate"), (.mustUnderstand, "must-understand"),
        (.isPublic, "public"), (.isPrivate, "private"), (.immutable, "immutable"), (.invalidTime, "!"),
    ]
    for (flag, word) in flags where directives.flags.contains(flag) { words.append(word) }
    let times: [(String, Int64?)] = [
        ("max-age", directives.maxAgeSeconds), ("s-maxage", directives.sMaxAgeSeconds), ("min-fresh", directives.minFreshSeconds),
        ("swr", directives.staleWhileRevalidateSeconds), ("sie", directives.staleIfErrorSeconds),
    ]
    for (name, seconds) in times { if let seconds { words.append("\(name)=\(seconds)") } }
    if let seconds = directives.maxStaleSeconds {
        words.append(seconds == CacheControl.anyStaleness ? "max-stale" : "max-stale=\(seconds)")
    }
    if !directives.noCacheFields.isEmpty { words.append("no-cache[" + directives.noCacheFields.joined(separator: " ") + "]") }
    if !directives.privateFields.isEmpty { words.append("private[" + directives.privateFields.joined(separator: " ") + "]") }
    return words.joined(separator: " ")
}

@Suite("Cache-Control, RFC 9111 §5.2")
struct CacheControlTests {
    struct Row: TableRow {
        let section: String
        let lines: [String]
        let expected: String
        var title: String { lines.joined(separator: " | ") }

        init(_ section: String, _ lines: String..., is expected: String) {
            self.section = section
            self.lines = lines
            self.expected = expected
        }
    }

    static let rows: [Row] = [
        // Names and lists
        Row("§5.2", "", is: ""),
        Row("§5.2", "max-age=60", is: "max-age=60"),
        Row("§5.2", "MAX-AGE=60, No-Store", is: "no-store max-age=60"),
        Row("§5.2", "  max-age=60 ,\t, no-cache ,", is: "no-cache max-age=60"),
        Row("§5.2", "max-age=60", "no-store", is: "no-store max-age=60"),
        Row("§5.2.3", "foo, bar=1, baz=\"x\", max-age=60", is: "max-age=60"),
        Row("§5.2.3", "xmax-age=60, max-agex=60, no-stor, no-stores", is: ""),
        Row("§5.2.3", "ext=\"max-age=60, no-store\", max-age=5", is: "max-age=5"),
        Row("§5.2.3", "ext=\"a\\\", no-store\", max-age=5", is: "max-age=5"),
        Row("§5.2.3", "\"max-age=60\"", is: ""),
        Row(
            "§5.2.2",
            "public, immutable, must-revalidate, proxy-revalidate, no-transform, must-understand",
            is: "no-transform must-revalidate proxy-revalidate must-understand public immutable"
        ),
        Row("§5.2.1.7", "only-if-cached", is: "only-if-cached"),
        // Arguments
        Row("§5.2", "max-age=\"60\"", is: "max-age=60"),
        Row("§5.2", "s-maxage=\"60\"", is: "s-maxage=60"),
        Row("§1.2.2", "max-age=0060", is: "max-age=60"),
        Row("§1.2.2", "max-age=0", is: "max-age=0"),
        Row("§1.2.2", "max-age=2147483647", is: "max-age=2147483647"),
        Row("§1.2.2", "max-age=2147483648", is: "max-age=2147483648"),
        Row("§1.2.2", "max-age=2147483649", is: "max-age=2147483648"),
        Row("§1.2.2", "max-age=99999999999999999999999999", is: "max-age=2147483648"),
        Row("§4.2.1", "max-age=-1", is: "! max-age=0"),
        Row("§4.2.1", "max-age=+1", is: "! max-age=0"),
        Row("§4.2.1", "max-age=60.5", is: "! max-age=0"),
        Row("§4.2.1", "max-age=1e3", is: "! max-age=0"),
        Row("§4.2.1", "max-age=60s", is: "! max-age=0"),
        Row("§4.2.1", "max-age='60'", is: "! max-age=0"),
        Row("§4.2.1", "max-age=", is: "! max-age=0"),
        Row("§4.2.1", "max-age", is: "! max-age=0"),
        Row("§4.2.1", "max-age=\"\"", is: "! max-age=0"),
        Row("§4.2.1", "max-age=\"60\"x", is: "! max-age=0"),
        Row("§4.2.1", "max-age=60 60", is: "! max-age=0"),
        Row("§4.2.1", "max-age =60", is: "! max-age=0"),
        Row("§4.2.1", "max-age= 60", is: "! max-age=0"),
        Row("§4.2.1", "max-age=60;x=1", is: "! max-age=0"),
        Row("§4.2.1", "s-maxage=abc, max-age=60", is: "! max-age=60 s-maxage=0"),
        // Repeated: the shorter time
        Row("§4.2.1", "max-age=60, max-age=5", is: "max-age=5"),
        Row("§4.2.1", "max-age=5, max-age=60", is: "max-age=5"),
        Row("§4.2.1", "max-age=60", "max-age=5", is: "max-age=5"),
        Row("§4.2.1", "max-age=60, max-age=x", is: "! max-age=0"),
        Row("§4.2.1", "s-maxage=60, s-maxage=5", is: "s-maxage=5"),
        // Directives that restrict hold with an argument too; those that permit do not
        Row("§5.2.2.5", "no-store=\"x\"", is: "no-store"),
        Row("§5.2.2.5", "no-store=0", is: "no-store"),
        Row("§5.2.2.2", "must-revalidate=1", is: "must-revalidate"),
        Row("§5.2.2.9", "public=1", is: ""),
        Row("RFC 8246 §2", "immutable=1", is: ""),
        Row("§5.2.2.3", "must-understand=1", is: ""),
        // Field lists
        Row("§5.2.2.4", "no-cache", is: "no-cache"),
        Row("§5.2.2.4", "no-cache=\"Set-Cookie\"", is: "no-cache[set-cookie]"),
        Row("§5.2.2.4", "no-cache=\"Set-Cookie, X-A\"", is: "no-cache[set-cookie x-a]"),
        Row("§5.2.2.4", "no-cache=Set-Cookie", is: "no-cache[set-cookie]"),
        Row("§5.2.2.4", "no-cache=\"a\", no-cache=\"b\"", is: "no-cache[a b]"),
        Row("§5.2.2.4", "no-cache=\"a\", no-cache", is: "no-cache no-cache[a]"),
        Row("§5.2.2.4", "no-cache=\"\"", is: "no-cache"),
        Row("§5.2.2.4", "no-cache=", is: "no-cache"),
        Row("§5.2.2.4", "no-cache=\"a b\"", is: "no-cache"),
        Row("§5.2.2.4", "no-cache=\"a, (b)\"", is: "no-cache"),
        Row("§5.2.2.7", "private", is: "private"),
        Row("§5.2.2.7", "private=\"X-User\"", is: "private[x-user]"),
        Row("§5.2.2.7", "private=\"bad name\"", is: "private"),
        Row("§5.2.2.7", "private=\"a\\\"b\"", is: "private"),
        // Requests
        Row("§5.2.1.2", "max-stale", is: "max-stale"),
        Row("§5.2.1.2", "max-stale=60", is: "max-stale=60"),
        Row("§5.2.1.2", "max-stale=60, max-stale=5", is: "max-stale=5"),
        Row("§5.2.1.2", "max-stale, max-stale=5", is: "max-stale=5"),
        Row("§5.2.1.2", "max-stale=x", is: "max-stale=0"),
        Row("§5.2.1.3", "min-fresh=60", is: "min-fresh=60"),
        Row("§5.2.1.3", "min-fresh=5, min-fresh=60", is: "min-fresh=60"),
        Row("§5.2.1.3", "min-fresh=x", is: "min-fresh=2147483648"),
        Row("§5.2.1.3", "min-fresh", is: "min-fresh=2147483648"),
        // RFC 5861
        Row("RFC 5861 §3", "stale-while-revalidate=30", is: "swr=30"),
        Row("RFC 5861 §3", "stale-while-revalidate=30, stale-while-revalidate=5", is: "swr=5"),
        Row("RFC 5861 §3", "stale-while-revalidate", is: "swr=0"),
        Row("RFC 5861 §3", "stale-while-revalidate=x", is: "swr=0"),
        Row("RFC 5861 §4", "stale-if-error=30", is: "sie=30"),
        Row("RFC 5861 §4", "stale-if-error=-30", is: "sie=0"),
        // A quoted string without an end: what restricts holds, what permits does not
        Row("§5.2", "ext=\"open, no-store, max-age=60", is: "no-store ! max-age=0"),
        Row("§5.2", "max-age=60, ext=\"open, public, immutable", is: "max-age=60"),
        Row("§5.2", "ext=\"open, private=\"x\", no-cache=\"y", is: "no-cache private"),
        Row("§5.2", "max-age=60\"", is: "! max-age=0"),
    ]

    @Test("the least generous reading wins", arguments: rows)
    func reading(row: Row) {
        let directives = CacheControl(fields(row.lines.map { "Cache-Control: \($0)" }))
        #expect(describe(directives) == row.expected)
    }

    @Test("one line read by itself is the same as a field of one line", arguments: rows.filter { $0.lines.count == 1 })
    func oneLine(row: Row) {
        #expect(describe(CacheControl(value: row.lines[0])) == row.expected)
    }

    static let pragmaRows: [Row] = [
        Row("§5.4", "Pragma: no-cache", is: "no-cache"),
        Row("§5.4", "Pragma: NO-CACHE", is: "no-cache"),
        Row("§5.4", "Pragma: foo, no-cache", is: "no-cache"),
        Row("§5.4", "Pragma: no-cache, foo=\"x\"", is: "no-cache"),
        Row("§5.4", "Pragma: foo", is: ""),
        Row("§5.4", "Pragma: no-cache", "Cache-Control: max-age=5", is: "max-age=5"),
        Row("§5.4", "Pragma: no-cache", "Cache-Control:", is: ""),
        Row("§5.2.1.4", "Cache-Control: no-cache=\"x\"", is: "no-cache no-cache[x]"),
    ]

    @Test("Pragma counts in requests without Cache-Control", arguments: pragmaRows)
    func pragma(row: Row) {
        #expect(describe(request(row.lines).directives) == row.expected)
    }

    static let targetedRows: [Row] = [
        Row("RFC 9213 §2.1", "CDN-Cache-Control: max-age=60", is: "max-age=60"),
        Row("RFC 9213 §2.1", "CDN-Cache-Control: max-age=60, no-store", is: "no-store max-age=60"),
        Row("RFC 9213 §2.1", "CDN-Cache-Control: max-age=60;ext=1", is: "max-age=60"),
        Row("RFC 9213 §2.1", "CDN-Cache-Control: max-age=60", "CDN-Cache-Control: s-maxage=5", is: "max-age=60 s-maxage=5"),
        Row("RFC 9213 §2.1", "CDN-Cache-Control: no-cache=\"a, b\"", is: "no-cache[a b]"),
        Row("RFC 9213 §2.1", "CDN-Cache-Control: private=(\"a\" b)", is: "private[a b]"),
        Row("RFC 9213 §2.1", "CDN-Cache-Control: no-store=?0, public", is: "public"),
        Row("RFC 9213 §2.1", "CDN-Cache-Control: public=?0", is: ""),
        Row("RFC 9213 §2.1", "CDN-Cache-Control: max-age=99999999999", is: "max-age=2147483648"),
        Row("RFC 9213 §2.1", "CDN-Cache-Control: max-age=-5", is: "! max-age=0"),
        Row("RFC 9213 §2.1", "CDN-Cache-Control: max-age=\"60\"", is: "! max-age=0"),
        Row("RFC 9213 §2.1", "CDN-Cache-Control: max-age=6.5", is: "! max-age=0"),
        Row("RFC 9213 §2.1", "CDN-Cache-Control: max-age", is: "! max-age=0"),
        Row("RFC 9213 §2.1", "CDN-Cache-Control: unknown", is: ""),
        Row(
            "RFC 9213 §2.1",
            "CDN-Cache-Control: must-revalidate, proxy-revalidate, no-transform, immutable, must-understand",
            is: "no-transform must-revalidate proxy-revalidate must-understand immutable"
        ),
        Row("RFC 5861 §3", "CDN-Cache-Control: stale-while-revalidate=5, stale-if-error=x", is: "swr=5 sie=0"),
    ]

    @Test("a targeted field is a dictionary of structured values", arguments: targetedRows)
    func targeted(row: Row) throws {
        let directives = try #require(CacheControl.targeted(in: fields(row.lines), names: ["cdn-cache-control"]))
        #expect(describe(directives) == row.expected)
    }

    @Test(
        "a targeted field that is empty or does not parse is treated as missing, RFC 9213 §2.1",
        arguments: [
            "", "max-age=60,", "max-age=60, ,", "MAX-AGE=60", "max-age = 60", "max-age=60 x", "max-age=\"60",
            "max-age=99999999999999999999", "=1",
        ]
    )
    func targetedInvalid(value: String) {
        #expect(CacheControl.targeted(in: fields(["CDN-Cache-Control: \(value)"]), names: ["cdn-cache-control"]) == nil)
    }

    @Test("the first valid field of the target list counts, RFC 9213 §2.2")
    func targetList() {
        let all = fields(["B-Cache-Control: max-age=2", "A-Cache-Control: max-age=1"])
        #expect(CacheControl.targeted(in: all, names: ["a-cache-control", "b-cache-control"])?.maxAgeSeconds == 1)
        #expect(CacheControl.targeted(in: all, names: ["b-cache-control", "a-cache-control"])?.maxAgeSeconds == 2)
        #expect(CacheControl.targeted(in: all, names: ["bad name", "C-Cache-Control"]) == nil)
        let broken = fields(["A-Cache-Control: ,", "B-Cache-Control: max-age=2"])
        #expect(CacheControl.targeted(in: broken, names: ["a-cache-control", "b-cache-control"])?.maxAgeSeconds == 2)
    }
}
