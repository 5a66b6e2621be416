// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import ArgumentParser
import CyclicStore
import Foundation
import GyreConfiguration

/// A cache whose volume lies in a temporary folder and is removed at the end.
struct TemporaryNode {
    let node: Node
    let settings: GyreSettings
    private let folder: URL

    /// - Parameter origin: A port of this machine.
    static func start(origin: Int, listen: String = "127.0.0.1:0", memory: String, volumeSize: String) async throws -> TemporaryNode {
        let name = "gyre-\(ProcessInfo.processInfo.processIdentifier)"
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(name)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        do {
            let settings = try await settings(origin: origin, listen: listen, memory: memory, volumeSize: volumeSize, folder: folder)
            return TemporaryNode(node: try await Node.start(settings), settings: settings, folder: folder)
        } catch {
            try? FileManager.default.removeItem(at: folder)
            throw error
        }
    }

    private static func settings(
        origin: Int,
        listen: String,
        memory: String,
        volumeSize: String,
        folder: URL
    ) async throws -> GyreSettings {
        let values = [
            "origin.url": "http://127.0.0.1:\(origin)", "server.listen": listen, "admin.listen": "127.0.0.1:0", "log.access": "none",
            "volume.path": folder.appendingPathComponent("volume.gyre").path, "volume.size": volumeSize, "memory.size": memory,
            "server.workers": "1",
        ]
        do {
            return try await GyreSettings.load(commandLine: values, environment: ["HOME": folder.path], file: nil)
        } catch {
            Console.error(error.render())
            throw ExitCode(2)
        }
    }

    /// Bytes written to the volume so far. What is still in membufs counts too: it is on its way.
    func bytesWritten() async -> Int {
        await withCheckedContinuation { continuation in node.store.flush { continuation.resume() } }
        return node.store.statistics.volume?.deviceBytesWritten ?? 0
    }

    func removeVolume() { try? FileManager.default.removeItem(at: folder) }
}
