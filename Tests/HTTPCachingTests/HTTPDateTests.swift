// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Testing

@testable import HTTPCaching

@Suite("Dates, RFC 9110 §5.6.7")
struct HTTPDateTests {
    @Test(
        "a date in one of the three forms is read",
        arguments: [
            ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777),
            ("Sunday, 06-Nov-94 08:49:37 GMT", 784_111_777),
            // Letters in any case, RFC 9111 §4.2
            ("sUN, 06 nov 1994 08:49:37 gmt", 784_111_777), ("sunday, 06-NOV-94 08:49:37 Gmt", 784_111_777),
            ("SUN NOV  6 08:49:37 1994", 784_111_777),
            ("Sun Nov  6 08:49:37 1994", 784_111_777),
            ("Sun Nov 16 08:49:37 1994", 784_975_777),
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("Wed, 31 Dec 1969 23:59:59 GMT", -1),
            ("Tue, 29 Feb 2000 00:00:00 GMT", 951_782_400),
            ("Sat, 31 Dec 2016 23:59:60 GMT", 1_483_228_800),
            ("Fri, 31 Dec 9999 23:59:59 GMT", 253_402_300_799),
            ("Sat, 01 Jan 0000 00:00:00 GMT", -62_167_219_200),
            // The day's name is not compared with the date.
            ("Mon, 06 Nov 1994 08:49:37 GMT", 784_111_777),
            ("Wednesday, 06-Nov-94 08:49:37 GMT", 784_111_777),
        ] as [(String, Int64)]
    )
    func valid(text: String, seconds: Int64) {
        #expect(HTTPDate.parse(text, now: arrival) == Timestamp(seconds: seconds))
    }

    @Test(
        "anything else is no date",
        arguments: [
            "", "0", "-1", "now", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 UTC",
            "Sun, 06 Nov 1994 08:49:37 +0000", "Sun, 06 Nov 1994 08:49:37 GMT ", " Sun, 06 Nov 1994 08:49:37 GMT",
            "Sun, 6 Nov 1994 08:49:37 GMT",
            "Sun, 06-Nov-1994 08:49:37 GMT", "Sun 06 Nov 1994 08:49:37 GMT", "Sun,  06 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 94 08:49:37 GMT", "Sun, 06 Nov 1994 8:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT",
            "Sun, 06 Nov 1994 08:60:37 GMT", "Sun, 06 Nov 1994 08:49:61 GMT", "Sun, 06 Nov 1994 08.49.37 GMT",
            "Sun, 31 Nov 1994 08:49:37 GMT", "Sun, 29 Feb 1900 08:49:37 GMT", "Sun, 00 Nov 1994 08:49:37 GMT",
            "Xun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994, 08:49:37 GMT", "1994-11-06T08:49:37Z",
            "Sunday, 06-Nov-1994 08:49:37 GMT", "Sundae, 06-Nov-94 08:49:37 GMT", "Sunday, 06 Nov 94 08:49:37 GMT",
            "Sun Nov 6 08:49:37 1994", "Sun Nov  6 08:49:37 1994 GMT", "Sun Nov 06 08:49:37 94", "784111777",
        ]
    )
    func invalid(text: String) {
        #expect(HTTPDate.parse(text, now: arrival) == nil)
    }

    @Test(
        "a two-digit year lies at most 50 years ahead",
        arguments: [
            // now is 15 Jan 2027 08:00:00
            ("Friday, 15-Jan-27 08:00:00 GMT", 2027), ("Friday, 31-Dec-76 23:59:59 GMT", 2076), ("Friday, 15-Jan-77 08:00:00 GMT", 2077),
            ("Friday, 15-Jan-77 08:00:01 GMT", 1977), ("Friday, 15-Jan-78 08:00:00 GMT", 1978), ("Friday, 15-Jan-99 08:00:00 GMT", 1999),
            ("Friday, 15-Jan-00 08:00:00 GMT", 2000),
        ]
    )
    func twoDigitYear(text: String, year: Int64) throws {
        let moment = try #require(HTTPDate.parse(text, now: arrival))
        #expect(CivilDate(daysSinceEpoch: moment.wholeSeconds / 86_400).year == year)
    }

    @Test("what is written is read back, for 5000 seeded moments")
    func roundTrip() {
        var random = SeededRandom(seed: 20_270_115)
        for _ in 0..<5000 {
            let moment = Timestamp(seconds: Int64.random(in: -62_167_219_200...253_402_300_799, using: &random))
            let text = HTTPDate.string(moment)
            #expect(text.utf8.count == HTTPDate.formattedByteCount)
            #expect(HTTPDate.parse(text, now: arrival) == moment, "\(text)")
        }
    }

    @Test("writing names the right day and clamps what has no four-digit year")
    func writing() {
        #expect(date() == "Fri, 15 Jan 2027 08:00:00 GMT")
        #expect(HTTPDate.string(Timestamp(seconds: 784_111_777)) == "Sun, 06 Nov 1994 08:49:37 GMT")
        #expect(HTTPDate.string(Timestamp(milliseconds: -1)) == "Wed, 31 Dec 1969 23:59:59 GMT")
        #expect(HTTPDate.string(.distantFuture) == "Fri, 31 Dec 9999 23:59:59 GMT")
        #expect(HTTPDate.string(.distantPast) == "Sat, 01 Jan 0000 00:00:00 GMT")
    }

    @Test("time arithmetic saturates")
    func saturation() {
        #expect(Timestamp.distantFuture.adding(seconds: 1) == .distantFuture)
        #expect(Timestamp.distantPast.adding(seconds: -1) == .distantPast)
        #expect(Timestamp.distantFuture.milliseconds(since: .distantPast) == .max)
        #expect(Timestamp.distantPast.milliseconds(since: .distantFuture) == .min)
        #expect(Timestamp(seconds: .max).milliseconds == .max)
        #expect(Timestamp(seconds: .min).milliseconds == .min)
        #expect(Timestamp(milliseconds: -1).wholeSeconds == -1)
    }
}
