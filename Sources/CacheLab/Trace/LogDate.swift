// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Foundation

/// The dates of access logs, as seconds since 1970.
enum LogDate {
    /// `10/Oct/2000:13:55:36 -0700`; the zone may be missing, which is UTC.
    static func seconds(_ text: UnsafeRawBufferPointer) -> Double? {
        guard text.count == 20 || text.count == 26, text[2] == UInt8(ascii: "/"), text[6] == UInt8(ascii: "/"),
            text[11] == UInt8(ascii: ":"),
            text[14] == UInt8(ascii: ":"), text[17] == UInt8(ascii: ":"), let day = number(text, 0..<2), let month = month(text, 3),
            let year = number(text, 7..<11), let hour = number(text, 12..<14), let minute = number(text, 15..<17),
            let second = number(text, 18..<20)
        else { return nil }
        var offset = 0
        if text.count == 26 {
            guard text[20] == UInt8(ascii: " "), let hours = number(text, 22..<24), let minutes = number(text, 24..<26) else { return nil }
            switch text[21] {
            case UInt8(ascii: "+"): offset = (hours * 60 + minutes) * 60
            case UInt8(ascii: "-"): offset = -(hours * 60 + minutes) * 60
            default: return nil
            }
        }
        return Double(days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset)
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
        text.from(range.lowerBound, to: range.upperBound).wholeNumber
    }

    /// 1 to 12, from three letters.
    private static func month(_ text: UnsafeRawBufferPointer, _ start: Int) -> Int? {
        let letters = "JanFebMarAprMayJunJulAugSepOctNovDec".utf8
        let name = text.from(start, to: start + 3)
        var candidate = letters.startIndex
        for month in 1...12 {
            let end = letters.index(candidate, offsetBy: 3)
            if letters[candidate..<end].elementsEqual(name) { return month }
            candidate = end
        }
        return nil
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
