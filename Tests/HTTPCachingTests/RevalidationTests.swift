// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPTypes
import Testing

@testable import HTTPCaching

@Suite("Validation, RFC 9111 §4.3")
struct RevalidationTests {
    static let later = arrival.adding(seconds: 100)

    private func update(
        _ head: StoredHead,
        _ notModified: [String],
        request lines: [String] = [],
        policy: CachingPolicy = CachingPolicy(),
        addsDate: Bool = true
    ) -> Revalidation.Outcome {
        Revalidation.update(
            head,
            request: request(lines),
            notModified: fields(notModified + (addsDate ? ["Date: {+100}"] : [])),
            requestTime: Self.later,
            responseTime: Self.later,
            policy: policy
        )
    }

    @Test(
        "the validators of the stored response are sent, §4.3.1",
        arguments: [
            (["ETag: \"a\""], false, ["If-None-Match: \"a\""]), (["ETag: W/\"a\""], false, ["If-None-Match: W/\"a\""]),
            (["Last-Modified: {-50}"], false, ["If-Modified-Since: {-50}"]),
            (["ETag: \"a\"", "Last-Modified: {-50}"], false, ["If-None-Match: \"a\"", "If-Modified-Since: {-50}"]),
            (["ETag: \"a\"", "Last-Modified: {-50}"], true, ["If-None-Match: \"a\""]), (["ETag: a"], false, ["If-None-Match: a"]),
            (["Last-Modified: yesterday"], false, []), ([], false, []), (["ETag: \"a\"", "ETag: \"b\""], false, []),
        ] as [([String], Bool, [String])]
    )
    func conditions(response: [String], isRange: Bool, expected: [String]) throws {
        let head = try stored(["Cache-Control: max-age=60"] + response)
        #expect(lines(Revalidation.conditions(for: [head], isRangeRequest: isRange)) == lines(fields(expected)))
    }

    @Test("several stored responses are validated with all their entity tags, §4.3.1")
    func severalConditions() throws {
        let first = try stored(["Cache-Control: max-age=60", "ETag: \"a\"", "Last-Modified: {-5}"])
        let second = try stored(["Cache-Control: max-age=60", "ETag: W/\"b\""])
        let third = try stored(["Cache-Control: max-age=60"])
        #expect(lines(Revalidation.conditions(for: [first, second, third])) == ["If-None-Match: \"a\", W/\"b\""])
        #expect(Revalidation.conditions(for: []).isEmpty)
    }

    @Test("the client's own conditions and range do not go to the origin with a request for the cache")
    func requestFields() {
        let client = fields([
            "A: 1", "If-None-Match: \"x\"", "If-Match: *", "If-Modified-Since: {+0}", "If-Unmodified-Since: {+0}",
            "If-Range: \"x\"", "Range: bytes=0-1", "B: 2",
        ])
        let conditions = fields(["If-None-Match: \"y\""])
        #expect(lines(Revalidation.requestFields(client, conditions: conditions)) == ["A: 1", "B: 2", "If-None-Match: \"y\""])
        #expect(lines(Revalidation.requestFields(client, keepsRange: true)) == ["A: 1", "If-Range: \"x\"", "Range: bytes=0-1", "B: 2"])
        #expect(lines(Revalidation.requestFields(client, keepsConditions: true)).count == 6)
    }

    struct Row: TableRow {
        let section: String
        let response: [String]
        let notModified: [String]
        let expected: String
        var title: String { "\(response) ← 304 \(notModified)" }

        init(_ section: String, _ response: [String], _ notModified: [String], is expected: String) {
            self.section = section
            self.response = response
            self.notModified = notModified
            self.expected = expected
        }
    }

    static let matchRows: [Row] = [
        Row("§4.3.4", ["ETag: \"a\""], ["ETag: \"a\""], is: "updated"),
        Row("§4.3.4", ["ETag: \"a\""], ["ETag: \"b\""], is: "etag-mismatch"),
        Row("§4.3.4", ["ETag: W/\"a\""], ["ETag: W/\"a\""], is: "updated"),
        Row("§4.3.4", ["ETag: W/\"a\""], ["ETag: \"a\""], is: "etag-mismatch"),
        Row("§4.3.4", ["ETag: \"a\""], ["ETag: W/\"a\""], is: "updated"),
        Row("§4.3.4", ["ETag: \"a\""], [], is: "updated"),
        Row("§4.3.4", ["Last-Modified: {-50}"], ["Last-Modified: {-50}"], is: "updated"),
        Row("§4.3.4", ["Last-Modified: {-50}"], ["Last-Modified: {-40}"], is: "last-modified-mismatch"),
        Row("§4.3.4", ["Last-Modified: {-50}"], [], is: "updated"),
        Row("§4.3.4", ["ETag: \"a\"", "Last-Modified: {-50}"], ["Last-Modified: {-40}"], is: "updated"),
        Row("§4.3.4", ["Last-Modified: {-50}"], ["ETag: \"a\""], is: "no-validator"),
        Row("§4.3.4", ["Last-Modified: {-50}"], ["ETag: \"a\"", "Last-Modified: {-50}"], is: "updated"),
        Row("§4.3.4", [], ["ETag: \"a\""], is: "no-validator"),
        Row("§4.3.4", [], ["Last-Modified: {-50}"], is: "no-validator"),
        Row("§4.3.4", [], [], is: "updated"),
        Row("§5.2.2.5", ["ETag: \"a\""], ["Cache-Control: no-store"], is: "once no-store"),
        Row("§5.2.2.7", ["ETag: \"a\""], ["Cache-Control: private"], is: "once private"),
        Row("§4.1", ["ETag: \"a\""], ["Vary: *"], is: "once vary-star"),
    ]

    @Test("a 304 updates the response it speaks of, and no other", arguments: matchRows)
    func matching(row: Row) throws {
        let head = try stored(["Cache-Control: max-age=60"] + row.response)
        let result =
            switch update(head, row.notModified) {
            case .updated: "updated"
            case .serveOnce(_, let reason): "once \(reason.rawValue)"
            case .refused(let mismatch): mismatch.rawValue
            }
        #expect(result == row.expected)
    }

    struct FieldRow: TableRow {
        let section: String
        let old: [String]
        let new: [String]
        let expected: [String]
        var title: String { "\(old) ← \(new)" }

        init(_ section: String, _ old: [String], _ new: [String], is expected: [String]) {
            self.section = section
            self.old = old
            self.new = new
            self.expected = expected
        }
    }

    static let fieldRows: [FieldRow] = [
        FieldRow("§3.2", ["A: 1", "B: 2"], ["A: 3"], is: ["B: 2", "A: 3"]),
        FieldRow("§3.2", ["A: 1", "A: 2"], ["A: 3"], is: ["A: 3"]),
        FieldRow("§3.2", ["A: 1"], ["A: 3", "A: 4"], is: ["A: 3", "A: 4"]),
        FieldRow("§3.2", ["A: 1"], ["B: 2"], is: ["A: 1", "B: 2"]),
        FieldRow("§3.2", ["a: 1"], ["A: 2"], is: ["A: 2"]),
        FieldRow("§3.2", ["Content-Length: 1000"], ["Content-Length: 0"], is: ["Content-Length: 1000"]),
        FieldRow("§3.2", ["Content-Encoding: gzip"], ["Content-Encoding: br"], is: ["Content-Encoding: gzip"]),
        FieldRow("§3.2", ["A: 1"], ["Content-Range: bytes 0-1/2"], is: ["A: 1"]),
        FieldRow("§3.2", ["Content-Type: a/b"], ["Content-Type: c/d"], is: ["Content-Type: c/d"]),
        FieldRow("§3.2", ["Content-Location: /a"], ["Content-Location: /b"], is: ["Content-Location: /b"]),
        FieldRow("§3.2", ["Content-Language: a"], ["Content-Language: b"], is: ["Content-Language: b"]),
        FieldRow("§3.2", ["Set-Cookie: a=b"], ["Set-Cookie: c=d"], is: ["Set-Cookie: c=d"]),
        FieldRow("§3.2", ["X-Frame-Options: a"], ["X-Frame-Options: b"], is: ["X-Frame-Options: b"]),
        FieldRow("§3.1", ["A: 1"], ["Connection: a", "A: 2"], is: ["A: 1"]),
        FieldRow("§3.1", ["A: 1"], ["Keep-Alive: 5", "Transfer-Encoding: x", "Proxy-Authenticate: y"], is: ["A: 1"]),
        FieldRow("§3.1", ["A: 1"], ["Age: 5", "Trailer: x"], is: ["A: 1"]),
    ]

    @Test("the fields of a 304 replace those of the stored response, with the exceptions of §3.2", arguments: fieldRows)
    func fieldUpdate(row: FieldRow) throws {
        let head = try stored(["Cache-Control: max-age=60", "ETag: \"a\""] + row.old)
        guard case .updated(let new) = update(head, row.new) else {
            Issue.record("not updated")
            return
        }
        let kept = lines(new.fields).filter { !$0.hasPrefix("Cache-Control:") && !$0.hasPrefix("ETag:") && !$0.hasPrefix("Date:") }
        #expect(kept == row.expected)
        #expect(new.fields[values: .date] == [date(100)])
        #expect(new.bodyByteCount == head.bodyByteCount)
    }

    @Test("freshness and age begin anew with a 304")
    func freshness() throws {
        let head = try stored(["Cache-Control: max-age=60", "ETag: \"a\"", "Age: 30", "Expires: 0"])
        guard case .updated(let same) = update(head, []) else { throw NotStored(reason: .unusable) }
        #expect(same.currentAgeSeconds(at: Self.later) == 0)
        #expect(same.isFresh(at: Self.later.adding(seconds: 59)))
        guard case .updated(let aged) = update(head, ["Age: 7"]) else { throw NotStored(reason: .unusable) }
        #expect(aged.currentAgeSeconds(at: Self.later) == 7)
        guard case .updated(let longer) = update(head, ["Cache-Control: max-age=500, must-revalidate"]) else {
            throw NotStored(reason: .unusable)
        }
        #expect(longer.freshness.seconds == 500)
        #expect(longer.rules.contains(.neverStale))
        guard case .updated(let undated) = update(head, [], addsDate: false) else { throw NotStored(reason: .unusable) }
        #expect(undated.fields[values: .date] == [date(100)])
        #expect(undated.currentAgeSeconds(at: Self.later) == 0)
    }

    @Test("the rest of a stored response stays: trailers, body, part, completeness")
    func rest() throws {
        var head = try stored(["Cache-Control: max-age=60", "ETag: \"a\"", "Content-Range: bytes 0-9/20"], status: 206)
        head.trailers = fields(["X: 1"])
        guard case .updated(let new) = update(head, ["Cache-Control: max-age=9"]) else { throw NotStored(reason: .unusable) }
        #expect(new.trailers == head.trailers && new.partial == head.partial && new.status == 206)
        #expect(new.rules.contains(.partial) && !new.rules.contains(.incomplete))
    }

    @Test("a new Vary gets the selecting fields of the request")
    func newVary() throws {
        let head = try stored(["Cache-Control: max-age=60", "ETag: \"a\""])
        guard case .updated(let new) = update(head, ["Vary: A"], request: ["A: 1"]) else { throw NotStored(reason: .unusable) }
        #expect(new.isSelected(by: fields(["A: 1"])))
        #expect(!new.isSelected(by: fields(["A: 2"])))
    }

    @Test("a 304 to an authorized request does not make the response shareable, §3.5")
    func authorized() throws {
        let head = try stored(["Cache-Control: max-age=60", "ETag: \"a\""])
        guard case .serveOnce(let once, let reason) = update(head, [], request: ["Authorization: x"]) else {
            Issue.record("updated")
            return
        }
        #expect(reason == .authorization && reason.isAboutRequest)
        #expect(once.profile.verdict(at: Self.later) == .consult)
    }

    @Test("of several stored responses a 304 selects those that its validator names, §4.3.4")
    func selection() throws {
        func head(_ lines: String...) throws -> StoredHead { try stored(["Cache-Control: max-age=60"] + lines) }
        let all = [
            try head("ETag: \"a\"", "Date: {-9}"), try head("ETag: \"b\"", "Date: {-5}"), try head("ETag: \"a\"", "Date: {-3}"),
            try head("ETag: W/\"c\"", "Date: {-9}"), try head("ETag: W/\"c\"", "Date: {-2}"), try head("Last-Modified: {-50}"),
        ]
        func selected(_ lines: String..., from heads: [StoredHead]) -> [Int] {
            Revalidation.selected(heads, by: fields(lines), responseTime: Self.later, policy: CachingPolicy())
        }
        #expect(selected("ETag: \"a\"", from: all) == [0, 2])
        #expect(selected("ETag: \"x\"", from: all) == [])
        #expect(selected("ETag: W/\"c\"", from: all) == [4])
        #expect(selected("ETag: W/\"b\"", from: all) == [1])
        #expect(selected("ETag: \"c\"", from: all) == [])
        #expect(selected("Last-Modified: {-50}", from: all) == [5])
        #expect(selected("Last-Modified: {-51}", from: all) == [])
        #expect(selected(from: all) == [])
        #expect(selected(from: [all[0]]) == [0])
    }

    struct HeadRow: TableRow {
        let section = "§4.3.5"
        let response: [String]
        let head: [String]
        let status: Int
        let expected: String
        var title: String { "\(response) ← HEAD \(status) \(head)" }

        init(_ response: [String], _ head: [String], status: Int = 200, is expected: String) {
            self.response = response
            self.head = head
            self.status = status
            self.expected = expected
        }
    }

    static let headRows: [HeadRow] = [
        HeadRow(["ETag: \"a\""], ["ETag: \"a\""], is: "updated"),
        HeadRow(["ETag: \"a\""], ["ETag: \"b\""], is: "etag-mismatch"),
        HeadRow(["ETag: \"a\""], ["ETag: W/\"a\""], is: "etag-mismatch"),
        HeadRow(["ETag: \"a\""], [], is: "updated"),
        HeadRow([], ["ETag: \"a\""], is: "etag-mismatch"),
        HeadRow(["Last-Modified: {-5}"], ["Last-Modified: {-5}"], is: "updated"),
        HeadRow(["Last-Modified: {-5}"], ["Last-Modified: {-4}"], is: "last-modified-mismatch"),
        HeadRow(["Last-Modified: {-5}"], [], is: "updated"),
        HeadRow(["Content-Length: 10"], ["Content-Length: 10"], is: "updated"),
        HeadRow(["Content-Length: 10"], ["Content-Length: 11"], is: "content-length-mismatch"),
        HeadRow([], ["Content-Length: 11"], is: "content-length-mismatch"),
        HeadRow([], ["Content-Length: 1000"], is: "updated"),
        HeadRow([], [], is: "updated"),
        HeadRow([], [], status: 404, is: "status"),
        HeadRow([], [], status: 304, is: "status"),
    ]

    @Test("the answer to HEAD updates the stored answer to GET, or shows that it is outdated", arguments: headRows)
    func headAnswer(row: HeadRow) throws {
        let head = try stored(["Cache-Control: max-age=60"] + row.response)
        let outcome = Revalidation.update(
            head,
            request: request(method: "HEAD"),
            headStatus: row.status,
            headFields: fields(row.head + ["Cache-Control: max-age=60", "X: 1"]),
            requestTime: Self.later,
            responseTime: Self.later,
            policy: CachingPolicy()
        )
        switch outcome {
        case .updated(let new):
            #expect(row.expected == "updated")
            #expect(new.fields.contains { $0.name.canonicalName == "x" })
            #expect(new.isFresh(at: Self.later.adding(seconds: 59)))
        case .refused(let mismatch): #expect(mismatch.rawValue == row.expected)
        case .serveOnce: Issue.record("served once")
        }
    }
}
