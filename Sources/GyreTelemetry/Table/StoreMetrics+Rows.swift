// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

extension StoreMetrics {
    struct Row: Sendable {
        let description: MetricDescription
        let value: @Sendable (StoreMetrics) -> Int

        init(_ name: String, _ kind: MetricKind, _ unit: MetricUnit, _ help: String, _ value: @escaping @Sendable (StoreMetrics) -> Int) {
            description = MetricDescription("gyre_store_\(name)", kind, unit, help: help)
            self.value = value
        }
    }

    static let rows = [
        Row("records", .gauge, .count, "Records in the index") { $0.records },
        Row("index_bytes", .gauge, .bytes, "Memory of the index") { $0.indexBytes },
        Row("live_stripes", .gauge, .count, "Stripes that hold records") { $0.liveStripes },
        Row("stripes", .gauge, .count, "Stripes in all") { $0.stripes },
        Row("stripes_written_total", .counter, .count, "Stripes written") { $0.stripesWritten },
        Row("device_written_bytes_total", .counter, .bytes, "Bytes written to devices") { $0.deviceBytesWritten },
        Row("device_reads_total", .counter, .count, "Records read from devices") { $0.deviceReads },
        Row("device_read_bytes_total", .counter, .bytes, "Bytes read from devices") { $0.deviceBytesRead },
        Row("membuf_reads_total", .counter, .count, "Records served from a membuf, before they were on disk") { $0.membufReads },
        Row("damaged_records_total", .counter, .count, "Records whose checks failed; each was a miss") { $0.damagedRecords },
        Row("read_errors_total", .counter, .count, "Reads that a device refused or could not finish") { $0.readErrors },
        Row("write_errors_total", .counter, .count, "Stripe writes that a device refused or could not finish") { $0.writeErrors },
        Row("reclaimed_records_total", .counter, .count, "Records forgotten when their stripe was taken back") { $0.reclaimedRecords },
        Row("io_operations_total", .counter, .count, "Operations that I/O engines took") { $0.ioOperations },
        Row("io_refused_total", .counter, .count, "Operations that I/O engines had no room for") { $0.ioRefused },
        Row("io_in_flight", .gauge, .count, "Operations taken and not finished") { $0.ioInFlight },
        Row("io_in_flight_max", .gauge, .count, "The most there were at one time, of any volume") { $0.ioInFlightMax },
        Row("memory_objects", .gauge, .count, "Objects held in memory") { $0.memoryObjects },
        Row("memory_bytes", .gauge, .bytes, "Bytes of the objects held in memory") { $0.memoryBytes },
    ]

    static let refusedWritesDescription = MetricDescription(
        "gyre_store_refused_writes_total",
        .counter,
        labels: [.init("reason")],
        help: "Records that the store did not take, by reason"
    )

    static let descriptions = rows.map(\.description) + [refusedWritesDescription]
}
