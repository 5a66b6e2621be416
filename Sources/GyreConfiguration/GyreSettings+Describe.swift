// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

extension GyreSettings {
    /// Every setting with its value and where the value came from, one line each in aligned columns, for `gyre config show`.
    ///
    /// There are no secrets among the settings.
    public func describe() -> String {
        let rows = SettingsTable.settings.map { setting in
            (key: setting.key, value: Quote.plain(setting.format(self)), source: sources[setting.key]?.description ?? "")
        }
        let keyWidth = rows.map(\.key.count).max() ?? 0
        let valueWidth = rows.map(\.value.count).max() ?? 0
        return rows.map { row in
            "\(Self.pad(row.key, to: keyWidth))  \(Self.pad(row.value, to: valueWidth))  \(row.source)\n"
        }
        .joined()
    }

    private static func pad(_ text: String, to width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}
