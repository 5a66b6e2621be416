// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import ArgumentParser
import CacheLab
import Foundation
import GyreConfiguration
import GyreProxy
import GyreWorkload
import NIOCore
import UnixSignals

/// `gyre workload`: a load and an origin around a cache.
struct WorkloadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "workload",
        abstract: "Load any HTTP cache with a web-like workload and judge every answer.",
        discussion: """
            Clients and the origin are in this program; the cache is between them. Without --target a Gyre with a volume in a temporary \
            folder is measured. With it, tell your cache that its origin is at the address of --origin-listen, and give its URL:

              gyre serve --origin http://127.0.0.1:9000 --listen 127.0.0.1:8080
              gyre workload --target http://127.0.0.1:8080 --origin-listen 127.0.0.1:9000

            The model is Web Polygraph's PolyMix-4: its content, sizes, recurrence, hot set, life cycles, conditions and reloads. Requests \
            come at their times whether or not those before were answered, and response times count from there. Bytes follow from the URL \
            and the version: each stale or wrong one is counted, and the program ends with 1. Ctrl-C ends the run and gives the report. See \
            docs/workload.md.
            """
    )

    @Option(help: "The cache: http://HOST:PORT. (default: a Gyre that is started for it)")
    var target: String?
    @Option(help: "Where the origin listens, HOST:PORT. Must be where the cache asks; needed with --target.")
    var originListen: String?
    @Option(help: "Requests a second on the plateaus.")
    var rate = 500.0
    @Option(help: "Length of each of the two plateaus, as 20s or 5m.")
    var plateau = "20s"
    @Option(help: "Length of the ramp before them.")
    var ramp = "5s"
    @Option(help: "Length of the idle time between them, at a tenth of the rate; 0s: no idle time and one plateau.")
    var idle = "5s"
    @Option(help: "Objects that can be asked for again.")
    var workingSet = 10_000
    @Option(help: "Bytes to fill the cache with first, as 2GiB. (default: until the working set is full)")
    var fill: String?
    @Option(help: "Share of the requests that are for an object seen before, from 0 to 1.")
    var recurrence = 0.6875
    @Option(help: "Which objects come back: polymix (uniform with a hot set, small ones more often) or zipf=EXPONENT.")
    var popularity = "polymix"
    @Option(help: "Which requests there are: polymix (with conditions, reloads, POST, HEAD, clients that leave) or get.")
    var requests = "polymix"
    @Option(help: "How long the origin thinks, on average.")
    var think = "100ms"
    @Option(help: "What a day of the objects' life cycles takes: at 60s, an HTML page changes every seven minutes.")
    var day = "60s"
    @Option(help: "Most connections at the same time.")
    var connections = 256
    @Option(help: "Most requests on a connection; how many is drawn by Zipf's law.")
    var connectionUses = 64
    @Option(help: "Give a request up after this.")
    var timeout = "30s"
    @Option(help: "Stop after this many requests.")
    var maxRequests = 1_000_000
    @Option(help: "The same seed asks for the same things.")
    var seed: UInt64 = 1
    @Option(
        name: .customLong("run"),
        help: "First part of all paths. (default: another one each time, so that nothing that is cached comes from an earlier run)"
    )
    var runName: String?
    @Option(help: "Process of the cache: what it and its children write is counted.")
    var cachePid: Int?
    @Option(help: "Block device of the cache, as vda: what is written to it is counted, by whoever.")
    var device: String?
    @Option(help: "Memory of the Gyre that is started.")
    var memory = "16MiB"
    @Option(help: "Volume of the Gyre that is started.")
    var volumeSize = "256MiB"
    @Flag(help: "Only say what hit ratio the requests offer.")
    var plan = false
    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        do {
            let settings = try settings()
            if plan { return say(WorkloadOffer(settings)) }
            let report = try await measure(settings)
            Console.say(json ? report.json : report.table)
            let all = report.result.total(measuredOnly: false)
            if all.wrongCount > 0 { throw ExitCode(1) }
            if all.requests == 0, report.result.isComplete {
                Console.error("gyre workload: nothing was answered")
                throw ExitCode(1)
            }
        } catch let mistake as OptionMistake {
            Console.error("gyre: \(mistake.text)")
            throw ExitCode(2)
        }
    }

    private func measure(_ settings: WorkloadSettings) async throws -> WorkloadReport {
        let name = runName ?? String(Int(Date().timeIntervalSince1970 * 10), radix: 36)
        let content = WorkloadOriginContent(settings, run: name, thinkSeconds: try seconds(think, "--think"))
        var load = try loadSettings()
        let address = try originAddress()
        if let cachePid, ProcessUse.now(of: cachePid) == nil {
            throw OptionMistake("--cache-pid \(cachePid) is no process that may be looked at")
        }
        if let device, ProcessUse.deviceBytesWritten(device) == nil {
            throw OptionMistake("--device \(device) is not in /proc/diskstats; give a name like vda or nvme0n1")
        }
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
        let origin: OriginListener
        do {
            origin = try await OriginListener.start(host: address.host ?? "127.0.0.1", port: address.port, content: content)
        } catch {
            Console.error("gyre: cannot listen for the origin on \(address): \(error)")
            throw ExitCode(1)
        }
        var own: TemporaryNode?
        if target == nil {
            own = try await TemporaryNode.start(origin: origin.port, memory: memory, volumeSize: volumeSize)
            load.port = own?.node.proxy.port ?? 0
            load.authority = "127.0.0.1:\(load.port)"
        }
        if target != nil, await !TargetProbe(load, run: name).reaches(origin) {
            Console.error(
                "gyre: warning: no request to \(target ?? "") came as far as the origin on \(address); the run begins all the same"
            )
        }
        let (probes, probeBytes) = (origin.requests, origin.bytes)
        let pid = cachePid
        let before = pid.flatMap(ProcessUse.now(of:))
        let deviceBefore = device.flatMap(ProcessUse.deviceBytesWritten)
        var result = try await drive(WorkloadRun(settings, load: load, content: content), signals)
        result.originRequests = origin.requests - probes
        result.originBytes = origin.bytes - probeBytes
        if let before, let after = pid.flatMap(ProcessUse.now(of:)) { result.cacheUse = after.since(before) }
        if let deviceBefore, let after = device.flatMap(ProcessUse.deviceBytesWritten) { result.deviceBytesWritten = after - deviceBefore }
        if let own {
            result.volumeBytesWritten = await own.bytesWritten()
            await own.node.stop()
            own.removeVolume()
        }
        await origin.shutDown()
        return WorkloadReport(result, target: target ?? "a Gyre with \(memory) of memory and a volume of \(volumeSize)")
    }

    /// Runs it, says how far it is where a person looks on, and stops it at Ctrl-C. A second one ends the program.
    private func drive(_ run: WorkloadRun, _ signals: UnixSignalsSequence) async throws -> WorkloadResult {
        let listener = Task {
            var count = 0
            for await _ in signals {
                count += 1
                if count > 1 { Foundation.exit(130) }
                run.stop()
            }
        }
        let watcher = Task {
            guard isatty(STDERR_FILENO) != 0 else { return }
            while !Task.isCancelled {
                try? await Task.sleep(for: .seconds(1))
                guard let progress = await run.progress() else { return }
                let text =
                    "\(progress.phase?.rawValue ?? "ending")  \(progress.requests) answers  \(Int(progress.seconds)) s"
                    + (progress.waiting > 0 ? "  \(progress.waiting) wait" : "")
                FileHandle.standardError.write(Data("\r\(text)\u{1b}[K".utf8))
            }
        }
        defer {
            watcher.cancel()
            listener.cancel()
            if isatty(STDERR_FILENO) != 0 { FileHandle.standardError.write(Data("\r\u{1b}[K".utf8)) }
        }
        return try await run.run()
    }

    private func say(_ offer: WorkloadOffer) {
        if json {
            Console.say(
                "{\"requests\": \(offer.allRequests), \"measured_requests\": \(offer.requests), \"seconds\": \(offer.seconds), \"objects\": \(offer.objects), \"cachable_bytes\": \(offer.cachableBytes), \"offered_hit_ratio\": \(offer.hitRatio), \"offered_byte_hit_ratio\": \(offer.byteHitRatio)}"
            )
        } else {
            Console.say(
                """
                \(offer.allRequests) requests in \(Int(offer.seconds)) s, \(offer.requests) of them on the plateaus
                \(offer.objects) objects, \(SimulationReport.size(offer.cachableBytes)) of which may be cached
                hit ratio offered on the plateaus: \(String(format: "%.1f", offer.hitRatio * 100)) % of the requests, \
                \(String(format: "%.1f", offer.byteHitRatio * 100)) % of the bytes
                """
            )
        }
    }
}

// MARK: - Options

extension WorkloadCommand {
    /// An option that makes no sense, and what would.
    struct OptionMistake: Error {
        let text: String
        init(_ text: String) { self.text = text }
    }

    private func settings() throws -> WorkloadSettings {
        var settings = WorkloadSettings()
        settings.seed = seed
        settings.rate = try within(rate, 0.1...1_000_000, "--rate")
        settings.plateauSeconds = try seconds(plateau, "--plateau")
        settings.rampSeconds = try seconds(ramp, "--ramp")
        settings.idleSeconds = try seconds(idle, "--idle")
        settings.workingSet = try within(workingSet, 10...100_000_000, "--working-set")
        settings.recurrence = try within(recurrence, 0...1, "--recurrence")
        settings.maxRequests = try within(maxRequests, 1...100_000_000, "--max-requests")
        settings.daySeconds = try within(try seconds(day, "--day"), 0.001...1e9, "--day")
        if let fill {
            do throws(ValueRefusal) { settings.fillBytes = try ByteSize(parsing: fill).bytes } catch {
                throw OptionMistake("--fill \(fill) is no size; write 64MiB, 2GB or 1048576")
            }
        }
        if popularity.hasPrefix("zipf="), let exponent = Double(popularity.dropFirst(5)), (0.01...5).contains(exponent) {
            settings.popularity = .zipf(exponent: exponent)
        } else if popularity != "polymix" {
            throw OptionMistake(
                "--popularity \(popularity) is not known; there are polymix and zipf=EXPONENT, from 0.01 to 5, as in zipf=0.8"
            )
        }
        switch requests {
        case "polymix": settings.mix = .polymix
        case "get": settings.mix = RequestMix()
        default: throw OptionMistake("--requests \(requests) is not known; there are polymix and get")
        }
        return settings
    }

    private func loadSettings() throws -> LoadSettings {
        var load = LoadSettings(host: "127.0.0.1", port: 0)
        if let target {
            do throws(ValueRefusal) {
                let url = try OriginURL(parsing: target)
                guard url.scheme == .http else { throw ValueRefusal.malformed() }
                (load.host, load.port, load.authority) = (url.host, url.port, url.authority)
            } catch {
                throw OptionMistake("--target \(target) is no URL of a cache; write http://127.0.0.1:8080")
            }
        }
        load.connections = try within(connections, 1...60_000, "--connections")
        load.connectionUses = try within(connectionUses, 1...1_000_000_000, "--connection-uses")
        load.timeout = .milliseconds(Int64(try within(try seconds(timeout, "--timeout"), 0.1...3600, "--timeout") * 1000))
        return load
    }

    private func originAddress() throws -> ListenAddress {
        guard let originListen else {
            guard target == nil else {
                throw OptionMistake("--target needs --origin-listen HOST:PORT, the address at which that cache asks its origin")
            }
            return ListenAddress(host: "127.0.0.1", port: 0)
        }
        do throws(ValueRefusal) { return try ListenAddress(parsing: originListen) } catch {
            throw OptionMistake("--origin-listen \(originListen) is no address; write HOST:PORT, as in 127.0.0.1:9000")
        }
    }

    private func seconds(_ text: String, _ option: String) throws -> Double {
        do throws(ValueRefusal) { return Double(try DurationSetting(parsing: text).milliseconds) / 1000 } catch {
            throw OptionMistake("\(option) \(text) is no length of time; write 500ms, 20s or 5m")
        }
    }

    private func within<Value: Comparable>(_ value: Value, _ range: ClosedRange<Value>, _ option: String) throws -> Value {
        guard range.contains(value) else {
            throw OptionMistake("\(option) is \(value); it must be from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }
}
