// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// What `Connection` says (RFC 9110 §7.6.1).
public struct ConnectionOptions: OptionSet, Sendable, Hashable {
    /// One bit for each option that has a meaning here.
    public let rawValue: UInt8

    /// Makes a set from its bits.
    @inlinable
    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// `close`: the connection ends with this message.
    public static let close = ConnectionOptions(rawValue: 1)
    /// `keep-alive`: it goes on, for peers of HTTP/1.0.
    public static let keepAlive = ConnectionOptions(rawValue: 2)
    /// `upgrade`: the `Upgrade` field is meant for this hop.
    public static let upgrade = ConnectionOptions(rawValue: 4)
    /// `te`: the `TE` field is meant for this hop.
    public static let te = ConnectionOptions(rawValue: 8)
    /// At least one other name: whoever passes the message on must look for the fields it names.
    public static let others = ConnectionOptions(rawValue: 16)

    /// The options of one `Connection` value, or nil when it is not a list of tokens. Empty list elements pass (RFC 9110 §5.6.1.2).
    @inline(__always)
    init?(parsing value: WireBytes) {
        var options: ConnectionOptions = []
        var index = 0
        while true {
            index = value.endOfWhitespace(from: index)
            let end = value.endOfToken(from: index, to: value.count)
            if end > index { options.formUnion(Self.option(value.part(from: index, to: end))) }
            index = value.endOfWhitespace(from: end)
            guard index < value.count else { break }
            guard value[index] == ASCII.comma else { return nil }
            index &+= 1
        }
        self = options
    }

    @inline(__always)
    private static func option(_ name: WireBytes) -> ConnectionOptions {
        switch name.count {
        case 5 where name.equals(lowercase: "close"): .close
        case 10 where name.equals(lowercase: "keep-alive"): .keepAlive
        case 7 where name.equals(lowercase: "upgrade"): .upgrade
        case 2 where name.equals(lowercase: "te"): .te
        default: .others
        }
    }

    /// Whether the connection outlives the message (RFC 9112 §9.3).
    @inline(__always)
    func persists(minorVersion: UInt8) -> Bool {
        if contains(.close) { return false }
        return minorVersion >= 1 || contains(.keepAlive)
    }
}
