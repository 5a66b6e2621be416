// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPCaching
import HTTPWire
import NIOCore

/// The short text a client gets when the proxy itself must answer.
enum ErrorPage {
    static func text(status: Int, reason: String) -> String { "\(status) \(ReasonPhrase.usual(for: status)): \(reason)\n" }

    static func make(
        status: Int,
        reason: String,
        closes: Bool,
        sendsBody: Bool,
        outcome: CacheOutcome? = nil,
        key: [UInt8]? = nil,
        fields: [(String, String)] = []
    ) -> ByteBuffer {
        let text = text(status: status, reason: reason)
        var buffer = ByteBuffer()
        ResponseHeadWriter.writeStatusLine(status, to: &buffer)
        // RFC 9110 §6.6.1: whoever has a clock tells the date.
        buffer.writeString("Date: \(HTTPDate.string(Clock.timestamp()))\r\n")
        buffer.writeString(
            "Content-Type: text/plain; charset=utf-8\r\nContent-Length: \(text.utf8.count)\r\nCache-Control: no-store\r\nVia: 1.1 gyre\r\n"
        )
        if let outcome {
            var value: [UInt8] = []
            outcome.append(key: key, to: &value)
            buffer.writeStaticString("Cache-Status: ")
            buffer.writeBytes(value)
            buffer.writeStaticString("\r\n")
        }
        for (name, value) in fields { buffer.writeString("\(name): \(value)\r\n") }
        if closes { buffer.writeStaticString("Connection: close\r\n") }
        buffer.writeStaticString("\r\n")
        if sendsBody { buffer.writeString(text) }
        return buffer
    }
}
