// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// The one table of settings.
///
/// The help, the manual page, the check of a file, the names in the environment and the typed ``GyreSettings`` are all made from it.
/// A new setting is one row here and one property there.
public enum SettingsTable {
    /// What the name of every environment variable begins with.
    public static let environmentPrefix = "GYRE_"

    /// Every setting, section by section, in the order of the manual.
    public static let settings: [Setting] = origin + forward + server + admin + memory + volume + cache + log

    /// The setting of this name.
    public static func setting(_ key: String) -> Setting? {
        settingsByKey[key]
    }

    /// The sections in order, each with its heading.
    public static let sections: [(name: String, heading: String)] = [
        ("origin", "The site behind the cache"),
        ("forward", "A forward proxy, beside an origin or instead of one"),
        ("server", "The side that clients see"),
        ("admin", "Metrics and health"),
        ("memory", "Objects in memory"),
        ("volume", "Objects on disk"),
        ("cache", "What is stored, and for how long"),
        ("log", "Logs"),
    ]

    static let settingsByKey = Dictionary(settings.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })

    static func isSection(_ name: String) -> Bool {
        sections.contains { $0.name == name }
    }
}
