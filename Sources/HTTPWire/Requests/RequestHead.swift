// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// A request head, as places in the bytes it was parsed from. One value serves a connection for its whole life.
///
/// All slices are relative to the start of the parsed region and are good as long as those bytes stay as they are.
/// Nothing in it has a meaning until a parse has answered ``ParseResult/head(byteCount:)``.
///
/// Memory: about 200 bytes and the table (``FieldTable``). Parsing allocates only when the table has to grow.
public struct RequestHead: ~Copyable, Sendable {
    /// The method.
    public internal(set) var method: Method
    /// The method as it was written.
    public internal(set) var methodName: ByteSlice
    /// The whole request target.
    public internal(set) var target: ByteSlice
    /// Its form.
    public internal(set) var targetForm: TargetForm
    /// The scheme of an absolute target.
    public internal(set) var scheme: TargetScheme
    /// Path and query. Of an absolute target it may be empty or begin with `?`, which both mean the path `/`; of `*` and `host:port` it is empty.
    public internal(set) var path: ByteSlice
    /// The query without its `?`; empty when there is none.
    public internal(set) var query: ByteSlice
    /// 0 for HTTP/1.0, 1 for HTTP/1.1 and for what later minor versions there may be (RFC 9110 §2.5).
    public internal(set) var minorVersion: UInt8

    /// The field lines, and which fields are among them.
    public internal(set) var fields: FieldTable
    /// What `Connection` says.
    public internal(set) var connection: ConnectionOptions
    /// How the content is delimited.
    public internal(set) var framing: BodyFraming
    /// Whether the connection may go on after this request (RFC 9112 §9.3). For HTTP/1.0 this is what the client asked for; a forward proxy
    /// does not grant it.
    public internal(set) var keepAlive: Bool
    /// Whether the client waits for 100 before it sends its content (RFC 9110 §10.1.1). Only HTTP/1.1 with content can.
    public internal(set) var expectContinue: Bool
    /// Whether the client asks for another protocol: `Upgrade`, named in `Connection`, in HTTP/1.1 (RFC 9110 §7.8).
    public internal(set) var upgrade: Bool
    /// Whether the client takes trailers: `TE: trailers` (RFC 9110 §6.5.1).
    public internal(set) var acceptsTrailers: Bool

    /// The authority the request is for: that of an absolute or a CONNECT target, else that of `Host`. Without an empty port. Empty only when an
    /// HTTP/1.0 client names none.
    public internal(set) var hostSlice: ByteSlice
    /// The host without its port; an IPv6 address with its brackets.
    public internal(set) var hostName: ByteSlice
    /// The port, when it is given.
    public internal(set) var port: UInt16?

    var progress: ParseProgress
    var facts: MessageFacts
    let names: KnownFieldTable

    /// Makes an empty head with room for this many field lines.
    public init(fieldCapacity: Int = FieldTable.usualCapacity) {
        method = .get
        methodName = .empty
        target = .empty
        targetForm = .origin
        scheme = .unstated
        path = .empty
        query = .empty
        minorVersion = 1
        fields = FieldTable(capacity: fieldCapacity)
        connection = []
        framing = .none
        keepAlive = false
        expectContinue = false
        upgrade = false
        acceptsTrailers = false
        hostSlice = .empty
        hostName = .empty
        port = nil
        progress = ParseProgress()
        facts = MessageFacts()
        names = .shared
    }

    /// Forgets an unfinished parse, for a connection that goes away or bytes that are given up.
    ///
    /// Not needed after a parse that answered anything but ``ParseResult/incomplete``.
    public mutating func reset() {
        progress = ParseProgress()
    }

    /// Whether a parse has begun and not finished: the next call must bring the same bytes again, and more.
    public var isPartial: Bool {
        progress != ParseProgress()
    }

    /// Takes back what an earlier request left behind; the table keeps its memory.
    @inline(__always)
    mutating func begin() {
        fields.removeAll()
        facts = MessageFacts()
        scheme = .unstated
        path = .empty
        query = .empty
        connection = []
        framing = .none
        keepAlive = false
        expectContinue = false
        upgrade = false
        acceptsTrailers = false
        hostSlice = .empty
        hostName = .empty
        port = nil
    }
}
