// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPTypes
import Testing

@testable import HTTPCaching

private func text(_ uri: TargetURI) -> String {
    String(decoding: uri.originBytes + uri.pathAndQuery, as: UTF8.self)
}

@Suite("Invalidation, RFC 9111 §4.4 and RFC 9875")
struct InvalidationTests {
    struct Row: TableRow {
        let section: String
        let method: String
        let status: Int
        let lines: [String]
        let expected: [String]
        var title: String { "\(method) \(status) \(lines)" }

        init(_ section: String, _ method: String = "POST", _ status: Int = 200, _ lines: [String] = [], is expected: [String]) {
            self.section = section
            self.method = method
            self.status = status
            self.lines = lines
            self.expected = expected
        }
    }

    static let target = "http://a.example/dir/x?q=1"
    static let rows: [Row] = [
        Row("§4.4", "POST", is: [target]),
        Row("§4.4", "PUT", is: [target]),
        Row("§4.4", "DELETE", is: [target]),
        Row("§4.4", "PATCH", is: [target]),
        Row("§4.4", "M-SEARCH", is: [target]),
        Row("§4.4", "FOO", is: [target]),
        Row("§4.4", "get", is: [target]),
        Row("§4.4", "GET", is: []),
        Row("§4.4", "HEAD", is: []),
        Row("§4.4", "OPTIONS", is: []),
        Row("§4.4", "TRACE", is: []),
        Row("§4.4", "POST", 201, is: [target]),
        Row("§4.4", "POST", 204, is: [target]),
        Row("§4.4", "POST", 303, is: [target]),
        Row("§4.4", "POST", 399, is: [target]),
        Row("§4.4", "POST", 100, is: []),
        Row("§4.4", "POST", 400, is: []),
        Row("§4.4", "POST", 404, is: []),
        Row("§4.4", "POST", 500, is: []),
        Row("§4.4", "POST", 200, ["Location: /y"], is: [target, "http://a.example/y"]),
        Row("§4.4", "POST", 200, ["Location: y"], is: [target, "http://a.example/dir/y"]),
        Row("§4.4", "POST", 200, ["Location: ../y"], is: [target, "http://a.example/y"]),
        Row("§4.4", "POST", 200, ["Location: ?q=2"], is: [target, "http://a.example/dir/x?q=2"]),
        Row("§4.4", "POST", 200, ["Location: http://a.example/y"], is: [target, "http://a.example/y"]),
        Row("§4.4", "POST", 200, ["Location: HTTP://A.Example:80/y"], is: [target, "http://a.example/y"]),
        Row("§4.4", "POST", 200, ["Location: //a.example/y"], is: [target, "http://a.example/y"]),
        Row("§4.4", "POST", 200, ["Content-Location: /y"], is: [target, "http://a.example/y"]),
        Row("§4.4", "POST", 200, ["Location: /y", "Content-Location: /z"], is: [target, "http://a.example/y", "http://a.example/z"]),
        Row("§4.4", "POST", 200, ["Location: /y", "Content-Location: /y"], is: [target, "http://a.example/y"]),
        Row("§4.4", "POST", 200, ["Location: /dir/x?q=1"], is: [target]),
        Row("§4.4", "POST", 200, ["Location: /y#frag"], is: [target, "http://a.example/y"]),
        Row("§4.4", "POST", 400, ["Location: /y"], is: []),
        Row("§4.4", "GET", 200, ["Content-Location: /y"], is: []),
        // Another origin
        Row("§4.4", "POST", 200, ["Location: http://b.example/y"], is: [target]),
        Row("§4.4", "POST", 200, ["Location: https://a.example/y"], is: [target]),
        Row("§4.4", "POST", 200, ["Location: http://a.example:8080/y"], is: [target]),
        Row("§4.4", "POST", 200, ["Location: //b.example/y"], is: [target]),
        Row("§4.4", "POST", 200, ["Location: http://a.example@b.example/y"], is: [target]),
        Row("§4.4", "POST", 200, ["Location: http://u@a.example/y"], is: [target]),
        Row("§4.4", "POST", 200, ["Location: ftp://a.example/y"], is: [target]),
        Row("§4.4", "POST", 200, ["Location: http:/y"], is: [target]),
        Row("§4.4", "POST", 200, ["Location: http://"], is: [target]),
        Row("§4.4", "POST", 200, ["Location: a b"], is: [target]),
    ]

    @Test("unsafe methods without error invalidate the target and what is named on its origin", arguments: rows)
    func targets(row: Row) throws {
        let uri = try #require(TargetURI(Self.target))
        let invalidation = Invalidation(
            method: CacheRequest.Method(row.method),
            target: uri,
            status: row.status,
            fields: fields(row.lines)
        )
        #expect(invalidation.targets.map(text) == row.expected)
        #expect(invalidation.isEmpty == row.expected.isEmpty)
    }

    @Test(
        "groups are a list of strings, RFC 9875 §2",
        arguments: [
            (["\"a\", \"b\""], ["a", "b"]), (["\"a\"", "\"b\""], ["a", "b"]), (["\"a\";x=1, \"a\""], ["a"]),
            (["\"A\", \"a\""], ["A", "a"]),
            (["a"], []), (["\"a\", b"], []), (["\"a\", 1"], []), (["(\"a\")"], []), (["\"a"], []), ([""], []), ([], []), (["\"\""], [""]),
            (["\"a b\""], ["a b"]),
        ] as [([String], [String])]
    )
    func groups(values: [String], expected: [String]) throws {
        #expect(CacheGroups.groups(of: fields(values.map { "Cache-Groups: \($0)" })) == expected)
        let uri = try #require(TargetURI(Self.target))
        let lines = fields(values.map { "Cache-Group-Invalidation: \($0)" })
        #expect(Invalidation(method: .unsafe, target: uri, status: 200, fields: lines).groups == expected)
        // RFC 9875 §3: nothing on answers to safe methods.
        #expect(Invalidation(method: .get, target: uri, status: 200, fields: lines).groups == [])
        #expect(Invalidation(method: .otherSafe, target: uri, status: 200, fields: lines).groups == [])
    }

    @Test("at least 32 groups of 32 characters are read, RFC 9875 §2")
    func groupLimits() {
        let names = (0..<200).map { String(repeating: "g", count: 28) + String(1000 + $0) }
        let value = names.map { "\"\($0)\"" }.joined(separator: ", ")
        #expect(CacheGroups.groups(of: fields(["Cache-Groups: \(value)"])) == Array(names.prefix(CachingLimits.maxCacheGroupCount)))
        #expect(CachingLimits.maxCacheGroupCount >= 32 && CachingLimits.maxCacheGroupBytes >= 32)
    }

    @Test(
        "tags are separated as each field does it",
        arguments: [
            (["Surrogate-Key: a b  c"], ["a", "b", "c"]), (["Cache-Tag: a, b c,,d "], ["a", "b c", "d"]),
            (["Surrogate-Key: a", "Cache-Tag: a,b"], ["a", "b"]),
            (["Surrogate-Key: a,b"], ["a,b"]), (["X: a"], []), (["Surrogate-Key: "], []), (["Cache-Tag: A,a"], ["A", "a"]),
        ] as [([String], [String])]
    )
    func tags(lines: [String], expected: [String]) {
        #expect(PurgeTags.tags(of: fields(lines)).map { String(decoding: $0, as: UTF8.self) } == expected)
    }

    @Test(
        "references are resolved as RFC 3986 §5.4 shows",
        arguments: [
            ("g", "http://a/b/c/g"), ("./g", "http://a/b/c/g"), ("g/", "http://a/b/c/g/"), ("/g", "http://a/g"), ("//g", "http://g/"),
            ("?y", "http://a/b/c/d;p?y"), ("g?y", "http://a/b/c/g?y"), ("#s", "http://a/b/c/d;p?q"), ("g#s", "http://a/b/c/g"),
            ("g?y#s", "http://a/b/c/g?y"), (";x", "http://a/b/c/;x"), ("g;x", "http://a/b/c/g;x"), ("", "http://a/b/c/d;p?q"),
            (".", "http://a/b/c/"), ("./", "http://a/b/c/"), ("..", "http://a/b/"), ("../", "http://a/b/"), ("../g", "http://a/b/g"),
            ("../..", "http://a/"), ("../../", "http://a/"), ("../../g", "http://a/g"), ("../../../g", "http://a/g"),
            ("../../../../g", "http://a/g"), ("/./g", "http://a/g"), ("/../g", "http://a/g"), ("g.", "http://a/b/c/g."),
            (".g", "http://a/b/c/.g"),
            ("g..", "http://a/b/c/g.."), ("..g", "http://a/b/c/..g"), ("./../g", "http://a/b/g"), ("./g/.", "http://a/b/c/g/"),
            ("g/./h", "http://a/b/c/g/h"), ("g/../h", "http://a/b/c/h"), ("g;x=1/./y", "http://a/b/c/g;x=1/y"),
            ("g;x=1/../y", "http://a/b/c/y"),
            ("g?y/./x", "http://a/b/c/g?y/./x"), ("g?y/../x", "http://a/b/c/g?y/../x"), ("g#s/../x", "http://a/b/c/g"),
            ("g:h", nil), ("http:g", nil), ("mailto:x@y", nil),
        ] as [(String, String?)]
    )
    func references(reference: String, expected: String?) throws {
        let base = try #require(TargetURI("http://a/b/c/d;p?q"))
        #expect(URIReference(reference.utf8.span)?.resolved(against: base).map(text) == expected)
    }
}
