// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import GyreProxy
import GyreTelemetry
import GyreTestKit
import HTTPCaching
import Testing

/// Makes the proxy of a scenario a forward proxy alone that may connect to loopback, where scripted origins are.
func forwardOnly(_ change: (inout ProxyConfiguration.Forward) -> Void = { _ in }) -> (inout ProxyConfiguration) -> Void {
    var forward = ProxyConfiguration.Forward()
    forward.allowedPrivate = ["127.0.0.0/8"].compactMap { AddressRange($0) }
    forward.connectPorts = PortList(["1-65535"])
    forward.resolve = { $0.hasSuffix(".test") ? ["127.0.0.1"] : [$0] }
    change(&forward)
    let made = forward
    return { configuration in
        configuration.origin = nil
        configuration.forward = made
    }
}

@Suite struct ForwardScenarios {
    @Test func `an absolute target is fetched from its host, stored and answered from memory`() async throws {
        try await withScenario(adjust: forwardOnly()) { scenario in
            scenario.origin.on("GET", "/a?b=1") { request in
                .response(200, ["Cache-Control": "max-age=60"], body: "for \(request.fields["Host"] ?? "-")")
            }
            let client = try await scenario.client()
            let authority = "site.test:\(scenario.origin.port)"
            for _ in 0..<3 {
                let response = try await client.get("http://\(authority)/a?b=1", ["Host": authority])
                #expect(response.status == 200 && response.text == "for \(authority)")
            }
            #expect(scenario.origin.count("GET", "/a?b=1") == 1)
            #expect(scenario.totals().requests(.hitMemory) == 2)
        }
    }

    @Test func `what says who is behind the proxy, and what is for the proxy alone, does not reach the host`() async throws {
        try await withScenario(adjust: forwardOnly()) { scenario in
            scenario.origin.on("GET", "/") { _ in .response(200, ["Cache-Control": "no-store"], body: "x") }
            let client = try await scenario.client()
            _ = try await client.get(
                "http://\(scenario.origin.authority)/",
                [
                    "Host": scenario.origin.authority, "Proxy-Authorization": "Basic YTpi", "Proxy-Connection": "keep-alive",
                    "X-Forwarded-For": "1.2.3.4",
                ]
            )
            let head = try #require(scenario.origin.received.first)
            for name in ["Proxy-Authorization", "Proxy-Connection", "X-Forwarded-For", "Forwarded"] { #expect(head.fields[name] == nil) }
            #expect(head.fields["Via"]?.hasPrefix("1.1 gyre-") == true)
        }
    }

    @Test func `a request for nobody's host is refused while there is no origin`() async throws {
        try await withScenario(adjust: forwardOnly()) { scenario in
            let client = try await scenario.client()
            let response = try await client.get("/a")
            #expect(response.status == 421 && response.text.contains("forward proxy"))
        }
    }

    @Test func `origin and forward proxy side by side do not share what they store`() async throws {
        let forward = forwardOnly()
        try await withFakeOrigin { other in
            try await withScenario(adjust: { configuration in
                let origin = configuration.origin
                forward(&configuration)
                configuration.origin = origin
            }) { scenario in
                scenario.origin.on("GET", "/a") { _ in .response(200, ["Cache-Control": "max-age=60"], body: "origin") }
                other.on("GET", "/a") { _ in .response(200, ["Cache-Control": "max-age=60"], body: "other") }
                let client = try await scenario.client()
                // Who asks the origin under another host's name does not change what the other host's clients get.
                for _ in 0..<2 { #expect(try await client.get("/a", ["Host": other.authority]).text == "origin") }
                for _ in 0..<2 {
                    #expect(try await client.get("http://\(other.authority)/a", ["Host": other.authority]).text == "other")
                }
                #expect(scenario.totals().requests(.hitMemory) == 2)
                _ = try await scenario.proxy.purge(PurgeRequest(.url("http://\(other.authority)/a")))
                _ = try await client.get("/a", ["Host": other.authority])
                _ = try await client.get("http://\(other.authority)/a", ["Host": other.authority])
                #expect(scenario.origin.count("GET", "/a") == 2 && other.count("GET", "/a") == 2)
            }
        }
    }

    @Test(arguments: [
        ("http://127.0.0.1:%/", "address-not-permitted"),
        ("http://inside.test:%/", "address-not-permitted"),
        ("http://[::ffff:127.0.0.1]:%/", "address-not-permitted"),
        ("http://169.254.169.254/latest/meta-data", "address-not-permitted"),
        ("http://metadata.test/", "address-not-permitted"),
        ("http://mixed.test/", "address-not-permitted"),
    ])
    func `addresses that are not public are not connected to, however they are named`(target: String, reason: String) async throws {
        let adjust = forwardOnly { forward in
            forward.allowedPrivate = []
            forward.resolve = { name in
                switch name {
                case "metadata.test": ["169.254.169.254"]
                case "mixed.test": ["10.0.0.1", "fd00::1", "::1"]
                case "inside.test": ["127.0.0.1"]
                default: [name]
                }
            }
        }
        try await withScenario(adjust: adjust) { scenario in
            let client = try await scenario.client()
            let url = target.replacing("%", with: "\(scenario.origin.port)")
            let host = String(url.dropFirst(7).prefix { $0 != "/" })
            let response = try await client.get(url, ["Host": host])
            #expect(response.status == 403 && response["Cache-Status"]?.contains(reason) == true)
            #expect(try await client.request("CONNECT", host.contains(":") ? host : "\(host):443", ["Host": host]).status == 403)
            #expect(scenario.origin.connectionCount == 0)
            #expect(scenario.totals().originErrors[reason] == 2)
        }
    }

    @Test func `the name is asked for once, and what was checked is what is connected to`() async throws {
        let asked = Counter()
        let adjust = forwardOnly { forward in
            // The second answer would lead elsewhere.
            forward.resolve = { _ in asked.next() == 1 ? ["127.0.0.1"] : ["10.255.255.1"] }
        }
        try await withScenario(adjust: adjust) { scenario in
            scenario.origin.on("GET", "/") { _ in .response(200, body: "x") }
            let client = try await scenario.client()
            let host = "rebinding.test:\(scenario.origin.port)"
            #expect(try await client.get("http://\(host)/", ["Host": host]).status == 200)
            #expect(asked.count == 1)
        }
    }

    @Test func `clients from elsewhere, ports and hosts that are not permitted get 403`() async throws {
        try await withScenario(adjust: forwardOnly { $0.clients = ["192.0.2.0/24"].compactMap { AddressRange($0) } }) { scenario in
            let client = try await scenario.client()
            let response = try await client.get("http://a.test/", ["Host": "a.test"])
            #expect(response.status == 403 && response["Cache-Status"]?.contains("client-not-permitted") == true)
        }
        let adjust = forwardOnly { forward in
            forward.connectPorts = PortList(["443"])
            forward.deniedHosts = ["bad.test", "*.evil.test"].compactMap { HostPattern($0) }
            forward.allowedHosts = ["*.test"].compactMap { HostPattern($0) }
        }
        try await withScenario(adjust: adjust) { scenario in
            scenario.origin.on("GET", "/") { _ in .response(200, ["Cache-Control": "max-age=60"], body: "x") }
            let client = try await scenario.client()
            func reason(_ method: String, _ target: String, _ host: String) async throws -> String? {
                try await client.request(method, target, ["Host": host])["Cache-Status"]
            }
            #expect(try await reason("GET", "http://a.test:25/", "a.test:25")?.contains("port-not-permitted") == true)
            #expect(try await reason("CONNECT", "a.test:25", "a.test:25")?.contains("port-not-permitted") == true)
            for host in ["bad.test", "BAD.test.", "x.y.evil.test", "elsewhere.example"] {
                #expect(try await reason("GET", "http://\(host)/", host)?.contains("host-not-permitted") == true, "\(host)")
            }
            let good = "good.test:\(scenario.origin.port)"
            for _ in 0..<2 { #expect(try await client.get("http://\(good)/", ["Host": good]).status == 200) }
        }
    }

    @Test func `new users count at once, also on a connection that was let in`() async throws {
        func table(_ user: String, _ password: String) throws -> UserTable {
            try UserTable(text: "\(user):\(try PasswordHash(of: password, rounds: 1000).text)")
        }
        let users = try table("anna", "a")
        try await withScenario(adjust: forwardOnly { $0.users = users }) { scenario in
            scenario.origin.on("GET", "/") { _ in .response(200, ["Cache-Control": "max-age=60"], body: "x") }
            let client = try await scenario.client()
            let url = "\(scenario.origin.url)/"
            func ask(_ credentials: String) async throws -> Int {
                let fields: FieldLines = ["Host": scenario.origin.authority, "Proxy-Authorization": "Basic \(credentials)"]
                return try await client.get(url, fields).status
            }
            // "anna:a", "bert:b"
            for _ in 0..<2 { #expect(try await ask("YW5uYTph") == 200) }
            try await scenario.proxy.reload(rules: nil, users: try table("bert", "b"))
            #expect(try await ask("YW5uYTph") == 407)
            #expect(try await ask("YmVydDpi") == 200)
        }
    }

    @Test func `users give a password, which goes nowhere`() async throws {
        let hash = try PasswordHash(of: "open sesame", rounds: 1000).text
        let users = try UserTable(text: "# who\n\nanna:\(hash)\n")
        try await withScenario(adjust: forwardOnly { $0.users = users }) { scenario in
            scenario.origin.on("GET", "/") { _ in
                .response(200, ["Cache-Control": "max-age=60", "Vary": "Proxy-Authorization"], body: "x")
            }
            scenario.origin.on("GET", "/plain") { _ in .response(200, ["Cache-Control": "max-age=60"], body: "x") }
            let client = try await scenario.client()
            let authority = scenario.origin.authority
            func get(_ path: String, _ credentials: String?) async throws -> RawResponse {
                var fields: FieldLines = ["Host": authority]
                if let credentials { fields.append("Proxy-Authorization", credentials) }
                return try await client.get("http://\(authority)\(path)", fields)
            }
            // "anna:open sesame", "anna:wrong", "eve:open sesame"
            let right = "Basic YW5uYTpvcGVuIHNlc2FtZQ=="
            let missing = try await get("/", nil)
            #expect(missing.status == 407 && missing["Proxy-Authenticate"]?.hasPrefix("Basic realm=") == true)
            for wrong in ["Basic YW5uYTp3cm9uZw==", "Basic ZXZlOm9wZW4gc2VzYW1l", "Basic !!!", "Bearer abc"] {
                #expect(try await get("/", wrong).status == 407)
            }
            for _ in 0..<3 { #expect(try await get("/plain", right).status == 200) }
            #expect(scenario.totals().requests(.hitMemory) == 2)
            #expect(try await get("/plain", nil).status == 407)
            for _ in 0..<2 { #expect(try await get("/", right).status == 200) }
            #expect(scenario.origin.received.allSatisfy { $0.fields["Proxy-Authorization"] == nil })
            #expect(scenario.totals().refusals == ["credentials-missing": 2, "credentials-wrong": 4])
        }
    }

    @Test func `requests that go in circles end with 508`() async throws {
        try await withScenario(adjust: forwardOnly()) { scenario in
            // The proxy names itself as the host.
            let client = try await scenario.client()
            let own = "own.test:\(scenario.proxy.port)"
            let response = try await client.get("http://\(own)/", ["Host": own])
            #expect(response.status == 508 && response["Cache-Status"]?.contains("own-address") == true)
        }
        for field in ["Via", "CDN-Loop"] {
            try await withScenario(adjust: { $0.name = "edge-7" }) { scenario in
                let client = try await scenario.client()
                let value = field == "Via" ? "1.1 other, 1.1 edge-7" : "other, edge-7; hops=2"
                let response = try await client.get("/", ["Host": "a", field: value])
                #expect(response.status == 508 && scenario.origin.requestCount == 0 && scenario.totals().refusals == ["loop": 1])
            }
        }
    }

    @Test func `more hosts than there may be at a time are a 503, and a name that nobody has is a 502`() async throws {
        let adjust = forwardOnly { forward in
            forward.maxDestinations = 1
            forward.resolve = { $0 == "nobody.test" ? [] : ["127.0.0.1"] }
        }
        try await withScenario(adjust: adjust) { scenario in
            let gate = Gate()
            scenario.origin.on("GET", "/slow") { _ in .response(200, ["Cache-Control": "no-store"], body: "x").after(gate) }
            scenario.origin.on("GET", "/") { _ in .response(200, ["Cache-Control": "no-store"], body: "x") }
            let (busy, other) = (try await scenario.client(), try await scenario.client())
            let (a, b) = ("a.test:\(scenario.origin.port)", "b.test:\(scenario.origin.port)")
            try await busy.sendRequest("GET", "http://\(a)/slow", ["Host": a])
            try await eventually("the host is asked") { gate.waitingCount == 1 }
            let refused = try await other.get("http://\(b)/", ["Host": b])
            #expect(refused.status == 503 && refused["Cache-Status"]?.contains("too-many-waiting") == true)
            gate.open()
            #expect(try await busy.readResponse().text == "x")
            #expect(try await other.get("http://\(b)/", ["Host": b]).status == 200)
            let unknown = try await other.get("http://nobody.test/", ["Host": "nobody.test"])
            #expect(unknown.status == 502 && unknown["Cache-Status"]?.contains("name-not-found") == true)
        }
    }

    @Test func `an absolute target with another Host is refused, and a secure one never goes out in clear`() async throws {
        try await withScenario(adjust: forwardOnly()) { scenario in
            let client = try await scenario.client()
            let authority = scenario.origin.authority
            // The scripted origin speaks no TLS: nothing is asked of it.
            #expect(try await client.get("https://\(authority)/", ["Host": authority]).status == 502)
            #expect(scenario.origin.requestCount == 0)
            #expect(try await client.get("http://\(authority)/", ["Host": "other.test"]).status == 400)
            #expect(try await client.isClosedByPeer())
        }
    }

    @Test func `a client of HTTP/1.0 is not kept, from the origin and from memory`() async throws {
        try await withScenario(adjust: forwardOnly()) { scenario in
            scenario.origin.on("GET", "/") { _ in .response(200, ["Cache-Control": "max-age=60"], body: "x") }
            for _ in 0..<2 {
                let client = try await scenario.client()
                try await client.send("GET \(scenario.origin.url)/ HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
                let response = try await client.readResponse()
                #expect(response.text == "x" && response["Connection"] == "close")
                #expect(try await client.isClosedByPeer())
            }
            #expect(scenario.totals().requests(.hitMemory) == 1)
        }
    }

    @Test func `OPTIONS and TRACE go as far as Max-Forwards says`() async throws {
        try await withScenario { scenario in
            scenario.origin.otherwise { request in .response(200, body: "\(request.fields["Max-Forwards"] ?? "-")") }
            let client = try await scenario.client()
            #expect(try await client.request("OPTIONS", "/", ["Max-Forwards": "3"]).text == "2")
            #expect(try await client.request("OPTIONS", "/", ["Max-Forwards": "x"]).text == "x")
            #expect(try await client.request("TRACE", "/", ["Max-Forwards": "1"]).text == "0")
            #expect(try await client.get("/", ["Max-Forwards": "0"]).text == "0")
            let seen = scenario.origin.requestCount
            #expect(try await client.request("OPTIONS", "*", ["Max-Forwards": "0"])["Allow"]?.contains("GET") == true)
            #expect(try await client.request("TRACE", "/", ["Max-Forwards": "0"]).status == 405)
            #expect(scenario.origin.requestCount == seen)
        }
    }

    @Test func `connections are kept for each host, and the host used longest ago gives way`() async throws {
        try await withScenario(adjust: forwardOnly { $0.maxDestinations = 2 }) { scenario in
            scenario.origin.otherwise { _ in .response(200, ["Cache-Control": "no-store"], body: "x") }
            let client = try await scenario.client()
            func ask(_ name: String) async throws {
                let host = "\(name).test:\(scenario.origin.port)"
                #expect(try await client.get("http://\(host)/", ["Host": host]).status == 200)
            }
            for name in ["a", "b", "a", "b"] { try await ask(name) }
            #expect(scenario.origin.connectionCount == 2)
            try await ask("c")
            try await eventually("the connection to a is closed") { scenario.origin.openConnectionCount == 2 }
            try await ask("b")
            #expect(scenario.origin.connectionCount == 3)
            try await ask("a")
            #expect(scenario.origin.connectionCount == 4)
        }
    }
}
