// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// The dates of access logs, as seconds since 1970.
enum LogDate {
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// `10/Oct/2000:13:55:36 -0700`.
    static func seconds(_ text: Substring) -> Double? {
        let parts = text.split(separator: " ")
        guard let date = parts.first else { return nil }
        let fields = date.split(whereSeparator: { $0 == "/" || $0 == ":" })
        guard fields.count == 6, let day = Int(fields[0]), let month = months.firstIndex(of: String(fields[1])), let year = Int(fields[2]),
            let hour = Int(fields[3]), let minute = Int(fields[4]), let second = Int(fields[5])
        else { return nil }
        var offset = 0
        if parts.count > 1 {
            guard let zone = Int(parts[1]) else { return nil }
            offset = (zone / 100 * 60 + zone % 100) * 60
        }
        return Double(days(year, month + 1, day) * 86_400 + hour * 3600 + minute * 60 + second - offset)
    }

    /// `2026-11-23T10:32:30.123Z`.
    static func internetSeconds(_ text: UnsafeRawBufferPointer) -> Double? {
        guard text.count >= 20, text.count < 40, text.last == UInt8(ascii: "Z"), text[4] == UInt8(ascii: "-"), text[7] == UInt8(ascii: "-"),
            text[10] == UInt8(ascii: "T"), text[13] == UInt8(ascii: ":"), text[16] == UInt8(ascii: ":"),
            let year = number(text, 0..<4), let month = number(text, 5..<7), let day = number(text, 8..<10), (1...12).contains(month),
            let hour = number(text, 11..<13), let minute = number(text, 14..<16), let second = number(text, 17..<19)
        else { return nil }
        var fraction = 0.0
        if text.count > 20 {
            guard text[19] == UInt8(ascii: "."), text.count < 30, let digits = number(text, 20..<(text.count - 1)) else { return nil }
            fraction = Double(digits)
            for _ in 20..<(text.count - 1) { fraction /= 10 }
        }
        return Double(days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second) + fraction
    }

    private static func number(_ text: UnsafeRawBufferPointer, _ range: Range<Int>) -> Int? {
        var number = 0
        for index in range {
            guard text[index] >= 0x30, text[index] <= 0x39 else { return nil }
            number = number * 10 + Int(text[index] - 0x30)
        }
        return number
    }

    /// Days since 1970 in the Gregorian calendar (Hinnant, "chrono-compatible low-level date algorithms").
    private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}
