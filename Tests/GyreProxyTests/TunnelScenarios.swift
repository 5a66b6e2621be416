// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import GyreProxy
import GyreTelemetry
import GyreTestKit
import Synchronization
import Testing

/// Counts, from any thread.
final class Counter: Sendable {
    private let value = Atomic<Int>(0)
    var count: Int { value.load(ordering: .relaxed) }
    func next() -> Int { value.wrappingAdd(1, ordering: .relaxed).newValue }
}

@Suite struct TunnelScenarios {
    private func connect(_ client: RawClient, _ port: Int) async throws -> RawResponse {
        try await client.send("CONNECT 127.0.0.1:\(port) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\n\r\n")
        return try await client.readHead(to: "CONNECT")
    }

    @Test func `CONNECT passes bytes both ways, those sent at once too, and half-closes`() async throws {
        let server = try await RawServer { connection in
            var count = 0
            while let bytes = try await connection.receive() { count += bytes.count }
            // Only now, when the client has said that it is done.
            try await connection.send("got \(count)")
        }
        try await withScenario(adjust: forwardOnly()) { scenario in
            let client = try await scenario.client()
            // The first bytes of the tunnel come with the request for it.
            try await client.send("CONNECT 127.0.0.1:\(server.port) HTTP/1.1\r\nHost: 127.0.0.1:\(server.port)\r\n\r\nearly")
            let opened = try await client.readNextHead(to: "CONNECT")
            #expect(opened.status == 200 && opened["Content-Length"] == nil && opened["Transfer-Encoding"] == nil)
            #expect(scenario.totals().openTunnels == 1)
            try await client.send([UInt8](repeating: 7, count: 300_000))
            try await client.finishSending()
            #expect(String(decoding: try await client.readToEnd(), as: UTF8.self) == "got 300005")
            try await eventually("the tunnel is over") { scenario.totals().openTunnels == 0 }
            #expect(scenario.totals().tunnelBytesToOrigins == 300_005 && scenario.totals().tunnelBytesToClients == 10)
            #expect(scenario.totals().requests == 1 && scenario.totals().requests(.tunnel) == 1)
            try await eventually("it is logged") { scenario.log.lines.contains { $0.contains("CONNECT") } }
        }
        await server.stop()
    }

    @Test func `a tunnel stops reading from a side while the other does not take more`() async throws {
        try await withScenario(adjust: forwardOnly()) { scenario in
            let pattern = PatternBody(seed: 5, count: 64 << 20)
            scenario.origin.on("GET", "/big") { _ in .response(200, body: .pattern(pattern)) }
            let client = try await RawClient.connect(port: scenario.proxy.port, receiveBufferBytes: 64 * 1024, timeout: .seconds(120))
            #expect(try await connect(client, scenario.origin.port).status == 200)
            try await client.send("GET /big HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = try await client.readHead()
            let first = try await client.readBody(atLeast: 1)
            // What is under way is bounded by the buffers of three connections and of the tunnel; the rest waits at the origin.
            let passed = Counter()
            var last = -1
            try await eventually("nothing moves") {
                let sent = scenario.totals().tunnelBytesToClients
                defer { last = sent }
                return sent == last && passed.next() > 20
            }
            #expect(scenario.totals().tunnelBytesToClients < 32 << 20)
            #expect(pattern.firstMismatch(first) == nil)
            #expect(try await client.compareBody(with: pattern, from: first.count) == nil)
        }
    }

    @Test func `a client is not read while the other end takes nothing`() async throws {
        let gate = Gate()
        let server = try await RawServer { connection in
            try await gate.wait()
            var count = 0
            while let bytes = try await connection.receive() { count += bytes.count }
            try await connection.send("got \(count)")
        }
        try await withScenario(adjust: forwardOnly()) { scenario in
            let client = try await RawClient.connect(port: scenario.proxy.port, timeout: .seconds(120))
            #expect(try await connect(client, server.port).status == 200)
            let count = 48 << 20
            let sending = Task { try await client.send([UInt8](repeating: 7, count: count)) }
            let looks = Counter()
            var last = -1
            try await eventually("nothing moves") {
                let passed = scenario.totals().tunnelBytesToOrigins
                defer { last = passed }
                return passed == last && passed > 0 && looks.next() > 20
            }
            #expect(scenario.totals().tunnelBytesToOrigins < 32 << 20)
            gate.open()
            try await sending.value
            try await client.finishSending()
            #expect(String(decoding: try await client.readToEnd(), as: UTF8.self) == "got \(count)")
        }
        await server.stop()
    }

    @Test func `a tunnel in which nothing moves is closed, and what cannot be reached is told`() async throws {
        try await withScenario(adjust: { configuration in
            forwardOnly()(&configuration)
            configuration.timeouts.tunnelMilliseconds = 50
        }) { scenario in
            let client = try await scenario.client()
            #expect(try await connect(client, scenario.origin.port).status == 200)
            #expect(try await client.isClosedByPeer())
            try await eventually("it is logged") {
                scenario.log.lines.contains { $0.contains("CONNECT") && $0.contains("tunnel-idle") }
            }
            let other = try await scenario.client()
            let free = try FreePort.next()
            let refused = try await other.request("CONNECT", "127.0.0.1:\(free)", ["Host": "127.0.0.1:\(free)"])
            #expect(refused.status == 502 && refused["Cache-Status"]?.contains("connect-failed") == true)
        }
    }

    @Test func `CONNECT needs a password where requests do, and none is made without a forward proxy`() async throws {
        let users = try UserTable(text: "anna:\(try PasswordHash(of: "open sesame", rounds: 1000).text)")
        try await withScenario(adjust: forwardOnly { $0.users = users }) { scenario in
            let client = try await scenario.client()
            let target = "127.0.0.1:\(scenario.origin.port)"
            let refused = try await client.request("CONNECT", target, ["Host": target])
            #expect(refused.status == 407 && refused["Proxy-Authenticate"] != nil)
            // The client asks again on the same connection.
            try await client.send(
                "CONNECT \(target) HTTP/1.1\r\nHost: \(target)\r\nProxy-Authorization: Basic YW5uYTpvcGVuIHNlc2FtZQ==\r\n\r\n"
            )
            #expect(try await client.readHead(to: "CONNECT").status == 200)
        }
        try await withScenario { scenario in
            let client = try await scenario.client()
            #expect(try await client.request("CONNECT", "a:443", ["Host": "a:443"]).status == 501)
        }
    }

    @Test func `a stop ends tunnels`() async throws {
        try await withScenario(adjust: forwardOnly()) { scenario in
            let client = try await scenario.client()
            #expect(try await connect(client, scenario.origin.port).status == 200)
            await scenario.proxy.shutDown(withinMilliseconds: 50)
            #expect(try await client.isClosedByPeer())
        }
    }
}

@Suite struct UpgradeScenarios {
    private let ask: FieldLines = ["Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Key": "abc"]

    @Test func `a change of protocol is passed on, then bytes both ways, and nothing is stored or shared`() async throws {
        let server = try await RawServer { connection in
            var head: [UInt8] = []
            while !String(decoding: head, as: UTF8.self).hasSuffix("\r\n\r\n"), let bytes = try await connection.receive() { head += bytes }
            let text = String(decoding: head, as: UTF8.self)
            guard text.contains("\r\nUpgrade: websocket\r\n"), text.contains("\r\nConnection: Upgrade\r\n") else { return }
            // The first bytes of the new protocol come with the head.
            try await connection.send(
                "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-X: 1\r\n\r\nhello "
            )
            while let bytes = try await connection.receive() { try await connection.send(bytes) }
            try await connection.send(" bye")
        }
        // With room for one connection: one that has changed its protocol does not count.
        let adjust = { (configuration: inout ProxyConfiguration) in
            configuration.origin?.port = server.port
            configuration.origin?.maxConnections = 1
        }
        try await withScenario(adjust: adjust) { scenario in
            let waiting = try await scenario.client()
            try await waiting.sendRequest("GET", "/ws", ask)
            #expect(try await waiting.readNextHead().status == 101)
            for _ in 0..<2 {
                let client = try await scenario.client()
                try await client.sendRequest("GET", "/ws", ask)
                let switched = try await client.readNextHead()
                #expect(switched.status == 101 && switched["Upgrade"] == "websocket" && switched["Sec-X"] == "1")
                #expect(switched["Connection"] == "Upgrade")
                let pattern = PatternBody(seed: 9, count: 200_000)
                try await client.send(pattern.bytes())
                try await client.finishSending()
                let answer = try await client.readToEnd()
                #expect(answer == Array("hello ".utf8) + pattern.bytes() + Array(" bye".utf8))
            }
            try await eventually("tunnels are over") { scenario.totals().tunnelsClosed == 2 }
            #expect(scenario.totals().originRequests == 3 && scenario.totals().requests(.tunnel) == 2)
            #expect(scenario.totals().openTunnels == 1)
            await waiting.close()
        }
        await server.stop()
    }

    @Test func `anything but 101 is a plain answer that is not stored`() async throws {
        try await withScenario { scenario in
            scenario.origin.on("GET", "/ws") { _ in .response(426, ["Cache-Control": "max-age=60"], body: "no") }
            let client = try await scenario.client()
            for _ in 0..<2 {
                let response = try await client.get("/ws", ask)
                #expect(response.status == 426 && response.text == "no" && response["Cache-Status"]?.contains("upgrade") == true)
            }
            #expect(scenario.origin.count("GET", "/ws") == 2)
        }
    }

    @Test func `protocols that are not permitted are not offered to the origin`() async throws {
        try await withScenario { scenario in
            scenario.origin.on("GET", "/a") { request in
                .response(200, ["Cache-Control": "max-age=60"], body: "\(request.fields["Upgrade"] ?? "none")")
            }
            let client = try await scenario.client()
            for _ in 0..<2 {
                let fields: FieldLines = ["Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c", "HTTP2-Settings": "AAMAAABk"]
                #expect(try await client.get("/a", fields).text == "none")
            }
            // Answered as if nothing had been asked: from the cache.
            #expect(scenario.origin.count("GET", "/a") == 1)
        }
    }

    @Test func `an origin that changes to what nobody asked for is refused`() async throws {
        try await withScenario { scenario in
            let odd = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n"
            scenario.origin.otherwise { _ in .raw(.bytes(Array(odd.utf8))) }
            for fields in [ask, [:]] {
                let client = try await scenario.client()
                #expect(try await client.get("/ws", fields).status == 502)
            }
        }
    }
}
