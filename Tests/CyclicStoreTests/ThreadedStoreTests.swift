// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Foundation
import Synchronization
import Testing

@testable import CyclicStore

/// A real file, real threads. This suite also runs under the thread sanitizer.
@Suite struct ThreadedStoreTests {
    private func configuration(_ folder: URL, stripes: Int = 32) -> StoreConfiguration {
        var configuration = StoreConfiguration()
        configuration.volumePath = folder.appendingPathComponent("volume").path
        configuration.stripeBytes = 64 * 1024
        configuration.volumeBytes = Superblock.volumeBytes(stripes: stripes, stripeBytes: configuration.stripeBytes)
        configuration.memoryBytes = 300_000
        return configuration
    }

    private func withFolder(_ body: (URL) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("store-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try await body(folder)
    }

    private static func object(_ store: CyclicStore, _ number: Int, _ version: Int) -> PlainObject {
        let body = SimulatedStore.body(number, version: version, count: 200 + (number * 997 + version) % 9000)
        return PlainObject(
            RecordImage(
                kind: .object,
                key: store.key(Array("key-\(number)".utf8)),
                metadata: Array("\(number):\(version)".utf8),
                payload: .copy(of: body)
            )
        )
    }

    private static func check(_ lookup: CyclicStore.Lookup, _ number: Int) -> Bool {
        guard case .found(let object, _) = lookup, let plain = object as? PlainObject else { return true }
        let parts = String(decoding: plain.metadata, as: UTF8.self).split(separator: ":").compactMap { Int($0) }
        guard parts.count == 2, parts[0] == number else { return false }
        let body = SimulatedStore.body(number, version: parts[1], count: 200 + (number * 997 + parts[1]) % 9000)
        return plain.withPayload { $0.elementsEqual(body) }
    }

    @Test func `readers and writers on many threads see right bytes or none while the volume turns`() async throws {
        try await withFolder { folder in
            let store = try CyclicStore.open(configuration(folder))
            let wrong = await withTaskGroup(of: Int.self) { tasks in
                for worker in 0..<6 {
                    tasks.addTask {
                        var random = SeededRandom(seed: UInt64(worker))
                        var wrong = 0
                        for step in 0..<400 {
                            let number = Int(random.next() % 200)
                            switch random.next() % 8 {
                            case 0..<4: store.put(Self.object(store, number, worker * 1000 + step))
                            case 4: store.remove(store.key(Array("key-\(number)".utf8)))
                            default:
                                let lookup = await withCheckedContinuation { continuation in
                                    store.get(store.key(Array("key-\(number)".utf8))) { continuation.resume(returning: $0) }
                                }
                                if !Self.check(lookup, number) { wrong += 1 }
                            }
                        }
                        return wrong
                    }
                }
                return await tasks.reduce(0, +)
            }
            #expect(wrong == 0)
            store.volume?.checkInvariants()
            await store.close()
        }
    }

    @Test func `what was stored before a clean stop is served after the next start`() async throws {
        try await withFolder { folder in
            let store = try CyclicStore.open(configuration(folder, stripes: 64))
            for number in 0..<100 { #expect(store.put(Self.object(store, number, 1)) == nil) }
            await store.close()
            let again = try CyclicStore.open(configuration(folder, stripes: 64))
            for number in 0..<100 {
                let lookup = await withCheckedContinuation { continuation in
                    again.get(again.key(Array("key-\(number)".utf8))) { continuation.resume(returning: $0) }
                }
                guard case .found = lookup else {
                    Issue.record("key \(number) is gone")
                    continue
                }
                #expect(Self.check(lookup, number))
            }
            await again.close()
        }
    }

    @Test func `a volume in use is refused to a second store`() async throws {
        try await withFolder { folder in
            let store = try CyclicStore.open(configuration(folder))
            let error = #expect(throws: StoreError.self) { try CyclicStore.open(configuration(folder)) }
            #expect(error?.reason == .inUse)
            await store.close()
        }
    }
}
