// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

@_spi(Measuring) import CyclicStore

/// The index alone: lookups a second of one core's time, and bytes an entry as growth of resident memory.
struct IndexBench {
    let count: Int
    let rounds: Int

    init(_ options: Options) {
        count = options.int("count", 10_000_000)
        rounds = options.int("rounds", 3)
    }

    func run() {
        let before = residentBytes()
        // An object is 32 KiB in the mean: sets the number of shards as a volume of that size does.
        let probe = IndexProbe(expectedCount: count, meanObjectBytes: 32 << 10)
        var start = processorSeconds()
        for number in 0..<count { probe.insert(UInt64(number)) }
        report(
            "index",
            "insert",
            [
                ("perSecond", Double(count) / (processorSeconds() - start)), ("entries", Double(probe.count)),
                ("residentBytesPerObject", Double(residentBytes() - before) / Double(probe.count)),
            ]
        )
        for _ in 0..<rounds {
            for (subject, first) in [("hit", 0), ("miss", count)] {
                let lookups = 10_000_000
                start = processorSeconds()
                let found = probe.find(lookups, from: UInt64(first), to: UInt64(first + count))
                report(
                    "index",
                    subject,
                    [("perSecond", Double(lookups) / (processorSeconds() - start)), ("found", Double(found) / Double(lookups))]
                )
            }
        }
    }
}
