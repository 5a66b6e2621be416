// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

package import CyclicStore
import Foundation

/// How a number is spread.
package enum Distribution: Hashable, Sendable {
    case constant(Double)
    case exponential(mean: Double)
    case normal(mean: Double, deviation: Double)
    /// Mean and deviation of the values themselves, not of their logarithms.
    case logNormal(mean: Double, deviation: Double)
    case uniform(ClosedRange<Double>)

    package func sample(_ random: inout SeededRandom) -> Double {
        switch self {
        case .constant(let value): return value
        case .exponential(let mean): return -mean * log(1 - random.unit())
        case .normal(let mean, let deviation): return mean + deviation * Self.standardNormal(&random)
        case .logNormal(let mean, let deviation):
            let variance = log(1 + deviation * deviation / (mean * mean))
            return exp(log(mean) - variance / 2 + variance.squareRoot() * Self.standardNormal(&random))
        case .uniform(let range): return range.lowerBound + (range.upperBound - range.lowerBound) * random.unit()
        }
    }

    /// Box and Muller, 1958; the second value is thrown away so that a sample always takes two numbers.
    private static func standardNormal(_ random: inout SeededRandom) -> Double {
        let radius = (-2 * log(1 - random.unit())).squareRoot()
        return radius * cos(2 * .pi * random.unit())
    }
}

/// Ranks from 1 to `count`, rank k with a probability that falls off like 1 / k^exponent. Constant memory and time.
///
/// Rejection-inversion: Hörmann and Derflinger, ACM TOMACS 6(3), 1996.
package struct ZipfRanks: Hashable, Sendable {
    package let count: Int
    package let exponent: Double
    private let integralFirst: Double
    private let integralLast: Double
    private let slack: Double

    package init(count: Int, exponent: Double) {
        self.count = max(1, count)
        self.exponent = exponent
        integralFirst = Self.integral(1.5, exponent) - 1
        integralLast = Self.integral(Double(max(1, count)) + 0.5, exponent)
        slack = 2 - Self.inverse(Self.integral(2.5, exponent) - pow(2, -exponent), exponent)
    }

    package func sample(_ random: inout SeededRandom) -> Int {
        while true {
            let area = integralLast + random.unit() * (integralFirst - integralLast)
            let value = Self.inverse(area, exponent)
            let rank = min(max(1, value.rounded()), Double(count))
            if rank - value <= slack || area >= Self.integral(rank + 0.5, exponent) - pow(rank, -exponent) { return Int(rank) }
        }
    }

    private static func integral(_ value: Double, _ exponent: Double) -> Double {
        abs(exponent - 1) < 1e-9 ? log(value) : (pow(value, 1 - exponent) - 1) / (1 - exponent)
    }

    private static func inverse(_ area: Double, _ exponent: Double) -> Double {
        abs(exponent - 1) < 1e-9 ? exp(area) : pow(max(0, 1 + area * (1 - exponent)), 1 / (1 - exponent))
    }
}

extension SeededRandom {
    /// From 0 to just below 1.
    mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// From 0 to just below the bound.
    mutating func below(_ bound: Int) -> Int { Int(next().multipliedFullWidth(by: UInt64(bound)).high) }
}

/// How many requests each new connection takes.
package struct SeededUses: Sendable {
    private let ranks: ZipfRanks
    private var random: SeededRandom

    package init(seed: UInt64, max: Int) {
        ranks = ZipfRanks(count: max, exponent: 1)
        random = SeededRandom(seed: seed)
    }

    package mutating func next() -> Int { ranks.sample(&random) }
}
