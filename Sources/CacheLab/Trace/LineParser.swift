// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
import Foundation

/// Takes one line of a text trace apart.
struct LineParser {
    enum Outcome: Equatable {
        /// Seconds, a hash of the object's name, bytes (0: not known).
        case request(time: Double, object: UInt64, bytes: Int)
        /// A head line, an empty line, or a request that no cache would answer.
        case skipped
        case unreadable
    }

    let format: TraceFormat
    private var columns = (time: 0, object: 1, bytes: 2)
    private var isFirst = true

    init(format: TraceFormat) { self.format = format }

    mutating func parse(_ line: UnsafeRawBufferPointer) -> Outcome {
        var line = line
        if line.last == UInt8(ascii: "\r") { line = UnsafeRawBufferPointer(rebasing: line.dropLast()) }
        guard !line.isEmpty else { return .skipped }
        defer { isFirst = false }
        switch format {
        case .csv: return csv(line)
        case .combined: return combined(line)
        case .squid: return squid(line)
        case .json: return json(line)
        case .u32x3, .oracleGeneral: return .unreadable
        }
    }

    // MARK: CSV

    private mutating func csv(_ line: UnsafeRawBufferPointer) -> Outcome {
        let fields = line.split(whereSeparator: { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: ";") || $0 == UInt8(ascii: "\t") })
            .map { text($0).filter { $0 != " " && $0 != "\"" } }
        if isFirst, line.first == UInt8(ascii: "#") || Double(fields.first ?? "") == nil {
            for (index, name) in fields.enumerated() {
                switch name.lowercased() {
                case "time", "timestamp", "clock_time", "real_time", "#time": columns.time = index
                case "id", "obj_id", "object", "object_id", "key", "url", "lbn": columns.object = index
                case "size", "obj_size", "object_size", "bytes": columns.bytes = index
                default: break
                }
            }
            return .skipped
        }
        guard fields.count > max(columns.time, columns.object, columns.bytes), let time = Double(fields[columns.time]),
            let bytes = Double(fields[columns.bytes]), bytes >= 0, bytes < 1e15
        else { return .unreadable }
        return .request(time: time, object: hash(fields[columns.object]), bytes: Int(bytes))
    }

    // MARK: Access logs

    private func combined(_ line: UnsafeRawBufferPointer) -> Outcome {
        let line = text(Slice(base: line, bounds: line.indices))
        guard let open = line.firstIndex(of: "["), let close = line[open...].firstIndex(of: "]"),
            let time = LogDate.seconds(line[line.index(after: open)..<close]),
            let quote = line[close...].firstIndex(of: "\""),
            let end = line[line.index(after: quote)...].firstIndex(of: "\"")
        else { return .unreadable }
        let request = line[line.index(after: quote)..<end].split(separator: " ")
        let rest = line[line.index(after: end)...].split(separator: " ", maxSplits: 2)
        guard request.count >= 2, rest.count >= 2, let status = Int(rest[0]) else { return .unreadable }
        return outcome(time, method: request[0], name: request[1], status: status, bytes: Int(rest[1]) ?? 0)
    }

    private func squid(_ line: UnsafeRawBufferPointer) -> Outcome {
        let fields = text(Slice(base: line, bounds: line.indices)).split(separator: " ", omittingEmptySubsequences: true)
        guard fields.count >= 7, let time = Double(fields[0]), let slash = fields[3].lastIndex(of: "/"),
            let status = Int(fields[3][fields[3].index(after: slash)...]), let bytes = Int(fields[4])
        else { return .unreadable }
        return outcome(time, method: fields[5], name: fields[6], status: status, bytes: bytes)
    }

    private func json(_ bytes: UnsafeRawBufferPointer) -> Outcome {
        guard let line = JSONLine(bytes) else { return .unreadable }
        // A refused request has neither method nor time of its own.
        guard let method = line.method else { return .skipped }
        guard let time = line.time.flatMap(LogDate.internetSeconds), let target = line.target, let status = line.status,
            let size = line.bytes
        else { return .unreadable }
        let isHead = JSONLine.equals(method, "HEAD")
        guard isHead || JSONLine.equals(method, "GET"), Self.cachableStatuses.contains(status) else { return .skipped }
        let host = line.host.map { hash($0) &* 0x9e37_79b9_7f4a_7c15 } ?? 0
        return .request(time: time, object: hash(target) ^ host, bytes: isHead || status == 304 ? 0 : max(0, size))
    }

    private static let cachableStatuses: Set = [200, 203, 204, 206, 300, 301, 304, 308, 404, 405, 410, 414, 501]

    /// What a shared cache may answer: GET and HEAD with a status that is cacheable by itself, or 206 or 304.
    private func outcome(_ time: Double, method: some StringProtocol, name: some StringProtocol, status: Int, bytes: Int) -> Outcome {
        guard method == "GET" || method == "HEAD" else { return .skipped }
        guard Self.cachableStatuses.contains(status) else { return .skipped }
        return .request(time: time, object: hash(name), bytes: method == "HEAD" || status == 304 ? 0 : max(0, bytes))
    }

    private func text(_ bytes: Slice<UnsafeRawBufferPointer>) -> String { String(decoding: bytes, as: UTF8.self) }

    private func hash(_ name: some StringProtocol) -> UInt64 {
        var name = String(name)
        return name.withUTF8 { hash(UnsafeRawBufferPointer($0)) }
    }

    private func hash(_ name: UnsafeRawBufferPointer) -> UInt64 { Self.secret.hash(name).low }

    private static let secret = HashSecret(word0: 1, word1: 2)
}

extension UnsafeRawBufferPointer {
    /// The first place of a byte.
    func firstByte(_ byte: UInt8) -> Int? {
        guard let baseAddress, let found = memchr(baseAddress, Int32(byte), count) else { return nil }
        return UnsafeRawPointer(found) - baseAddress
    }
}
