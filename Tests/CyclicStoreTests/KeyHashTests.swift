// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Testing

@testable import CyclicStore

@Suite struct KeyHashTests {
    /// The reference output of SipHash-1-3 is not published for 128 bits; this is the algorithm written a second time, byte by byte, from the paper.
    private func slowHash(_ bytes: [UInt8], _ k0: UInt64, _ k1: UInt64) -> (UInt64, UInt64) {
        var v: [UInt64] = [k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d ^ 0xee, k0 ^ 0x6c7967656e657261, k1 ^ 0x7465646279746573]
        func rotate(_ x: UInt64, _ n: UInt64) -> UInt64 { (x << n) | (x >> (64 - n)) }
        func round() {
            v[0] = v[0] &+ v[1]; v[2] = v[2] &+ v[3]
            v[1] = rotate(v[1], 13); v[3] = rotate(v[3], 16)
            v[1] ^= v[0]; v[3] ^= v[2]
            v[0] = rotate(v[0], 32)
            v[2] = v[2] &+ v[1]; v[0] = v[0] &+ v[3]
            v[1] = rotate(v[1], 17); v[3] = rotate(v[3], 21)
            v[1] ^= v[2]; v[3] ^= v[0]
            v[2] = rotate(v[2], 32)
        }
        var padded = bytes
        while padded.count % 8 != 7 { padded.append(0) }
        padded.append(UInt8(truncatingIfNeeded: bytes.count))
        for start in stride(from: 0, to: padded.count, by: 8) {
            var word: UInt64 = 0
            for index in 0..<8 { word |= UInt64(padded[start + index]) << UInt64(8 * index) }
            v[3] ^= word
            round()
            v[0] ^= word
        }
        v[2] ^= 0xee
        for _ in 0..<3 { round() }
        let first = v[0] ^ v[1] ^ v[2] ^ v[3]
        v[1] ^= 0xdd
        for _ in 0..<3 { round() }
        return (first, v[0] ^ v[1] ^ v[2] ^ v[3])
    }

    @Test(arguments: 0..<70) func `agrees with a slow model for every length`(length: Int) {
        let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 * 37 + 11) }
        let secret = HashSecret(word0: 0x0706_0504_0302_0100, word1: 0x0f0e_0d0c_0b0a_0908)
        let hash = bytes.withUnsafeBytes { secret.hash($0) }
        let (high, low) = slowHash(bytes, secret.word0, secret.word1)
        #expect(hash == KeyHash(high: high, low: low))
    }

    @Test func `another secret gives another hash`() {
        let bytes: [UInt8] = Array("http://a/".utf8)
        let one = bytes.withUnsafeBytes { HashSecret(word0: 1, word1: 2).hash($0) }
        let two = bytes.withUnsafeBytes { HashSecret(word0: 1, word1: 3).hash($0) }
        #expect(one != two)
    }
}
