// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import NIOCore

/// Sends one reply over one connection.
struct ReplyWriter {
    /// What has become of the connection.
    enum Outcome {
        case keep
        case finish
    }

    let conduit: ByteConduit
    let head: ReceivedHead
    /// Told of each body byte that the socket has taken.
    let count: @Sendable (Int) -> Void

    func send(_ reply: OriginReply) async throws -> Outcome {
        for preface in reply.prefaces {
            switch preface {
            case .gate(let gate): try await gate.wait()
            case .interim(let status, let fields): try await conduit.send(Self.head(status: status, reason: nil, fields: fields))
            }
        }
        switch reply.content {
        case .raw(let body):
            guard try await send(body, isChunked: false) else { return .finish }
            return .finish
        case .response(let status, let reason, let fields, let body, let framing):
            let fields = complete(fields, body: body, status: status, framing: framing, addsDate: reply.addsDate)
            try await conduit.send(Self.head(status: status, reason: reason, fields: fields))
            guard Self.mayHaveBody(status), head.method != "HEAD" else { return end(reply, fields) }
            guard case .chunked(let trailers) = framing else {
                guard try await send(body, isChunked: false) else { return .finish }
                if case .untilClose = framing { return .finish }
                return end(reply, fields)
            }
            guard try await send(body, isChunked: true) else { return .finish }
            var last = Array("0\r\n".utf8)
            trailers.write(to: &last)
            last.append(contentsOf: "\r\n".utf8)
            try await conduit.send(last)
            return end(reply, fields)
        }
    }

    private func end(_ reply: OriginReply, _ fields: FieldLines) -> Outcome {
        let asksClose = head.fields.names("Connection", "close") || fields.names("Connection", "close")
        let isOld = head.minorVersion == 0 && !head.fields.names("Connection", "keep-alive")
        return reply.closesAfter || asksClose || isOld ? .finish : .keep
    }

    private func complete(_ given: FieldLines, body: OriginBody, status: Int, framing: OriginReply.Framing, addsDate: Bool) -> FieldLines {
        var fields = given
        if addsDate, fields["Date"] == nil { fields.append("Date", HTTPClock.date()) }
        switch framing {
        case .length: if Self.mayHaveBody(status) { fields.set("Content-Length", "\(body.count)") }
        case .declaredLength(let length): fields.set("Content-Length", "\(length)")
        case .chunked(let trailers):
            fields.set("Transfer-Encoding", "chunked")
            if fields["Trailer"] == nil, !trailers.lines.isEmpty {
                fields.append("Trailer", trailers.lines.map(\.name).joined(separator: ", "))
            }
        case .untilClose: fields.set("Connection", "close")
        case .asWritten: break
        }
        return fields
    }

    /// False when the body itself has ended the connection.
    private func send(_ body: OriginBody, isChunked: Bool) async throws -> Bool {
        for piece in body.pieces {
            switch piece {
            case .bytes(let bytes): try await send(bytes, isChunked: isChunked)
            case .pattern(let pattern, let range):
                let range = range.clamped(to: 0..<pattern.count)
                var offset = range.lowerBound
                while offset < range.upperBound {
                    let end = min(offset + TestKitLimits.pieceBytes, range.upperBound)
                    try await send(pattern.bytes(in: offset..<end), isChunked: isChunked)
                    offset = end
                }
            case .gate(let gate): try await gate.wait()
            case .close:
                await conduit.close()
                return false
            case .reset:
                await conduit.reset()
                return false
            case .silence: try await Gate().wait()
            }
        }
        return true
    }

    private func send(_ bytes: [UInt8], isChunked: Bool) async throws {
        // An empty chunk would end the body.
        guard !bytes.isEmpty else { return }
        if isChunked {
            let framed = Array(String(bytes.count, radix: 16).utf8) + Array("\r\n".utf8) + bytes + Array("\r\n".utf8)
            try await conduit.send(framed)
        } else {
            try await conduit.send(bytes)
        }
        count(bytes.count)
    }

    static func mayHaveBody(_ status: Int) -> Bool { status >= 200 && status != 204 && status != 304 }

    private static func head(status: Int, reason: String?, fields: FieldLines) -> [UInt8] {
        var bytes = Array("HTTP/1.1 \(status) \(reason ?? StatusText.of(status))\r\n".utf8)
        fields.write(to: &bytes)
        bytes.append(contentsOf: "\r\n".utf8)
        return bytes
    }
}

/// Reason phrases (RFC 9110 §15); no client may depend on them.
enum StatusText {
    static func of(_ status: Int) -> String {
        switch status {
        case 100: "Continue"
        case 103: "Early Hints"
        case 200: "OK"
        case 201: "Created"
        case 204: "No Content"
        case 206: "Partial Content"
        case 301: "Moved Permanently"
        case 302: "Found"
        case 304: "Not Modified"
        case 400: "Bad Request"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 412: "Precondition Failed"
        case 416: "Range Not Satisfiable"
        case 417: "Expectation Failed"
        case 500: "Internal Server Error"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        default: "Status"
        }
    }
}
