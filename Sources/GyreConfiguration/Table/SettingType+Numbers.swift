// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

extension SettingType where Value == ByteSize {
    /// A size within `range`, and a power of two if so asked.
    static func size(_ range: ClosedRange<ByteSize>, powerOfTwo: Bool = false) -> Self {
        Self(
            name: "size",
            phrase: "a size",
            writing: "a number with KiB, MiB, GiB or TiB, for example 10GiB",
            allowed: describe(range, within: SettingLimits.anySize).map { powerOfTwo ? "\($0), a power of two" : $0 },
            bounds: "\(range.lowerBound) to \(range.upperBound)",
            placeholder: "SIZE",
            parse: { (text: String, _: SettingContext) throws(ValueRefusal) -> ByteSize in
                let size = try ByteSize(parsing: text)
                try check(size, in: range)
                if powerOfTwo, size.bytes.nonzeroBitCount != 1 { throw .malformed(because: "it is not a power of two") }
                return size
            },
            format: { "\($0)" }
        )
    }
}

extension SettingType where Value == ByteSize? {
    /// A size within `range`, or nil for `word`.
    static func size(_ range: ClosedRange<ByteSize>, orNil word: String) -> Self {
        SettingType<ByteSize>.size(range).orNil(word)
    }
}

extension SettingType where Value == DurationSetting {
    /// A length of time within `range`.
    static func duration(_ range: ClosedRange<DurationSetting>) -> Self {
        Self(
            name: "duration",
            phrase: "a duration",
            writing: "a number with ms, s, m, h or d, for example 5s",
            allowed: "\(range.lowerBound) to \(range.upperBound)",
            placeholder: "DURATION",
            parse: { (text: String, _: SettingContext) throws(ValueRefusal) -> DurationSetting in
                let duration = try DurationSetting(parsing: text)
                try check(duration, in: range)
                return duration
            },
            format: { "\($0)" }
        )
    }
}

extension SettingType where Value == Int {
    /// A whole number within `range`.
    static func count(_ range: ClosedRange<Int>) -> Self {
        Self(
            name: "count",
            phrase: "a count",
            writing: "a whole number",
            allowed: describe(range, within: 0...(.max)),
            bounds: "\(range.lowerBound) to \(range.upperBound)",
            placeholder: "COUNT",
            parse: { (text: String, _: SettingContext) throws(ValueRefusal) -> Int in
                guard let number = DecimalNumber(prefixOf: text), !number.hasPoint, number.rest.isEmpty else { throw .malformed() }
                try check(number.whole, in: range)
                return number.whole
            },
            format: { "\($0)" }
        )
    }

    /// A whole number within `range`, or `auto` for one for each core, brought into the range.
    static func countOrCores(_ range: ClosedRange<Int>) -> Self {
        count(range)
            .or(
                "auto",
                wrap: { $0 },
                unwrap: { $0 },
                special: { min(max($0.availableCores, range.lowerBound), range.upperBound) }
            )
    }
}

extension SettingType where Value == Double {
    /// A decimal fraction within `range`.
    static func fraction(_ range: ClosedRange<Double>) -> Self {
        Self(
            name: "fraction",
            phrase: "a fraction",
            writing: "a decimal number, for example 0.25",
            allowed: "\(DecimalText.short(range.lowerBound)) to \(DecimalText.short(range.upperBound))",
            placeholder: "FRACTION",
            parse: { (text: String, _: SettingContext) throws(ValueRefusal) -> Double in
                guard let number = DecimalNumber(prefixOf: text), number.rest.isEmpty, let value = Double(text) else {
                    throw .malformed()
                }
                try check(value, in: range)
                return value
            },
            format: { DecimalText.short($0) }
        )
    }
}

/// Fractions without the idle `.0`.
enum DecimalText {
    static func short(_ value: Double) -> String {
        let text = "\(value)"
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }
}
