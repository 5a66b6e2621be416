// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import GyreTelemetry
import GyreTestKit
import HTTPCaching
import NIOSSL
import Testing

@testable import GyreProxy

@Suite struct SecureScenarios {
    @Test func `a secure target is fetched over TLS, checked by name, and stored under its own scheme`() async throws {
        try await withFakeOrigin { behind in
            behind.on("GET", "/a") { _ in .response(200, ["Cache-Control": "max-age=60"], body: "secret") }
            let secure = try await SecureOrigin(of: behind)
            let forward = forwardOnly()
            let certificate = try SecureOrigin.certificate
            try await withScenario(adjust: { configuration in
                forward(&configuration)
                configuration.trustRoots = .certificates([certificate])
            }) { scenario in
                let client = try await scenario.client()
                let authority = "secure.test:\(secure.port)"
                for _ in 0..<2 {
                    #expect(try await client.get("https://\(authority)/a", ["Host": authority]).text == "secret")
                }
                #expect(behind.count("GET", "/a") == 1)
                // It is purged by its own URL.
                _ = try await scenario.proxy.purge(PurgeRequest(.url("https://\(authority)/a")))
                #expect(try await client.get("https://\(authority)/a", ["Host": authority]).text == "secret")
                #expect(behind.count("GET", "/a") == 2)
                // The same place in clear is another one.
                #expect(try await client.get("http://\(authority)/a", ["Host": authority]).status != 200)
                // A name that the certificate does not have.
                let other = "other.test:\(secure.port)"
                #expect(try await client.get("https://\(other)/a", ["Host": other]).status == 502)
                #expect(behind.count("GET", "/a") == 2)
            }
            await secure.stop()
        }
    }

    @Test func `an origin behind TLS is fetched from, and a change of protocol passes through it`() async throws {
        try await withFakeOrigin { behind in
            let secure = try await SecureOrigin(of: behind)
            let certificate = try SecureOrigin.certificate
            behind.on("GET", "/ws") { _ in
                .raw("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhello")
            }
            try await withScenario(adjust: { configuration in
                configuration.trustRoots = .certificates([certificate])
                // The name in the certificate is not that of the machine; the scripted resolver of a forward proxy is not asked here.
                configuration.origin = .init(host: "localhost", port: secure.port)
                configuration.origin?.usesTLS = true
                configuration.origin?.serverName = "secure.test"
            }) { scenario in
                behind.on("GET", "/a") { _ in .response(200, ["Cache-Control": "max-age=60"], body: "x") }
                let client = try await scenario.client()
                for _ in 0..<2 { #expect(try await client.get("/a").text == "x") }
                #expect(behind.count("GET", "/a") == 1)
                try await client.sendRequest("GET", "/ws", ["Connection": "Upgrade", "Upgrade": "websocket"])
                #expect(try await client.readNextHead().status == 101)
                #expect(String(decoding: try await client.readToEnd(), as: UTF8.self) == "hello")
            }
            await secure.stop()
        }
    }
}
