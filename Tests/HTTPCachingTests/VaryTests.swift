// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPTypes
import Testing

@testable import HTTPCaching

@Suite("Vary and secondary keys, RFC 9111 §4.1")
struct VaryTests {
    @Test(
        "names are read in any case and order, each once",
        arguments: [
            (["Accept"], "accept"), (["Accept, Cookie"], "accept,cookie"), (["Cookie, Accept"], "accept,cookie"),
            (["Cookie", "ACCEPT"], "accept,cookie"), (["a, A, a"], "a"), (["a,,b, "], "a,b"), ([""], ""), ([], ""),
        ] as [([String], String)]
    )
    func names(values: [String], expected: String) {
        let vary = Vary(fields(values.map { "Vary: \($0)" }))
        #expect(vary.specification == expected)
        #expect(!vary.matchesNothing)
        #expect(vary.isEmpty == expected.isEmpty)
        #expect(Vary(specification: expected) == vary)
    }

    @Test(
        "an asterisk in any place, or what is no name, matches nothing",
        arguments: [["*"], ["*, a"], ["a, *"], ["a", "*"], ["*", "a"], ["a b"], ["a, \"b\""], ["a;q=1"], ["a:"]]
    )
    func matchesNothing(values: [String]) {
        #expect(Vary(fields(values.map { "Vary: \($0)" })).matchesNothing)
    }

    @Test("a specification in another form than it is written is refused", arguments: ["*", "b,a", "a, b", "A", "a,a", ","])
    func badSpecification(text: String) {
        #expect(Vary(specification: text) == nil)
    }

    struct Row: TableRow {
        let section: String
        let vary: String
        let first: [String]
        let second: [String]
        let match: Bool
        var title: String { "Vary: \(vary) \(first) \(match ? "=" : "≠") \(second)" }

        init(_ section: String, _ vary: String, _ first: [String], _ second: [String], match: Bool) {
            self.section = section
            self.vary = vary
            self.first = first
            self.second = second
            self.match = match
        }
    }

    static let rows: [Row] = [
        Row("§4.1", "A", [], [], match: true),
        Row("§4.1", "A", ["A: 1"], ["A: 1"], match: true),
        Row("§4.1", "A", ["A: 1"], ["A: 2"], match: false),
        Row("§4.1", "A", ["A: 1"], [], match: false),
        Row("§4.1", "A", ["A:"], [], match: false),
        Row("§4.1", "A", ["A: 1"], ["a: 1", "B: 2"], match: true),
        Row("§4.1", "A, B", ["A: 1", "B: 2"], ["B: 2", "A: 1"], match: true),
        Row("§4.1", "A, B", ["A: 1"], ["B: 1"], match: false),
        // Lines of one field are joined
        Row("§4.1", "A", ["A: 1", "A: 2"], ["A: 1, 2"], match: true),
        Row("§4.1", "A", ["A: 1", "A: 2"], ["A: 2", "A: 1"], match: false),
        // White space around the commas of what may be a list; case only where the field's meaning is known
        Row("§4.1", "A", ["A: 1,2"], ["A: 1, 2"], match: true),
        Row("§4.1", "A", ["A: 1,\t2 "], ["A: 1 , 2"], match: true),
        Row("§4.1", "A", ["A: \"1,2\""], ["A: \"1, 2\""], match: false),
        Row("§4.1", "A", ["A: 1 2"], ["A: 1  2"], match: false),
        Row("§4.1", "User-Agent", ["User-Agent: a,b"], ["User-Agent: a, b"], match: false),
        Row("§4.1", "A", ["A: x"], ["A: X"], match: false),
        Row("§4.1", "Cookie", ["Cookie: a=1; b=2"], ["Cookie: b=2; a=1"], match: false),
        Row("§4.1", "Accept", ["Accept: text/html,text/plain"], ["Accept: text/html , text/plain"], match: true),
        Row("§4.1", "Accept", ["Accept: text/html;q=1"], ["Accept: text/html ; q=1"], match: true),
        Row("§4.1", "Accept", ["Accept: text/html"], ["Accept: text/plain"], match: false),
        Row("§4.1", "Accept", ["Accept: a/b;x=\"1 ; 2\""], ["Accept: a/b;x=\"1;2\""], match: false),
        Row("§4.1", "Accept", ["Accept: a/b, c/d"], ["Accept: c/d, a/b"], match: false),
        Row("§4.1", "Accept-Language", ["Accept-Language: en-GB, DE"], ["Accept-Language: en-gb,de"], match: true),
        Row("§4.1", "Accept-Language", ["Accept-Language: en, de"], ["Accept-Language: de, en"], match: true),
        Row("§4.1", "Accept-Language", ["Accept-Language: en;q=0.5, de"], ["Accept-Language: en, de;q=0.5"], match: false),
        Row("§4.1", "Accept-Language", ["Accept-Language: en"], ["Accept-Language: en;q=0.5"], match: false),
        // Accept-Encoding: the order means nothing (RFC 9110 §12.5.3)
        Row("§4.1", "Accept-Encoding", ["Accept-Encoding: gzip, br"], ["Accept-Encoding: br,gzip"], match: true),
        Row("§4.1", "Accept-Encoding", ["Accept-Encoding: GZIP"], ["Accept-Encoding: gzip"], match: true),
        Row("§4.1", "Accept-Encoding", ["Accept-Encoding: x-gzip"], ["Accept-Encoding: gzip"], match: true),
        Row("§4.1", "Accept-Encoding", ["Accept-Encoding: x-compress;q=0.3"], ["Accept-Encoding: compress;q=0.30"], match: true),
        Row("§4.1", "Accept-Encoding", ["Accept-Encoding: gzip;q=1.0"], ["Accept-Encoding: gzip"], match: true),
        Row("§4.1", "Accept-Encoding", ["Accept-Encoding: gzip; q=0.500"], ["Accept-Encoding: gzip;q=0.5"], match: true),
        Row("§4.1", "Accept-Encoding", ["Accept-Encoding: gzip;q=0.0"], ["Accept-Encoding: gzip;q=0"], match: true),
        Row("§4.1", "Accept-Encoding", ["Accept-Encoding: gzip, gzip"], ["Accept-Encoding: gzip"], match: true),
        Row("§4.1", "Accept-Encoding", ["Accept-Encoding: gzip", "Accept-Encoding: br"], ["Accept-Encoding: br, gzip"], match: true),
        Row("§4.1", "Accept-Encoding", ["Accept-Encoding: gzip;q=0"], ["Accept-Encoding: gzip"], match: false),
        Row("§4.1", "Accept-Encoding", ["Accept-Encoding: gzip"], ["Accept-Encoding: br"], match: false),
        Row("§4.1", "Accept-Encoding", ["Accept-Encoding:"], [], match: false),
        Row("§4.1", "Accept-Encoding", ["Accept-Encoding: identity"], [], match: false),
        Row("§4.1", "Accept-Encoding", ["Accept-Encoding: gzip;q=x"], ["Accept-Encoding: gzip"], match: false),
        Row("§4.1", "Accept-Encoding", ["Accept-Encoding: gzip;q=1.1.0"], ["Accept-Encoding: gzip;q=1.1"], match: false),
    ]

    @Test("requests match when their selecting fields mean the same, and only then", arguments: rows)
    func matching(row: Row) throws {
        let vary = Vary(fields(["Vary: \(row.vary)"]))
        #expect((vary.secondaryKey(for: fields(row.first)) == vary.secondaryKey(for: fields(row.second))) == row.match)
        let head = try stored(["Cache-Control: max-age=60", "Vary: \(row.vary)"], request: row.first)
        #expect(head.isSelected(by: fields(row.second)) == row.match)
    }

    @Test("a request in another form has the same secondary key")
    func otherForm() {
        let vary = Vary(fields(["Vary: Accept-Encoding, A"]))
        let values: [String: String] = ["accept-encoding": "br, gzip"]
        let key = vary.secondaryKey { values[$0].map { Array($0.utf8) } }
        #expect(key == vary.secondaryKey(for: fields(["Accept-Encoding: gzip,br"])))
        #expect(String(decoding: key, as: UTF8.self) == "a\naccept-encoding:br,gzip\n")
    }

    @Test("a normal form is its own normal form, for every row")
    func idempotent() {
        for row in Self.rows where row.vary == "Accept-Encoding" {
            for line in row.first + row.second {
                guard let value = fields([line]).first?.valueBytes else { continue }
                let once = SelectingField.acceptEncoding(value.span)
                #expect(SelectingField.acceptEncoding(once.span) == once, "\(line)")
            }
        }
    }

    @Test("values cannot be built to look like the values of other names")
    func noConfusion() {
        let vary = Vary(fields(["Vary: A, B"]))
        #expect(vary.secondaryKey(for: fields(["A: 1 b:2"])) != vary.secondaryKey(for: fields(["A: 1", "B: 2"])))
        #expect(vary.secondaryKey(for: fields(["A: "])) != vary.secondaryKey(for: fields(["B: "])))
    }
}
