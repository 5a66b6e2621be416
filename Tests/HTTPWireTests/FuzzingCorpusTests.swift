// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Foundation
import HTTPWireTestSupport
import Testing

/// What the fuzzer began with and found, replayed without it.
@Suite struct FuzzingCorpusTests {
    static let file = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fuzzing/corpus.txt")

    @Test(.enabled(if: FileManager.default.fileExists(atPath: file.path)))
    func everyLineHoldsWhatMustHold() throws {
        let lines = try String(contentsOf: Self.file, encoding: .utf8).split(separator: "\n").filter { $0.first != "#" }
        #expect(lines.count > 50)
        for line in lines {
            let bytes = try #require(Self.bytes(line), "not an input: \(line)")
            #expect(RequestPathCheck.violation(bytes) == nil, "\(line)")
        }
    }

    /// `\r`, `\n`, `\t`, `\\` and `\xHH`, as `printf %b` reads them.
    static func bytes(_ line: some StringProtocol) -> [UInt8]? {
        var bytes: [UInt8] = []
        var rest = Array(line.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\") else {
                bytes.append(byte)
                continue
            }
            switch rest.popFirst() {
            case UInt8(ascii: "r"): bytes.append(0x0D)
            case UInt8(ascii: "n"): bytes.append(0x0A)
            case UInt8(ascii: "t"): bytes.append(0x09)
            case UInt8(ascii: "\\"): bytes.append(0x5C)
            case UInt8(ascii: "x"):
                guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else { return nil }
                bytes.append(value)
                rest = rest.dropFirst(2)
            default: return nil
            }
        }
        return bytes
    }
}
