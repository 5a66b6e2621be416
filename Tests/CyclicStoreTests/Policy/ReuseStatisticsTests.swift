// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Testing

@testable import CyclicStore

@Suite struct ReuseStatisticsTests {
    private var sample: ReuseStatistics {
        var statistics = ReuseStatistics()
        for uses in 0..<300 {
            for bytes in [0, 1023, 1024, 4096, 70_000, 1 << 31] {
                statistics.record(uses: UseClass(uses: uses), objectBytes: bytes, bytes: bytes)
            }
        }
        return statistics
    }

    @Test func `classes of uses and sizes are as named`() {
        #expect(
            (0..<ReuseStatistics.useClasses).map(ReuseStatistics.useName) == ["0", "1", "2", "4", "8", "16", "32", "64", "128", "256+"]
        )
        for uses in [0, 1, 2, 4, 8, 16, 32, 64, 128, 256] {
            let index = ReuseStatistics.useClass(UseClass(uses: uses))
            #expect(ReuseStatistics.useName(index).prefix { $0 != "+" } == "\(uses)")
        }
        #expect(ReuseStatistics.sizeName(0) == "< 1 KiB" && ReuseStatistics.sizeName(11) == "≥ 1 GiB")
        for (bytes, name) in [
            (0, "< 1 KiB"), (1023, "< 1 KiB"), (1024, "< 4 KiB"), (4095, "< 4 KiB"), (4096, "< 16 KiB"), (1 << 20, "< 4 MiB"),
            ((1 << 30) - 1, "< 1 GiB"), (1 << 30, "≥ 1 GiB"), (1 << 40, "≥ 1 GiB"),
        ] {
            #expect(ReuseStatistics.sizeName(ReuseStatistics.sizeClass(bytes: bytes)) == name)
        }
    }

    @Test func `what is coded is read back, and no changed byte goes unseen`() {
        let coded = sample.encoded()
        #expect(coded.count == ReuseStatistics.codedByteCount && coded.count <= 4096)
        #expect(coded.withUnsafeBytes { ReuseStatistics(decoding: $0) } == sample)
        for position in coded.indices {
            var changed = coded
            changed[position] ^= 0x10
            #expect(changed.withUnsafeBytes { ReuseStatistics(decoding: $0) } == nil)
        }
        #expect(coded.dropLast().withUnsafeBytes { ReuseStatistics(decoding: $0) } == nil)
    }

    @Test func `sums add up`() {
        var twice = sample
        twice.add(sample)
        #expect(twice.total == 2 * sample.total && twice.records(useClass: 0) == 12)
    }

    @Test func `the drawing and the JSON show every class that there is`() {
        let drawing = sample.drawing()
        #expect(drawing.contains("256+") && drawing.contains("≥ 1 GiB") && drawing.contains("█"))
        #expect(sample.json.hasPrefix("{\"records\":1800,") && sample.json.contains("\"uses_from\":256"))
        #expect(ReuseStatistics().drawing().contains("No record"))
    }
}
