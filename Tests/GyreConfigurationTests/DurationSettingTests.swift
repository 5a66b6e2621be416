// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Testing

@testable import GyreConfiguration

struct DurationSettingTests {
    @Test(arguments: [
        ("0s", 0), ("0ms", 0), ("1ms", 1), ("500ms", 500), ("5s", 5000), ("75s", 75_000), ("2m", 120_000), ("1h", 3_600_000),
        ("1d", 86_400_000), ("365d", 31_536_000_000), ("1.5h", 5_400_000), ("0.5s", 500), ("0.001s", 1), ("2.5m", 150_000),
    ])
    func readsWhatPeopleWrite(text: String, milliseconds: Int) throws {
        let duration = try DurationSetting(parsing: text)
        #expect(duration.milliseconds == milliseconds)
        #expect(duration.duration == .milliseconds(milliseconds))
        #expect(duration.wholeSeconds == milliseconds / 1000)
    }

    @Test(arguments: ["", "s", "-5s", "+5s", "5 s", "5S", "5sec", "1h30m", "5us", "1w", "05s", "5s ", "five", "1e3s", "5.s", "∞"])
    func refusesWhatIsNoDuration(text: String) {
        #expect(throws: ValueRefusal.malformed()) { try DurationSetting(parsing: text) }
    }

    @Test func asksForAUnit() {
        #expect(throws: ValueRefusal.malformed(because: "it has no unit", suggestion: "30s")) { try DurationSetting(parsing: "30") }
        #expect(throws: ValueRefusal.malformed(because: "it has no unit", suggestion: "0s")) { try DurationSetting(parsing: "0") }
    }

    @Test(arguments: ["0.5ms", "0.0001s"])
    func refusesPartsOfAMillisecond(text: String) {
        #expect(throws: ValueRefusal.malformed(because: "it is finer than a millisecond")) { try DurationSetting(parsing: text) }
    }

    @Test func saysWhenADurationCannotBeHeld() {
        #expect(throws: ValueRefusal.tooLarge) { try DurationSetting(parsing: "999999999999999999d") }
    }

    @Test(arguments: [
        (0, "0s"), (1, "1ms"), (1500, "1500ms"), (5000, "5s"), (60_000, "1m"), (75_000, "75s"), (3_600_000, "1h"), (86_400_000, "1d"),
        (90_000_000, "25h"),
    ])
    func isWrittenInTheLargestExactUnit(milliseconds: Int, text: String) throws {
        #expect(DurationSetting(milliseconds: milliseconds).description == text)
        #expect(try DurationSetting(parsing: text).milliseconds == milliseconds)
    }

    @Test func isNeverNegative() {
        #expect(DurationSetting(milliseconds: -1).milliseconds == 0)
        #expect(DurationSetting.seconds(86_399) < .days(1))
    }
}
