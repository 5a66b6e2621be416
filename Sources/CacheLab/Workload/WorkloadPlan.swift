// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore

/// One request to be sent.
package struct PlannedRequest: Hashable, Sendable {
    package enum Kind: String, CaseIterable, Sendable {
        case get
        case conditionalOld = "if-modified-since, changed"
        case conditionalSame = "if-modified-since, same"
        case reload
        case post
        case head
        case abort
    }

    /// From 0.
    package let number: Int
    /// When, in seconds from the start.
    package let seconds: Double
    package let phase: WorkloadPhase.Name
    package let kind: Kind
    package let object: WorkloadObject
    /// Whether a cache without bounds, that does everything HTTP lets it, would have answered it without the origin.
    package let isOfferedHit: Bool

    /// Whether it counts in hit ratios.
    package var isCounted: Bool { kind != .abort }
}

/// The requests of a run in order: the same for the same settings.
///
/// Beside them goes a cache without bounds, which knows what could have been a hit. It judges by the planned times; a run that falls behind
/// meets a few other versions.
package struct WorkloadPlan: Sequence, IteratorProtocol, Sendable {
    package let settings: WorkloadSettings
    private let phases: [WorkloadPhase]
    private var random: SeededRandom
    private var popularity: PopularityDraw
    private var phase = 0
    private var phaseStart = 0.0
    private var seconds = 0.0
    private var made = 0
    private var objectCount = 0
    private var filledBytes = 0
    /// The version stored of each object of the working set; `none`: not stored.
    private var stored: [Int]
    private static let none = Int.min

    package init(_ settings: WorkloadSettings) {
        self.settings = settings
        phases = settings.phases
        random = SeededRandom(seed: settings.seed)
        popularity = PopularityDraw(settings.popularity, workingSet: settings.workingSet)
        stored = [Int](repeating: Self.none, count: settings.workingSet)
    }

    package mutating func next() -> PlannedRequest? {
        guard made < settings.maxRequests, advance() else { return nil }
        let phase = phases[phase]
        let isRepeat = objectCount > 0 && random.unit() < phase.recurrence
        let object = isRepeat ? known() : new()
        var kind = kind()
        if !isRepeat || !object.isCachable, kind == .conditionalOld || kind == .conditionalSame || kind == .reload { kind = .get }
        let request = PlannedRequest(
            number: made,
            seconds: seconds,
            phase: phase.name,
            kind: kind,
            object: object,
            isOfferedHit: offer(object, kind)
        )
        made += 1
        return request
    }

    /// Moves on to the time of the next request. False: the run is over.
    private mutating func advance() -> Bool {
        while phase < phases.count {
            let current = phases[phase]
            if current.name == .fill {
                let isFull = settings.fillBytes.map { filledBytes >= $0 } ?? (objectCount >= settings.workingSet)
                if isFull {
                    endPhase(at: seconds)
                    continue
                }
            }
            let share = current.seconds.isFinite ? Swift.min(1, (seconds - phaseStart) / current.seconds) : 0
            let rate = current.rates.lowerBound + (current.rates.upperBound - current.rates.lowerBound) * share
            let next = seconds + Distribution.exponential(mean: 1 / rate).sample(&random)
            if next > phaseStart + current.seconds {
                endPhase(at: phaseStart + current.seconds)
                continue
            }
            seconds = next
            return true
        }
        return false
    }

    private mutating func endPhase(at end: Double) {
        phase += 1
        phaseStart = end
        seconds = end
    }

    private mutating func new() -> WorkloadObject {
        let object = object(objectCount)
        stored[objectCount % settings.workingSet] = Self.none
        objectCount += 1
        if object.isCachable { filledBytes += object.bytes }
        return object
    }

    private mutating func known() -> WorkloadObject {
        let (seed, day) = (settings.seed, settings.daySeconds)
        return object(popularity.next(count: objectCount, &random) { WorkloadObject(seed: seed, number: $0, daySeconds: day).bytes })
    }

    private func object(_ number: Int) -> WorkloadObject {
        WorkloadObject(seed: settings.seed, number: number, daySeconds: settings.daySeconds)
    }

    private mutating func kind() -> PlannedRequest.Kind {
        var share = random.unit()
        let mix = settings.mix
        let shares: [(PlannedRequest.Kind, Double)] = [
            (.conditionalOld, mix.conditionalOld), (.conditionalSame, mix.conditionalSame), (.reload, mix.reload), (.post, mix.post),
            (.head, mix.head), (.abort, mix.abort),
        ]
        for (kind, part) in shares {
            if share < part { return kind }
            share -= part
        }
        return .get
    }

    private mutating func offer(_ object: WorkloadObject, _ kind: PlannedRequest.Kind) -> Bool {
        guard object.isCachable, kind != .post else { return false }
        let place = object.number % settings.workingSet
        let version = object.version(at: seconds)
        let isHit = stored[place] == version && kind != .reload
        if kind != .head { stored[place] = version }
        return isHit
    }
}

/// What a plan offers, counted before it runs.
package struct WorkloadOffer: Hashable, Sendable {
    /// Of the measured phases.
    package var requests = 0
    package var hits = 0
    package var bytes = 0
    package var hitBytes = 0
    /// Of all phases.
    package var allRequests = 0
    package var seconds = 0.0
    /// Distinct objects, and the bytes of those that may be stored.
    package var objects = 0
    package var cachableBytes = 0

    package init(_ settings: WorkloadSettings) {
        for request in WorkloadPlan(settings) {
            allRequests += 1
            seconds = request.seconds
            if request.object.number >= objects {
                objects = request.object.number + 1
                if request.object.isCachable { cachableBytes += request.object.bytes }
            }
            guard request.phase.isMeasured, request.isCounted else { continue }
            requests += 1
            bytes += request.object.bytes
            guard request.isOfferedHit else { continue }
            hits += 1
            hitBytes += request.object.bytes
        }
    }

    package var hitRatio: Double { requests == 0 ? 0 : Double(hits) / Double(requests) }
    package var byteHitRatio: Double { bytes == 0 ? 0 : Double(hitBytes) / Double(bytes) }
}
