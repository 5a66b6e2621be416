// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// The combined log format of Apache httpd, then ` cache/reason microseconds`.
///
/// Escapes are those of nginx: `\xHH` for controls, quotes, backslashes and what is not ASCII. So the line is plain ASCII, its quotes pair up, and no
/// peer can put a second line or a terminal's control sequence into the log.
enum CombinedFormat {
    static func write(_ entry: AccessLogEntry, time: LogTimeText, _ line: inout LineCursor) {
        word(entry.clientAddress, &line)
        line.put(" - - [")
        line.copy(time.bytes, time.count)
        line.put("] \"")
        if entry.method.isEmpty {
            line.put(UInt8(ascii: "-"))
        } else {
            quoted(entry.method, limit: TelemetryLimits.maxLoggedWordBytes, &line)
            line.put(UInt8(ascii: " "))
            quoted(entry.target, limit: TelemetryLimits.maxLoggedTargetBytes, &line)
            line.put(" HTTP/1.")
            line.put(decimal: Int(entry.httpMinorVersion))
        }
        line.put("\" ")
        line.put(decimal: entry.status)
        line.put(UInt8(ascii: " "))
        line.put(decimal: entry.bodyBytesSent)
        line.put(" \"")
        quoted(entry.referer, limit: TelemetryLimits.maxLoggedRefererBytes, &line)
        line.put("\" \"")
        quoted(entry.userAgent, limit: TelemetryLimits.maxLoggedUserAgentBytes, &line)
        line.put("\" ")
        word(entry.cacheWord, &line)
        line.put(UInt8(ascii: "/"))
        word(entry.reasonWord, &line)
        line.put(UInt8(ascii: " "))
        line.put(decimal: entry.durationMicroseconds)
        line.put(UInt8(ascii: "\n"))
    }

    private static func quoted(_ bytes: UnsafeRawBufferPointer, limit: Int, _ line: inout LineCursor) {
        guard let start = bytes.baseAddress, bytes.count > 0 else {
            line.put(UInt8(ascii: "-"))
            return
        }
        let count = min(bytes.count, limit)
        var done = 0
        while true {
            done += LogBytes.copyPlain(start + done, count - done, &line)
            guard done < count else { break }
            escape(start.load(fromByteOffset: done, as: UInt8.self), &line)
            done += 1
        }
        if count < bytes.count { line.put("...") }
    }

    /// Outside quotes a space would end the field, so it is escaped too.
    private static func word(_ bytes: UnsafeRawBufferPointer, _ line: inout LineCursor) {
        guard let start = bytes.baseAddress, bytes.count > 0 else {
            line.put(UInt8(ascii: "-"))
            return
        }
        let count = min(bytes.count, TelemetryLimits.maxLoggedWordBytes)
        var done = 0
        while done < count {
            let byte = start.load(fromByteOffset: done, as: UInt8.self)
            if LogBytes.isPlain(byte), byte != UInt8(ascii: " ") { line.put(byte) } else { escape(byte, &line) }
            done += 1
        }
        if count < bytes.count { line.put("...") }
    }

    private static func escape(_ byte: UInt8, _ line: inout LineCursor) {
        line.put("\\x")
        line.put(hex: byte)
    }
}
