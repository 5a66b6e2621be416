// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPTypes
import Testing

@testable import HTTPCaching

@Suite("The encoded head")
struct StoredHeadCodingTests {
    static func samples() throws -> [StoredHead] {
        var withTrailers = try stored(["Cache-Control: max-age=60", "ETag: \"a\"", "A: 1", "a: 2", "A: "])
        withTrailers.trailers = fields(["X-Sum: 1", "X-Sum: 2"])
        return [
            withTrailers,
            try stored(["Cache-Control: max-age=60, stale-while-revalidate=5, stale-if-error=7, immutable, no-transform"]),
            try stored(["CDN-Cache-Control: max-age=60", "Vary: A, B"], request: ["A: 1"]),
            try stored(["Cache-Control: max-age=60", "Content-Range: bytes 5-9/20"], status: 206),
            try stored(["Cache-Control: max-age=60", "Content-Range: bytes 5-9/*"], status: 206),
            try stored(["Expires: 0", "Last-Modified: {-5}", "Set-Cookie: a=b", "Set-Cookie: c=d"], status: 599, policy: explicitCookies),
        ]
    }

    private static var explicitCookies: CachingPolicy {
        var policy = CachingPolicy()
        policy.setCookie = .store
        return policy
    }

    private func decoded(_ bytes: [UInt8]) -> StoredHead? {
        StoredHead(decoding: bytes.span)
    }

    private func encoded(_ head: StoredHead) -> [UInt8] {
        var bytes: [UInt8] = []
        head.encode(into: &bytes)
        return bytes
    }

    @Test("what is encoded is decoded, with the order of fields, repeated fields and their bytes")
    func roundTrip() throws {
        for head in try Self.samples() {
            let bytes = encoded(head)
            let again = try #require(decoded(bytes))
            #expect(again == head)
            #expect(lines(again.fields) == lines(head.fields))
            #expect(lines(again.trailers) == lines(head.trailers))
            #expect(encoded(again) == bytes)
            #expect(bytes.withUnsafeBytes { StoredHead(decoding: $0) } == head)
        }
    }

    @Test("the encoded head says of itself what the decoded one says")
    func encodedHead() throws {
        for head in try Self.samples() {
            let bytes = encoded(head)
            guard let encoded = EncodedHead(bytes.span) else {
                Issue.record("not decoded")
                continue
            }
            #expect(encoded.status == head.status && encoded.rules == head.rules && encoded.profile == head.profile)
            #expect(encoded.requestTime == head.requestTime && encoded.bodyByteCount == head.bodyByteCount)
            var found: [String] = []
            encoded.forEachField(in: bytes.span) { name, value in
                found.append("\(String(decoding: bytes[name], as: UTF8.self)): \(String(decoding: bytes[value], as: UTF8.self))")
            }
            #expect(found == lines(head.fields))
        }
    }

    @Test("values that are no text survive byte by byte")
    func bytes() throws {
        var head = try stored(["Cache-Control: max-age=60"])
        let name = try #require(HTTPField.Name("X-Raw"))
        head.fields.append(HTTPField(name: name, value: [0xFF, 0x80, 0x20, 0xC3]))
        let again = try #require(decoded(encoded(head)))
        #expect(again.fields.last?.valueBytes == [0xFF, 0x80, 0x20, 0xC3])
    }

    @Test("it is appended after what is there already")
    func appended() throws {
        let head = try stored(["Cache-Control: max-age=60"])
        var bytes: [UInt8] = [1, 2, 3]
        head.encode(into: &bytes)
        #expect(bytes.prefix(3) == [1, 2, 3])
        #expect(decoded(Array(bytes.dropFirst(3))) == head)
    }

    @Test("no truncation and no added byte is decoded")
    func truncated() throws {
        for head in try Self.samples() {
            let bytes = encoded(head)
            for count in 0..<bytes.count { #expect(decoded(Array(bytes.prefix(count))) == nil) }
            #expect(decoded(bytes + [0]) == nil)
        }
    }

    @Test("bytes with one bit turned are refused, or decoded to a head that can be used and encoded again")
    func flippedBits() throws {
        let policy = CachingPolicy()
        for head in try Self.samples() {
            let bytes = encoded(head)
            for index in bytes.indices {
                for bit in 0..<8 {
                    var broken = bytes
                    broken[index] ^= 1 << UInt8(bit)
                    // Whoever was satisfied with the one is never refused the other.
                    let isEncoded = EncodedHead(broken.span) != nil
                    #expect(isEncoded == (decoded(broken) != nil))
                    guard let head = decoded(broken) else { continue }
                    exercise(head, policy)
                }
            }
        }
    }

    @Test("20000 seeded random inputs trap nowhere")
    func randomBytes() throws {
        var random = SeededRandom(seed: 77)
        let policy = CachingPolicy()
        let samples = try Self.samples().map(encoded)
        for _ in 0..<20_000 {
            var bytes = samples.randomElement(using: &random) ?? []
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            let isEncoded = EncodedHead(bytes.span) != nil
            #expect(isEncoded == (decoded(bytes) != nil))
            if let head = decoded(bytes) { exercise(head, policy) }
        }
    }

    @Test("a head that would break a response is refused")
    func lineEnds() throws {
        let head = try stored(["Cache-Control: max-age=60", "X-Mark: abcd"])
        let bytes = encoded(head)
        let place = try #require(bytes.indices.first { bytes[$0...].starts(with: "abcd".utf8) })
        for byte in [UInt8(0), 0x0A, 0x0D] {
            var broken = bytes
            broken[place] = byte
            #expect(decoded(broken) == nil)
        }
        let name = try #require(bytes.indices.first { bytes[$0...].starts(with: "X-Mark".utf8) })
        for byte in [UInt8(ascii: ":"), 0x20, 0x0A] {
            var broken = bytes
            broken[name] = byte
            #expect(decoded(broken) == nil)
        }
    }

    private func exercise(_ head: StoredHead, _ policy: CachingPolicy) {
        for now in [Timestamp.distantPast, arrival, .distantFuture] {
            _ = head.profile.verdict(at: now)
            _ = head.currentAgeSeconds(at: now)
            _ = head.ttlSeconds(at: now)
            let full = ReuseDecision.decide(request: request(), stored: head, now: now, policy: policy)
            if case .fresh = head.profile.verdict(at: now), !head.profile.variesByRequest {
                guard case .fresh = full else {
                    Issue.record("profile and decision differ: \(describe(full))")
                    return
                }
            }
            var purged = head
            purged.expire(at: now)
        }
        _ = head.worthKeepingUntil(policy)
        _ = NotModifiedResponse.fields(from: head.fields)
        _ = RangePlan.make(request: request(["Range: bytes=0-5"]), stored: head, policy: policy)
        var again: [UInt8] = []
        head.encode(into: &again)
        #expect(decoded(again) == head)
    }
}
