// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
import GyreProxy
import HTTPCaching
import HTTPTypes
import HTTPWire
import NIOCore
import NIOEmbedded
import NIOHTTP1

/// The parts of a hit in memory, one after another, as the server's own code does them.
struct HitParts {
    static let plain = "GET /1k/17 HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n"
    /// Fifteen fields, about 900 bytes.
    static let browser = """
        GET /1k/17 HTTP/1.1\r
        Host: 127.0.0.1:8080\r
        Connection: keep-alive\r
        User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36\r
        Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8\r
        Accept-Encoding: gzip, deflate, br, zstd\r
        Accept-Language: en-GB,en-US;q=0.9,en;q=0.8,de;q=0.7,fr;q=0.6\r
        Referer: http://127.0.0.1/articles/2026/how-a-page-is-kept?utm_source=newsletter&utm_medium=email&utm_campaign=autumn-edition&session=8c1f6f0a53b24f0f\r
        Sec-Ch-Ua: "Not/A)Brand";v="8", "Chromium";v="126", "Google Chrome";v="126"\r
        Sec-Ch-Ua-Mobile: ?0\r
        Sec-Ch-Ua-Platform: "Linux"\r
        Sec-Fetch-Dest: document\r
        Sec-Fetch-Mode: navigate\r
        Sec-Fetch-Site: same-origin\r
        Sec-Fetch-User: ?1\r
        Upgrade-Insecure-Requests: 1\r
        \r

        """

    let store: CyclicStore
    let response: CachedResponse
    let key: [UInt8]
    let now = Timestamp(milliseconds: 1_800_000_100_000)

    init() throws {
        var configuration = StoreConfiguration()
        configuration.memoryBytes = 64 << 20
        store = try CyclicStore.open(configuration)
        var key: [UInt8] = []
        let (host, path) = (Array("127.0.0.1:8080".utf8), Array("/1k/17".utf8))
        host.withUnsafeBytes { host in path.withUnsafeBytes { RequestKey.append(host: host, path: $0, to: &key) } }
        self.key = key
        let fields: HTTPFields = [
            .server: "nginx", .date: "Fri, 15 Jan 2027 08:00:00 GMT", .contentType: "application/octet-stream",
            .lastModified: "Fri, 15 Jan 2027 07:00:00 GMT", .cacheControl: "public, max-age=86400", .acceptRanges: "bytes",
        ]
        let arrived = Timestamp(milliseconds: 1_800_000_000_000)
        let decision = StoreDecision.decide(
            request: CacheRequest(method: .get, fields: [:]),
            status: 200,
            fields: fields,
            requestTime: arrived,
            responseTime: arrived,
            policy: CachingPolicy()
        )
        guard case .store(var head) = decision, head.complete(bodyByteCount: 1024),
            let response = CachedResponse(key: store.key(key), head: head, payload: ByteBuffer(repeating: 0x78, count: 1024))
        else { preconditionFailure("the response can be stored") }
        self.response = response
        guard store.put(response) == nil else { preconditionFailure("there is room") }
    }

    func measurements() -> [Measurement] {
        parses("a request of two fields", Array(Self.plain.utf8)) + parses("a browser's request", Array(Self.browser.utf8)) + keyAndLookup()
            + decisionAndHead()
    }

    private func parses(_ title: String, _ bytes: [UInt8]) -> [Measurement] {
        var head = RequestHead()
        let limits = WireLimits()
        let own = bytes.withUnsafeBytes { bytes in
            measure("parse \(title)") { _ in use(RequestHeadParser.parse(bytes, limits: limits, into: &head)) }
        }
        return [own, nioParse(title, bytes)]
    }

    /// NIO's HTTP/1 decoder, which makes strings of the fields.
    private func nioParse(_ title: String, _ bytes: [UInt8]) -> Measurement {
        let channel = EmbeddedChannel()
        let buffer = ByteBuffer(bytes: bytes)
        do {
            try channel.pipeline.syncOperations.addHandler(
                ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes))
            )
        } catch {
            preconditionFailure("a fresh channel takes a handler: \(error)")
        }
        return measure("NIO's decoder, \(title)", isLimit: true) { _ in
            do {
                try channel.writeInbound(buffer)
                while let part = try channel.readInbound(as: HTTPServerRequestPart.self) { use(part) }
            } catch {
                preconditionFailure("a request that is in order: \(error)")
            }
        }
    }

    private func keyAndLookup() -> [Measurement] {
        let (host, path) = (Array("127.0.0.1:8080".utf8), Array("/1k/17".utf8))
        var scratch: [UInt8] = []
        return [
            measure("key and its hash") { _ in
                scratch.removeAll(keepingCapacity: true)
                host.withUnsafeBytes { host in path.withUnsafeBytes { RequestKey.append(host: host, path: $0, to: &scratch) } }
                use(scratch.withUnsafeBytes { store.hash($0) })
            },
            key.withUnsafeBytes { key in
                let hash = store.hash(key)
                return measure("lookup in memory, one object, always in the processor's caches") { _ in use(store.objectInMemory(hash, key: key)) }
            },
        ]
    }

    private func decisionAndHead() -> [Measurement] {
        let answer = HitAnswer(response)
        // As the connection has them: used again when what was in them has been written.
        var (out, copy) = (ByteBuffer(), ByteBuffer())
        answer.write(to: &out, ageSeconds: 100, ttlSeconds: 86_300, lastFields: "\r\n\r\n")
        let source = [UInt8](repeating: 1, count: out.readableBytes)
        return [
            measure("decision") { number in use(response.profile.verdict(at: now.adding(milliseconds: Int64(number & 1023)))) },
            measure("head, with a body of 1 KiB behind it") { number in
                out.clear(minimumCapacity: answer.capacity)
                answer.write(to: &out, ageSeconds: Int64(number & 1023), ttlSeconds: 86_300, lastFields: "\r\n\r\n")
                use(out)
            },
            measure("one copy of as many bytes", isLimit: true) { _ in
                copy.clear(minimumCapacity: source.count)
                copy.writeBytes(source)
                use(copy)
            },
        ]
    }
}
