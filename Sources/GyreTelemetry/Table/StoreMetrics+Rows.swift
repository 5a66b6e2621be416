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
        Row("relocated_records_total", .counter, .count, "Records carried forward when their stripe was taken back") {
            $0.relocatedRecords
        },
        Row("relocated_bytes_total", .counter, .bytes, "Bytes of records carried forward") { $0.relocatedBytes },
        Row(
            "relocations_dropped_total",
            .counter,
            .count,
            "Records that were worth carrying forward and were not, for want of room or time"
        ) {
            $0.relocationsDropped
        },
        Row("hot_stripes", .gauge, .count, "Stripes that stand outside the turn") { $0.hotStripes },
        Row("hot_stripes_replaced_total", .counter, .count, "Hot stripes that gave way to hotter ones") { $0.hotStripesReplaced },
        Row("damaged_stripes_total", .counter, .count, "Stripes whose header and directory did not agree; each was thrown away alone") {
            $0.damagedStripes
        },
        Row("watched_records", .gauge, .count, "Dead records on disk that are watched so that they do not come back") { $0.watchedRecords },
        Row("rebuild_reads_left", .gauge, .count, "Reads left until the index is complete after a start; 0 when it is") {
            $0.rebuildReadsLeft
        },
        Row("volumes", .gauge, .count, "Volumes that serve") { $0.volumes },
        Row("volumes_offline", .gauge, .count, "Volumes that were set aside or could not be opened") { $0.volumesOffline },
        Row("io_operations_total", .counter, .count, "Operations that I/O engines took") { $0.ioOperations },
        Row("io_refused_total", .counter, .count, "Operations that I/O engines had no room for") { $0.ioRefused },
        Row("io_in_flight", .gauge, .count, "Operations taken and not finished") { $0.ioInFlight },
        Row("io_in_flight_max", .gauge, .count, "The most there were at one time, of any volume") { $0.ioInFlightMax },
        Row("memory_objects", .gauge, .count, "Objects held in memory") { $0.memoryObjects },
        Row("memory_bytes", .gauge, .bytes, "Bytes of the objects held in memory") { $0.memoryBytes },
        Row("memory_only_objects", .gauge, .count, "Objects held in memory that no volume has") { $0.memoryOnlyObjects },
        Row("memory_evictions_total", .counter, .count, "Objects that left memory for others") { $0.memoryEvictions },
        Row("policy_bytes", .gauge, .bytes, "Memory of admission, its models and the purges") { $0.policyBytes },
        Row("fills", .gauge, .count, "Objects that are being stored and read at the same time") { $0.fills },
        Row("waiting_bytes", .gauge, .bytes, "Bytes that left memory, or belong together, and wait for room on a volume") {
            $0.waitingBytes
        },
        Row("departures_dropped_total", .counter, .count, "Objects that left memory and were forgotten since too much waited") {
            $0.departuresDropped
        },
    ]

    static let refusedWritesDescription = MetricDescription(
        "gyre_store_refused_writes_total",
        .counter,
        labels: [.init("reason")],
        help: "Records that the store did not take, by reason"
    )

    static let admissionDescription = MetricDescription(
        "gyre_store_admission_total",
        .counter,
        labels: [.init("decision")],
        help:
            "Objects that left memory or arrived, by what was decided: written because seen-again, used-in-memory, by-chance or filling; refused or over-budget"
    )

    static let descriptions = rows.map(\.description) + [refusedWritesDescription, admissionDescription]
}
