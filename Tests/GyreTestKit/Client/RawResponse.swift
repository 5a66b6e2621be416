// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// A response as it came over the wire.
public struct RawResponse: Sendable {
    /// The status code.
    public let status: Int
    /// The reason phrase, often empty.
    public let reason: String
    /// 0 or 1.
    public let minorVersion: Int
    /// The header fields.
    public let fields: FieldLines
    /// The exact bytes of the head, the empty line with them.
    public let rawHead: [UInt8]
    /// 1xx responses that came before, without bodies.
    public internal(set) var interim: [RawResponse] = []
    /// The body; empty when only the head was read.
    public internal(set) var body: [UInt8] = []
    /// The trailers of a chunked body.
    public internal(set) var trailers: FieldLines = [:]

    /// The body as text.
    public var text: String { String(decoding: body, as: UTF8.self) }

    /// The combined value of a field, any case.
    public subscript(name: String) -> String? { fields[name] }

    init(_ head: MessageHead) throws {
        let line = head.startLine
        // "HTTP/1.1 200 " is the shortest there is: the space before an empty reason stands (RFC 9112 §4).
        let parts = line.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == "HTTP/1.1" || parts[0] == "HTTP/1.0", parts[1].utf8.count == 3, let status = Int(parts[1]),
            (100...599).contains(status)
        else { throw TestKitError.badStartLine }
        self.status = status
        reason = String(parts[2])
        minorVersion = parts[0] == "HTTP/1.1" ? 1 : 0
        fields = head.fields
        rawHead = head.raw
    }

    /// How the body ends (RFC 9112 §6.3).
    func framing(to method: String) throws -> BodyDecoder.Framing {
        if method == "HEAD" || status < 200 || status == 204 || status == 304 { return .none }
        if method == "CONNECT", status < 300 { return .none }
        return try BodyDecoder.framing(of: fields, otherwise: .untilClose)
    }
}
