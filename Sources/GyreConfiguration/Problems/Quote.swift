// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// How foreign text is shown in messages.
enum Quote {
    /// The text in quotes; control characters escaped, long text cut, and what stands before an `@` in a URL hidden, as it may be a password.
    static func value(_ text: String) -> String {
        "\"\(plain(hidingUserInfo(text), limit: SettingLimits.maxQuotedScalars))\""
    }

    /// The text without quotes, control characters escaped so that it cannot change a terminal or forge a line.
    static func plain(_ text: String, limit: Int = .max) -> String {
        var result = ""
        for (index, scalar) in text.unicodeScalars.enumerated() {
            if index == limit { return result + "…" }
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned:
                result += "\\u{\(String(scalar.value, radix: 16))}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    private static func hidingUserInfo(_ text: String) -> String {
        guard let at = text.lastIndex(of: "@") else { return text }
        let slash = text[..<at].firstIndex(of: "/")
        let start = slash.map { text[$0...].prefix { $0 == "/" }.endIndex } ?? text.startIndex
        return "\(text[..<start])…\(text[at...])"
    }
}
