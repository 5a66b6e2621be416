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
    static func internetSeconds(_ text: String) -> Double? {
        guard text.hasSuffix("Z") else { return nil }
        let fields = text.dropLast().split(whereSeparator: { $0 == "-" || $0 == "T" || $0 == ":" })
        guard fields.count == 6, let year = Int(fields[0]), let month = Int(fields[1]), let day = Int(fields[2]), let hour = Int(fields[3]),
            let minute = Int(fields[4]), let second = Double(fields[5]), (1...12).contains(month)
        else { return nil }
        return Double(days(year, month, day) * 86_400 + hour * 3600 + minute * 60) + second
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
