// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Dates as HTTP writes them (RFC 9110 §5.6.7).
///
/// Reading takes the preferred form and both obsolete ones, and nothing else: a date in any other form is no date. Writing always uses the
/// preferred form.
public enum HTTPDate {
    /// The length in bytes of every date that is written.
    public static let formattedByteCount = 29

    /// Appends a moment as IMF-fixdate, 29 bytes. Years outside 0...9999 are clamped to them.
    public static func append(_ moment: Timestamp, to output: inout [UInt8]) {
        let earliest: Int64 = -62_167_219_200
        let latest: Int64 = 253_402_300_799
        let seconds = min(max(moment.wholeSeconds, earliest), latest)
        var days = seconds / 86_400
        var rest = seconds % 86_400
        if rest < 0 {
            rest += 86_400
            days -= 1
        }
        let date = CivilDate(daysSinceEpoch: days)
        let weekday = Int(((days % 7) + 11) % 7)
        appendName(of: weekday, from: weekdayNames, to: &output)
        output.append(ASCII.comma)
        output.append(ASCII.space)
        appendTwoDigits(date.day, to: &output)
        output.append(ASCII.space)
        appendName(of: Int(date.month - 1), from: monthNames, to: &output)
        output.append(ASCII.space)
        appendTwoDigits(date.year / 100, to: &output)
        appendTwoDigits(date.year % 100, to: &output)
        output.append(ASCII.space)
        appendTwoDigits(rest / 3600, to: &output)
        output.append(ASCII.colon)
        appendTwoDigits(rest / 60 % 60, to: &output)
        output.append(ASCII.colon)
        appendTwoDigits(rest % 60, to: &output)
        output.append(contentsOf: " GMT".utf8)
    }

    /// A moment as IMF-fixdate.
    public static func string(_ moment: Timestamp) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(formattedByteCount)
        append(moment, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Reads a date in one of the three forms of RFC 9110 §5.6.7.
    ///
    /// - Parameters:
    ///   - text: the whole field value.
    ///   - now: decides the century of a two-digit year.
    /// - Returns: the moment, or `nil` when the text is no HTTP date.
    public static func parse(_ text: String, now: Timestamp) -> Timestamp? {
        parse(text.utf8.span, now: now)
    }

    static let weekdayNames: StaticString = "SunMonTueWedThuFriSat"
    static let monthNames: StaticString = "JanFebMarAprMayJunJulAugSepOctNovDec"

    private static func appendName(of index: Int, from names: StaticString, to output: inout [UInt8]) {
        let start = index * 3
        guard index >= 0, start + 3 <= names.utf8CodeUnitCount else { return }
        // A StaticString has no safe view of its bytes; the index was checked against its length.
        output.append(contentsOf: UnsafeBufferPointer(start: names.utf8Start + start, count: 3))
    }

    private static func appendTwoDigits(_ value: Int64, to output: inout [UInt8]) {
        output.append(ASCII.zero + UInt8(truncatingIfNeeded: value / 10 % 10))
        output.append(ASCII.zero + UInt8(truncatingIfNeeded: value % 10))
    }
}
