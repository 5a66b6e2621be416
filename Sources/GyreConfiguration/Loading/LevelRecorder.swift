// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Configuration
import Synchronization

/// The sources of settings, the strongest first.
enum SettingLevel: Int, Sendable {
    case commandLine, environment, file, defaults
}

/// Remembers which source each value came from, as swift-configuration reports it.
final class LevelRecorder: AccessReporter {
    private let levels = Mutex<[String: SettingLevel]>([:])

    func report(_ event: AccessEvent) {
        // Providers are asked in order until one has a value.
        let index = event.providerResults.firstIndex { result in
            if case .success(let lookup) = result.result { lookup.value != nil } else { false }
        }
        guard let index, let level = SettingLevel(rawValue: index) else { return }
        levels.withLock { $0[event.metadata.key.description] = level }
    }

    func level(of key: String) -> SettingLevel? {
        levels.withLock { $0[key] }
    }
}
