// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Foundation
import Synchronization
import Testing

@testable import CyclicStore

/// Reads of a real file with the engine of threads: who answers them.
@Suite struct PageCacheTests {
    private func configuration(_ folder: String, directIO: Bool) -> StoreConfiguration {
        var configuration = StoreConfiguration.small(in: folder)
        configuration.ioEngine = .threads
        configuration.directIO = directIO
        return configuration
    }

    /// Looks ten records up one after the other; how many answers were there when the call returned, on its own thread.
    private func answersAtOnce(_ store: CyclicStore) async -> Int {
        var atOnce = 0
        for number in UInt8(0)..<10 {
            let isAnswered = Mutex(false)
            let wasAnswered = Mutex(false)
            let (found, thread): (CyclicStore.Lookup, Bool) = await withCheckedContinuation { continuation in
                let caller = pthread_self()
                store.get(store.key([number])) { lookup in
                    isAnswered.withLock { $0 = true }
                    continuation.resume(returning: (lookup, pthread_equal(caller, pthread_self()) != 0))
                }
                wasAnswered.withLock { $0 = isAnswered.withLock { $0 } }
            }
            #expect((found.object as? PlainObject)?.bytes == [UInt8](repeating: number, count: 3000))
            if thread, wasAnswered.withLock({ $0 }) { atOnce += 1 }
        }
        return atOnce
    }

    @Test func `a read that the page cache has is answered on the caller's thread`() async throws {
        try await TemporaryFolder.with { folder in
            let store = try CyclicStore.open(configuration(folder, directIO: false))
            for number in UInt8(0)..<10 {
                #expect(store.put(PlainObject(store.key([number]), bytes: [UInt8](repeating: number, count: 3000))) == nil)
            }
            await store.flush()
            let before = store.statistics.engine.submitted
            #expect(await answersAtOnce(store) == 10)
            let statistics = try #require(store.statistics.volume)
            #expect(statistics.readsWithoutHop == 10 && statistics.deviceReads == 10)
            #expect(store.statistics.engine.submitted == before, "the engine has nothing to do with it")
            await store.close()
        }
    }

    @Test func `with direct I/O every read goes through the engine`() async throws {
        try await TemporaryFolder.with { folder in
            let store: CyclicStore
            do throws(StoreError) {
                store = try CyclicStore.open(configuration(folder, directIO: true))
            } catch {
                // This file system knows no direct I/O.
                return #expect(error.reason == .device)
            }
            for number in UInt8(0)..<10 {
                #expect(store.put(PlainObject(store.key([number]), bytes: [UInt8](repeating: number, count: 3000))) == nil)
            }
            await store.flush()
            let before = store.statistics.engine.submitted
            #expect(await answersAtOnce(store) == 0)
            let statistics = try #require(store.statistics.volume)
            #expect(statistics.readsWithoutHop == 0 && statistics.deviceReads == 10)
            #expect(store.statistics.engine.submitted == before + 10)
            await store.close()
        }
    }
}
