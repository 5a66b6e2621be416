// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// The text of a time, made once for each second.
///
/// Always UTC: a log in local time has an hour twice a year that cannot be told apart.
final class LogTimeText {
    /// As many bytes as are needed, from here.
    var bytes: UnsafeRawPointer { UnsafeRawPointer(memory) }
    /// How many bytes there are.
    private(set) var count = 0
    /// The part of the time below a second.
    private(set) var milliseconds = 0

    private static let capacity = 32
    /// The end of the year 9999, the last that has four digits.
    private static let lastMillisecond: Int64 = 253_402_300_799_999
    private let memory: UnsafeMutableRawPointer
    private let layout: AccessLogLayout
    private var second: Int64 = -1

    init(_ layout: AccessLogLayout) {
        self.layout = layout
        memory = .allocate(byteCount: Self.capacity, alignment: 8)
    }

    deinit { memory.deallocate() }

    /// Makes the text for this time, unless it is there from the last call. What is before 1970 counts as 1970.
    @inline(__always)
    func set(_ timestampMilliseconds: Int64) {
        let time = min(max(0, timestampMilliseconds), Self.lastMillisecond)
        let (wanted, rest) = time.quotientAndRemainder(dividingBy: 1000)
        milliseconds = Int(rest)
        if wanted != second { write(wanted) }
    }

    private func write(_ wanted: Int64) {
        second = wanted
        let (days, secondOfDay) = Int(wanted).quotientAndRemainder(dividingBy: 86_400)
        let date = CivilDate(daysSince1970: days)
        let (hour, minute, rest) = (secondOfDay / 3600, secondOfDay / 60 % 60, secondOfDay % 60)
        var line = LineCursor(memory, end: memory + Self.capacity)
        switch layout {
        case .combined:
            line.put(digits: 2, of: UInt(date.day))
            line.put("/")
            line.put(date.monthName)
            line.put("/")
            line.put(digits: 4, of: UInt(date.year))
            line.put(":")
        case .json:
            line.put(digits: 4, of: UInt(date.year))
            line.put("-")
            line.put(digits: 2, of: UInt(date.month))
            line.put("-")
            line.put(digits: 2, of: UInt(date.day))
            line.put("T")
        }
        line.put(digits: 2, of: UInt(hour))
        line.put(":")
        line.put(digits: 2, of: UInt(minute))
        line.put(":")
        line.put(digits: 2, of: UInt(rest))
        if layout == .combined { line.put(" +0000") }
        count = line.next - memory
    }
}

/// A day of the Gregorian calendar.
struct CivilDate: Hashable {
    let year: Int
    /// 1 to 12.
    let month: Int
    /// 1 to 31.
    let day: Int

    /// Counts from 1 March of the year 0, so that the leap day is the last of its year (H. Hinnant, "chrono-Compatible Low-Level Date Algorithms", 2013).
    /// Good from 1970 on.
    init(daysSince1970: Int) {
        let days = daysSince1970 + 719_468
        let (era, dayOfEra) = days.quotientAndRemainder(dividingBy: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0)
    }

    var monthName: StaticString {
        switch month {
        case 1: "Jan"
        case 2: "Feb"
        case 3: "Mar"
        case 4: "Apr"
        case 5: "May"
        case 6: "Jun"
        case 7: "Jul"
        case 8: "Aug"
        case 9: "Sep"
        case 10: "Oct"
        case 11: "Nov"
        default: "Dec"
        }
    }
}
