// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// What is asked, how often, for how long.
package struct WorkloadSettings: Hashable, Sendable {
    package var seed: UInt64 = 1
    /// Objects that can be asked for again.
    package var workingSet = 10_000
    /// Share of the requests that are for an object seen before: 55 % hits of which 80 % of the objects may be cached.
    package var recurrence = 0.6875
    /// The same while the cache is filled.
    package var fillRecurrence = 0.05
    package var popularity = Popularity.polymix
    package var mix = RequestMix.polymix
    /// Requests a second on the plateaus.
    package var rate = 500.0
    /// Bytes of cachable objects to fill with. Nil: until the working set is full.
    package var fillBytes: Int?
    package var rampSeconds = 5.0
    package var plateauSeconds = 20.0
    package var idleSeconds = 5.0
    /// Seconds of the run that a day of the objects' life cycles takes: at 60, an HTML page changes every seven minutes.
    package var daySeconds = 60.0
    package var maxRequests = 1_000_000

    package init() {}

    /// Share of the rate when idle, and where the ramp begins.
    static let idleShare = 0.1

    package var phases: [WorkloadPhase] {
        var phases = [WorkloadPhase(name: .fill, rates: rate...rate, seconds: .infinity, recurrence: fillRecurrence)]
        if rampSeconds > 0 {
            phases.append(.init(name: .ramp, rates: rate * Self.idleShare...rate, seconds: rampSeconds, recurrence: recurrence))
        }
        phases.append(.init(name: .plateau1, rates: rate...rate, seconds: plateauSeconds, recurrence: recurrence))
        if idleSeconds > 0 {
            let idle = rate * Self.idleShare
            phases.append(.init(name: .idle, rates: idle...idle, seconds: idleSeconds, recurrence: recurrence))
            phases.append(.init(name: .plateau2, rates: rate...rate, seconds: plateauSeconds, recurrence: recurrence))
        }
        return phases
    }
}

/// A stretch of the run.
package struct WorkloadPhase: Hashable, Sendable {
    package enum Name: String, CaseIterable, Sendable {
        case fill
        case ramp
        case plateau1 = "plateau 1"
        case idle
        case plateau2 = "plateau 2"

        /// Whether the run is judged by it.
        package var isMeasured: Bool { self == .plateau1 || self == .plateau2 }
    }

    package let name: Name
    /// Requests a second at its begin and at its end.
    let rates: ClosedRange<Double>
    /// Infinite for the fill, which ends by what was asked for.
    let seconds: Double
    let recurrence: Double
}

/// Shares of the requests that are not plain GETs. Conditions and reloads are put to cachable objects seen before; others are plain.
package struct RequestMix: Hashable, Sendable {
    /// `If-Modified-Since` with an older date: the answer is 200.
    package var conditionalOld = 0.0
    /// `If-Modified-Since` with the date of the current version: the answer is 304.
    package var conditionalSame = 0.0
    /// `Cache-Control: no-cache`.
    package var reload = 0.0
    package var post = 0.0
    package var head = 0.0
    /// The client leaves when the body begins.
    package var abort = 0.0

    package init() {}

    package static var polymix: RequestMix {
        var mix = RequestMix()
        (mix.conditionalOld, mix.conditionalSame, mix.reload) = (0.05, 0.1, 0.05)
        (mix.post, mix.head, mix.abort) = (0.015, 0.001, 0.001)
        return mix
    }
}
