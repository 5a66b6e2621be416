// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPTypes
import Testing

@testable import HTTPCaching

@Suite("Forwarding, RFC 9110 §7.6")
struct ForwardingTests {
    struct Row: TableRow {
        let section: String
        let direction: HopByHop.Direction
        let lines: [String]
        let expected: [String]
        var title: String { "\(direction) \(lines)" }

        init(_ section: String, _ direction: HopByHop.Direction, _ lines: [String], is expected: [String]) {
            self.section = section
            self.direction = direction
            self.lines = lines
            self.expected = expected
        }
    }

    static let rows: [Row] = [
        Row("§7.6.1", .request, ["A: 1", "B: 2"], is: ["A: 1", "B: 2"]),
        Row("§7.6.1", .request, ["Connection: close", "A: 1"], is: ["A: 1"]),
        Row("§7.6.1", .request, ["Connection: A", "A: 1", "a: 2", "B: 3"], is: ["B: 3"]),
        Row("§7.6.1", .request, ["Connection: keep-alive, A ,, B", "A: 1", "B: 2"], is: []),
        Row(
            "§7.6.1",
            .request,
            ["Keep-Alive: 1", "TE: trailers", "Transfer-Encoding: chunked", "Upgrade: x", "Proxy-Connection: y"],
            is: []
        ),
        Row("§7.6.1", .request, ["HTTP2-Settings: x"], is: []),
        Row("§11.7.2", .request, ["Proxy-Authorization: x", "Proxy-Authenticate: y"], is: ["Proxy-Authenticate: y"]),
        Row("§11.7.1", .response, ["Proxy-Authorization: x", "Proxy-Authenticate: y"], is: []),
        Row("§7.6.1", .request, ["Connection: cache-control", "Cache-Control: no-store"], is: ["Cache-Control: no-store"]),
        Row(
            "§7.6.1",
            .request,
            ["Connection: host, authorization, cookie", "Host: a", "Authorization: b", "Cookie: c"],
            is: ["Host: a", "Authorization: b", "Cookie: c"]
        ),
        Row(
            "§7.6.1",
            .response,
            ["Connection: content-length, set-cookie", "Content-Length: 5", "Set-Cookie: a=b"],
            is: ["Content-Length: 5", "Set-Cookie: a=b"]
        ),
        Row("§7.6.1", .request, ["Connection: \"A\"", "A: 1"], is: ["A: 1"]),
    ]

    @Test("fields that end here go, the others stay in their order", arguments: rows)
    func endToEnd(row: Row) {
        #expect(lines(HopByHop.endToEnd(fields(row.lines), direction: row.direction)) == row.expected)
    }

    @Test(
        "a proxy finds itself in Via and CDN-Loop",
        arguments: [
            (["Via: 1.1 gyre"], true), (["Via: 1.1 other, 2 GYRE (x)"], true), (["Via: 1.1 other", "Via: 1.0 gyre"], true),
            (["CDN-Loop: gyre"], true),
            (["CDN-Loop: a, gyre; v=1"], true), (["Via: 1.1 gyre2"], false), (["Via: gyre other"], false), (["Via: 1.1 other"], false),
            (["X: 1.1 gyre"], false), ([], false), (["Via: 1.1"], false), (["Via: "], false),
        ] as [([String], Bool)]
    )
    func loops(lines: [String], expected: Bool) {
        #expect(Via.isLoop(fields(lines), pseudonym: "gyre") == expected)
    }

    @Test("a proxy names itself at the end of Via, §7.6.3")
    func via() {
        var message = fields(["Via: 1.0 a"])
        Via.append(to: &message, receivedVersion: "1.1", pseudonym: "gyre")
        #expect(lines(message) == ["Via: 1.0 a", "Via: 1.1 gyre"])
        #expect(Via.isLoop(message, pseudonym: "gyre"))
    }

    @Test(
        "the client is told to the origin, RFC 7239",
        arguments: [
            ("192.0.2.1", "a.example", "for=192.0.2.1;host=a.example;proto=http"),
            ("2001:db8::1", "a.example:8080", "for=\"[2001:db8::1]\";host=\"a.example:8080\";proto=http"),
            (nil, "[::1]:80", "for=unknown;host=\"[::1]:80\";proto=http"),
        ] as [(String?, String, String)]
    )
    func forwarded(client: String?, host: String, expected: String) {
        var message = fields(["A: 1"])
        ForwardingFacts(clientAddress: client, scheme: .http, host: host).apply(to: &message, keepsExisting: false)
        #expect(
            lines(message) == [
                "A: 1", "Forwarded: \(expected)", "X-Forwarded-For: \(client ?? "unknown")", "X-Forwarded-Proto: http",
                "X-Forwarded-Host: \(host)",
            ]
        )
    }

    @Test("what a client says of others counts only if it is trusted")
    func trust() {
        let facts = ForwardingFacts(clientAddress: "192.0.2.1", scheme: .https, host: "a")
        let claims = [
            "X-Forwarded-For: 10.0.0.1", "Forwarded: for=10.0.0.1", "X-Forwarded-Proto: http", "X-Forwarded-Host: evil", "X-Real-IP: x",
        ]
        var distrusted = fields(claims)
        facts.apply(to: &distrusted, keepsExisting: false)
        #expect(lines(distrusted).allSatisfy { !$0.contains("10.0.0.1") && !$0.contains("evil") && !$0.contains("Real") })
        var trusted = fields(claims)
        facts.apply(to: &trusted, keepsExisting: true)
        #expect(
            lines(trusted).sorted() == [
                "Forwarded: for=10.0.0.1", "Forwarded: for=192.0.2.1;host=a;proto=https", "X-Forwarded-For: 10.0.0.1",
                "X-Forwarded-For: 192.0.2.1",
                "X-Forwarded-Host: evil", "X-Forwarded-Proto: http", "X-Real-IP: x",
            ]
        )
    }

    @Test(
        "what anybody can say about who is behind a proxy is dropped, in either spelling",
        arguments: [
            "X-Forwarded-For", "x_forwarded_host", "X-Forwarded_Proto", "Forwarded", "True-Client-IP", "CLIENT_IP", "X-Forwarded-SSL",
        ]
    )
    func spellings(name: String) {
        var message = fields(["\(name): x", "A: 1"])
        ForwardingFacts.remove(from: &message)
        #expect(lines(message) == ["A: 1"])
    }

    @Test(
        "what is known to poison goes, and what merely looks like it stays",
        arguments: [
            ("X-Original-URL", true), ("x-rewrite-url", true), ("X-Forwarded-Prefix", true), ("Front-End-Https", true), ("Proxy", true),
            ("X-Middleware-Subrequest", true), ("Accept_Language", true), ("X-My_Own", true), ("X-Forward", false), ("X-Originator", false),
            ("Accept-Language", false), ("Origin", false), ("X-Requested-With", false),
        ]
    )
    func poisoningNames(name: String, isDropped: Bool) {
        var message = fields(["\(name): x"])
        var kept = message
        PoisoningFields.remove(from: &message)
        #expect(message.isEmpty == isDropped)
        PoisoningFields.remove(from: &kept, keeping: [name.lowercased()])
        #expect(!kept.isEmpty)
        PoisoningFields.remove(from: &kept, trusting: true)
        #expect(kept.isEmpty == (isDropped && name != "X-Forwarded-Prefix"))
    }

    @Test("fields that could poison what others get are dropped, unless they are keyed by")
    func poisoning() {
        var message = fields(["X-Original-URL: /admin", "X-HTTP-Method-Override: DELETE", "A: 1"])
        var kept = message
        PoisoningFields.remove(from: &message)
        #expect(lines(message) == ["A: 1"])
        PoisoningFields.remove(from: &kept, keeping: ["x-original-url"])
        #expect(lines(kept) == ["X-Original-URL: /admin", "A: 1"])
    }
}
