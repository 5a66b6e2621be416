// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// How values of one kind are named, written, read and shown. The range is part of it.
struct SettingType<Value: Sendable>: Sendable {
    /// The word in the manual: `size`, `duration or none`.
    var name: String
    /// The word in an error: `a size`.
    var phrase: String
    /// How it is written: `a number with KiB, MiB, GiB or TiB, for example 10GiB`.
    var writing: String
    /// The range or the choices: `at least 8MiB`. Nil when every value of the kind will do.
    var allowed: String?
    /// Both ends of the range, also an end that `allowed` leaves out, for a value that is outside of it.
    var bounds: String?
    /// What stands for the value after a flag: `SIZE`.
    var placeholder: String
    /// The words of a choice, among which a misspelt one is looked for.
    var choices: [String] = []
    /// Several values may be given: a flag more than once, a list in the settings file. They are read as lines.
    var isList = false
    var parse: @Sendable (String, SettingContext) throws(ValueRefusal) -> Value
    /// The value as it would be written; `parse` reads it back.
    var format: @Sendable (Value) -> String
}

extension SettingType {
    /// The same kind, or one more word that stands for a value of its own, such as `none`.
    func or<Wider: Sendable>(
        _ word: String,
        wrap: @escaping @Sendable (Value) -> Wider,
        unwrap: @escaping @Sendable (Wider) -> Value?,
        special: @escaping @Sendable (SettingContext) -> Wider
    ) -> SettingType<Wider> {
        let inner = self
        return SettingType<Wider>(
            name: "\(name) or \(word)",
            phrase: phrase,
            writing: "\(writing), or \(word)",
            allowed: allowed,
            bounds: bounds,
            placeholder: placeholder,
            choices: choices,
            isList: isList,
            parse: { (text: String, context: SettingContext) throws(ValueRefusal) -> Wider in
                text == word ? special(context) : wrap(try inner.parse(text, context))
            },
            format: { value in unwrap(value).map(inner.format) ?? word }
        )
    }

    /// The same kind, or `word` for nil.
    func orNil(_ word: String) -> SettingType<Value?> {
        or(word, wrap: { $0 }, unwrap: { $0 }, special: { _ in nil })
    }
}

/// Puts a range into words; nil when it reaches from one end of its type to the other.
func describe<Bound: Comparable & CustomStringConvertible>(_ range: ClosedRange<Bound>, within whole: ClosedRange<Bound>) -> String? {
    if range == whole { return nil }
    return range.upperBound < whole.upperBound ? "\(range.lowerBound) to \(range.upperBound)" : "at least \(range.lowerBound)"
}

/// Refuses what is outside of `range`.
func check<Bound: Comparable>(_ value: Bound, in range: ClosedRange<Bound>) throws(ValueRefusal) {
    if value < range.lowerBound { throw .tooSmall }
    if value > range.upperBound { throw .tooLarge }
}
