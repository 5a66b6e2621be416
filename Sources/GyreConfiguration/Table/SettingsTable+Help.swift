// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

extension SettingsTable {
    /// The settings that have a flag, one line each, for `--help`; the columns are aligned.
    public static func helpLines() -> [String] {
        let rows = settings.compactMap { setting in
            setting.flag.map { (left: "  \($0) \(setting.placeholder)", right: "\(setting.summary) (\(defaultNote(of: setting)))") }
        }
        let width = rows.map(\.left.count).max() ?? 0
        return rows.map { "\($0.left)\(String(repeating: " ", count: width - $0.left.count))  \($0.right)" }
    }

    private static func defaultNote(of setting: Setting) -> String {
        setting.defaultText.map { "default: \($0)" } ?? "required"
    }
}
