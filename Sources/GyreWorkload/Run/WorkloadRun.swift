// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

package import CacheLab
package import NIOCore
import NIOPosix

/// Where requests go and how patient the clients are.
package struct LoadSettings: Sendable {
    package var host: String
    package var port: Int
    /// For the field `Host`.
    package var authority: String
    /// Connections at the same time.
    package var connections = 256
    /// Requests that a connection takes: ranks of Zipf's law up to this many (PolyMix-4: 64).
    package var connectionUses = 64
    package var timeout = TimeAmount.seconds(30)
    /// Seconds that a response may be out of date: caches count whole seconds.
    package var staleTolerance = 2.0
    /// Requests that may wait for a connection.
    package var maxWaiting = 20_000

    package init(host: String, port: Int) {
        self.host = host
        self.port = port
        authority = "\(host):\(port)"
    }
}

/// Sends the requests of a plan at their times, whether or not those before have been answered, and judges the answers.
package final class WorkloadRun: @unchecked Sendable {
    // Unchecked: what changes is touched on `loop` only.
    let content: WorkloadOriginContent
    let load: LoadSettings
    let loop: any EventLoop
    private let group: MultiThreadedEventLoopGroup
    private var plan: WorkloadPlan
    private var next: PlannedRequest?
    private var isPlanned = false
    private var hasEnded = false
    private var idle: [LoadConnection] = []
    private var open = 0
    private var underWay = 0
    private var waiting = CircularBuffer<Flight>()
    private var connectionRandom: SeededUses
    private var results: [WorkloadPhase.Name: PhaseResult] = [:]
    private var result: WorkloadResult
    private let done: EventLoopPromise<Void>

    package init(_ settings: WorkloadSettings, load: LoadSettings, content: WorkloadOriginContent) {
        self.content = content
        self.load = load
        group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        loop = group.next()
        plan = WorkloadPlan(settings)
        connectionRandom = SeededUses(seed: settings.seed &+ 2, max: load.connectionUses)
        result = WorkloadResult(settings: settings, offer: WorkloadOffer(settings))
        done = loop.makePromise()
    }

    /// What is known while it runs.
    package struct Progress: Sendable {
        package var phase: WorkloadPhase.Name?
        package var requests: Int
        package var seconds: Double
        package var waiting: Int
    }

    /// Runs to the end of the plan, or until ``stop()``; not more than once.
    package func run() async throws -> WorkloadResult {
        loop.execute { [self] in
            content.clock.begin()
            pump()
        }
        let ending: Result<Void, any Error>
        do { ending = .success(try await done.futureResult.get()) } catch { ending = .failure(error) }
        let whole = try await loop.submit { [self] in
            for connection in idle { connection.leave() }
            idle = []
            result.seconds = content.clock.now
            result.phases = WorkloadPhase.Name.allCases.compactMap { name in results[name].map { (name, $0) } }
            return result
        }.get()
        try? await group.shutdownGracefully()
        try ending.get()
        return whole
    }

    /// Sends nothing more and ends when what is under way has been answered or given up.
    package func stop() {
        loop.execute { [self] in
            guard !isPlanned else { return }
            isPlanned = true
            next = nil
            waiting.removeAll()
            endIfDone()
        }
    }

    package func progress() async -> Progress? {
        try? await loop.submit { [self] in
            Progress(
                phase: next?.phase,
                requests: results.values.reduce(0) { $0 + $1.requests },
                seconds: content.clock.now,
                waiting: waiting.count
            )
        }.get()
    }

    // MARK: Sending

    private func pump() {
        while !isPlanned {
            guard let request = next ?? plan.next() else {
                isPlanned = true
                result.isComplete = true
                break
            }
            next = request
            let due = content.clock.deadline(at: request.seconds)
            let now = NIODeadline.now()
            if due > now {
                loop.scheduleTask(deadline: due) { [self] in pump() }
                return
            }
            next = nil
            start(Flight(request, due: due, run: self), lateness: now - due)
        }
        endIfDone()
    }

    private func start(_ flight: Flight, lateness: TimeAmount) {
        if let connection = takeIdle() {
            result.lateness.record(seconds: Double(lateness.nanoseconds) / 1e9)
            underWay += 1
            flight.send(on: connection)
        } else if open < load.connections {
            result.lateness.record(seconds: Double(lateness.nanoseconds) / 1e9)
            underWay += 1
            connect(for: flight)
        } else if waiting.count < load.maxWaiting {
            waiting.append(flight)
        } else {
            results[flight.request.phase, default: PhaseResult()].failures[.overload, default: 0] += 1
        }
    }

    private func takeIdle() -> LoadConnection? {
        while let connection = idle.popLast() {
            if connection.isIdle { return connection }
            open -= 1
        }
        return nil
    }

    private func connect(for flight: Flight) {
        open += 1
        result.connectionsOpened += 1
        let bound = NIOLoopBound((self, flight), eventLoop: loop)
        LoadConnection.connect(
            on: loop,
            host: load.host,
            port: load.port,
            usesMax: connectionRandom.next(),
            timeout: load.timeout
        ).assumeIsolated().whenComplete { outcome in
            let flight = bound.value.1
            switch outcome {
            case .success(let connection): flight.send(on: connection)
            case .failure: flight.finish(.failure(.connect), nil)
            }
        }
    }

    /// Its connection was closed before it answered.
    func retry(_ flight: Flight) {
        result.retries += 1
        open -= 1
        connect(for: flight)
    }

    // MARK: Counting

    func finished(_ flight: Flight, _ answer: Flight.Answer, _ connection: LoadConnection?) {
        underWay -= 1
        if let connection { idle.append(connection) } else { open -= 1 }
        count(flight, answer)
        while !waiting.isEmpty {
            if let connection = takeIdle() {
                underWay += 1
                waiting.removeFirst().send(on: connection)
            } else if open < load.connections {
                underWay += 1
                connect(for: waiting.removeFirst())
            } else {
                break
            }
        }
        endIfDone()
    }

    private func count(_ flight: Flight, _ answer: Flight.Answer) {
        let request = flight.request
        // In place: a copy of the histograms for each answer would be slow.
        count(flight, answer, request, &results[request.phase, default: PhaseResult()])
    }

    private func count(_ flight: Flight, _ answer: Flight.Answer, _ request: PlannedRequest, _ phase: inout PhaseResult) {
        let wrong: WrongAnswer?
        switch answer.outcome {
        case nil:
            phase.aborted += 1
            return
        case .failure(let failure):
            phase.failures[failure, default: 0] += 1
            return
        case .success(let found): wrong = found
        }
        guard answer.isExpectedStatus else {
            phase.statuses[answer.status, default: 0] += 1
            return
        }
        if let wrong { phase.wrong[wrong, default: 0] += 1 }
        let reach = content.reached.reach(of: request.number)
        phase.requests += 1
        phase.bytes += answer.bytes
        if request.isOfferedHit {
            phase.offeredHits += 1
            phase.offeredHitBytes += answer.bytes
        }
        let seconds = Double((answer.endedAt - flight.due).nanoseconds) / 1e9
        if reach == .nowhere {
            phase.hits += 1
            phase.hitBytes += answer.bytes
            if answer.isYounger {
                phase.joined += 1
                phase.joinedTimes.record(seconds: seconds)
            } else {
                phase.hitTimes.record(seconds: seconds)
            }
            if request.kind == .reload { phase.reloadsFromCache += 1 }
        } else {
            if reach == .validated { phase.validated += 1 }
            phase.missTimes.record(seconds: seconds)
        }
        phase.serviceTimes.record(seconds: Double((answer.endedAt - flight.sentAt).nanoseconds) / 1e9)
    }

    private func endIfDone() {
        guard isPlanned, !hasEnded, underWay == 0, waiting.isEmpty else { return }
        hasEnded = true
        done.succeed(())
    }
}
