// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Foundation
import HTTPCaching
import Testing

@testable import GyreConfiguration

struct SitesTests {
    /// `docs/site-rules.md` beside `Tests`. Set GYRE_WRITE_DOCS=1 to write it anew.
    static let page = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("docs/site-rules.md")

    @Test func theExampleLoadsAndSaysWhatItsCommentsSay() throws {
        let (settings, problems) = resolve(file: SitesExample.text)
        #expect(problems.isEmpty)
        #expect(settings.siteRules.origins.keys.sorted() == ["beta", "images"])
        let rules = settings.siteRules.rules
        #expect(rules.sites.count == 2 && rules.sites[0].rules.count == 9)
        func decide(_ path: String, host: String = "www.example.org", fields: [String: String] = [:]) -> RuleDecision? {
            rules.decision(for: RuleRequest(method: "GET", authority: host.utf8, pathAndQuery: path.utf8)) { fields[$0] }
        }
        let style = try #require(decide("/a/site.css?v=1&utm=2"))
        #expect(style.queryParameters == ["v"] && style.response(status: 200, contentType: "text/css").ttlSeconds == 86_400)
        #expect(style.response(status: 404, contentType: nil).ttlSeconds == 10)
        #expect(style.response(status: 200, contentType: "video/mp4; x=y").refusesToStore)
        #expect(decide("/", fields: ["accept-language": "de"])?.keyParts == [Array("accept-language: de".utf8)])
        #expect(decide("/x", fields: ["cookie": "a=b; session=1"])?.bypasses == true && decide("/x")?.bypasses == false)
        #expect(decide("/images/a")?.origin == "images" && decide("/x?beta=1")?.origin == "beta" && decide("/x?beta=2")?.origin == nil)
        #expect(decide("/.git/config")?.answer == .deny(status: 403))
        #expect(decide("/any", host: "a.example.net:8080")?.answer == .redirect(status: 308, location: "https://{host}{path}"))
        #expect(decide("/any", host: "elsewhere.example") == nil)
    }

    @Test(.enabled(if: FileManager.default.fileExists(atPath: page.deletingLastPathComponent().path)))
    func thePageIsMadeFromTheExample() throws {
        if ProcessInfo.processInfo.environment["GYRE_WRITE_DOCS"] != nil {
            try Data(SitesExample.renderManual().utf8).write(to: Self.page)
        }
        #expect(try String(contentsOf: Self.page, encoding: .utf8) == SitesExample.renderManual())
    }

    /// A rule for every host, with these lines; the first is line 4 of the file, column 7.
    private func mistakes(_ lines: String) -> [String] {
        let indented = lines.split(separator: "\n").map { "      \($0)\n" }.joined()
        return problems(inFile: "sites:\n- hosts: \"*\"\n  rules:\n    - \(indented.dropFirst(6))")
    }

    @Test(arguments: [
        (
            "ttl: 1 hour",
            #"4:12: sites[0].rules[0].ttl: "1 hour" is not a duration; write a number with ms, s, m, h or d, for example 5s (0s to 24855d)"#
        ),
        (
            "ttl: 60",
            #"4:12: sites[0].rules[0].ttl: "60" is not a duration; write a number with ms, s, m, h or d, for example 5s (0s to 24855d); did you mean "60s"?"#
        ),
        ("ttl: 30000d", #"4:12: sites[0].rules[0].ttl: "30000d" is out of range; allowed: 0s to 24855d"#),
        (
            "tll: 1h",
            #"4:7: sites[0].rules[0].tll: unknown name; allowed here: name, match, ttl, bypass, key, request, response, redirect, deny, origin; did you mean "ttl"?"#
        ),
        (
            "name: x",
            "4:7: sites[0].rules[0]: does nothing; write one or more of ttl, bypass, key, request, response, redirect, deny, origin"
        ),
        ("bypass: yes", #"4:15: sites[0].rules[0].bypass: "yes" is not allowed; write true, or leave it out"#),
        ("deny: 200", #"4:13: sites[0].rules[0].deny: "200" is not a status for this; allowed: 400 to 599"#),
        (
            "redirect: {status: 304, to: /a}",
            #"4:26: sites[0].rules[0].redirect.status: "304" is not a status for this; allowed: 301, 302, 303, 307 or 308"#
        ),
        (
            "redirect: {to: ftp://a}",
            #"4:22: sites[0].rules[0].redirect.to: "ftp://a" is not a place to redirect to; write https://host/path or /path; {host} and {path} are those of the request"#
        ),
        ("redirect: {status: 301}", "4:17: sites[0].rules[0].redirect.to: not set; write https://host/path or /path"),
        ("origin: imges", #"4:15: sites[0].rules[0].origin: no origin is called "imges"; name origins in the section origins"#),
        (
            "match: {path: static/*}\nttl: 1h",
            #"4:21: sites[0].rules[0].match.path: "static/*" is not a path; write /exact, /prefix/* or *.png, without a query"#
        ),
        (
            "match: {path: /a?b}\nttl: 1h",
            #"4:21: sites[0].rules[0].match.path: "/a?b" is not a path; write /exact, /prefix/* or *.png, without a query"#
        ),
        (
            "match: {method: get}\nttl: 1h",
            #"4:23: sites[0].rules[0].match.method: "get" is not a method; write GET, POST or another in capitals"#
        ),
        (
            "match: {status: 99}\nttl: 1h",
            #"4:23: sites[0].rules[0].match.status: "99" is not a status; write 404 or 500-599, from 200 to 599"#
        ),
        (
            "match: {content-type: html}\nttl: 1h",
            #"4:29: sites[0].rules[0].match.content-type: "html" is not a media type; write text/html or image/*, without parameters"#
        ),
        ("match: {header: {\"a b\": x}}\nttl: 1h", #"4:31: sites[0].rules[0].match.header.a b: "a b" is not the name of a field"#),
        (
            "match: {pth: /}\nttl: 1h",
            #"4:15: sites[0].rules[0].match.pth: unknown name; allowed here: path, method, header, query, status, content-type; did you mean "path"?"#
        ),
        (
            "request: {set: {Content-Length: 1}}",
            #"4:39: sites[0].rules[0].request.set.Content-Length: "Content-Length" may not be changed: it frames the message or belongs to this hop; write another field"#
        ),
        (
            "response: {remove: [Age]}",
            #"4:27: sites[0].rules[0].response.remove: "Age" may not be changed: it frames the message or belongs to this hop; write another field"#
        ),
        (
            "response: {set: {X: \"a\\nb\"}}",
            #"4:27: sites[0].rules[0].response.set.X: "a\u{a}b" is not the value of a field; write one line without control characters"#
        ),
        (
            "key: {headers: Range}",
            #"4:22: sites[0].rules[0].key.headers: "Range" cannot be part of the key; write the name of a field that speaks of the client, for example Accept-Language"#
        ),
        ("deny: 403\nredirect: {to: /a}", "4:13: sites[0].rules[0].deny: together with redirect; write one of them"),
        (
            "match: {status: 404}\ndeny: 403",
            "5:13: sites[0].rules[0].deny: decided before there is a response, so match cannot have status or content-type; with those go ttl, bypass and response"
        ),
        (
            "match: {method: POST}\nkey: {query: a}",
            "5:12: sites[0].rules[0].key.query: a purge knows the URL alone, so match cannot have header or method; with it go path and query"
        ),
        ("ttl: 1h\nttl: 2h", "5:7: sites[0].rules[0].ttl: written twice; first on line 4"),
    ])
    func saysWhatIsWrongInARule(lines: String, expected: String) {
        #expect(mistakes(lines) == ["gyre.yaml:\(expected)"])
    }

    @Test func sectionsWithNothingInThemAreNoMistake() {
        #expect(problems(inFile: "sites:\n#- hosts: a\norigins: {}\n").isEmpty)
    }

    @Test(arguments: [
        ("sites: yes", "1:8: sites: not a list of sites; begin each with - hosts:"),
        ("sites: [a]", "1:9: sites[0]: not a site; write hosts and rules"),
        ("sites:\n- rules: []", "2:3: sites[0].hosts: not set; write the site's hosts, or \"*\" for all"),
        (
            "sites:\n- hosts: http://a/",
            #"2:10: sites[0].hosts: "http://a/" is not a host; write www.example.org, *.example.org or "*", without scheme, port and path"#
        ),
        ("sites:\n- hosts: [a, A]", #"2:14: sites[0].hosts: "A" is written twice; first on line 2"#),
        ("sites:\n- hosts: a\n  ruls: []", #"3:3: sites[0].ruls: unknown name; allowed here: hosts, rules; did you mean "rules"?"#),
        ("origins: [a]", "1:10: origins: not names with URLs; write for example images: http://10.0.0.7:9000"),
        (
            "origins: {a: b}",
            #"1:14: origins.a: "b" is not allowed: it has no scheme; write http:// or https:// with a host and, if needed, a port"#
        ),
        (
            "origins: {images: http://a}\nsites:\n- hosts: a\n  rules:\n  - origin: b",
            #"5:13: sites[0].rules[0].origin: no origin is called "b"; allowed: images"#
        ),
    ])
    func saysWhatIsWrongInASite(text: String, expected: String) {
        #expect(problems(inFile: text) == ["gyre.yaml:\(expected)"])
    }
}
