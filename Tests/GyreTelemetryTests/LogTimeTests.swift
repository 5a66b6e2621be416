// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Testing

@testable import GyreTelemetry

@Suite struct LogTimeTests {
    static func text(_ time: LogTimeText) -> String {
        String(decoding: UnsafeRawBufferPointer(start: time.bytes, count: time.count), as: UTF8.self)
    }

    @Test(
        arguments: [
            (0, "01/Jan/1970:00:00:00 +0000", "1970-01-01T00:00:00", 0),
            (-1, "01/Jan/1970:00:00:00 +0000", "1970-01-01T00:00:00", 0),
            (951_782_399_999, "28/Feb/2000:23:59:59 +0000", "2000-02-28T23:59:59", 999),
            (951_782_400_000, "29/Feb/2000:00:00:00 +0000", "2000-02-29T00:00:00", 0),
            (1_709_251_199_001, "29/Feb/2024:23:59:59 +0000", "2024-02-29T23:59:59", 1),
            (1_767_225_600_000, "01/Jan/2026:00:00:00 +0000", "2026-01-01T00:00:00", 0),
            (4_107_542_400_000, "01/Mar/2100:00:00:00 +0000", "2100-03-01T00:00:00", 0),
            (253_402_300_799_999, "31/Dec/9999:23:59:59 +0000", "9999-12-31T23:59:59", 999),
            (Int64.max, "31/Dec/9999:23:59:59 +0000", "9999-12-31T23:59:59", 999),
        ] as [(Int64, String, String, Int)]
    )
    func timesAreWrittenInUTC(milliseconds: Int64, combined: String, iso: String, rest: Int) {
        for (layout, expected) in [(AccessLogLayout.combined, combined), (.json, iso)] {
            let time = LogTimeText(layout)
            time.set(milliseconds)
            #expect(Self.text(time) == expected)
            #expect(time.milliseconds == rest)
        }
    }

    @Test func theTextChangesWithTheSecondAndTheMillisecondsWithEachCall() {
        let time = LogTimeText(.json)
        for (milliseconds, text, rest) in [
            (999, "1970-01-01T00:00:00", 999), (1000, "1970-01-01T00:00:01", 0), (1001, "1970-01-01T00:00:01", 1),
            // A clock that is set back.
            (500, "1970-01-01T00:00:00", 500),
        ] {
            time.set(Int64(milliseconds))
            #expect(Self.text(time) == text)
            #expect(time.milliseconds == rest)
        }
    }

    /// Every day of four hundred years, after which the calendar repeats.
    @Test func everyDayFollowsTheOneBefore() {
        func days(_ month: Int, _ year: Int) -> Int {
            let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
            return month == 2 ? (isLeap ? 29 : 28) : [4, 6, 9, 11].contains(month) ? 30 : 31
        }
        var (year, month, day) = (1970, 1, 1)
        var wrong = 0
        for number in 0..<146_097 {
            let date = CivilDate(daysSince1970: number)
            if (date.year, date.month, date.day) != (year, month, day) { wrong += 1 }
            day += 1
            if day > days(month, year) { (day, month) = (1, month + 1) }
            if month > 12 { (month, year) = (1, year + 1) }
        }
        #expect(wrong == 0)
        #expect((year, month, day) == (2370, 1, 1))
    }
}
