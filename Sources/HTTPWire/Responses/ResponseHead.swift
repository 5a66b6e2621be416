// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// A response head, as places in the bytes it was parsed from. One value serves a connection to an origin for its whole life.
///
/// All slices are relative to the start of the parsed region and are good as long as those bytes stay as they are.
/// Nothing in it has a meaning until a parse has answered ``ParseResult/head(byteCount:)``.
public struct ResponseHead: ~Copyable, Sendable {
    /// The status, 100 to 599.
    public internal(set) var status: Int
    /// The reason phrase, which may be empty and means nothing (RFC 9112 §4).
    public internal(set) var reason: ByteSlice
    /// 0 for HTTP/1.0, 1 for HTTP/1.1 and for what later minor versions there may be (RFC 9110 §2.5).
    public internal(set) var minorVersion: UInt8

    /// The field lines, and which fields are among them.
    public internal(set) var fields: FieldTable
    /// What `Connection` says.
    public internal(set) var connection: ConnectionOptions
    /// How the content is delimited.
    public internal(set) var framing: ResponseFraming
    /// The value of `Content-Length`, also where no content follows, as in an answer to HEAD; nil when there is none.
    public internal(set) var contentLength: UInt64?
    /// Whether the connection may be used again when the content has been read to its end (RFC 9112 §9.3).
    public internal(set) var keepAlive: Bool

    var progress: ParseProgress
    var facts: MessageFacts
    let names: KnownFieldTable

    /// Makes an empty head with room for this many field lines.
    public init(fieldCapacity: Int = FieldTable.usualCapacity) {
        status = 0
        reason = .empty
        minorVersion = 1
        fields = FieldTable(capacity: fieldCapacity)
        connection = []
        framing = .none
        contentLength = nil
        keepAlive = false
        progress = ParseProgress()
        facts = MessageFacts()
        names = .shared
    }

    /// Whether another head follows for the same request: 1xx but for 101 (RFC 9110 §15.2).
    public var isInterim: Bool {
        status < 200 && status != 101
    }

    /// Forgets an unfinished parse, for a connection that goes away.
    public mutating func reset() {
        progress = ParseProgress()
    }

    /// Whether a parse has begun and not finished: the next call must bring the same bytes again, and more.
    public var isPartial: Bool {
        progress != ParseProgress()
    }

    mutating func begin() {
        fields.removeAll()
        facts = MessageFacts()
        connection = []
        framing = .none
        contentLength = nil
        keepAlive = false
    }
}
