// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
import Foundation

/// Takes one line of a text trace apart, byte by byte and without a copy.
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
        if line.last == UInt8(ascii: "\r") { line = line.from(0, to: line.count - 1) }
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
        if isFirst, readNames(line) { return .skipped }
        var fields = LineFields(line)
        var (time, object, bytes): (Double?, UInt64?, Double?)
        for index in 0...max(columns.time, columns.object, columns.bytes) {
            guard let cell = fields.cell() else { return .unreadable }
            if index == columns.time { time = cell.decimalNumber }
            if index == columns.object, !cell.isEmpty { object = Self.hash(cell) }
            if index == columns.bytes { bytes = cell.decimalNumber }
        }
        guard let time, let object, let bytes, bytes >= 0, bytes < 1e15 else { return .unreadable }
        return .request(time: time, object: object, bytes: Int(bytes))
    }

    /// Whether a line names the columns, and then which is which.
    private mutating func readNames(_ line: UnsafeRawBufferPointer) -> Bool {
        var fields = LineFields(line)
        var names: [UnsafeRawBufferPointer] = []
        while let cell = fields.cell() { names.append(cell) }
        guard line.first == UInt8(ascii: "#") || names.first?.decimalNumber == nil else { return false }
        for (index, name) in names.enumerated() {
            switch String(decoding: name, as: UTF8.self).lowercased() {
            case "time", "timestamp", "clock_time", "real_time", "#time": columns.time = index
            case "id", "obj_id", "object", "object_id", "key", "url", "lbn": columns.object = index
            case "size", "obj_size", "object_size", "bytes": columns.bytes = index
            default: break
            }
        }
        return true
    }

    // MARK: Access logs

    private func combined(_ line: UnsafeRawBufferPointer) -> Outcome {
        guard let open = line.firstByte(UInt8(ascii: "[")), let length = line.from(open + 1).firstByte(UInt8(ascii: "]")),
            let time = LogDate.seconds(line.from(open + 1, to: open + 1 + length))
        else { return .unreadable }
        var position = open + length + 2
        guard let quote = line.from(position).firstByte(UInt8(ascii: "\"")) else { return .unreadable }
        position += quote
        guard let request = JSONLine.string(line, &position) else { return .unreadable }
        var (words, rest) = (LineFields(request), LineFields(line, from: position))
        guard let method = words.word(), let target = words.word(), let status = rest.word()?.wholeNumber, let size = rest.word() else {
            return .unreadable
        }
        return Self.outcome(time, method: method, object: Self.hash(target), status: status, bytes: size.wholeNumber ?? 0)
    }

    private func squid(_ line: UnsafeRawBufferPointer) -> Outcome {
        var fields = LineFields(line)
        guard let time = fields.word()?.decimalNumber, fields.word() != nil, fields.word() != nil, let result = fields.word(),
            let size = fields.word()?.wholeNumber, let method = fields.word(), let target = fields.word(),
            let slash = result.lastIndex(of: UInt8(ascii: "/")), let status = result.from(slash + 1).wholeNumber
        else { return .unreadable }
        return Self.outcome(time, method: method, object: Self.hash(target), status: status, bytes: size)
    }

    private func json(_ bytes: UnsafeRawBufferPointer) -> Outcome {
        guard let line = JSONLine(bytes) else { return .unreadable }
        // A refused request has neither method nor time of its own.
        guard let method = line.method else { return .skipped }
        guard let time = line.time.flatMap(LogDate.internetSeconds), let target = line.target, let status = line.status,
            let size = line.bytes
        else { return .unreadable }
        let host = line.host.map { Self.hash($0) &* 0x9e37_79b9_7f4a_7c15 } ?? 0
        return Self.outcome(time, method: method, object: Self.hash(target) ^ host, status: status, bytes: size)
    }

    /// What a shared cache may answer: GET and HEAD with a status that is cacheable by itself, or 206 or 304.
    private static func outcome(_ time: Double, method: UnsafeRawBufferPointer, object: UInt64, status: Int, bytes: Int) -> Outcome {
        let isHead = method.equals("HEAD")
        guard isHead || method.equals("GET") else { return .skipped }
        switch status {
        case 200, 203, 204, 206, 300, 301, 304, 308, 404, 405, 410, 414, 501: break
        default: return .skipped
        }
        return .request(time: time, object: object, bytes: isHead || status == 304 ? 0 : bytes)
    }

    private static func hash(_ name: UnsafeRawBufferPointer) -> UInt64 { secret.hash(name).low }

    private static let secret = HashSecret(word0: 1, word1: 2)
}
