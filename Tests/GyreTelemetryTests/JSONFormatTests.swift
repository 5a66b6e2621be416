// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Foundation
import GyreTelemetry
import Testing

@Suite struct JSONFormatTests {
    @Test func aFullEntry() {
        var entry = LogSamples.full
        entry.servedFrom = .origin
        entry.originDurationMicroseconds = 321
        #expect(
            LogSamples.text(entry, .json) == "{\"time\":\"2026-11-23T10:32:30.123Z\",\"client\":\"192.0.2.7\",\"method\":\"GET\","
                + "\"target\":\"/a.css?v=1\",\"protocol\":\"HTTP/1.1\",\"host\":\"www.example.org\",\"status\":200,\"bytes\":5120,"
                + "\"referer\":\"http://example.org/\",\"user_agent\":\"curl/7.88.1\",\"cache\":\"hit\",\"reason\":\"fresh\","
                + "\"source\":\"origin\",\"duration_us\":412,\"origin_duration_us\":321}\n"
        )
    }

    @Test func anEmptyEntry() {
        #expect(
            LogSamples.text(AccessLogEntry(), .json)
                == "{\"time\":\"1970-01-01T00:00:00.000Z\",\"client\":null,\"method\":null,\"target\":null,"
                + "\"protocol\":null,\"host\":null,\"status\":0,\"bytes\":0,\"referer\":null,\"user_agent\":null,\"cache\":null,\"reason\":null,"
                + "\"source\":null,\"duration_us\":0,\"origin_duration_us\":null}\n"
        )
    }

    @Test(arguments: ServedFrom.allCases)
    func theSourceIsAWordOrNull(source: ServedFrom) {
        var entry = LogSamples.full
        entry.servedFrom = source
        let shown = source == .none ? "null" : "\"\(source.word)\""
        #expect(LogSamples.text(entry, .json).contains(",\"source\":\(shown),"))
    }

    @Test(
        arguments: [
            ([0x2F], "/"), ([0x22], "\\\""), ([0x5C], "\\\\"), ([0x0A, 0x0D], "\\u000A\\u000D"), ([0x1F], "\\u001F"), ([0x7F], "\\u007F"),
            ([0xC3, 0xA9], "é"), ([0xE2, 0x82, 0xAC], "€"), ([0xF0, 0x9F, 0x98, 0x80], "😀"), ([0xC2, 0x9B], "\\u009B"),
            ([0xC2, 0xA0], "\u{A0}"),
            // Not UTF-8: alone, cut short, too long a form, a surrogate, above the last character, a second byte without a first.
            ([0xFF], "\\\\xFF"), ([0xC3], "\\\\xC3"), ([0xC3, 0x41], "\\\\xC3A"), ([0xC0, 0xAF], "\\\\xC0\\\\xAF"),
            ([0xE0, 0x80, 0x80], "\\\\xE0\\\\x80\\\\x80"), ([0xED, 0xA0, 0x80], "\\\\xED\\\\xA0\\\\x80"), ([0xE2, 0x82], "\\\\xE2\\\\x82"),
            ([0xF4, 0x90, 0x80, 0x80], "\\\\xF4\\\\x90\\\\x80\\\\x80"), ([0xF0, 0x9F, 0x98, 0x41], "\\\\xF0\\\\x9F\\\\x98A"),
            ([0x80], "\\\\x80"),
        ] as [([UInt8], String)]
    )
    func stringsAreEscaped(bytes: [UInt8], written: String) {
        let text = bytes.withUnsafeBytes { region in
            var entry = AccessLogEntry()
            entry.target = region
            return LogSamples.line(entry, .json)
        }
        #expect(text.contains(",\"target\":\"\(written)\","))
    }

    /// Any bytes at all make a line that a JSON parser takes; where they are UTF-8 the parser gives them back.
    @Test func everyLineIsJSON() throws {
        var random = SeededRandom(seed: 20_261_123)
        for round in 0..<2000 {
            let count = Int.random(in: 1...24, using: &random)
            let bytes = (0..<count).map { _ in
                round % 2 == 0 ? UInt8.random(in: 0...255, using: &random) : UInt8.random(in: 0...0x7F, using: &random)
            }
            let line = bytes.withUnsafeBytes { region in
                var entry = AccessLogEntry()
                entry.userAgent = region
                return LogSamples.line(entry, .json)
            }
            #expect(line.utf8.count { $0 == UInt8(ascii: "\n") } == 1)
            let object = try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any], "\(bytes)")
            let shown = try #require(object["user_agent"] as? String)
            if String(validating: bytes, as: UTF8.self) != nil { #expect(Array(shown.utf8) == bytes) }
        }
    }

    @Test func theFieldsAreThoseOfTheTable() throws {
        let line = LogSamples.text(LogSamples.full, .json)
        var rest = line[...]
        for field in AccessLogFields.all {
            let place = try #require(rest.range(of: "\"\(field.name)\":"), "\(field.name)")
            rest = rest[place.upperBound...]
        }
        for text in [line, LogSamples.text(AccessLogEntry(), .json)] {
            let object = try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
            #expect(Set(object.keys) == Set(AccessLogFields.all.map(\.name)))
            for field in AccessLogFields.all {
                let value = object[field.name]
                switch field.kind {
                case .string: #expect(value is String, "\(field.name)")
                case .stringOrNull: #expect(value is String || value is NSNull, "\(field.name)")
                case .integer: #expect(value is Int, "\(field.name)")
                case .integerOrNull: #expect(value is Int || value is NSNull, "\(field.name)")
                }
            }
        }
    }

    @Test func theManualHasARowForEachFieldAndEachReason() {
        let manual = AccessLogFields.renderManual()
        for field in AccessLogFields.all {
            #expect(manual.contains("\n| `\(field.name)` | \(field.kind.rawValue) | "), "\(field.name)")
            #expect(manual.contains(" | \(field.help) |\n"), "\(field.name)")
        }
        for reason in DroppedLine.allCases { #expect(manual.contains("\n| `\(reason.rawValue)` | ")) }
        // The example of the manual is a line that is really written.
        var entry = LogSamples.full
        entry.target = LogWord("/a.css").bytes
        #expect(manual.contains("\n" + LogSamples.text(entry, .combined)))
    }
}
