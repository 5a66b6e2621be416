// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// A length of time, as people write it: `500ms`, `5s`, `2m`, `1.5h`, `1d`.
///
/// A unit is always needed: a bare number is seconds in one program and milliseconds in the next. A day is 24 hours.
public struct DurationSetting: Sendable, Hashable, Comparable {
    /// The length in milliseconds, never negative.
    public let milliseconds: Int

    /// A length of so many milliseconds. A negative number is taken as 0.
    public init(milliseconds: Int) {
        self.milliseconds = max(0, milliseconds)
    }

    /// Reads a length of time.
    ///
    /// Throws `.malformed` for what is no duration or is finer than a millisecond, and `.tooLarge` for what does not fit in 63 bits of
    /// milliseconds.
    public init(parsing text: String) throws(ValueRefusal) {
        guard let number = DecimalNumber(prefixOf: text) else { throw .malformed() }
        if number.rest.isEmpty { throw .malformed(because: "it has no unit", suggestion: "\(text)s") }
        guard let scale = Self.units.first(where: { $0.name == number.rest })?.milliseconds else { throw .malformed() }
        guard let (milliseconds, isExact) = number.scaled(by: scale) else { throw .tooLarge }
        guard isExact else { throw .malformed(because: "it is finer than a millisecond") }
        self.milliseconds = milliseconds
    }

    /// The length as the standard library's `Duration`.
    public var duration: Duration {
        .milliseconds(milliseconds)
    }

    /// The whole seconds in it, rounded down.
    public var wholeSeconds: Int {
        milliseconds / 1000
    }

    /// Lengths are ordered by their milliseconds.
    public static func < (left: DurationSetting, right: DurationSetting) -> Bool {
        left.milliseconds < right.milliseconds
    }

    private static let units: [(name: String, milliseconds: Int)] = [
        ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1),
    ]
}

extension DurationSetting {
    /// So many seconds.
    public static func seconds(_ count: Int) -> DurationSetting { DurationSetting(milliseconds: count * 1000) }
    /// So many days of 24 hours.
    public static func days(_ count: Int) -> DurationSetting { DurationSetting(milliseconds: count * 86_400_000) }
}

extension DurationSetting: CustomStringConvertible {
    /// The length in the largest unit that keeps it exact; reading it gives the same length again.
    public var description: String {
        guard milliseconds > 0 else { return "0s" }
        for (name, scale) in Self.units where milliseconds % scale == 0 {
            return "\(milliseconds / scale)\(name)"
        }
        return "\(milliseconds)ms"
    }
}
