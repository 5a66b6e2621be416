// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// A request head as the origin received it.
public struct ReceivedHead: Sendable {
    /// The method as sent.
    public let method: String
    /// The request target as sent.
    public let target: String
    /// 0 or 1.
    public let minorVersion: Int
    /// The fields as sent.
    public let fields: FieldLines
    /// The exact bytes, the empty line with them.
    public let rawBytes: [UInt8]
    /// Which connection it came over: 1 for the first that the origin accepted.
    public let connection: Int

    /// The exact bytes as text.
    public var rawText: String { String(decoding: rawBytes, as: UTF8.self) }
}

/// A request in the hands of a script. The body is read only when the script asks for it, so an origin can be slow to take it.
public struct OriginRequest: Sendable {
    /// The head.
    public let head: ReceivedHead
    let reader: RequestReader

    /// The method as sent.
    public var method: String { head.method }
    /// The request target as sent.
    public var target: String { head.target }
    /// The fields as sent.
    public var fields: FieldLines { head.fields }

    /// The whole body. The first read sends `100 Continue` when the client expects it (RFC 9110 §10.1.1).
    ///
    /// - Throws: ``TestKitError`` when the body is cut short, malformed or beyond ``TestKitLimits/maxCollectedBytes``.
    public func body() async throws -> [UInt8] {
        var bytes: [UInt8] = []
        while let piece = try await reader.nextBodyPiece() {
            bytes.append(contentsOf: piece)
            guard bytes.count <= TestKitLimits.maxCollectedBytes else { throw TestKitError.bodyTooLarge }
        }
        return bytes
    }

    /// The next bytes of the body as they arrive; `nil` at its end. The first read sends `100 Continue` when the client expects it.
    public func nextBodyPiece() async throws -> [UInt8]? { try await reader.nextBodyPiece() }

    /// The trailers; empty before the end of the body.
    public func trailers() async -> FieldLines { await reader.trailers }

    /// Whether `If-None-Match` names the tag, compared weakly (RFC 9110 §13.1.2).
    public func hasTag(_ tag: String) -> Bool {
        fields.values("If-None-Match").contains { value in
            value.split(separator: ",").contains { $0.trimmingBlanks().withoutWeakMark == tag[...].withoutWeakMark }
        }
    }
}

extension Substring {
    fileprivate var withoutWeakMark: Substring { hasPrefix("W/") ? dropFirst(2) : self }
}
