// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import ArgumentParser
import CyclicStore
import Foundation
import GyreAdmin
import GyreConfiguration
import GyreProxy
import GyreTelemetry
import Logging
import Metrics
import ServiceLifecycle
import Synchronization
import UnixSignals

/// One running cache: store, proxy, admin pages and log, started in this order and stopped in the other.
final class Node: Sendable {
    /// What it was started with.
    let settings: GyreSettings
    /// The same with what was taken over since.
    let running: Mutex<GyreSettings>
    let store: CyclicStore
    let proxy: ProxyServer
    let admin: AdminServer?
    let registry: PrometheusRegistry
    private let accessLog: AccessLogWriter
    private let readiness: Readiness

    static func start(_ settings: GyreSettings) async throws -> Node {
        if let problem = settings.problems.first {
            Console.error("gyre: \(problem)")
            throw ExitCode(1)
        }
        var configuration = settings.proxyConfiguration
        configuration.samplesRequests = settings.admin.listen != nil
        if settings.forward.enabled { configuration.forward = try settings.forwardConfiguration() }
        let store: CyclicStore
        do throws(StoreError) {
            if case .volumes(let places) = settings.volume.location {
                for place in places { makeFolder(of: place.path) }
            }
            store = try openStore(settings.storeConfiguration)
        } catch {
            Console.error("gyre: \(error)")
            throw ExitCode(1)
        }
        for problem in store.problems { Console.error("gyre: warning: \(problem)") }
        let accessLog: AccessLogWriter
        do {
            accessLog = try makeLog(settings)
        } catch {
            Console.error("gyre: the access log cannot be opened: \(error)")
            throw ExitCode(1)
        }
        let proxy: ProxyServer
        do {
            proxy = try await ProxyServer.start(
                configuration,
                store: store,
                accessLog: accessLog,
                layout: settings.log.format == .json ? .json : .combined
            )
        } catch {
            Console.error("gyre: cannot listen on \(settings.server.listen): \(error)")
            await store.close()
            throw ExitCode(1)
        }
        let readiness = Readiness()
        let registry = PrometheusRegistry()
        MetricsSystem.bootstrap(registry)
        registry.registerCollector { sink in proxy.counters.collect(into: &sink) }
        registry.registerCollector { sink in accessLog.collect(into: &sink) }
        registry.registerCollector { sink in StoreMetrics(store.statistics).collect(into: &sink) }
        registry.registerCollector { sink in sink.add(MetricsTable.buildInfo, [GyreVersion.text], value: 1) }
        var admin: AdminServer?
        if let address = settings.admin.listen {
            do {
                admin = try await AdminServer.start(
                    host: address.host ?? "::",
                    port: Int(address.port),
                    pages: pages(registry, readiness),
                    actions: AdminActions.make(proxy, settings)
                )
            } catch {
                Console.error("gyre: cannot listen for admin on \(address): \(error)")
                await proxy.shutDown(withinMilliseconds: 0)
                await store.close()
                throw ExitCode(1)
            }
        }
        return Node(settings, store, proxy, admin, registry, accessLog, readiness)
    }

    private init(
        _ settings: GyreSettings,
        _ store: CyclicStore,
        _ proxy: ProxyServer,
        _ admin: AdminServer?,
        _ registry: PrometheusRegistry,
        _ accessLog: AccessLogWriter,
        _ readiness: Readiness
    ) {
        self.settings = settings
        running = Mutex(settings)
        self.store = store
        self.proxy = proxy
        self.admin = admin
        self.registry = registry
        self.accessLog = accessLog
        self.readiness = readiness
    }

    private static func pages(_ registry: PrometheusRegistry, _ readiness: Readiness) -> [String: @Sendable () -> AdminServer.Page] {
        [
            "/metrics": { AdminServer.Page(contentType: PrometheusRegistry.contentType, body: registry.render()) },
            "/healthz": { AdminServer.Page("ok\n") },
            "/readyz": { readiness.isReady ? AdminServer.Page("ready\n") : AdminServer.Page(status: 503, "draining\n") },
        ]
    }

    /// With disks that are broken there is still memory: clients are served, and the operator is told.
    private static func openStore(_ configuration: StoreConfiguration) throws(StoreError) -> CyclicStore {
        do throws(StoreError) {
            var lines: [String: ProgressLine] = [:]
            defer { for line in lines.values { line.end() } }
            return try CyclicStore.open(configuration, factory: ResponseFactory()) { volume, progress in
                let line = lines[volume] ?? ProgressLine("reading every stripe of \(volume)")
                lines[volume] = line
                line.show(progress)
            }
        } catch {
            guard error.isHardware else { throw error }
            Console.error("gyre: warning: \(error); objects are kept in memory alone")
            var memoryOnly = configuration
            memoryOnly.volumes = []
            memoryOnly.volumePath = nil
            return try CyclicStore.open(memoryOnly, factory: ResponseFactory())
        }
    }

    private static func makeFolder(of path: String) {
        if path.hasPrefix("/dev/") { return }
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent()
        // A failure shows when the file itself is opened, with the system's own reason.
        try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    private static func makeLog(_ settings: GyreSettings) throws -> AccessLogWriter {
        switch settings.log.access {
        case .off: AccessLogWriter(target: NoLogTarget())
        case .standardOutput: AccessLogWriter(target: StandardOutputLogTarget())
        case .file(let path): AccessLogWriter(target: try FileLogTarget(path: path))
        }
    }

    var volumeNote: String {
        switch settings.volume.location {
        case .memoryOnly: ", in memory alone"
        case .volumes(let places): ", on \(places.map(\.path).joined(separator: ", "))"
        }
    }

    var adminAddress: String? { admin.map { "http://127.0.0.1:\($0.port)" } }

    /// Drains and closes everything, in the order of a stop by signal.
    func stop() async {
        readiness.stop()
        await proxy.shutDown(withinMilliseconds: Int64(settings.server.drainTimeout.milliseconds))
        await admin?.shutDown()
        _ = accessLog.close()
        await store.close()
    }

    var adminNote: String {
        settings.admin.listen.map { ", admin on http://\($0)" } ?? ""
    }

    /// Serves until SIGTERM or SIGINT, then drains, writes what is in membufs and returns. A second signal ends the process at once.
    ///
    /// - Parameter load: Gives the settings as they are now, for SIGHUP.
    func runUntilTold(_ load: @escaping @Sendable () async throws -> GyreSettings) async {
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [
                    .init(service: StoreService(store: store)),
                    .init(service: LogService(log: accessLog)),
                    .init(service: AdminService(admin: admin)),
                    .init(
                        service: ProxyService(
                            proxy: proxy,
                            readiness: readiness,
                            drainMilliseconds: Int64(settings.server.drainTimeout.milliseconds)
                        )
                    ),
                    .init(service: SignalService(log: accessLog) { await self.reload(load) }),
                ],
                gracefulShutdownSignals: [.sigterm, .sigint],
                logger: Logger(label: "gyre") { _ in SwiftLogNoOpLogHandler() }
            )
        )
        do { try await group.run() } catch { Console.error("gyre: \(error)") }
    }
}

/// Whether new clients should be sent here.
final class Readiness: Sendable {
    private let ready = Atomic<Bool>(true)
    var isReady: Bool { ready.load(ordering: .relaxed) }
    func stop() { ready.store(false, ordering: .relaxed) }
}
