// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// What the machine and the user hand in, for the values that depend on them.
struct SettingContext: Sendable {
    /// Processor cores that this process may use, for `auto`.
    var availableCores: Int
    /// `HOME`, when it is set to an absolute path.
    var homeFolder: String?
    /// The user's cache folder by the XDG Base Directory Specification: `XDG_CACHE_HOME`, or `.cache` in the home folder.
    var cacheFolder: String?

    /// Takes the folders from the environment. A relative path in either variable is ignored, as the XDG specification asks.
    init(environment: [String: String], availableCores: Int) {
        self.availableCores = availableCores
        homeFolder = environment["HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
        cacheFolder = environment["XDG_CACHE_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil } ?? homeFolder.map { "\($0)/.cache" }
    }
}
