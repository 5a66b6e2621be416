// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Foundation

/// A folder that is gone when the body returns.
enum TemporaryFolder {
    static func with(_ body: (String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("store-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try await body(folder.path)
    }
}
