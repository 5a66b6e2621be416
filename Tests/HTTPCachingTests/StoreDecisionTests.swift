// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPTypes
import Testing

@testable import HTTPCaching

@Suite("Storing, RFC 9111 §3")
struct StoreDecisionTests {
    struct Row: TableRow {
        let section: String
        let status: Int
        let method: String
        let request: [String]
        let lines: [String]
        let expected: String
        var title: String { "\(method) \(request) → \(status) \(lines)" }

        init(_ section: String, _ lines: [String], status: Int = 200, method: String = "GET", request: [String] = [], is expected: String) {
            self.section = section
            self.status = status
            self.method = method
            self.request = request
            self.lines = lines
            self.expected = expected
        }
    }

    static let fresh = ["Cache-Control: max-age=60"]
    static let rows: [Row] = [
        // Methods
        Row("§3", fresh, is: "store"),
        Row("§3", fresh, method: "HEAD", is: "method"),
        Row("§3", fresh, method: "POST", is: "method"),
        Row("§3", fresh, method: "PUT", is: "method"),
        Row("§3", fresh, method: "OPTIONS", is: "method"),
        Row("§3", fresh, method: "get", is: "method"),
        Row("§3", fresh, method: "FOO", is: "method"),
        // Status codes
        Row("§3", fresh, status: 100, is: "interim-status"),
        Row("RFC 8297 §2", fresh, status: 103, is: "interim-status"),
        Row("RFC 9110 §15.2", fresh, status: 199, is: "interim-status"),
        Row("RFC 9110 §15", fresh, status: 99, is: "invalid-status"),
        Row("RFC 9110 §15", fresh, status: 600, is: "invalid-status"),
        Row("RFC 9110 §15", fresh, status: -1, is: "invalid-status"),
        Row("RFC 9110 §15", fresh, status: .max, is: "invalid-status"),
        Row("§4.3.4", fresh, status: 304, is: "not-modified"),
        Row("§3", fresh, status: 299, is: "store"),
        Row("§3", fresh, status: 599, is: "store"),
        Row("§3", fresh, status: 302, is: "store"),
        Row("§3", fresh, status: 500, is: "store"),
        Row("§3", ["Expires: {+60}"], status: 302, is: "store"),
        Row("§3", ["Cache-Control: s-maxage=60"], status: 302, is: "store"),
        Row("§3", ["Cache-Control: public", "ETag: \"a\""], status: 302, is: "store"),
        Row("§3", ["ETag: \"a\""], status: 302, is: "not-explicit"),
        Row("§3", ["Last-Modified: {-1000}"], status: 201, is: "not-explicit"),
        Row("§3", ["Last-Modified: {-1000}"], status: 299, is: "not-explicit"),
        Row("§3", ["Last-Modified: {-1000}"], status: 403, is: "not-explicit"),
        Row("§3", ["Last-Modified: {-1000}"], status: 500, is: "not-explicit"),
        Row("RFC 9110 §15.5.13", fresh, status: 412, is: "status-about-request"),
        Row("RFC 9110 §15.5.17", fresh, status: 416, is: "status-about-request"),
        Row("RFC 6585 §3", fresh, status: 428, is: "status-about-request"),
        Row("RFC 6585 §4", fresh, status: 429, is: "status-about-request"),
        Row("RFC 6585 §6", fresh, status: 511, is: "status-about-request"),
        Row("RFC 6585 §5", fresh, status: 431, is: "status-about-request"),
        Row("RFC 9110 §15.5.8", fresh, status: 407, is: "status-about-request"),
        // no-store
        Row("§5.2.2.5", ["Cache-Control: no-store"], is: "no-store"),
        Row("§5.2.2.5", ["Cache-Control: No-StOrE, max-age=60"], is: "no-store"),
        Row("§5.2.2.5", ["Cache-Control: max-age=60", "Cache-Control: no-store"], is: "no-store"),
        Row("§5.2.2.5", ["Cache-Control: max-age=60, ext=\"no-store\""], is: "store"),
        Row("§5.2.1.5", fresh, request: ["Cache-Control: no-store"], is: "request-no-store"),
        Row("§5.4", ["Pragma: no-cache", "Cache-Control: max-age=60"], is: "store"),
        // must-understand
        Row("§5.2.2.3", ["Cache-Control: must-understand, no-store, max-age=60"], is: "store"),
        Row("§5.2.2.3", ["Cache-Control: must-understand, max-age=60"], status: 299, is: "status-not-understood"),
        Row("§5.2.2.3", ["Cache-Control: must-understand, no-store, max-age=60"], status: 299, is: "status-not-understood"),
        Row("§5.2.2.3", ["Cache-Control: must-understand, max-age=60"], status: 404, is: "store"),
        // private
        Row("§5.2.2.7", ["Cache-Control: private"], is: "private"),
        Row("§5.2.2.7", ["Cache-Control: private, max-age=60"], is: "private"),
        Row("§5.2.2.7", ["Cache-Control: private, public, max-age=60"], is: "private"),
        Row("§5.2.2.7", ["Cache-Control: private=\"X-A\", max-age=60"], is: "store"),
        Row("§5.2.2.7", ["Cache-Control: private=\"X-A\", private, max-age=60"], is: "private"),
        // Authorization
        Row("§3.5", fresh, request: ["Authorization: Basic x"], is: "authorization"),
        Row("§3.5", ["Cache-Control: public, max-age=60"], request: ["Authorization: Basic x"], is: "store"),
        Row("§3.5", ["Cache-Control: s-maxage=60"], request: ["Authorization: Basic x"], is: "store"),
        Row("§3.5", ["Cache-Control: must-revalidate, max-age=60"], request: ["Authorization: Basic x"], is: "store"),
        Row("§3.5", ["Cache-Control: proxy-revalidate, max-age=60"], request: ["Authorization: Basic x"], is: "authorization"),
        Row("§3.5", ["Expires: {+60}"], request: ["Authorization: Basic x"], is: "authorization"),
        Row("§3.5", ["Last-Modified: {-1000}"], request: ["Authorization: Basic x"], is: "authorization"),
        // Vary
        Row("§4.1", fresh + ["Vary: *"], is: "vary-star"),
        Row("§4.1", fresh + ["Vary: Accept, *"], is: "vary-star"),
        Row("§4.1", fresh + ["Vary: *, Accept"], is: "vary-star"),
        Row("§4.1", fresh + ["Vary: Accept", "Vary: *"], is: "vary-star"),
        Row("§4.1", fresh + ["Vary: Accept Encoding"], is: "vary-star"),
        Row("§4.1", fresh + ["Vary: Accept"], is: "store"),
        Row("§4.1", fresh + ["Vary: "], is: "store"),
        // Useless
        Row("§3", ["X: y"], is: "unusable"),
        Row("§3", ["Cache-Control: max-age=0"], is: "unusable"),
        Row("§3", ["Cache-Control: max-age=60", "Age: 60"], is: "unusable"),
        Row("§3", ["Expires: 0"], is: "unusable"),
        Row("§3", ["Cache-Control: max-age=0", "ETag: \"a\""], is: "store"),
        Row("§3", ["Cache-Control: max-age=0", "Last-Modified: {-10}"], is: "store"),
        Row("§3", ["Cache-Control: no-cache", "ETag: \"a\""], is: "store"),
        Row("RFC 5861 §3", ["Cache-Control: max-age=0, stale-while-revalidate=60"], is: "store"),
        Row("RFC 5861 §4", ["Cache-Control: max-age=0, stale-if-error=60"], is: "store"),
        Row("RFC 5861 §4", ["Cache-Control: max-age=0, stale-if-error=60, must-revalidate"], is: "unusable"),
        // Set-Cookie
        Row("§7.3", fresh + ["Set-Cookie: a=b"], is: "store"),
        Row("§7.3", ["Last-Modified: {-1000}", "Set-Cookie: a=b"], is: "set-cookie"),
        Row("§7.3", ["Cache-Control: public", "Last-Modified: {-1000}", "Set-Cookie: a=b"], is: "store"),
        // Partial
        Row("§3.3", fresh + ["Content-Range: bytes 0-9/100"], status: 206, is: "store"),
        Row("§3.3", fresh + ["Content-Range: bytes 0-9/*"], status: 206, is: "store"),
        Row("§3.3", fresh + ["Content-Range: bytes 0-9/100", "Content-Length: 10"], status: 206, is: "store"),
        Row("§3.3", fresh + ["Content-Range: bytes 0-9/100", "Content-Length: 11"], status: 206, is: "partial-unsupported"),
        Row("§3.3", fresh, status: 206, is: "partial-unsupported"),
        Row("§3.3", fresh + ["Content-Range: bytes */100"], status: 206, is: "partial-unsupported"),
        Row("§3.3", fresh + ["Content-Range: bytes 9-0/100"], status: 206, is: "partial-unsupported"),
        Row("§3.3", fresh + ["Content-Range: bytes 0-100/100"], status: 206, is: "partial-unsupported"),
        Row("§3.3", fresh + ["Content-Range: seconds 0-9/100"], status: 206, is: "partial-unsupported"),
        Row("§3.3", fresh + ["Content-Range: bytes 0-9/100", "Content-Range: bytes 0-9/100"], status: 206, is: "partial-unsupported"),
        Row("§3.3", fresh + ["Content-Type: multipart/byteranges; boundary=x"], status: 206, is: "partial-unsupported"),
        // Targeted fields
        Row("RFC 9213 §2.2", ["CDN-Cache-Control: no-store", "Cache-Control: max-age=60"], is: "no-store"),
        Row("RFC 9213 §2.2", ["CDN-Cache-Control: private", "Cache-Control: max-age=60"], is: "private"),
        Row("RFC 9213 §2.2", ["CDN-Cache-Control: max-age=60", "Cache-Control: no-store"], is: "store"),
        Row("RFC 9213 §2.2", ["CDN-Cache-Control: max-age=60", "Cache-Control: private"], is: "store"),
        Row("RFC 9213 §2.2", ["CDN-Cache-Control: max-age=60,", "Cache-Control: no-store"], is: "no-store"),
        Row("RFC 9213 §2.2", ["CDN-Cache-Control: public, max-age=60"], request: ["Authorization: x"], is: "store"),
        Row(
            "RFC 9213 §2.2",
            ["CDN-Cache-Control: max-age=60", "Cache-Control: public"],
            request: ["Authorization: x"],
            is: "authorization"
        ),
        // Conditions and ranges of the request do not hinder
        Row("§3", fresh, request: ["Range: bytes=0-1", "If-None-Match: \"x\""], is: "store"),
        Row("§3", fresh, request: ["Cache-Control: no-cache"], is: "store"),
    ]

    @Test("what may be stored is stored, and each refusal has its reason", arguments: rows)
    func decision(row: Row) {
        #expect(describe(storing(row.lines, status: row.status, request: row.request, method: row.method)) == row.expected)
    }

    @Test("a private cache keeps what a shared one may not")
    func privateCache() {
        var policy = CachingPolicy()
        policy.isShared = false
        #expect(describe(storing(["Cache-Control: private, max-age=60"], policy: policy)) == "store")
        #expect(describe(storing(["Cache-Control: max-age=60"], request: ["Authorization: x"], policy: policy)) == "store")
        #expect(describe(storing(["Cache-Control: private", "ETag: \"a\""], status: 302, policy: policy)) == "store")
        #expect(describe(storing(["Cache-Control: no-store"], policy: policy)) == "no-store")
    }

    @Test("the operator decides on cookies")
    func cookies() throws {
        let explicit = ["Cache-Control: max-age=60", "Set-Cookie: a=b"]
        let heuristic = ["Last-Modified: {-1000}", "Set-Cookie: a=b"]
        var policy = CachingPolicy()
        for (rule, first, second) in [
            (.store, "store", "store"), (.storeWhenExplicit, "store", "set-cookie"), (.refuse, "set-cookie", "set-cookie"),
            (.strip, "store", "store"),
        ] as [(CachingPolicy.SetCookieRule, String, String)] {
            policy.setCookie = rule
            #expect(describe(storing(explicit, policy: policy)) == first, "\(rule)")
            #expect(describe(storing(heuristic, policy: policy)) == second, "\(rule)")
        }
        policy.setCookie = .strip
        #expect(!(try stored(explicit, policy: policy).fields.contains(.setCookie)))
        policy.setCookie = .store
        #expect(try stored(explicit, policy: policy).fields.contains(.setCookie))
    }

    @Test(
        "a document under the name of a static file is refused where the guard is on",
        arguments: [
            ("/account/x.css", "text/html", "type-mismatch"), ("/account/x.CSS?a.html", "text/html; charset=utf-8", "type-mismatch"),
            ("/a.png", "application/json", "type-mismatch"), ("/a.css", "text/css", "store"), ("/a.html", "text/html", "store"),
            ("/a", "text/html", "store"), ("/x.css/a", "text/html", "store"), ("/a?x.css", "text/html", "store"),
            ("", "text/html", "store"),
        ]
    )
    func deception(path: String, type: String, expected: String) {
        var policy = CachingPolicy()
        let lines = ["Cache-Control: max-age=60", "Content-Type: \(type)"]
        #expect(describe(storing(lines, path: path, policy: policy)) == "store")
        policy.guardsAgainstDeception = true
        #expect(describe(storing(lines, path: path, policy: policy)) == expected)
    }

    struct FieldRow: TableRow {
        let section: String
        let lines: [String]
        let kept: [String]
        var title: String { lines.joined(separator: " | ") }

        init(_ section: String, _ lines: [String], keeps kept: [String]) {
            self.section = section
            self.lines = lines
            self.kept = kept
        }
    }

    static let fieldRows: [FieldRow] = [
        FieldRow("§3.1", ["A: 1", "B: 2", "A: 3"], keeps: ["A: 1", "B: 2", "A: 3"]),
        FieldRow("§3.1", ["Connection: close", "A: 1"], keeps: ["A: 1"]),
        FieldRow("§3.1", ["Connection: A, b", "A: 1", "B: 2", "C: 3"], keeps: ["C: 3"]),
        FieldRow("§3.1", ["Connection: a", "Connection: B", "A: 1", "B: 2"], keeps: []),
        FieldRow("§3.1", ["Keep-Alive: 5", "TE: x", "Transfer-Encoding: chunked", "Upgrade: h2c", "Proxy-Connection: x"], keeps: []),
        FieldRow("§3.1", ["Proxy-Authenticate: x", "Proxy-Authentication-Info: x", "WWW-Authenticate: y"], keeps: ["WWW-Authenticate: y"]),
        FieldRow("§5.1", ["Age: 0", "A: 1"], keeps: ["A: 1"]),
        FieldRow("RFC 9110 §6.5", ["Trailer: X", "A: 1"], keeps: ["A: 1"]),
        FieldRow(
            "§5.2.2.7",
            ["Cache-Control: private=\"a, C\"", "A: 1", "B: 2", "c: 3"],
            keeps: ["Cache-Control: private=\"a, C\"", "B: 2"]
        ),
        FieldRow("§5.2.2.4", ["Cache-Control: no-cache=\"a\"", "A: 1"], keeps: ["Cache-Control: no-cache=\"a\"", "A: 1"]),
        FieldRow(
            "RFC 9110 §7.6.1",
            ["Connection: cache-control, vary, etag", "Vary: X", "ETag: \"x\""],
            keeps: ["Vary: X", "ETag: \"x\""]
        ),
        FieldRow("§5.2.3", ["CDN-Cache-Control: max-age=60", "A: 1"], keeps: ["CDN-Cache-Control: max-age=60", "A: 1"]),
    ]

    @Test("fields that end here, and no others, are left out", arguments: fieldRows)
    func storedFields(row: FieldRow) throws {
        let head = try stored(["Expires: {+60}"] + row.lines)
        let kept = lines(head.fields).filter { !$0.hasPrefix("Date:") && !$0.hasPrefix("Expires:") }
        #expect(kept == row.kept)
    }

    @Test(
        "a response without a readable date gets the time of its arrival, RFC 9110 §6.6.1",
        arguments: [[], ["Date: junk"], ["Date: "]]
    )
    func missingDate(dates: [String]) throws {
        guard case .store(let head) = storing(["Cache-Control: max-age=60"] + dates, addsDate: false) else {
            throw NotStored(reason: .unusable)
        }
        #expect(head.fields[values: .date] == [date()])
        #expect(head.date == arrival)
    }

    @Test("a body that is not complete is marked so until the right number of bytes has arrived, §3.3")
    func completion() {
        guard case .store(var head) = storing(["Cache-Control: max-age=60", "Content-Length: 10"]) else {
            Issue.record("not stored")
            return
        }
        #expect(head.rules.contains(.incomplete))
        let tooShort = head.complete(bodyByteCount: 9)
        #expect(!tooShort)
        #expect(head.rules.contains(.incomplete))
        let right = head.complete(bodyByteCount: 10, trailers: fields(["X-Sum: 1", "Connection: x"]))
        #expect(right)
        #expect(!head.rules.contains(.incomplete))
        #expect(lines(head.trailers) == ["X-Sum: 1"])
    }

    @Test("too many fields or too long a secondary key are refused")
    func limits() {
        let many = (0...CachingLimits.maxStoredFieldCount).map { "X-\($0): y" }
        #expect(describe(storing(["Cache-Control: max-age=60"] + many)) == "too-large")
        let long = String(repeating: "x", count: CachingLimits.maxSecondaryKeyBytes)
        #expect(describe(storing(["Cache-Control: max-age=60", "Vary: A"], request: ["A: \(long)"])) == "too-large")
        let names = (0...CachingLimits.maxVaryNameCount).map { "n\($0)" }.joined(separator: ",")
        #expect(describe(storing(["Cache-Control: max-age=60", "Vary: \(names)"])) == "vary-star")
    }

    @Test("names of reasons are distinct, short and stable")
    func names() {
        let all =
            NoStoreReason.allCases.map(\.rawValue) + StaleReason.allCases.map(\.rawValue) + MissReason.allCases.map(\.rawValue)
            + ValidationReason.allCases.map(\.rawValue) + FreshnessLifetime.Source.allCases.map(\.rawValue)
            + Revalidation.Mismatch.allCases.map(\.rawValue) + PartialCombination.Refusal.allCases.map(\.rawValue)
        for name in all {
            #expect(name.utf8.allSatisfy { ASCII.isLetter($0) && $0 == ASCII.lowercased($0) || $0 == ASCII.minus }, "\(name)")
            #expect(name.utf8.count <= 24, "\(name)")
        }
    }
}
