// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Foundation

/// What some processes have used so far, or in some time.
package struct ProcessUse: Hashable, Sendable {
    /// Bytes given to the block layer, or on their way there (`write_bytes` of `/proc/PID/io`).
    package var bytesWritten = 0
    package var processorSeconds = 0.0
    /// Resident memory, at the later moment.
    package var residentBytes = 0

    /// Of a process and all that came from it and are there still; nil when there is no such process or it may not be looked at.
    package static func now(of pid: Int) -> ProcessUse? {
        var children: [Int: [Int]] = [:]
        for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? [] {
            guard let child = Int(name), let fields = stat(child), let parent = Int(fields[1]) else { continue }
            children[parent, default: []].append(child)
        }
        guard var use = of(pid) else { return nil }
        var left = children[pid] ?? []
        while let next = left.popLast() {
            left += children[next] ?? []
            guard let some = of(next) else { continue }
            use.bytesWritten += some.bytesWritten
            use.processorSeconds += some.processorSeconds
            use.residentBytes += some.residentBytes
        }
        return use
    }

    package func since(_ earlier: ProcessUse) -> ProcessUse {
        ProcessUse(
            bytesWritten: bytesWritten - earlier.bytesWritten,
            processorSeconds: processorSeconds - earlier.processorSeconds,
            residentBytes: residentBytes
        )
    }

    private static func of(_ pid: Int) -> ProcessUse? {
        guard let fields = stat(pid), let io = read("/proc/\(pid)/io") else { return nil }
        let written = io.split(separator: "\n").first { $0.hasPrefix("write_bytes:") }?.split(separator: " ").last.flatMap { Int($0) }
        let ticks = (Double(fields[11]) ?? 0) + (Double(fields[12]) ?? 0)
        let pages = read("/proc/\(pid)/statm")?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        return ProcessUse(
            bytesWritten: written ?? 0,
            processorSeconds: ticks / Double(max(1, sysconf(Int32(_SC_CLK_TCK)))),
            residentBytes: pages * sysconf(Int32(_SC_PAGESIZE))
        )
    }

    /// The fields of `/proc/PID/stat` from the state on: the name before them may hold anything.
    private static func stat(_ pid: Int) -> [Substring]? {
        guard let text = read("/proc/\(pid)/stat"), let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        return fields.count > 20 ? fields : nil
    }

    private static func read(_ path: String) -> String? {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Bytes written to a block device since the machine started; nil when `/proc/diskstats` has no such device.
    package static func deviceBytesWritten(_ device: String) -> Int? {
        let name = device.hasPrefix("/dev/") ? String(device.dropFirst(5)) : device
        for line in (read("/proc/diskstats") ?? "").split(separator: "\n") {
            let fields = line.split(separator: " ")
            if fields.count > 9, fields[2] == name, let sectors = Int(fields[9]) { return sectors * 512 }
        }
        return nil
    }
}
