// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

package import Foundation

/// Reads traces and access logs into memory: 12 bytes a request and about 40 an object.
package struct TraceReader {
    /// Nil: from the name and the first bytes.
    package var format: TraceFormat?
    /// Read this many requests at most.
    package var maxRequests = Int.max

    /// Told of each hundredth of a text trace that has been read, once it is unpacked.
    package var progress: (_ hundredths: Int) -> Void = { _ in }

    package init(format: TraceFormat? = nil) { self.format = format }

    /// Reads a file, unpacked by `gzip`, `zstd` or `xz` where its name says so.
    package func read(path: String) throws(TraceError) -> Trace {
        let data = try Self.bytes(of: path)
        return try parse(data, name: path)
    }

    /// The trace in some bytes.
    package func parse(_ data: Data, name: String = "") throws(TraceError) -> Trace {
        let format = format ?? .detect(name: name, start: Array(data.prefix(16_384)))
        let trace: Trace = data.withUnsafeBytes { bytes in
            switch format {
            case .u32x3: records(bytes, byteCount: 12) { Record(seconds: $0, object: UInt64($1.u32(4)), bytes: $1.u32(8)) }
            case .oracleGeneral: records(bytes, byteCount: 24) { Record(seconds: $0, object: $1.u64(4), bytes: $1.u32(12)) }
            case .csv, .combined, .squid, .json: lines(bytes, LineParser(format: format))
            }
        }
        if trace.requests.isEmpty {
            throw TraceError(
                "\(name) has no request that can be read as \(format.rawValue) (\(trace.unreadable) records or lines make no sense)"
            )
        }
        return trace
    }

    private struct Record {
        var seconds: UInt32
        var object: UInt64
        var bytes: UInt32
    }

    private func records(_ bytes: UnsafeRawBufferPointer, byteCount: Int, _ decode: (UInt32, RecordBytes) -> Record) -> Trace {
        let count = min(bytes.count / byteCount, maxRequests)
        var numbers = ObjectNumbers()
        var requests: [TraceRequest] = []
        requests.reserveCapacity(count)
        for index in 0..<count {
            let part = RecordBytes(bytes: bytes, offset: index * byteCount)
            let record = decode(part.u32(0), part)
            requests.append(TraceRequest(seconds: record.seconds, object: numbers.number(record.object), bytes: max(1, record.bytes)))
        }
        var trace = Trace(requests: requests)
        trace.unreadable = bytes.count % byteCount == 0 || count == maxRequests ? 0 : 1
        return trace
    }

    private struct RecordBytes {
        let bytes: UnsafeRawBufferPointer
        let offset: Int
        func u32(_ at: Int) -> UInt32 { UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset + at, as: UInt32.self)) }
        func u64(_ at: Int) -> UInt64 { UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset + at, as: UInt64.self)) }
    }

    private func lines(_ bytes: UnsafeRawBufferPointer, _ parser: LineParser) -> Trace {
        var parser = parser
        var numbers = ObjectNumbers()
        var sizes: [UInt32] = []
        var requests: [TraceRequest] = []
        var unreadable = 0
        var first: Double?
        var start = 0
        var told = 0
        while start < bytes.count, requests.count < maxRequests {
            if start >= (told + 1) * (bytes.count / 100 + 1) {
                told += 1
                progress(1)
            }
            let rest = UnsafeRawBufferPointer(rebasing: bytes[start...])
            let length = rest.firstByte(UInt8(ascii: "\n")) ?? rest.count
            defer { start += length + 1 }
            let line = UnsafeRawBufferPointer(rebasing: rest[..<length])
            switch parser.parse(line) {
            case .skipped: continue
            case .unreadable: unreadable += 1
            case .request(let time, let object, let size):
                let number = numbers.number(object)
                if sizes.count <= Int(number) { sizes.append(0) }
                // A 304 or a HEAD shows no size; the object's last one stands.
                let bytes = size > 0 ? UInt32(clamping: size) : max(1, sizes[Int(number)])
                sizes[Int(number)] = bytes
                let begin = first ?? time
                first = begin
                requests.append(TraceRequest(seconds: UInt32(min(max(0, time - begin), 4e9)), object: number, bytes: bytes))
            }
        }
        var trace = Trace(requests: requests)
        trace.unreadable = unreadable
        return trace
    }

    // MARK: Files

    private static func bytes(of path: String) throws(TraceError) -> Data {
        let programs = [".gz": "gzip", ".zst": "zstd", ".xz": "xz"]
        guard FileManager.default.fileExists(atPath: path) else { throw TraceError("\(path) does not exist") }
        guard let (_, program) = programs.first(where: { path.lowercased().hasSuffix($0.key) }) else {
            do { return try Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe) } catch {
                throw TraceError("\(path) cannot be read: \(error.localizedDescription)")
            }
        }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [program, "-dc", "--", path]
        let pipe = Pipe()
        process.standardOutput = pipe
        do { try process.run() } catch {
            throw TraceError("\(path) is packed and `\(program)` cannot be run: \(error.localizedDescription)")
        }
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw TraceError(
                "\(path) is packed and `\(program) -dc` ended with \(process.terminationStatus): is it installed, is the file whole?"
            )
        }
        return data
    }
}

/// Numbers for objects in order of first appearance.
struct ObjectNumbers {
    private var numbers: [UInt64: UInt32] = [:]

    mutating func number(_ object: UInt64) -> UInt32 {
        if let number = numbers[object] { return number }
        let number = UInt32(numbers.count)
        numbers[object] = number
        return number
    }
}
