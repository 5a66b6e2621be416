// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

extension HTTPDate {
    /// Reads a date in one of the three forms of RFC 9110 §5.6.7; `nil` when it is none of them.
    ///
    /// The form is strict, but letters count in any case: RFC 9111 §4.2 asks that of caches. The name of the day must be one, but it is not compared
    /// with the date: the grammar does not ask for it, and the date alone says what is meant. The only zone is GMT.
    public static func parse(_ text: Span<UInt8>, now: Timestamp) -> Timestamp? {
        guard text.count >= 24 else { return nil }
        if text[3] == ASCII.comma { return parseFixdate(text) }
        if text[3] == ASCII.space { return parseAsctime(text) }
        return parseRFC850(text, now: now)
    }

    /// `Sun, 06 Nov 1994 08:49:37 GMT`
    private static func parseFixdate(_ text: Span<UInt8>) -> Timestamp? {
        guard text.count == 29, index(in: weekdayNames, text, at: 0) != nil,
            text[4] == ASCII.space, text[7] == ASCII.space, text[11] == ASCII.space, text[16] == ASCII.space,
            text.matchesIgnoringCase(25..<29, " gmt"),
            let day = digits(text, 5, 2), let month = index(in: monthNames, text, at: 8), let year = digits(text, 12, 4),
            let time = timeOfDay(text, at: 17)
        else { return nil }
        return moment(year: year, month: month + 1, day: day, time: time)
    }

    /// `Sun Nov  6 08:49:37 1994`
    private static func parseAsctime(_ text: Span<UInt8>) -> Timestamp? {
        guard text.count == 24, index(in: weekdayNames, text, at: 0) != nil,
            text[7] == ASCII.space, text[10] == ASCII.space, text[19] == ASCII.space,
            let month = index(in: monthNames, text, at: 4),
            let day = text[8] == ASCII.space ? digits(text, 9, 1) : digits(text, 8, 2),
            let time = timeOfDay(text, at: 11), let year = digits(text, 20, 4)
        else { return nil }
        return moment(year: year, month: month + 1, day: day, time: time)
    }

    /// `Sunday, 06-Nov-94 08:49:37 GMT`
    private static func parseRFC850(_ text: Span<UInt8>, now: Timestamp) -> Timestamp? {
        guard let comma = text.firstIndex(of: ASCII.comma, from: 0), text.count == comma + 24, isLongDayName(text, count: comma),
            text[comma + 1] == ASCII.space, text[comma + 4] == ASCII.minus, text[comma + 8] == ASCII.minus, text[comma + 11] == ASCII.space,
            text.matchesIgnoringCase(comma + 20..<comma + 24, " gmt"),
            let day = digits(text, comma + 2, 2), let month = index(in: monthNames, text, at: comma + 5),
            let shortYear = digits(text, comma + 9, 2), let time = timeOfDay(text, at: comma + 12)
        else { return nil }
        // A date that seems more than 50 years ahead is the most recent past year with those digits.
        let seconds = min(max(now.wholeSeconds, -62_167_219_200), 253_402_300_799)
        let thisYear = CivilDate(daysSinceEpoch: seconds / 86_400 - (seconds % 86_400 < 0 ? 1 : 0)).year
        let oldest = thisYear - 49
        var year = oldest + (((shortYear - oldest) % 100) + 100) % 100
        guard let candidate = moment(year: year, month: month + 1, day: day, time: time) else {
            // 29 February of a year that has none: no other century may be guessed.
            return nil
        }
        if year == thisYear + 50, candidate > fiftyYears(after: seconds) {
            year -= 100
            return moment(year: year, month: month + 1, day: day, time: time)
        }
        return candidate
    }

    private static func fiftyYears(after seconds: Int64) -> Timestamp {
        var days = seconds / 86_400
        var rest = seconds % 86_400
        if rest < 0 {
            rest += 86_400
            days -= 1
        }
        var date = CivilDate(daysSinceEpoch: days)
        date.year += 50
        return Timestamp(seconds: date.daysSinceEpoch * 86_400 + rest)
    }

    private static func isLongDayName(_ text: Span<UInt8>, count: Int) -> Bool {
        switch count {
        case 6:
            text.matchesIgnoringCase(0..<count, "sunday") || text.matchesIgnoringCase(0..<count, "monday")
                || text.matchesIgnoringCase(0..<count, "friday")
        case 7: text.matchesIgnoringCase(0..<count, "tuesday")
        case 8: text.matchesIgnoringCase(0..<count, "thursday") || text.matchesIgnoringCase(0..<count, "saturday")
        case 9: text.matchesIgnoringCase(0..<count, "wednesday")
        default: false
        }
    }

    private static func timeOfDay(_ text: Span<UInt8>, at start: Int) -> Int64? {
        guard text[start + 2] == ASCII.colon, text[start + 5] == ASCII.colon,
            let hour = digits(text, start, 2), let minute = digits(text, start + 3, 2), let second = digits(text, start + 6, 2),
            hour <= 23, minute <= 59, second <= 60
        else { return nil }
        return hour * 3600 + minute * 60 + second
    }

    private static func moment(year: Int64, month: Int64, day: Int64, time: Int64) -> Timestamp? {
        guard day >= 1, day <= CivilDate.dayCount(month: month, year: year) else { return nil }
        return Timestamp(seconds: CivilDate(year: year, month: month, day: day).daysSinceEpoch * 86_400 + time)
    }

    private static func digits(_ text: Span<UInt8>, _ start: Int, _ count: Int) -> Int64? {
        guard start >= 0, start + count <= text.count else { return nil }
        var value: Int64 = 0
        for index in start..<start + count {
            guard let digit = ASCII.digitValue(text[index]) else { return nil }
            value = value * 10 + digit
        }
        return value
    }

    private static func index(in names: StaticString, _ text: Span<UInt8>, at start: Int) -> Int64? {
        guard start + 3 <= text.count else { return nil }
        var offset = 0
        while offset + 3 <= names.utf8CodeUnitCount {
            let name = names.utf8Start + offset
            if (0..<3).allSatisfy({ ASCII.lowercased(name[$0]) == ASCII.lowercased(text[start + $0]) }) { return Int64(offset / 3) }
            offset += 3
        }
        return nil
    }
}
