// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPCaching
import HTTPTypes
import HTTPWire
import NIOCore

extension Exchange {
    /// How an answer's body is delimited.
    enum AnswerLength {
        case none
        /// `Content-Length` is told, though no body follows: HEAD, 304.
        case toldOnly(UInt64)
        case exactly(UInt64)
        case unknown
    }

    /// Writes the head of an answer.
    func sendHead(status: Int, fields: HTTPFields, ageSeconds: Int64? = nil, length: AnswerLength, extra: [(String, String)] = []) {
        self.status = status
        headIsSent = true
        if connection?.hasUnreadBody ?? false { closesAfter = true }
        let fields = request.rules.map { $0.changed(fields, status: status) } ?? fields
        var room = 256 + fields.count * 48
        // A small body goes out behind its head.
        if case .exactly(let count) = length, count <= HitAnswer.copiedBodyBytes { room += Int(count) }
        var buffer = proxy.spares.take(capacity: room)
        ResponseHeadWriter.writeStatusLine(status, to: &buffer)
        ResponseHeadWriter.write(fields, to: &buffer)
        // RFC 9110 §6.6.1: whoever makes a response, or passes one on that has no Date, adds one.
        if !fields.contains(.date) { buffer.writeString("Date: \(HTTPDate.string(Clock.timestamp()))\r\n") }
        for (name, value) in extra { buffer.writeString("\(name): \(value)\r\n") }
        if let ageSeconds { buffer.writeString("Age: \(ageSeconds)\r\n") }
        ResponseHeadWriter.writeVia(receivedMinorVersion, to: &buffer)
        buffer.writeStaticString("Cache-Status: ")
        proxy.scratch.removeAll(keepingCapacity: true)
        outcome.append(key: shownKey, to: &proxy.scratch)
        buffer.writeBytes(proxy.scratch)
        buffer.writeStaticString("\r\n")
        switch length {
        case .none:
            sendsBody = false
        case .toldOnly(let count):
            sendsBody = false
            ResponseHeadWriter.writeContentLength(count, to: &buffer)
        case .exactly(let count):
            ResponseHeadWriter.writeContentLength(count, to: &buffer)
        case .unknown:
            if request.minorVersion >= 1 {
                sendsChunks = true
                buffer.writeStaticString("Transfer-Encoding: chunked\r\n")
            } else {
                closesAfter = true
            }
        }
        // Whatever the length says, no body follows (RFC 9110 §9.3.2).
        if request.method == .head { sendsBody = false }
        if closesAfter {
            buffer.writeStaticString("Connection: close\r\n")
        } else if request.minorVersion == 0 {
            buffer.writeStaticString("Connection: keep-alive\r\n")
        }
        buffer.writeStaticString("\r\n")
        connection?.writeHead(buffer)
    }

    /// Writes a piece of the body, in a chunk when there are chunks.
    func sendBody(_ bytes: ByteBuffer) {
        guard sendsBody, bytes.readableBytes > 0 else { return }
        bodyBytesSent += bytes.readableBytes
        if sendsChunks {
            write(ByteBuffer(string: String(bytes.readableBytes, radix: 16) + "\r\n"))
            write(bytes)
            write(ByteBuffer(string: "\r\n"))
        } else {
            write(bytes)
        }
    }

    /// Ends the body. Trailers go on to clients that asked for them (RFC 9110 §6.5.1).
    func sendEnd(trailers: HTTPFields) {
        guard sendsBody, sendsChunks else { return }
        var end = ByteBuffer(string: "0\r\n")
        if request.acceptsTrailers { ResponseHeadWriter.write(HopByHop.endToEnd(trailers, direction: .response), to: &end) }
        end.writeStaticString("\r\n")
        write(end)
    }
}
