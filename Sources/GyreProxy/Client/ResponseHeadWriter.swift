// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
import HTTPCaching
import HTTPTypes
import HTTPWire
import NIOCore

/// Serialises response heads. Fields were checked when they were parsed; they are written as they are.
enum ResponseHeadWriter {
    /// Everything of a stored response's head that is the same in every answer, without the empty line at the end, in as much memory as it needs. The
    /// fields are copied as they lie in the head's encoded form.
    static func storedHead(_ head: EncodedHead, _ metadata: [UInt8], contentLength: UInt64?) -> ByteBuffer {
        // The numbers in the metadata take more room than what is written besides the fields: status line, length, `Via`.
        withUnsafeTemporaryAllocation(byteCount: metadata.count + 64, alignment: 1) { memory in
            var writer = WireWriter(memory)
            writer.statusLine(head.status)
            metadata.withUnsafeBytes { all in
                let bytes = UnsafeRawBufferPointer(rebasing: all[1...])
                head.forEachField(in: metadata.span.extracting(1...)) { name, value in
                    let name = UnsafeRawBufferPointer(rebasing: bytes[name])
                    guard !isContentLength(name) else { return }
                    writer.bytes(name)
                    writer.literal(": ")
                    writer.bytes(UnsafeRawBufferPointer(rebasing: bytes[value]))
                    writer.endOfLine()
                }
            }
            if let contentLength { writer.field("Content-Length", decimal: contentLength) }
            writer.literal(via(head.receivedMinorVersion))
            precondition(writer.problem == nil, "a stored head takes more room than its encoded form")
            return ByteBuffer(owning: OwnedBytes(copying: UnsafeRawBufferPointer(rebasing: memory[..<writer.count])))
        }
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
        buffer.writeStaticString(via(receivedMinorVersion))
    }

    private static func via(_ receivedMinorVersion: UInt8) -> StaticString {
        receivedMinorVersion == 0 ? "Via: 1.0 gyre\r\n" : "Via: 1.1 gyre\r\n"
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
        // There mostly is room: whoever made the buffer has guessed well.
        if !write(fields, to: &buffer, room: 0) { _ = write(fields, to: &buffer, room: fields.byteCount + 4 * fields.count) }
    }

    private static func write(_ fields: HTTPFields, to buffer: inout ByteBuffer, room: Int) -> Bool {
        var fits = true
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: room) { memory in
            var writer = WireWriter(memory)
            fields.forEachInBytes { name, value in
                guard !isContentLength(name) else { return }
                writer.bytes(name)
                writer.literal(": ")
                writer.bytes(value)
                writer.endOfLine()
            }
            fits = writer.problem == nil
            return fits ? writer.count : 0
        }
        return fits
    }

    static func writeDecimal(_ value: UInt64, to buffer: inout ByteBuffer) {
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: 20) { memory in
            var writer = WireWriter(memory)
            writer.decimal(value)
            return writer.count
        }
    }
}
