// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// The table that the demo prints.
public struct DemoTable: Sendable {
    /// Answers from objects in memory.
    public var hitsInMemory = 0
    /// Answers from membufs and the disk.
    public var hitsOnDisk = 0
    /// Bytes of bodies the site sent.
    public var bytesFromOrigin = 0
    /// Bytes written to the volume.
    public var bytesWritten = 0
    private let burst: DemoBurst.Result

    /// A table of a burst's results.
    public init(_ burst: DemoBurst.Result) { self.burst = burst }

    /// Plain text, 2 columns.
    public func render() -> String {
        let rows: [(String, String)] = [
            ("requests", Self.grouped(burst.answers)),
            ("hits in memory", share(hitsInMemory)),
            ("hits on disk", share(hitsOnDisk)),
            ("misses", share(burst.misses)),
            ("revalidations", share(burst.revalidated)),
            ("bytes from origin", Self.bytes(bytesFromOrigin)),
            ("bytes written to the volume", Self.bytes(bytesWritten)),
            ("latency of hits, p50 / p99", latency(ofHits: true)),
            ("latency of the others, p50 / p99", latency(ofHits: false)),
            ("wrong bodies", Self.grouped(burst.wrong)),
        ]
        let left = rows.map(\.0.count).max() ?? 0
        let right = rows.map(\.1.count).max() ?? 0
        return rows.map { name, value in
            "  " + name + String(repeating: " ", count: left - name.count + 2) + String(repeating: " ", count: right - value.count) + value
        }.joined(separator: "\n")
    }

    private func share(_ count: Int) -> String {
        let percent = burst.answers == 0 ? 0 : (count * 1000 / burst.answers)
        return "\(Self.grouped(count))  (\(percent / 10).\(percent % 10) %)"
    }

    private func latency(ofHits: Bool) -> String {
        guard let middle = burst.latency(ofHits: ofHits, percentile: 50), let tail = burst.latency(ofHits: ofHits, percentile: 99) else {
            return "-"
        }
        return "\(Self.time(middle)) / \(Self.time(tail))"
    }

    static func time(_ microseconds: Int) -> String {
        microseconds < 10_000 ? "\(microseconds) µs" : "\(microseconds / 1000) ms"
    }

    static func bytes(_ count: Int) -> String {
        let units = ["B", "KiB", "MiB", "GiB"]
        var value = count * 10
        var unit = 0
        while value >= 10_240, unit < units.count - 1 {
            value /= 1024
            unit += 1
        }
        return unit == 0 ? "\(count) B" : "\(value / 10).\(value % 10) \(units[unit])"
    }

    static func grouped(_ number: Int) -> String {
        var digits = String(number)
        var groups: [String] = []
        while digits.count > 3 {
            groups.insert(String(digits.suffix(3)), at: 0)
            digits.removeLast(3)
        }
        return ([digits] + groups).joined(separator: ",")
    }
}
