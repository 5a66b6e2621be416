// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Testing

@testable import GyreConfiguration

struct NearestNameTests {
    @Test(arguments: [
        ("", "", 0), ("", "abc", 3), ("abc", "", 3), ("abc", "abc", 0), ("abc", "abd", 1), ("abc", "ab", 1), ("abc", "xabc", 1),
        ("abc", "acb", 1), ("abcd", "badc", 2), ("ca", "abc", 3), ("kitten", "sitting", 3),
    ])
    func countsEdits(left: String, right: String, edits: Int) {
        #expect(NearestName.distance(Array(left.utf8), Array(right.utf8)) == edits)
        #expect(NearestName.distance(Array(right.utf8), Array(left.utf8)) == edits)
    }

    static let names = ["server.listen", "admin.listen", "server.workers", "volume.size", "memory.size", "info", "warning"]

    @Test(
        arguments: [
            ("server.listen", nil, "server.listen"), ("servr.listen", ".listen", "server.listen"), ("SERVER.LISTEN", nil, "server.listen"),
            ("server.lsiten", nil, "server.listen"), ("x.workers", ".workers", "server.workers"), ("x.listen", ".listen", nil),
            ("warn", nil, "warning"), ("inf", nil, "info"), ("wa", nil, nil), ("nothing.like.it", nil, nil), ("", nil, nil),
            ("server.wrokesr", nil, "server.workers"), ("s.workrs", nil, nil),
        ] as [(String, String?, String?)]
    )
    func findsTheNearestOrNone(name: String, ending: String?, nearest: String?) {
        #expect(NearestName.find(name, among: Self.names, ending: ending) == nearest)
    }

    @Test func doesNotCompareVeryLongNames() {
        let long = String(repeating: "a", count: SettingLimits.maxComparedNameBytes)
        #expect(NearestName.find(long, among: [long]) == long)
        #expect(NearestName.find(long + "a", among: [long]) == nil)
    }
}

struct QuoteTests {
    @Test(arguments: [
        ("plain", #""plain""#), ("a\nb", #""a\u{a}b""#), ("\u{1B}[0m", #""\u{1b}[0m""#), ("\u{202E}x", #""\u{202e}x""#),
        ("é漢🌊", #""é漢🌊""#), ("http://u:p@h/", #""http://…@h/""#), ("u:p@h", #""…@h""#),
        (String(repeating: "x", count: 81), "\"\(String(repeating: "x", count: 80))…\""),
        (String(repeating: "x", count: 80), "\"\(String(repeating: "x", count: 80))\""),
    ])
    func foreignTextCannotChangeATerminalOrALog(text: String, quoted: String) {
        #expect(Quote.value(text) == quoted)
    }

    @Test(arguments: [([], ""), (["a"], "a"), (["a", "b"], "a or b"), (["a", "b", "c"], "a, b or c")])
    func listsReadAsSentences(words: [String], list: String) {
        #expect(WordList.or(words) == list)
    }
}
