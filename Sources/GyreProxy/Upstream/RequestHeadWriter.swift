// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPTypes
import HTTPWire
import NIOCore

/// Writes a request head anew from what was parsed: nothing of the client's framing reaches the origin.
enum RequestHeadWriter {
    static func capacity(_ request: UpstreamRequest) -> Int {
        128 + request.target.count + request.fields.fields.count * 48 + request.fields.ownLines.count
    }

    static func write(_ request: UpstreamRequest, to buffer: inout ByteBuffer) {
        buffer.writeString(request.methodName)
        buffer.writeInteger(UInt8(0x20))
        buffer.writeBytes(request.target)
        buffer.writeStaticString(" HTTP/1.1\r\n")
        ResponseHeadWriter.write(request.fields.fields, to: &buffer)
        buffer.writeBytes(request.fields.ownLines)
        switch request.framing {
        case .none: break
        case .length(let count): buffer.writeString("Content-Length: \(count)\r\n")
        case .chunked: buffer.writeStaticString("Transfer-Encoding: chunked\r\n")
        }
        buffer.writeStaticString("\r\n")
    }
}
