// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// How the requests of a file are written down.
package enum TraceFormat: String, CaseIterable, Sendable {
    /// Records of 12 bytes, little-endian: seconds, object number, size; 32 bits each.
    case u32x3
    /// libCacheSim's: records of 24 bytes, little-endian: seconds (32 bits), object (64), size (32), next access (64, not used).
    case oracleGeneral = "oracle-general"
    /// Lines of time, object and size, in the order that a head line names or in this order.
    case csv
    /// The combined (or common) log format of Apache httpd and nginx.
    case combined
    /// Squid's native access log.
    case squid
    /// Gyre's access log as JSON, a line each.
    case json

    /// The format that a name and the first bytes (unpacked) suggest.
    package static func detect(name: String, start: [UInt8]) -> TraceFormat {
        var name = name.lowercased()
        for packed in [".gz", ".zst", ".xz"] where name.hasSuffix(packed) { name = String(name.dropLast(packed.count)) }
        if name.hasSuffix(".u32x3") { return .u32x3 }
        if name.contains("oraclegeneral") || name.hasSuffix(".oracle") { return .oracleGeneral }
        if name.hasSuffix(".csv") { return .csv }
        let lines = start.split(separator: UInt8(ascii: "\n"), maxSplits: 50)
        if let first = lines.first, first.contains(where: { $0 == 0 || $0 > 127 }), lines.allSatisfy({ format(ofLine: $0) == nil }) {
            return .u32x3
        }
        // A log may begin with a line that makes no sense: the first that does tells.
        return lines.lazy.compactMap { format(ofLine: $0) }.first ?? .csv
    }

    /// The log that a line is of, if it looks like one.
    private static func format(ofLine line: ArraySlice<UInt8>) -> TraceFormat? {
        if line.first == UInt8(ascii: "{") { return .json }
        if line.contains(UInt8(ascii: "[")), line.contains(UInt8(ascii: "\"")) { return .combined }
        let fields = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: true)
        let isNumber = fields.first?.allSatisfy { $0 == UInt8(ascii: ".") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        return fields.count >= 7 && isNumber == true ? .squid : nil
    }
}

/// Why a trace cannot be read.
package struct TraceError: Error, CustomStringConvertible {
    package let description: String
    package init(_ description: String) { self.description = description }
}
