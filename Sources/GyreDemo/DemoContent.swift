// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// What the demo site holds. Every byte follows from the path, so that the burst can check what it gets.
struct DemoContent: Sendable {
    struct Resource: Sendable {
        var contentType: String
        var cacheControl: String
        var body: [UInt8]
        var etag: String?
        var vary: String?
    }

    let resources: [String: Resource]
    /// Paths in the order of their popularity in the burst.
    let paths: [String]

    init(pageCount: Int = 200) {
        var resources: [String: Resource] = [:]
        resources["/"] = .text(Self.frontPage(pageCount), "text/html; charset=utf-8", "max-age=60")
        resources["/style.css"] = .text(Self.style, "text/css", "max-age=3600")
        resources["/logo.svg"] = .text(Self.logo, "image/svg+xml", "max-age=3600")
        resources["/time.json"] = .text(
            "{\"site\": \"demo\", \"kept\": \"but asked for each time\"}\n",
            "application/json",
            "no-cache",
            etag: "\"demo-1\""
        )
        resources["/private"] = .text("only for you\n", "text/plain; charset=utf-8", "no-store")
        resources["/greeting"] = .text("hello in your language\n", "text/plain; charset=utf-8", "max-age=600", vary: "Accept-Language")
        for number in 1...pageCount {
            resources["/pages/\(number)"] = .text(Self.page(number), "text/html; charset=utf-8", "max-age=600")
        }
        for number in 1...40 {
            resources["/images/\(number).bin"] = .bytes(seed: UInt64(number), count: 20_000 + number * 3_000, "max-age=600")
        }
        resources["/files/large.bin"] = .bytes(seed: 1, count: 8 << 20, "max-age=600")
        self.resources = resources
        paths =
            ["/", "/style.css", "/logo.svg", "/time.json", "/greeting"] + (1...pageCount).map { "/pages/\($0)" }
            + (1...40).map { "/images/\($0).bin" } + ["/private", "/files/large.bin"]
    }

    private static func frontPage(_ pageCount: Int) -> String {
        let links = (1...min(pageCount, 24)).map { "<a href=\"/pages/\($0)\">Page \($0)</a>" }.joined(separator: "\n")
        return """
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>A small site</title>
            <link rel="stylesheet" href="/style.css"></head>
            <body><header><img src="/logo.svg" alt="" width="72" height="72"><div><h1>A small site</h1>
            <p>You reached it through Gyre. Reload, and look at the <code>Cache-Status</code> field of the answers.</p></div></header>
            <main><section><h2>Pages</h2><nav>
            \(links)
            </nav></section>
            <section><h2>Other things to ask for</h2><ul>
            <li><a href="/time.json">/time.json</a> is kept, and validated with its entity tag each time</li>
            <li><a href="/private">/private</a> may not be stored</li>
            <li><a href="/greeting">/greeting</a> varies by Accept-Language</li>
            <li><a href="/files/large.bin">/files/large.bin</a> has 8 MiB and lies in fragments</li>
            </ul></section></main></body></html>

            """
    }

    private static func page(_ number: Int) -> String {
        var random = DemoRandom(state: UInt64(number))
        let words = ["stripe", "ocean", "current", "turn", "record", "head", "tail", "wave", "drift", "warm", "deep", "slow"]
        let text = (0..<(60 + number % 200)).map { _ in words[Int(random.next() % UInt64(words.count))] }.joined(separator: " ")
        return """
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><title>Page \(number)</title><link rel="stylesheet" href="/style.css"></head>
            <body><main><section><h1>Page \(number)</h1><p>\(text).</p><p><a href="/">Back</a></p></section></main></body></html>

            """
    }

    private static let style = """
        body { margin: 0; font: 17px/1.5 system-ui, sans-serif; color: #14323f; background: #eef5f6 }
        header { display: flex; gap: 1.2rem; align-items: center; padding: 2rem max(1rem, calc(50vw - 26rem)); background: #0f5c73; color: #fff }
        h1, h2, p { margin: .2rem 0 }
        main { max-width: 52rem; margin: 1.5rem auto; padding: 0 1rem; display: grid; gap: 1.2rem }
        section { background: #fff; border-radius: .6rem; padding: 1.2rem 1.4rem; box-shadow: 0 1px 4px #0002 }
        nav { display: grid; grid-template-columns: repeat(auto-fill, minmax(6.5rem, 1fr)); gap: .4rem; margin-top: .6rem }
        a { color: #0b7285 } code { background: #0002; padding: 0 .3em; border-radius: .25em }

        """

    private static let logo = """
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 72 72"><g fill="none" stroke="#9be3ee" stroke-width="6" stroke-linecap="round">
        <path d="M36 8a28 28 0 1 1-26 18"/><path d="M36 21a15 15 0 1 1-14 10" stroke="#fff"/></g></svg>

        """
}

extension DemoContent.Resource {
    static func text(_ text: String, _ type: String, _ cacheControl: String, etag: String? = nil, vary: String? = nil) -> Self {
        .init(contentType: type, cacheControl: cacheControl, body: Array(text.utf8), etag: etag, vary: vary)
    }

    static func bytes(seed: UInt64, count: Int, _ cacheControl: String) -> Self {
        var random = DemoRandom(state: seed)
        let body = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            for index in 0..<count { buffer[index] = UInt8(truncatingIfNeeded: random.next() >> 24) }
            filled = count
        }
        return .init(contentType: "application/octet-stream", cacheControl: cacheControl, body: body, etag: "\"large-\(seed)-\(count)\"")
    }
}

/// A small generator: the same numbers for the same seed (xorshift64*, Vigna 2016).
struct DemoRandom {
    var state: UInt64

    mutating func next() -> UInt64 {
        if state == 0 { state = 0x9e37_79b9 }
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        return state &* 0x2545_f491_4f6c_dd1d
    }

    mutating func unit() -> Double { Double(next() >> 11) / 9_007_199_254_740_992 }
}
