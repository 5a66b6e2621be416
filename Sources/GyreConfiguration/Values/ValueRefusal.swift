// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Why a text is not the value that a setting needs.
///
/// The parsers say what is wrong with the text alone. The setting adds its name, its place and its range.
public enum ValueRefusal: Error, Equatable, Sendable {
    /// The text is not such a value at all. `because` names the part at fault when that helps, and `suggestion` is what was probably meant.
    case malformed(because: String? = nil, suggestion: String? = nil)
    /// The text is such a value, and lies below the allowed range.
    case tooSmall
    /// The text is such a value, and lies above the allowed range or cannot be held at all.
    case tooLarge
}
