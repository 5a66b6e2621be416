// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPWireTestSupport
import Testing

@testable import HTTPWire

/// The scans over words against the plainest loops: every byte, at every place, in regions of every small size.
@Suite struct WordScanTests {
    private static func expectSame(
        _ fill: UInt8,
        _ scan: (WireBytes, Int) -> Int,
        _ stops: (UInt8) -> Bool,
        _ name: String
    ) {
        for count in 1...18 {
            for place in 0..<count {
                for byte in UInt8.min...UInt8.max {
                    var bytes = [UInt8](repeating: fill, count: count)
                    bytes[place] = byte
                    let start = (Int(byte) + place) % count
                    let expected = bytes[start...].firstIndex(where: stops) ?? count
                    let found = withExactRegion(bytes) { region in
                        region.baseAddress.map { scan(WireBytes(base: $0, count: count), start) } ?? -1
                    }
                    if found != expected {
                        Issue.record("\(name): byte \(byte) at \(place) of \(count) from \(start): \(found), not \(expected)")
                    }
                }
            }
        }
    }

    @Test(arguments: [0x61, 0xFF, 0x80, 0x20] as [UInt8])
    func theEndOfAValueIsFound(_ fill: UInt8) {
        Self.expectSame(fill, { $0.endOfValue(from: $1) }, { $0 < 0x20 && $0 != 0x09 || $0 == 0x7F }, "value")
    }

    @Test func theEndOfAPathIsFound() {
        let stops: (UInt8) -> Bool = { $0 <= 0x20 || $0 >= 0x7F || "?%#\\".utf8.contains($0) }
        Self.expectSame(0x61, { $0.endOfPathRun(from: $1) }, stops, "path")
        Self.expectSame(0x7E, { $0.endOfPathRun(from: $1) }, stops, "path")
    }

    @Test func theEndOfAQueryIsFound() {
        Self.expectSame(0x61, { $0.endOfQuery(from: $1) }, { $0 <= 0x20 || $0 >= 0x7F || $0 == 0x23 }, "query")
    }

    @Test(arguments: [0x61, 0x3B, 0x39, 0xBA, 0x00] as [UInt8])
    func aByteIsFound(_ fill: UInt8) {
        Self.expectSame(fill, { $0.first(0x3A, from: $1) }, { $0 == 0x3A }, "colon")
    }

    @Test(arguments: [0x61, 0x2D, 0x21] as [UInt8])
    func theEndOfATokenIsFound(_ fill: UInt8) {
        let tokens = Set("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8)
        Self.expectSame(fill, { $0.endOfToken(from: $1, to: $0.count) }, { !tokens.contains($0) }, "token")
    }

    @Test func aWholeWordOfNameBytesIsToldApart() {
        let plain = Set("-0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8)
        for byte in UInt8.min...UInt8.max {
            for place in stride(from: UInt64(0), to: 64, by: 8) {
                for fill in ["a", "-", "9"].map({ UInt64($0.utf8.first ?? 0) }) {
                    let word = (WordScan.ones &* fill) & ~(0xFF << place) | UInt64(byte) << place
                    #expect(WordScan.isPlainName(word) == plain.contains(byte))
                }
            }
        }
    }
}
