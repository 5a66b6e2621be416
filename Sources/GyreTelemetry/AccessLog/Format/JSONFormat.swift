// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// One JSON object a line (RFC 8259), always with the same fields in the same order: those of ``AccessLogFields``.
enum JSONFormat {
    static func write(_ entry: AccessLogEntry, time: LogTimeText, _ line: inout LineCursor) {
        line.put("{\"time\":\"")
        line.copy(time.bytes, time.count)
        line.put(UInt8(ascii: "."))
        line.put(digits: 3, of: UInt(time.milliseconds))
        line.put("Z\",\"client\":")
        string(entry.clientAddress, limit: TelemetryLimits.maxLoggedWordBytes, &line)
        line.put(",\"method\":")
        string(entry.method, limit: TelemetryLimits.maxLoggedWordBytes, &line)
        line.put(",\"target\":")
        string(entry.target, limit: TelemetryLimits.maxLoggedTargetBytes, &line)
        if entry.method.isEmpty {
            line.put(",\"protocol\":null")
        } else {
            line.put(",\"protocol\":\"HTTP/1.")
            line.put(decimal: Int(entry.httpMinorVersion))
            line.put(UInt8(ascii: "\""))
        }
        line.put(",\"host\":")
        string(entry.host, limit: TelemetryLimits.maxLoggedHostBytes, &line)
        line.put(",\"status\":")
        line.put(decimal: entry.status)
        line.put(",\"bytes\":")
        line.put(decimal: entry.bodyBytesSent)
        line.put(",\"referer\":")
        string(entry.referer, limit: TelemetryLimits.maxLoggedRefererBytes, &line)
        line.put(",\"user_agent\":")
        string(entry.userAgent, limit: TelemetryLimits.maxLoggedUserAgentBytes, &line)
        line.put(",\"cache\":")
        string(entry.cacheWord, limit: TelemetryLimits.maxLoggedWordBytes, &line)
        line.put(",\"reason\":")
        string(entry.reasonWord, limit: TelemetryLimits.maxLoggedWordBytes, &line)
        switch entry.servedFrom {
        case .memory: line.put(",\"source\":\"memory\"")
        case .disk: line.put(",\"source\":\"disk\"")
        case .origin: line.put(",\"source\":\"origin\"")
        case .none: line.put(",\"source\":null")
        }
        line.put(",\"duration_us\":")
        line.put(decimal: entry.durationMicroseconds)
        line.put(",\"origin_duration_us\":")
        if let duration = entry.originDurationMicroseconds { line.put(decimal: duration) } else { line.put("null") }
        line.put("}\n")
    }

    private static func string(_ bytes: UnsafeRawBufferPointer, limit: Int, _ line: inout LineCursor) {
        guard let start = bytes.baseAddress, bytes.count > 0 else {
            line.put("null")
            return
        }
        let count = min(bytes.count, limit)
        line.put(UInt8(ascii: "\""))
        var done = 0
        while true {
            done += LogBytes.copyPlain(start + done, count - done, &line)
            guard done < count else { break }
            done += escape(start + done, count - done, &line)
        }
        if count < bytes.count { line.put("...") }
        line.put(UInt8(ascii: "\""))
    }

    /// Writes the character at `bytes`, which is not plain; returns how many bytes it has.
    private static func escape(_ bytes: UnsafeRawPointer, _ count: Int, _ line: inout LineCursor) -> Int {
        let byte = bytes.load(as: UInt8.self)
        if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
            line.put(UInt8(ascii: "\\"))
            line.put(byte)
            return 1
        }
        if byte < 0x80 {
            line.put("\\u00")
            line.put(hex: byte)
            return 1
        }
        let length = UTF8Sequence.length(bytes, count)
        guard length > 0 else {
            // The backslash is escaped, so this is the text \xHH. It is what a peer could have sent itself; a log in which a byte is lost would be worse.
            line.put("\\\\x")
            line.put(hex: byte)
            return 1
        }
        if byte == 0xC2, bytes.load(fromByteOffset: 1, as: UInt8.self) < 0xA0 {
            // The second row of control characters (U+0080 to U+009F), which some terminals obey.
            line.put("\\u00")
            line.put(hex: bytes.load(fromByteOffset: 1, as: UInt8.self))
            return 2
        }
        line.copy(bytes, length)
        return length
    }
}
