// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPTypes
import Testing

@testable import HTTPCaching

private func describe(_ plan: RangePlan) -> String {
    switch plan {
    case .whole: "whole"
    case .single(let range, let content): "\(range.first)-\(range.last) [\(content.fieldValue)]"
    case .multiple(let ranges, _): ranges.map { "\($0.first)-\($0.last)" }.joined(separator: " ")
    case .unsatisfiable(let content): "416 [\(content.fieldValue)]"
    case .notCovered: "not-covered"
    }
}

private func range(_ first: UInt64, _ last: UInt64) -> ByteRange {
    guard let range = ByteRange(first: first, last: last) else { preconditionFailure("no range in a test table") }
    return range
}

@Suite("Ranges, RFC 9110 §14")
struct RangeTests {
    struct Row: TableRow {
        let section: String
        let request: [String]
        let response: [String]
        let status: Int
        let method: String
        let expected: String
        var title: String { "\(method) \(request) of \(status) \(response)" }

        init(
            _ section: String,
            _ request: [String],
            of response: [String] = [],
            status: Int = 200,
            method: String = "GET",
            is expected: String
        ) {
            self.section = section
            self.request = request
            self.response = response
            self.status = status
            self.method = method
            self.expected = expected
        }

        init(_ section: String, _ value: String, is expected: String) {
            self.init(section, ["Range: \(value)"], is: expected)
        }
    }

    /// Responses have 1000 bytes unless they say otherwise.
    static let rows: [Row] = [
        Row("§14.2", [], is: "whole"),
        Row("§14.1.2", "bytes=0-499", is: "0-499 [bytes 0-499/1000]"),
        Row("§14.1.2", "bytes=500-999", is: "500-999 [bytes 500-999/1000]"),
        Row("§14.1.2", "bytes=500-", is: "500-999 [bytes 500-999/1000]"),
        Row("§14.1.2", "bytes=-300", is: "700-999 [bytes 700-999/1000]"),
        Row("§14.1.2", "bytes=-5000", is: "0-999 [bytes 0-999/1000]"),
        Row("§14.1.2", "bytes=0-", is: "0-999 [bytes 0-999/1000]"),
        Row("§14.1.2", "bytes=0-0", is: "0-0 [bytes 0-0/1000]"),
        Row("§14.1.2", "bytes=999-", is: "999-999 [bytes 999-999/1000]"),
        Row("§14.1.2", "bytes=900-5000", is: "900-999 [bytes 900-999/1000]"),
        Row("§14.1.2", "bytes=0-99999999999999999999999", is: "0-999 [bytes 0-999/1000]"),
        Row("§14.1", "BYTES=0-9", is: "0-9 [bytes 0-9/1000]"),
        Row("§14.1.1", "bytes= 0-9", is: "0-9 [bytes 0-9/1000]"),
        Row("§14.1.1", "bytes=,0-9,", is: "0-9 [bytes 0-9/1000]"),
        // 416
        Row("§15.5.17", "bytes=1000-", is: "416 [bytes */1000]"),
        Row("§15.5.17", "bytes=1000-2000", is: "416 [bytes */1000]"),
        Row("§15.5.17", "bytes=-0", is: "416 [bytes */1000]"),
        Row("§15.5.17", "bytes=99999999999999999999999-", is: "416 [bytes */1000]"),
        Row("§15.5.17", "bytes=1000-,2000-3000", is: "416 [bytes */1000]"),
        Row("§14.2", "bytes=1000-, 0-9", is: "0-9 [bytes 0-9/1000]"),
        // Invalid: ignored
        Row("§14.2", "bytes=9-0", is: "whole"),
        Row("§14.2", "bytes=0-9,9-0", is: "whole"),
        Row("§14.2", "bytes=", is: "whole"),
        Row("§14.2", "bytes=,", is: "whole"),
        Row("§14.2", "bytes=-", is: "whole"),
        Row("§14.2", "bytes=a-b", is: "whole"),
        Row("§14.2", "bytes=0", is: "whole"),
        Row("§14.2", "bytes=0-9-", is: "whole"),
        Row("§14.2", "bytes=--9", is: "whole"),
        Row("§14.2", "bytes=+0-9", is: "whole"),
        Row("§14.2", "bytes=0 - 9", is: "whole"),
        Row("§14.2", "bytes 0-9", is: "whole"),
        Row("§14.2", "bytes =0-9", is: "whole"),
        Row("§14.2", "seconds=0-9", is: "whole"),
        Row("§14.2", "0-9", is: "whole"),
        Row("§14.2", "", is: "whole"),
        Row("§14.2", ["Range: bytes=0-9", "Range: bytes=20-29"], is: "whole"),
        // Where ranges do not count
        Row("§14.2", ["Range: bytes=0-9"], method: "HEAD", is: "whole"),
        Row("§14.2", ["Range: bytes=0-9"], status: 404, is: "whole"),
        Row("§14.2", ["Range: bytes=0-9"], status: 203, is: "whole"),
        // Empty
        Row("§14.1.2", ["Range: bytes=0-"], of: ["Content-Length: 0"], is: "416 [bytes */0]"),
        Row("§14.1.2", ["Range: bytes=-5"], of: ["Content-Length: 0"], is: "whole"),
        Row("§14.1.2", ["Range: bytes=-0"], of: ["Content-Length: 0"], is: "416 [bytes */0]"),
        // Several
        Row("§15.3.7.2", "bytes=0-9,200-209", is: "0-9 200-209"),
        Row("§15.3.7.2", "bytes=200-209,0-9", is: "200-209 0-9"),
        Row("§15.3.7.2", "bytes=0-9,10-19", is: "0-19 [bytes 0-19/1000]"),
        Row("§15.3.7.2", "bytes=0-9,5-19", is: "0-19 [bytes 0-19/1000]"),
        Row("§15.3.7.2", "bytes=0-9,89-99", is: "0-99 [bytes 0-99/1000]"),
        Row("§15.3.7.2", "bytes=0-9,90-99", is: "0-9 90-99"),
        Row("§15.3.7.2", "bytes=500-509,0-9,505-520", is: "500-520 0-9"),
        Row("§15.3.7.2", "bytes=0-9,-10", is: "0-9 990-999"),
        Row("§15.3.7.2", "bytes=0-,0-,0-,0-", is: "0-999 [bytes 0-999/1000]"),
        Row(
            "§14.2",
            ["Range: bytes=" + (0..<17).map { "\($0 * 1000)-\($0 * 1000 + 1)" }.joined(separator: ",")],
            of: ["Content-Length: 100000"],
            is: "whole"
        ),
        Row("§14.2", ["Range: bytes=" + (0..<200).map { "\($0)-\($0)" }.joined(separator: ",")], is: "whole"),
        // From a stored part
        Row(
            "RFC 9111 §3.3",
            ["Range: bytes=100-199"],
            of: ["Content-Range: bytes 100-299/1000"],
            status: 206,
            is: "100-199 [bytes 100-199/1000]"
        ),
        Row(
            "RFC 9111 §3.3",
            ["Range: bytes=100-299"],
            of: ["Content-Range: bytes 100-299/*"],
            status: 206,
            is: "100-299 [bytes 100-299/*]"
        ),
        Row("RFC 9111 §3.3", ["Range: bytes=99-199"], of: ["Content-Range: bytes 100-299/1000"], status: 206, is: "not-covered"),
        Row("RFC 9111 §3.3", ["Range: bytes=200-300"], of: ["Content-Range: bytes 100-299/1000"], status: 206, is: "not-covered"),
        Row(
            "RFC 9111 §3.3",
            ["Range: bytes=200-"],
            of: ["Content-Range: bytes 100-999/1000"],
            status: 206,
            is: "200-999 [bytes 200-999/1000]"
        ),
        Row(
            "RFC 9111 §3.3",
            ["Range: bytes=-10"],
            of: ["Content-Range: bytes 100-999/1000"],
            status: 206,
            is: "990-999 [bytes 990-999/1000]"
        ),
        Row(
            "RFC 9111 §3.3",
            ["Range: bytes=200-5000"],
            of: ["Content-Range: bytes 100-999/1000"],
            status: 206,
            is: "200-999 [bytes 200-999/1000]"
        ),
        Row("RFC 9111 §3.3", ["Range: bytes=200-"], of: ["Content-Range: bytes 100-999/*"], status: 206, is: "not-covered"),
        Row("RFC 9111 §3.3", ["Range: bytes=-10"], of: ["Content-Range: bytes 100-999/*"], status: 206, is: "not-covered"),
        Row("RFC 9111 §3.3", [], of: ["Content-Range: bytes 0-299/1000"], status: 206, is: "not-covered"),
        Row("RFC 9111 §3.3", ["Range: bytes=100-110,200-210"], of: ["Content-Range: bytes 100-299/1000"], status: 206, is: "not-covered"),
    ]

    @Test("a Range is answered, ignored or refused by the grammar and the length", arguments: rows)
    func plan(row: Row) throws {
        let head = try stored(["Cache-Control: max-age=60"] + row.response, status: row.status)
        let asking = request(row.request, method: row.method)
        #expect(describe(RangePlan.make(request: asking, stored: head, policy: CachingPolicy())) == row.expected)
        if head.partial != nil {
            // The reuse decision and the plan agree on what a stored part can answer.
            let decision = ReuseDecision.decide(request: asking, stored: head, now: arrival, policy: CachingPolicy())
            #expect((decision == .miss(.partial)) == (row.expected == "not-covered"))
        }
    }

    @Test("a response whose length is not known is sent as a whole")
    func unknownLength() {
        guard case .store(let head) = storing(["Cache-Control: max-age=60"]) else {
            Issue.record("not stored")
            return
        }
        #expect(RangePlan.make(request: request(["Range: bytes=0-1"]), stored: head, policy: CachingPolicy()) == .whole)
    }

    @Test(
        "Content-Range is read strictly, §14.4",
        arguments: [
            ("bytes 0-9/100", true), ("bytes 0-9/*", true), ("bytes */100", true), ("BYTES 0-9/100", true), ("bytes 0-99/100", true),
            ("bytes */*", false), ("bytes 0-100/100", false), ("bytes 9-0/100", false), ("bytes 0-9", false), ("bytes 0-9/", false),
            ("bytes=0-9/100", false), ("bytes  0-9/100", false), ("bytes 0-9/100 ", false), ("bytes -9/100", false),
            ("bytes 0-/100", false),
            ("bytes 0/100", false), ("items 0-9/100", false), ("", false), ("bytes", false), ("bytes ", false), ("bytes 0-9/1x", false),
            ("bytes 0-9/99999999999999999999", false), ("bytes 0-0/0", false),
        ]
    )
    func contentRange(text: String, isValid: Bool) {
        let value = ContentRange(text)
        #expect((value != nil) == isValid)
        if let value { #expect(ContentRange(value.fieldValue) == value) }
    }

    @Test("what is there and what is missing, against a model of single bytes, for 2000 seeded sets")
    func coverage() {
        var random = SeededRandom(seed: 14)
        for _ in 0..<2000 {
            var coverage = RangeCoverage()
            var model: Set<UInt64> = []
            for _ in 0..<Int.random(in: 0...6, using: &random) {
                let first = UInt64.random(in: 0...40, using: &random)
                let last = first + UInt64.random(in: 0...10, using: &random)
                coverage.insert(range(first, last))
                model.formUnion(first...last)
            }
            #expect(Set(coverage.ranges.flatMap { $0.first...$0.last }) == model)
            for (left, right) in zip(coverage.ranges, coverage.ranges.dropFirst()) { #expect(left.last + 1 < right.first) }
            let first = UInt64.random(in: 0...40, using: &random)
            let wanted = range(first, first + UInt64.random(in: 0...20, using: &random))
            let missing = Set(coverage.missing(in: wanted).flatMap { $0.first...$0.last })
            #expect(missing == Set(wanted.first...wanted.last).subtracting(model))
            #expect(coverage.contains(wanted) == missing.isEmpty)
        }
    }

    @Test("coverage works at the end of the numbers")
    func coverageExtremes() {
        var coverage = RangeCoverage([range(0, .max)])
        coverage.insert(range(.max, .max))
        #expect(coverage.ranges == [range(0, .max)])
        #expect(coverage.missing(in: range(5, .max)).isEmpty)
        #expect(RangeCoverage([range(0, 4)]).missing(in: range(.max, .max)) == [range(.max, .max)])
        #expect(range(0, .max).count == .max)
    }

    @Test("coalescing covers the same bytes, for 2000 seeded sets")
    func coalescing() {
        var random = SeededRandom(seed: 15)
        for _ in 0..<2000 {
            let ranges = (0..<Int.random(in: 0...8, using: &random)).map { _ in
                let first = UInt64.random(in: 0...2000, using: &random)
                return range(first, first + UInt64.random(in: 0...300, using: &random))
            }
            let joined = RangeSet.coalesced(ranges)
            for one in ranges { #expect(joined.contains { $0.contains(one) }) }
            let sorted = joined.sorted { $0.first < $1.first }
            for (left, right) in zip(sorted, sorted.dropFirst()) {
                #expect(right.first > left.last + CachingLimits.rangeCoalescingGapBytes)
            }
        }
    }

    @Test("the parts of a multipart answer add up to its length, §14.6")
    func multipart() {
        let plan = MultipartPlan(
            ranges: [range(0, 9), range(200, 299)],
            completeLength: 1000,
            contentType: HTTPField(name: .contentType, value: "text/plain"),
            boundary: "XYZ"
        )
        var body: [UInt8] = []
        for part in plan.parts {
            body += part.head
            body += [UInt8](repeating: UInt8(ascii: "x"), count: Int(part.range.count))
        }
        body += plan.closing
        #expect(UInt64(body.count) == plan.bodyByteCount)
        let text = String(decoding: body, as: UTF8.self)
        let tens = String(repeating: "x", count: 10)
        let hundreds = String(repeating: "x", count: 100)
        #expect(
            text
                == "--XYZ\r\nContent-Type: text/plain\r\nContent-Range: bytes 0-9/1000\r\n\r\n\(tens)\r\n"
                + "--XYZ\r\nContent-Type: text/plain\r\nContent-Range: bytes 200-299/1000\r\n\r\n\(hundreds)\r\n--XYZ--\r\n"
        )
    }

    @Test(
        "parts are joined only under one strong validator, RFC 9111 §3.4",
        arguments: [
            (["ETag: \"a\""], 100, ["ETag: \"a\""], 100, "combine"), (["ETag: \"a\""], 100, ["ETag: \"b\""], 100, "validator-mismatch"),
            (["ETag: W/\"a\""], 100, ["ETag: W/\"a\""], 100, "no-strong-validator"), (["ETag: \"a\""], 100, [], 100, "no-strong-validator"),
            ([], 100, [], 100, "no-strong-validator"), (["Last-Modified: {-50}"], 100, ["Last-Modified: {-50}"], 100, "combine"),
            (["Last-Modified: {-50}"], 100, ["Last-Modified: {-49}"], 100, "validator-mismatch"),
            (["Last-Modified: {+0}"], 100, ["Last-Modified: {+0}"], 100, "no-strong-validator"),
            (["ETag: \"a\""], 100, ["ETag: \"a\""], 200, "length-mismatch"),
            (["ETag: \"a\"", "Last-Modified: {-50}"], 100, ["Last-Modified: {-50}"], 100, "no-strong-validator"),
        ] as [([String], Int, [String], Int, String)]
    )
    func combination(old: [String], oldLength: Int, new: [String], newLength: Int, expected: String) throws {
        let first = try stored(["Cache-Control: max-age=60", "Content-Range: bytes 0-9/\(oldLength)"] + old, status: 206)
        let second = try stored(["Cache-Control: max-age=60", "Content-Range: bytes 10-19/\(newLength)"] + new, status: 206)
        let result =
            switch PartialCombination.decide(stored: first, new: second) {
            case .combine: "combine"
            case .replace(let refusal): refusal.rawValue
            }
        #expect(result == expected)
        let whole = try stored(["Cache-Control: max-age=60"] + new)
        #expect(PartialCombination.decide(stored: first, new: whole) == .replace(.notPartial))
    }
}
