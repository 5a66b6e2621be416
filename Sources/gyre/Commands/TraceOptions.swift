// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CacheLab
import GyreConfiguration

/// Options that the commands about traces have in common.
enum TraceOptions {
    static func format(_ name: String) throws(TraceError) -> TraceFormat {
        guard let format = TraceFormat(rawValue: name) else {
            throw TraceError("--format \(name) is not known; there are \(TraceFormat.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return format
    }

    /// Reads a trace, says how far it is when that takes long, and what of it made no sense.
    static func read(_ path: String, _ reader: TraceReader) throws(TraceError) -> Trace {
        let bar = ProgressBar("reading", total: 100)
        var reader = reader
        reader.progress = { bar.advance($0) }
        defer { bar.finish() }
        let trace = try reader.read(path: path)
        if trace.unreadable > 0 {
            bar.finish()
            Console.error("gyre: warning: \(trace.unreadable) lines or records of \(path) made no sense; they are in none of the numbers")
        }
        return trace
    }

    static func bytes(_ text: String, _ option: String, uniqueBytes: Int) throws(TraceError) -> Int {
        if text.hasSuffix("%"), let percent = Double(text.dropLast()), percent >= 0 {
            guard percent <= largestPercentage else { throw TraceError("\(option) \(text) is too much; 100000% is the most") }
            return Int(Double(uniqueBytes) * percent / 100)
        }
        return try size(text, option)
    }

    static func size(_ text: some StringProtocol, _ option: String) throws(TraceError) -> Int {
        do throws(ValueRefusal) { return try ByteSize(parsing: String(text)).bytes } catch {
            throw TraceError("\(option) \(text) is no size; write 64MiB, 10GB, 1048576 or, where it makes sense, 1%")
        }
    }

    /// `20MB/s`, `500GB/day`, both, or `none`.
    static func budget(_ text: String) throws(TraceError) -> SimulationVariants.Budget {
        var budget = SimulationVariants.Budget(name: text == "none" ? "no budget" : text)
        guard text != "none" else { return budget }
        for part in text.split(separator: ",") {
            guard part.first?.isNumber == true else {
                throw TraceError("--write-budget \(text) is no rate; write 20MB/s, 500GB/day, both with a comma, or none")
            }
            if part.hasSuffix("/day") || part.hasSuffix("/d") {
                budget.bytesPerDay = try size(part.prefix { $0 != "/" }, "--write-budget")
            } else {
                budget.bytesPerSecond = try size(part.hasSuffix("/s") ? part.dropLast(2) : part, "--write-budget")
            }
        }
        guard budget.bytesPerSecond ?? 0 <= ByteSize.gib(64).bytes, budget.bytesPerDay ?? 0 <= ByteSize.tib(1024).bytes else {
            throw TraceError("--write-budget \(text) is too much; it must be at most 64GiB/s and 1024TiB/day")
        }
        return budget
    }

    private static let largestPercentage = 100_000.0

    /// How many requests to read.
    static func maxRequests(_ count: Int?) throws(TraceError) -> Int {
        guard let count else { return .max }
        guard count > 0 else { throw TraceError("--max-requests is \(count); it must be 1 or more") }
        return count
    }
}
