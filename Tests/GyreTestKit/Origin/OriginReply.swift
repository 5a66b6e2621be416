// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// What a scripted origin does with a request.
public struct OriginReply: Sendable {
    /// How the end of the body is told (RFC 9112 §6.3).
    public enum Framing: Sendable {
        /// `Content-Length` with the body's true count.
        case length
        /// `Content-Length` with this number, true or not.
        case declaredLength(UInt64)
        /// `Transfer-Encoding: chunked`, with these trailers.
        case chunked(trailers: FieldLines)
        /// No framing field; the connection is closed behind the body.
        case untilClose
        /// No framing field added and the connection left open: the script's own fields say it all.
        case asWritten

        /// `Transfer-Encoding: chunked` without trailers.
        public static var chunked: Framing { .chunked(trailers: [:]) }
    }

    enum Content: Sendable {
        case response(status: Int, reason: String?, fields: FieldLines, body: OriginBody, framing: Framing)
        case raw(OriginBody)
    }

    enum Preface: Sendable {
        case gate(Gate)
        case interim(status: Int, fields: FieldLines)
    }

    var content: Content
    var prefaces: [Preface] = []
    var closesAfter = false
    var addsDate = true

    /// A response. `Date` is added unless the fields have one. No body is sent to HEAD, and none with 204 and 304.
    public static func response(
        _ status: Int,
        _ fields: FieldLines = [:],
        body: OriginBody = .empty,
        framing: Framing = .length,
        reason: String? = nil
    ) -> OriginReply {
        OriginReply(content: .response(status: status, reason: reason, fields: fields, body: body, framing: framing))
    }

    /// These bytes as they are, and then the connection is closed. For what no server should send.
    public static func raw(_ bytes: OriginBody) -> OriginReply {
        OriginReply(content: .raw(bytes), closesAfter: true)
    }

    /// Closes the connection without a byte.
    public static let close = OriginReply(content: .raw([.close]))

    /// Resets the connection without a byte.
    public static let reset = OriginReply(content: .raw([.reset]))

    /// Never answers; the connection stays until the peer closes it.
    public static let silence = OriginReply(content: .raw([.silence]))

    /// The reply, begun only when the gate lets through.
    public func after(_ gate: Gate) -> OriginReply { adding(.gate(gate)) }

    /// The reply with an interim response before it, such as 103 (RFC 8297) or 100.
    public func interim(_ status: Int, _ fields: FieldLines = [:]) -> OriginReply {
        adding(.interim(status: status, fields: fields))
    }

    /// The reply with `Connection: close`, which is then kept.
    public func closing() -> OriginReply {
        var reply = self
        reply.closesAfter = true
        if case .response(let status, let reason, var fields, let body, let framing) = reply.content {
            fields.set("Connection", "close")
            reply.content = .response(status: status, reason: reason, fields: fields, body: body, framing: framing)
        }
        return reply
    }

    /// The reply without a `Date` of the origin's own.
    public func withoutDate() -> OriginReply {
        var reply = self
        reply.addsDate = false
        return reply
    }

    /// The first `keptBytes` bytes of the body, and then the connection is closed though more was promised.
    public func cut(afterBodyBytes keptBytes: Int, reset: Bool = false) -> OriginReply {
        var reply = self
        guard case .response(let status, let reason, let fields, let body, var framing) = content else { return self }
        if case .length = framing { framing = .declaredLength(UInt64(body.count)) }
        var left = max(0, keptBytes)
        var pieces: [OriginBody.Piece] = []
        for piece in body.pieces {
            switch piece {
            case .bytes(let bytes):
                pieces.append(.bytes(Array(bytes.prefix(left))))
                left -= min(left, bytes.count)
            case .pattern(let pattern, let range):
                let kept = range.clamped(to: 0..<pattern.count).prefix(left)
                pieces.append(.pattern(pattern, kept))
                left -= kept.count
            default: pieces.append(piece)
            }
            if left == 0 { break }
        }
        pieces.append(reset ? .reset : .close)
        reply.content = .response(status: status, reason: reason, fields: fields, body: OriginBody(pieces), framing: framing)
        return reply
    }

    private func adding(_ preface: Preface) -> OriginReply {
        var reply = self
        reply.prefaces.append(preface)
        return reply
    }
}
