// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import GyreTelemetry
import Testing

@Suite struct CombinedFormatTests {
    @Test func aFullEntry() {
        #expect(
            LogSamples.text(LogSamples.full, .combined)
                == "192.0.2.7 - - [23/Nov/2026:10:32:30 +0000] \"GET /a.css?v=1 HTTP/1.1\" 200 5120 "
                + "\"http://example.org/\" \"curl/7.88.1\" hit/fresh 412\n"
        )
    }

    @Test func anEmptyEntry() {
        #expect(LogSamples.text(AccessLogEntry(), .combined) == "- - - [01/Jan/1970:00:00:00 +0000] \"-\" 0 0 \"-\" \"-\" -/- 0\n")
    }

    @Test func theVersionIsTheRequests() {
        var entry = LogSamples.full
        entry.httpMinorVersion = 0
        #expect(LogSamples.text(entry, .combined).contains("\"GET /a.css?v=1 HTTP/1.0\""))
    }

    @Test(arguments: [
        ("/plain", "/plain"), ("/a\"b", "/a\\x22b"), ("/a\\b", "/a\\x5Cb"), ("/a\r\nb", "/a\\x0D\\x0Ab"), ("/\u{1B}[31m", "/\\x1B[31m"),
        ("/\u{7F}", "/\\x7F"), ("/é", "/\\xC3\\xA9"), ("/\u{0}", "/\\x00"), ("/1234567\"", "/1234567\\x22"), ("\"1234567", "\\x221234567"),
        ("", "-"), ("/with space", "/with space"), ("~ !#[]^_`{}", "~ !#[]^_`{}"),
    ])
    func whatCouldEndALineOrAFieldIsEscaped(target: String, written: String) {
        #expect(LogSamples.text(LogSamples.target(target), .combined).contains("] \"GET \(written) HTTP/1.1\" 200"))
    }

    /// Each byte value, at each of nine places: both the copying of eight bytes at once and that of single ones meet it.
    @Test func everyByteAtEveryPlaceIsPlainOrEscaped() {
        for place in 0..<9 {
            var bytes = [UInt8](repeating: UInt8(ascii: "a"), count: 9)
            for byte in UInt8.min...UInt8.max {
                bytes[place] = byte
                let isPlain = byte >= 0x20 && byte < 0x7F && byte != 0x22 && byte != 0x5C
                let hex = String(byte, radix: 16, uppercase: true)
                let shown = isPlain ? String(UnicodeScalar(byte)) : "\\x" + (byte < 16 ? "0" : "") + hex
                let expected = String(repeating: "a", count: place) + shown + String(repeating: "a", count: 8 - place)
                let line = bytes.withUnsafeBytes { region in
                    var entry = AccessLogEntry()
                    entry.userAgent = region
                    return LogSamples.line(entry, .combined)
                }
                #expect(line.contains(" \"\(expected)\" -/- 0\n"), "byte \(byte) at \(place)")
            }
        }
    }

    @Test func outsideQuotesSpacesAreEscapedToo() {
        var entry = LogSamples.full
        entry.clientAddress = LogWord("a b").bytes
        entry.reasonWord = LogWord("x y\n").bytes
        let text = LogSamples.text(entry, .combined)
        #expect(text.hasPrefix("a\\x20b - - ["))
        #expect(text.hasSuffix("hit/x\\x20y\\x0A 412\n"))
    }

    @Test func longFieldsAreCut() {
        func long(_ count: Int) -> LogWord { LogWord(String(repeating: "x", count: count)) }
        func cut(_ count: Int) -> String { String(repeating: "x", count: count) + "..." }
        var entry = LogSamples.full
        entry.target = long(TelemetryLimits.maxLoggedTargetBytes + 1).bytes
        entry.referer = long(TelemetryLimits.maxLoggedRefererBytes + 1).bytes
        entry.userAgent = long(TelemetryLimits.maxLoggedUserAgentBytes + 1).bytes
        entry.reasonWord = long(TelemetryLimits.maxLoggedWordBytes + 1).bytes
        entry.clientAddress = long(TelemetryLimits.maxLoggedWordBytes).bytes
        #expect(
            LogSamples.text(entry, .combined)
                == String(repeating: "x", count: TelemetryLimits.maxLoggedWordBytes) + " - - [23/Nov/2026:10:32:30 +0000] \"GET "
                + cut(TelemetryLimits.maxLoggedTargetBytes) + " HTTP/1.1\" 200 5120 \"" + cut(TelemetryLimits.maxLoggedRefererBytes)
                + "\" \""
                + cut(TelemetryLimits.maxLoggedUserAgentBytes) + "\" hit/" + cut(TelemetryLimits.maxLoggedWordBytes) + " 412\n"
        )
    }

    @Test(arguments: [
        (0, "0"), (9, "9"), (10, "10"), (99, "99"), (100, "100"), (1_234_567_890, "1234567890"), (Int.max, "9223372036854775807"),
        (-1, "-1"), (Int.min, "-9223372036854775808"),
    ])
    func numbersAreWrittenWhole(value: Int, written: String) {
        var entry = LogSamples.full
        entry.bodyBytesSent = value
        entry.durationMicroseconds = value
        let text = LogSamples.text(entry, .combined)
        #expect(text.contains("\" 200 \(written) \""))
        #expect(text.hasSuffix(" hit/fresh \(written)\n"))
    }
}
