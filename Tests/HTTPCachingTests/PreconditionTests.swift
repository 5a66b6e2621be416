// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPTypes
import Testing

@testable import HTTPCaching

@Suite("Preconditions, RFC 9110 §13")
struct PreconditionTests {
    struct Row: TableRow {
        let section: String
        let response: [String]
        let request: [String]
        let status: Int
        let method: String
        let expected: Preconditions
        var title: String { "\(status) \(response) asked \(method) \(request)" }

        init(
            _ section: String,
            _ response: [String],
            _ request: [String],
            status: Int = 200,
            method: String = "GET",
            is expected: Preconditions
        ) {
            self.section = section
            self.response = response
            self.request = request
            self.status = status
            self.method = method
            self.expected = expected
        }
    }

    static let tag = ["ETag: \"a\""]
    static let weak = ["ETag: W/\"a\""]
    static let time = ["Last-Modified: {-50}"]
    static let both = tag + time

    static let rows: [Row] = [
        Row("§13.2.2", both, [], is: .proceed),
        // If-None-Match
        Row("§13.1.2", tag, ["If-None-Match: \"a\""], is: .notModified),
        Row("§13.1.2", tag, ["If-None-Match: \"b\""], is: .proceed),
        Row("§13.1.2", tag, ["If-None-Match: \"A\""], is: .proceed),
        Row("§13.1.2", tag, ["If-None-Match: W/\"a\""], is: .notModified),
        Row("§13.1.2", weak, ["If-None-Match: \"a\""], is: .notModified),
        Row("§13.1.2", weak, ["If-None-Match: W/\"a\""], is: .notModified),
        Row("§13.1.2", tag, ["If-None-Match: w/\"a\""], is: .proceed),
        Row("§13.1.2", tag, ["If-None-Match: \"b\", \"a\""], is: .notModified),
        Row("§13.1.2", tag, ["If-None-Match: \"b\",\"a\" ,"], is: .notModified),
        Row("§13.1.2", tag, ["If-None-Match: \"b\"", "If-None-Match: \"a\""], is: .notModified),
        Row("§13.1.2", tag, ["If-None-Match: *"], is: .notModified),
        Row("§13.1.2", time, ["If-None-Match: *"], is: .notModified),
        Row("§13.1.2", time, ["If-None-Match: \"a\""], is: .proceed),
        // Without quotes it is taken for a weak tag: what was given comes back so.
        Row("§13.1.2", tag, ["If-None-Match: a"], is: .notModified),
        Row("§13.1.2", tag, ["If-None-Match: \"a"], is: .proceed),
        Row("§13.1.2", tag, ["If-None-Match: \"b, \"a\""], is: .proceed),
        Row("§13.1.2", tag, ["If-None-Match: \"b\", *"], is: .proceed),
        Row("§13.1.2", tag, ["If-None-Match:"], is: .proceed),
        Row("§13.1.2", tag, ["If-None-Match: \"a\""], method: "HEAD", is: .notModified),
        Row("§8.8.3", ["ETag: \"a,b\""], ["If-None-Match: \"a,b\""], is: .notModified),
        Row("§8.8.3", ["ETag: \"a\\\""], ["If-None-Match: \"x\", \"a\\\""], is: .notModified),
        Row("§8.8.3", ["ETag: \"\""], ["If-None-Match: \"\""], is: .notModified),
        Row("§8.8.3", ["ETag: a"], ["If-None-Match: a"], is: .notModified),
        Row("§8.8.3", ["ETag: a"], ["If-Match: a"], is: .forward),
        Row("§8.8.3", ["ETag: \"a b\""], ["If-None-Match: \"a b\""], is: .proceed),
        Row("§8.8.3", ["ETag: \"a\"", "ETag: \"a\""], ["If-None-Match: \"a\""], is: .proceed),
        // If-Modified-Since
        Row("§13.1.3", time, ["If-Modified-Since: {-50}"], is: .notModified),
        Row("§13.1.3", time, ["If-Modified-Since: {-49}"], is: .notModified),
        Row("§13.1.3", time, ["If-Modified-Since: {-51}"], is: .proceed),
        Row("§13.1.3", time, ["If-Modified-Since: {+50}"], is: .notModified),
        Row("§13.1.3", time, ["If-Modified-Since: junk"], is: .proceed),
        Row("§13.1.3", time, ["If-Modified-Since: {-50}", "If-Modified-Since: {-50}"], is: .proceed),
        Row("§13.1.3", time, ["If-Modified-Since: Friday, 15-Jan-27 07:59:10 GMT"], is: .notModified),
        Row("§13.1.3", both, ["If-Modified-Since: {-50}", "If-None-Match: \"b\""], is: .proceed),
        Row("§13.1.3", both, ["If-Modified-Since: {-51}", "If-None-Match: \"a\""], is: .notModified),
        Row("RFC 9111 §4.3.2", tag, ["If-Modified-Since: {+0}"], is: .notModified),
        Row("RFC 9111 §4.3.2", tag, ["If-Modified-Since: {-1}"], is: .proceed),
        Row("RFC 9111 §4.3.2", tag + ["Date: {-9}"], ["If-Modified-Since: {-9}"], is: .notModified),
        // If-Match
        Row("§13.1.1", tag, ["If-Match: \"a\""], is: .proceed),
        Row("§13.1.1", tag, ["If-Match: \"b\""], is: .forward),
        Row("§13.1.1", tag, ["If-Match: \"b\", \"a\""], is: .proceed),
        Row("§13.1.1", tag, ["If-Match: W/\"a\""], is: .forward),
        Row("§13.1.1", weak, ["If-Match: W/\"a\""], is: .forward),
        Row("§13.1.1", weak, ["If-Match: \"a\""], is: .forward),
        Row("§13.1.1", tag, ["If-Match: *"], is: .proceed),
        Row("§13.1.1", time, ["If-Match: *"], is: .proceed),
        Row("§13.1.1", time, ["If-Match: \"a\""], is: .forward),
        // If-Unmodified-Since
        Row("§13.1.4", time, ["If-Unmodified-Since: {-50}"], is: .proceed),
        Row("§13.1.4", time, ["If-Unmodified-Since: {-51}"], is: .forward),
        Row("§13.1.4", time, ["If-Unmodified-Since: junk"], is: .proceed),
        Row("§13.1.4", tag, ["If-Unmodified-Since: {-51}"], is: .proceed),
        Row("§13.1.4", both, ["If-Unmodified-Since: {-51}", "If-Match: \"a\""], is: .proceed),
        // Order
        Row("§13.2.2", tag, ["If-Match: \"b\"", "If-None-Match: \"a\""], is: .forward),
        Row("§13.2.2", tag, ["If-Match: \"a\"", "If-None-Match: \"a\""], is: .notModified),
        Row("§13.2.2", both, ["If-Unmodified-Since: {-50}", "If-Modified-Since: {-50}"], is: .notModified),
        Row("§13.2.2", both, ["If-Unmodified-Since: {-51}", "If-None-Match: \"a\""], is: .forward),
        // Where preconditions do not count
        Row("§13.2.1", tag, ["If-None-Match: \"a\""], status: 404, is: .proceed),
        Row("§13.2.1", tag, ["If-None-Match: *"], status: 301, is: .proceed),
        Row("§13.2.1", tag, ["If-Match: \"b\""], status: 404, is: .proceed),
        Row("§13.2.1", tag, ["If-None-Match: \"a\""], status: 203, is: .notModified),
        Row("§13.2.1", tag, ["If-None-Match: \"a\""], method: "OPTIONS", is: .proceed),
    ]

    @Test("preconditions are judged in their order", arguments: rows)
    func evaluation(row: Row) throws {
        let head = try stored(["Cache-Control: max-age=60"] + row.response, status: row.status)
        #expect(
            Preconditions.evaluate(request: request(row.request, method: row.method), stored: head, policy: CachingPolicy()) == row.expected
        )
    }

    @Test("the operator may have If-Match and If-Unmodified-Since ignored")
    func originPreconditions() throws {
        let head = try stored(["Cache-Control: max-age=60"] + Self.both)
        var policy = CachingPolicy()
        policy.evaluatesOriginPreconditions = false
        for line in ["If-Match: \"b\"", "If-Unmodified-Since: {-51}"] {
            #expect(Preconditions.evaluate(request: request([line]), stored: head, policy: policy) == .proceed)
        }
        let mixed = request(["If-Match: \"b\"", "If-None-Match: \"a\""])
        #expect(Preconditions.evaluate(request: mixed, stored: head, policy: policy) == .notModified)
    }

    @Test(
        "If-Range compares strongly, §13.1.5",
        arguments: [
            (["ETag: \"a\""], ["If-Range: \"a\""], true), (["ETag: \"a\""], ["If-Range: \"b\""], false),
            (["ETag: \"a\""], ["If-Range: W/\"a\""], false), (["ETag: W/\"a\""], ["If-Range: \"a\""], false),
            (["ETag: W/\"a\""], ["If-Range: W/\"a\""], false), (["Last-Modified: {-50}"], ["If-Range: {-50}"], true),
            (["Last-Modified: {-50}"], ["If-Range: {-49}"], false), (["Last-Modified: {-50}"], ["If-Range: {-51}"], false),
            (["Last-Modified: {-1}"], ["If-Range: {-1}"], true), (["Last-Modified: {+0}"], ["If-Range: {+0}"], false),
            (["ETag: \"a\""], ["If-Range: {-50}"], false), (["ETag: \"a\""], ["If-Range: junk"], false),
            (["ETag: \"a\""], ["If-Range: \"a\"", "If-Range: \"a\""], false), (["ETag: \"a\""], [], true), ([], ["If-Range: \"a\""], false),
        ] as [([String], [String], Bool)]
    )
    func ifRange(response: [String], condition: [String], expected: Bool) throws {
        let head = try stored(["Cache-Control: max-age=60"] + response)
        let asking = request(condition + ["Range: bytes=0-4"])
        #expect(Preconditions.allowsRange(request: asking, stored: head) == expected)
        let plan = RangePlan.make(request: asking, stored: head, policy: CachingPolicy())
        #expect((plan == .whole) == !expected)
    }

    @Test("a 304 has the fields that RFC 9110 §15.4.5 asks for and none that describe a body")
    func notModifiedFields() throws {
        let all = [
            "Cache-Control: max-age=60", "Content-Location: /x", "Date: {-1}", "ETag: \"a\"", "Expires: {+60}", "Vary: A",
            "Last-Modified: {-50}",
            "Content-Type: a/b", "Content-Length: 5", "Content-Encoding: gzip", "Content-Language: en", "Access-Control-Allow-Origin: *",
            "Accept-Ranges: bytes",
        ]
        let head = try stored(all)
        let names = NotModifiedResponse.fields(from: head.fields).map(\.name.canonicalName)
        #expect(Set(names) == ["cache-control", "content-location", "date", "etag", "expires", "vary", "access-control-allow-origin"])
        let untagged = try stored(all.filter { !$0.hasPrefix("ETag") })
        #expect(NotModifiedResponse.fields(from: untagged.fields).contains(.lastModified))
    }

    @Test(
        "an entity tag is read strictly, RFC 9110 §8.8.3",
        arguments: [
            ("\"a\"", true), ("W/\"a\"", true), ("\"\"", true), (" \"a\" ", true), ("\"é\"", true), ("a", false), ("\"a", false),
            ("a\"", false),
            ("\"", false), ("", false), ("w/\"a\"", false), ("W/a", false), ("W/", false), ("\"a\"b", false), ("\"a\"b\"", false),
            ("\"a\t\"", false), ("W /\"a\"", false), ("\"\u{7F}\"", false),
        ]
    )
    func entityTag(text: String, isValid: Bool) {
        #expect((EntityTag(text) != nil) == isValid)
    }
}
