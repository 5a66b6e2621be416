// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Processor time of the calling thread, in nanoseconds.
func processorTime() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

/// What one call costs.
struct Measurement {
    let name: String
    let medianNanoseconds: Double
    let leastNanoseconds: Double
    /// What it is to be compared with.
    let isLimit: Bool
}

/// Runs a body often enough, in rounds, and keeps what a call of it costs: the median of the rounds, and the least.
func measure(_ name: String, isLimit: Bool = false, rounds: Int = 15, _ body: (Int) -> Void) -> Measurement {
    var count = 1
    while true {
        let start = processorTime()
        for number in 0..<count { body(number) }
        if processorTime() - start > 20_000_000 { break }
        count *= 2
    }
    var times: [Double] = []
    for round in 0..<rounds {
        let start = processorTime()
        for number in 0..<count { body(round &* count &+ number) }
        times.append(Double(processorTime() - start) / Double(count))
    }
    times.sort()
    return Measurement(name: name, medianNanoseconds: times[rounds / 2], leastNanoseconds: times[0], isLimit: isLimit)
}

/// Uses a value, so that what made it is not left out.
@inline(never)
func use<Value>(_ value: borrowing Value) { withExtendedLifetime(value) {} }

func table(_ measurements: [Measurement]) -> String {
    func number(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }
    var lines = ["| what | ns, median | ns, least |", "|---|---|---|"]
    for one in measurements {
        let name = one.isLimit ? "*\(one.name)*" : one.name
        lines.append("| \(name) | \(number(one.medianNanoseconds)) | \(number(one.leastNanoseconds)) |")
    }
    return lines.joined(separator: "\n")
}
