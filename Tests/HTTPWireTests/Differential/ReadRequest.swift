// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPWire
import HTTPWireTestSupport
import NIOCore
import NIOEmbedded
import NIOHTTP1

/// A request as a parser read it, in the words that both parsers have.
struct ReadRequest: Equatable, CustomStringConvertible {
    var method: String
    var target: String
    var minorVersion: Int
    var fields: [String]
    var body: [UInt8] = []
    var trailers: [String] = []
    /// The whole body has come.
    var isWhole = false

    var description: String { "\(method) \(target) 1.\(minorVersion) \(fields) \(wireText(body).debugDescription) \(trailers) \(isWhole)" }
}

/// Requests one after another, and whether what follows them was refused.
struct Reading {
    var requests: [ReadRequest] = []
    var refusal: String?

    /// A line as both can say it: NIO's text has a replacement where bytes are no UTF-8, and keeps white space behind a value, which RFC 9112 §5 makes no
    /// part of it. Neither changes where anything begins or ends.
    private static func line(_ name: String, _ value: String) -> String {
        "\(name): \(String(value.reversed().drop { $0 == " " || $0 == "\t" }.reversed()))"
    }

    private static func asUTF8(_ text: String) -> String { String(decoding: wireBytes(text), as: UTF8.self) }

    /// As Gyre reads them.
    static func gyre(_ bytes: [UInt8]) -> Reading {
        var reading = Reading()
        var rest = bytes[...]
        while !rest.isEmpty {
            switch Feeding.request(Array(rest)) {
            case .incomplete: return reading
            case .failed(let error):
                reading.refusal = error.rawValue
                return reading
            case .head(let head):
                rest = rest.dropFirst(head.byteCount)
                var request = ReadRequest(
                    method: head.methodName,
                    target: head.target,
                    minorVersion: Int(head.minorVersion),
                    fields: head.fields.map { line(asUTF8($0.name), asUTF8($0.value)) }
                )
                switch head.framing {
                case .none: request.isWhole = true
                case .length(let count):
                    request.body = Array(rest.prefix(Int(clamping: count)))
                    rest = rest.dropFirst(request.body.count)
                    request.isWhole = UInt64(request.body.count) == count
                case .chunked:
                    let body = Feeding.chunked(Array(rest))
                    rest = rest.dropFirst(body.consumed)
                    request.body = body.data
                    request.trailers = body.trailers.map { line(asUTF8($0.name), asUTF8($0.value)) }
                    request.isWhole = body.isComplete
                    reading.refusal = body.error?.rawValue
                }
                reading.requests.append(request)
                // Behind these NIO's parser speaks of another protocol, or of nothing.
                if !request.isWhole || head.method == .connect || head.upgrade || !head.keepAlive { return reading }
            }
        }
        return reading
    }

    /// As NIO reads them.
    static func nio(_ bytes: [UInt8]) -> Reading {
        var reading = Reading()
        let channel = EmbeddedChannel()
        defer { _ = try? channel.finish(acceptAlreadyClosed: true) }
        do {
            let decoder = HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes)
            try channel.pipeline.syncOperations.addHandler(ByteToMessageHandler(decoder))
            try channel.writeInbound(ByteBuffer(bytes: bytes))
        } catch {
            reading.refusal = "\(error)"
        }
        while let part = try? channel.readInbound(as: HTTPServerRequestPart.self) {
            switch part {
            case .head(let head):
                reading.requests.append(
                    ReadRequest(
                        method: head.method.rawValue,
                        target: head.uri,
                        minorVersion: head.version.minor,
                        fields: head.headers.map { line($0.name, $0.value) }
                    )
                )
            case .body(let piece): reading.requests[reading.requests.count - 1].body += Array(piece.readableBytesView)
            case .end(let trailers):
                reading.requests[reading.requests.count - 1].trailers = trailers?.map { line($0.name, $0.value) } ?? []
                reading.requests[reading.requests.count - 1].isWhole = true
            }
        }
        return reading
    }
}
