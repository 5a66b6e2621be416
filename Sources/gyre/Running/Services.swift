// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
import Foundation
import GyreAdmin
import GyreProxy
import GyreTelemetry
import ServiceLifecycle
import UnixSignals

/// The proxy: told to stop, it drains. It is the last to start, so the first to stop.
struct ProxyService: Service {
    let proxy: ProxyServer
    let readiness: Readiness
    let drainMilliseconds: Int64

    func run() async throws {
        try? await gracefulShutdown()
        readiness.stop()
        await proxy.shutDown(withinMilliseconds: drainMilliseconds)
    }
}

/// The admin pages: they answer until the proxy has drained.
struct AdminService: Service {
    let admin: AdminServer?

    func run() async throws {
        try? await gracefulShutdown()
        await admin?.shutDown()
    }
}

/// The access log: its last lines are written when nobody writes any more.
struct LogService: Service {
    let log: AccessLogWriter

    func run() async throws {
        try? await gracefulShutdown()
        _ = log.close()
    }
}

/// The store: membufs are written, the device is synced and given back.
struct StoreService: Service {
    let store: CyclicStore

    func run() async throws {
        try? await gracefulShutdown()
        await store.close()
    }
}

/// SIGHUP opens the log file anew and has rules and users read; a second SIGTERM or SIGINT ends the process at once, whatever is under way.
struct SignalService: Service {
    let log: AccessLogWriter
    let reload: @Sendable () async -> Void

    func run() async throws {
        let signals = await UnixSignalsSequence(trapping: .sighup, .sigterm, .sigint)
        var stops = 0
        // Not cancelled on shutdown: the second signal must still be heard while the others drain.
        let listener = Task {
            for await signal in signals {
                if signal == .sighup {
                    log.requestReopen()
                    await reload()
                } else {
                    stops += 1
                    if stops > 1 { exit(130) }
                }
            }
        }
        try? await gracefulShutdown()
        _ = listener
    }
}
