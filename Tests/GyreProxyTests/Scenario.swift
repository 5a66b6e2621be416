// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
import GyreProxy
import GyreTelemetry
import GyreTestKit
import HTTPCaching
import Synchronization

/// A fake origin, a real proxy on a real port and a client: what a scenario needs.
struct Scenario {
    let origin: FakeOrigin
    let proxy: ProxyServer
    let store: CyclicStore
    let log: CollectedLog

    func client() async throws -> RawClient { try await RawClient.connect(port: proxy.port) }

    func totals() -> LoopTotals { proxy.counters.totals() }
}

/// The access log's lines, kept for the test.
final class CollectedLog: LogTarget, @unchecked Sendable {
    // Unchecked: the text is guarded by the mutex.
    private let text = Mutex<String>("")
    var lines: [Substring] { text.withLock { $0.split(separator: "\n") } }
    func write(_ bytes: UnsafeRawBufferPointer) throws(LogTargetError) {
        let part = String(decoding: bytes, as: UTF8.self)
        text.withLock { $0 += part }
    }
}

/// Runs a scenario; everything is stopped behind it.
/// - Parameters:
///   - volume: A file for the volume; memory alone without one.
///   - open: Makes the store, when it is to lie on a device of the test's.
///   - adjust: Changes to the configuration.
func withScenario(
    volume: String? = nil,
    volumeBytes: Int = 16 << 20,
    memoryBytes: Int = 8 << 20,
    open: (StoreConfiguration) throws -> CyclicStore = { try CyclicStore.open($0, factory: ResponseFactory()) },
    adjust: (inout ProxyConfiguration) -> Void = { _ in },
    _ body: (Scenario) async throws -> Void
) async throws {
    try await withFakeOrigin { origin in
        var configuration = ProxyConfiguration(origin: .init(host: "127.0.0.1", port: origin.port))
        configuration.listenPort = 0
        // A test is not late because the machine is busy: who tests a deadline sets it.
        configuration.origin?.readTimeoutMilliseconds = 120_000
        configuration.timeouts.headMilliseconds = 600_000
        configuration.timeouts.bodyMilliseconds = 600_000
        configuration.timeouts.idleMilliseconds = 600_000
        configuration.timeouts.writeMilliseconds = 600_000
        configuration.timeouts.paceGraceMilliseconds = 600_000
        adjust(&configuration)
        var storeConfiguration = StoreConfiguration()
        storeConfiguration.volumePath = volume
        storeConfiguration.volumeBytes = volumeBytes
        storeConfiguration.stripeBytes = 256 * 1024
        storeConfiguration.memoryBytes = memoryBytes
        let store = try open(storeConfiguration)
        let target = CollectedLog()
        let log = AccessLogWriter(target: target)
        let proxy = try await ProxyServer.start(configuration, store: store, accessLog: log, layout: .combined)
        let scenario = Scenario(origin: origin, proxy: proxy, store: store, log: target)
        let result: Swift.Result<Void, any Error>
        do { result = .success(try await body(scenario)) } catch { result = .failure(error) }
        await proxy.shutDown(withinMilliseconds: 200)
        _ = log.close()
        await store.close()
        try result.get()
    }
}
