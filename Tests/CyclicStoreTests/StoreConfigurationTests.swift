// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Testing

@testable import CyclicStore

/// A wrong configuration is refused with a sentence that has the value and what is allowed.
@Suite struct StoreConfigurationTests {
    struct Row: CustomTestStringConvertible, Sendable {
        var testDescription: String
        /// All of it stands in the sentence.
        var says: [String]
        var change: @Sendable (inout StoreConfiguration) -> Void
    }

    static let wrong: [Row] = [
        Row(testDescription: "odd stripe", says: ["100000", "power of two"]) { $0.stripeBytes = 100_000 },
        Row(testDescription: "small stripe", says: ["4096", "65536"]) { $0.stripeBytes = 4096 },
        Row(testDescription: "one membuf", says: ["1 membufs", "2 to 4096"]) { $0.membufs = 1 },
        Row(testDescription: "many membufs", says: ["5000 membufs"]) { $0.membufs = 5000 },
        Row(testDescription: "no threads", says: ["0 I/O threads", "1 to 1024"]) { $0.ioThreads = 0 },
        Row(testDescription: "many threads", says: ["\(Int.max) I/O threads"]) { $0.ioThreads = .max },
        Row(testDescription: "small budget", says: ["1000 bytes a second", "1048576"]) { $0.writeBytesPerSecond = 1000 },
        Row(testDescription: "negative budget", says: ["-5 bytes a second"]) { $0.writeBytesPerSecond = -5 },
        Row(testDescription: "enormous budget", says: ["\(Int.max) bytes a second", "1 PiB"]) { $0.writeBytesPerSecond = .max },
        Row(testDescription: "small daily budget", says: ["5 bytes a day"]) { $0.writeBytesPerDay = 5 },
        Row(testDescription: "negative memory", says: ["memory"]) { $0.memoryBytes = -1 },
        Row(testDescription: "no flush", says: ["0 seconds", "86400"]) { $0.partialFlushSeconds = 0 },
        Row(testDescription: "late flush", says: ["\(Int.max) seconds"]) { $0.partialFlushSeconds = .max },
        Row(testDescription: "fills", says: ["fills"]) { $0.maxFills = -1 },
        Row(testDescription: "negative percentage", says: ["-1", "0 to 100"]) { $0.replacement = .relocateOnHit(percent: -1) },
        Row(testDescription: "too large a percentage", says: ["101"]) { $0.replacement = .relocateOnHit(percent: 101) },
        Row(testDescription: "a share above 1", says: ["1.5", "0 to 1"]) { $0.byteShare = 1.5 },
        Row(testDescription: "a share that is no number", says: ["nan"]) { $0.byteShare = .nan },
        Row(testDescription: "a negative cost", says: ["-1.0", "0 to 1000"]) { $0.writtenByteCost = -1 },
        Row(testDescription: "two ways to name volumes", says: ["one of both"]) {
            $0.volumePath = "a"
            $0.volumes = [VolumeConfiguration(path: "b")]
        },
        Row(testDescription: "small volume", says: ["volume a", "1000 bytes"]) {
            $0.volumes = [VolumeConfiguration(path: "a", byteCount: 1000)]
        },
        Row(testDescription: "a volume twice", says: ["volume a", "twice"]) {
            $0.volumes = [VolumeConfiguration(path: "a"), VolumeConfiguration(path: "a")]
        },
        Row(testDescription: "weight", says: ["weight", "above 0"]) { $0.volumes = [VolumeConfiguration(path: "a", weight: 0)] },
        Row(testDescription: "many volumes", says: ["65 volumes", "64"]) {
            $0.volumes = (0..<65).map { VolumeConfiguration(path: "v\($0)") }
        },
    ]

    @Test(arguments: wrong) func `is refused`(row: Row) {
        var configuration = StoreConfiguration()
        row.change(&configuration)
        let error = #expect(throws: StoreError.self) { try configuration.validate() }
        for words in row.says { #expect(error?.description.contains(words) == true, "\(error.map(\.description) ?? "")") }
    }

    @Test func `the defaults and the ends of what is allowed pass`() throws {
        try StoreConfiguration().validate()
        var configuration = StoreConfiguration()
        (configuration.membufs, configuration.ioThreads, configuration.partialFlushSeconds) = (4096, 1024, 86_400)
        (configuration.writeBytesPerSecond, configuration.writeBytesPerDay) = (1 << 50, .max)
        configuration.replacement = .relocateOnHit(percent: 100)
        try configuration.validate()
    }
}
