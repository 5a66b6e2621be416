// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPCaching
import HTTPTypes
import HTTPWire
import NIOCore

/// Serialises response heads. Fields were checked when they were parsed; they are written as they are.
enum ResponseHeadWriter {
    /// Everything of a stored response's head that is the same in every answer. Without the empty line at the end.
    static func storedHead(status: Int, fields: HTTPFields, contentLength: UInt64?, receivedMinorVersion: UInt8) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.reserveCapacity(64 + fields.count * 48)
        writeStatusLine(status, to: &buffer)
        write(fields, to: &buffer)
        if let contentLength { writeContentLength(contentLength, to: &buffer) }
        writeVia(receivedMinorVersion, to: &buffer)
        return buffer
    }

    /// The same from the head's encoded form, whose fields are copied as they lie there.
    static func storedHead(_ head: EncodedHead, _ metadata: [UInt8], contentLength: UInt64?) -> ByteBuffer {
        var buffer = ByteBuffer()
        // The numbers take more room than what is written besides the fields: status line, length, `Via`.
        buffer.reserveCapacity(metadata.count + 64)
        writeStatusLine(head.status, to: &buffer)
        metadata.withUnsafeBytes { all in
            let bytes = UnsafeRawBufferPointer(rebasing: all[1...])
            head.forEachField(in: metadata.span.extracting(1...)) { name, value in
                let name = UnsafeRawBufferPointer(rebasing: bytes[name])
                guard !isContentLength(name) else { return }
                buffer.writeBytes(name)
                buffer.writeStaticString(": ")
                buffer.writeBytes(UnsafeRawBufferPointer(rebasing: bytes[value]))
                buffer.writeStaticString("\r\n")
            }
        }
        if let contentLength { writeContentLength(contentLength, to: &buffer) }
        writeVia(head.receivedMinorVersion, to: &buffer)
        return buffer
    }

    static func writeContentLength(_ length: UInt64, to buffer: inout ByteBuffer) {
        buffer.writeStaticString("Content-Length: ")
        writeDecimal(length, to: &buffer)
        buffer.writeStaticString("\r\n")
    }

    private static func isContentLength(_ name: UnsafeRawBufferPointer) -> Bool {
        name.count == 14 && zip(name, "content-length".utf8).allSatisfy { $0 | 0x20 == $1 || $0 == $1 }
    }

    /// Says by which protocol this proxy got the response (RFC 9110 §7.6.3).
    static func writeVia(_ receivedMinorVersion: UInt8, to buffer: inout ByteBuffer) {
        buffer.writeStaticString(receivedMinorVersion == 0 ? "Via: 1.0 gyre\r\n" : "Via: 1.1 gyre\r\n")
    }

    static func writeStatusLine(_ status: Int, to buffer: inout ByteBuffer) {
        buffer.writeStaticString("HTTP/1.1 ")
        buffer.writeInteger(UInt8(0x30 + status / 100 % 10))
        buffer.writeInteger(UInt8(0x30 + status / 10 % 10))
        buffer.writeInteger(UInt8(0x30 + status % 10))
        buffer.writeInteger(UInt8(0x20))
        buffer.writeStaticString(ReasonPhrase.usual(for: status))
        buffer.writeStaticString("\r\n")
    }

    /// All fields but `Content-Length`, which the framing decides.
    static func write(_ fields: HTTPFields, to buffer: inout ByteBuffer) {
        for field in fields where field.name != .contentLength {
            buffer.writeString(field.name.rawName)
            buffer.writeStaticString(": ")
            field.withUnsafeBytesOfValue { _ = buffer.writeBytes($0) }
            buffer.writeStaticString("\r\n")
        }
    }

    static func writeDecimal(_ value: UInt64, to buffer: inout ByteBuffer) {
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: 20) { memory in
            var writer = WireWriter(memory)
            writer.decimal(value)
            return writer.count
        }
    }
}
