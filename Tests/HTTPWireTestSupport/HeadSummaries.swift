// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

public import HTTPWire

/// One field line as text.
public struct FieldLine: Equatable, Sendable, CustomStringConvertible {
    /// The name as it came.
    public var name: String
    /// The value as it came.
    public var value: String
    /// The known field it was taken for.
    public var known: KnownField

    /// `name: value`
    public var description: String { "\(name): \(value)" }

    /// The lines of a table whose slices are places in `region`.
    public static func lines(_ fields: borrowing FieldTable, in region: UnsafeRawBufferPointer) -> [FieldLine] {
        var lines: [FieldLine] = []
        for index in 0..<fields.count {
            let entry = fields[index]
            lines.append(
                FieldLine(name: wireText(entry.name.bytes(in: region)), value: wireText(entry.value.bytes(in: region)), known: entry.known)
            )
        }
        return lines
    }
}

/// Everything a parsed request head says, as values that can be compared.
public struct RequestSummary: Equatable, Sendable {
    /// What ``ParseResult/head(byteCount:)`` said.
    public var byteCount: Int
    /// See ``RequestHead/method``.
    public var method: Method
    /// See ``RequestHead/methodName``.
    public var methodName: String
    /// See ``RequestHead/target``.
    public var target: String
    /// See ``RequestHead/targetForm``.
    public var targetForm: TargetForm
    /// See ``RequestHead/scheme``.
    public var scheme: TargetScheme
    /// See ``RequestHead/path``.
    public var path: String
    /// See ``RequestHead/query``.
    public var query: String
    /// See ``RequestHead/minorVersion``.
    public var minorVersion: UInt8
    /// See ``RequestHead/fields``.
    public var fields: [FieldLine]
    /// See ``FieldTable/present``.
    public var present: FieldSet
    /// See ``RequestHead/connection``.
    public var connection: ConnectionOptions
    /// See ``RequestHead/framing``.
    public var framing: BodyFraming
    /// See ``RequestHead/keepAlive``.
    public var keepAlive: Bool
    /// See ``RequestHead/expectContinue``.
    public var expectContinue: Bool
    /// See ``RequestHead/upgrade``.
    public var upgrade: Bool
    /// See ``RequestHead/acceptsTrailers``.
    public var acceptsTrailers: Bool
    /// See ``RequestHead/hostSlice``.
    public var host: String
    /// See ``RequestHead/hostName``.
    public var hostName: String
    /// See ``RequestHead/port``.
    public var port: UInt16?

    init(_ head: borrowing RequestHead, byteCount: Int, in region: UnsafeRawBufferPointer) {
        self.byteCount = byteCount
        method = head.method
        methodName = wireText(head.methodName.bytes(in: region))
        target = wireText(head.target.bytes(in: region))
        targetForm = head.targetForm
        scheme = head.scheme
        path = wireText(head.path.bytes(in: region))
        query = wireText(head.query.bytes(in: region))
        minorVersion = head.minorVersion
        fields = FieldLine.lines(head.fields, in: region)
        present = head.fields.present
        connection = head.connection
        framing = head.framing
        keepAlive = head.keepAlive
        expectContinue = head.expectContinue
        upgrade = head.upgrade
        acceptsTrailers = head.acceptsTrailers
        host = wireText(head.hostSlice.bytes(in: region))
        hostName = wireText(head.hostName.bytes(in: region))
        port = head.port
    }
}

/// Everything a parsed response head says, as values that can be compared.
public struct ResponseSummary: Equatable, Sendable {
    /// What ``ParseResult/head(byteCount:)`` said.
    public var byteCount: Int
    /// See ``ResponseHead/status``.
    public var status: Int
    /// See ``ResponseHead/reason``.
    public var reason: String
    /// See ``ResponseHead/minorVersion``.
    public var minorVersion: UInt8
    /// See ``ResponseHead/fields``.
    public var fields: [FieldLine]
    /// See ``ResponseHead/connection``.
    public var connection: ConnectionOptions
    /// See ``ResponseHead/framing``.
    public var framing: ResponseFraming
    /// See ``ResponseHead/contentLength``.
    public var contentLength: UInt64?
    /// See ``ResponseHead/keepAlive``.
    public var keepAlive: Bool
    /// See ``ResponseHead/isInterim``.
    public var isInterim: Bool

    init(_ head: borrowing ResponseHead, byteCount: Int, in region: UnsafeRawBufferPointer) {
        self.byteCount = byteCount
        status = head.status
        reason = wireText(head.reason.bytes(in: region))
        minorVersion = head.minorVersion
        fields = FieldLine.lines(head.fields, in: region)
        connection = head.connection
        framing = head.framing
        contentLength = head.contentLength
        keepAlive = head.keepAlive
        isInterim = head.isInterim
    }
}

/// The verdict on a sequence of bytes.
public enum Verdict<Summary: Equatable & Sendable>: Equatable, Sendable {
    /// No verdict yet.
    case incomplete
    /// Refused.
    case failed(WireError)
    /// Parsed.
    case head(Summary)

    /// What was parsed, or nil.
    public var summary: Summary? {
        if case .head(let summary) = self { return summary }
        return nil
    }

    /// Why it was refused, or nil.
    public var error: WireError? {
        if case .failed(let error) = self { return error }
        return nil
    }
}
