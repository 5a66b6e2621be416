// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore

/// Which of the objects seen before is asked for again.
///
/// Objects are numbered in the order of their first request, and the last `workingSet` of them can be asked for again: what is popular
/// changes as new objects take the places of old ones.
package enum Popularity: Hashable, Sendable {
    /// Uniform, but every hundredth object or so is hot and takes a tenth of the requests (PolyMix-4). Of two candidates the smaller is
    /// taken with the chance `smallFirst` (PolyMix's `bhr_discrimination`, in a form of our own).
    case hotSet(share: Double, requests: Double, smallFirst: Double)
    /// An object has a rank for as long as it is in the working set.
    case zipf(exponent: Double)

    package static let polymix = Popularity.hotSet(share: 0.01, requests: 0.1, smallFirst: 0.9)
}

/// Draws from a ``Popularity``.
struct PopularityDraw: Sendable {
    private let popularity: Popularity
    private let workingSet: Int
    private let ranks: ZipfRanks
    private let stride: Int

    init(_ popularity: Popularity, workingSet: Int) {
        self.popularity = popularity
        self.workingSet = workingSet
        if case .zipf(let exponent) = popularity {
            ranks = ZipfRanks(count: workingSet, exponent: exponent)
        } else {
            ranks = ZipfRanks(count: 1, exponent: 1)
        }
        // Coprime to the number of places, so that ranks are spread over all of them.
        var stride = max(1, Int(Double(workingSet) * 0.618_033_988_749))
        while Self.divisor(stride, workingSet) != 1 { stride += 1 }
        self.stride = stride
    }

    /// One of the objects below `count`, of which there is at least one.
    mutating func next(count: Int, _ random: inout SeededRandom, bytes: (Int) -> Int) -> Int {
        let first = max(0, count - workingSet)
        switch popularity {
        case .zipf:
            // Before the working set is full some places are empty.
            while true {
                let place = (ranks.sample(&random) - 1) * stride % workingSet
                let object = first + (place - first % workingSet + workingSet) % workingSet
                if object < count { return object }
            }
        case .hotSet(let share, let requests, let smallFirst):
            let spacing = max(1, Int((1 / share).rounded()))
            let firstHot = (first + spacing - 1) / spacing
            let hot = (count - 1) / spacing - firstHot + 1
            if hot > 0, random.unit() < requests { return (firstHot + random.below(hot)) * spacing }
            let candidates = (first + random.below(count - first), first + random.below(count - first))
            let isFirstSmaller = bytes(candidates.0) <= bytes(candidates.1)
            return isFirstSmaller == (random.unit() < smallFirst) ? candidates.0 : candidates.1
        }
    }

    private static func divisor(_ first: Int, _ second: Int) -> Int { second == 0 ? first : divisor(second, first % second) }
}
