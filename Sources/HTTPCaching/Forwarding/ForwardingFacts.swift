// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

public import HTTPTypes

/// What a proxy tells the origin about the client: `Forwarded` (RFC 7239) and the older `X-Forwarded-*`.
public struct ForwardingFacts: Sendable, Equatable {
    /// The client's address, IPv4 or IPv6 without brackets; `nil` hides it as `unknown` (RFC 7239 §6.2).
    public var clientAddress: String?
    /// The scheme the client used.
    public var scheme: TargetURI.Scheme
    /// The `Host` the client sent, as it was.
    public var host: String

    /// Facts from their parts.
    public init(clientAddress: String?, scheme: TargetURI.Scheme, host: String) {
        self.clientAddress = clientAddress
        self.scheme = scheme
        self.host = host
    }

    /// Writes the facts into a request.
    ///
    /// - Parameter keepsExisting: whether the client is a proxy that is trusted. If not, what it says about others is dropped: anybody can write such fields.
    public func apply(to fields: inout HTTPFields, keepsExisting: Bool) {
        if !keepsExisting { Self.remove(from: &fields) }
        add(to: &fields)
    }

    /// Adds the facts; who the client's proxy says that it used, and for which host, stays where it is.
    package func add(to fields: inout HTTPFields) {
        let forwarded = forwardedValue
        fields.append(forwarded.withUnsafeBytes { HTTPField(.forwarded, bytes: $0) })
        fields.append(HTTPField(name: .xForwardedFor, value: clientAddress ?? "unknown"))
        if !fields.contains(.xForwardedProto) {
            fields.append(HTTPField(name: .xForwardedProto, value: scheme.rawValue))
        }
        if !fields.contains(.xForwardedHost) { fields.append(HTTPField(name: .xForwardedHost, value: host)) }
    }

    /// Appends the lines that ``add(to:)`` adds to fields without any of them.
    package func appendLines(to bytes: inout [UInt8]) {
        bytes.append(contentsOf: "Forwarded: ".utf8)
        appendForwarded(to: &bytes)
        bytes.append(contentsOf: "\r\nX-Forwarded-For: ".utf8)
        bytes.append(contentsOf: (clientAddress ?? "unknown").utf8)
        bytes.append(contentsOf: "\r\nX-Forwarded-Proto: ".utf8)
        bytes.append(contentsOf: scheme.rawValue.utf8)
        bytes.append(contentsOf: "\r\nX-Forwarded-Host: ".utf8)
        bytes.append(contentsOf: host.utf8)
        bytes.append(contentsOf: "\r\n".utf8)
    }

    /// The fields that say who is behind a proxy, by their lower-case names.
    public static let names: Set<String> = [
        "client-ip", "forwarded", "forwarded-for", "true-client-ip", "x-client-ip", "x-cluster-client-ip", "x-forwarded", "x-forwarded-by",
        "x-forwarded-for", "x-forwarded-host", "x-forwarded-port", "x-forwarded-proto", "x-forwarded-ssl", "x-proxyuser-ip", "x-real-ip",
        "x-remote-addr",
        "x-remote-ip",
    ]

    /// Removes them, also where they are written with `_` for `-`: CGI and what is made like it cannot tell the two apart (RFC 3875 §4.1.18).
    public static func remove(from fields: inout HTTPFields) {
        fields = fields.kept { !isOne($0) }
    }

    /// Whether it is one of them, however written. The name is in lower case.
    package static func isOne(_ name: String) -> Bool {
        // Most names begin with another letter.
        firstLetters.contains(name.utf8.first ?? 0) && names.contains(PoisoningFields.folded(name))
    }

    private static let firstLetters: [UInt8] = Array(Set(names.compactMap(\.utf8.first)))

    /// One element of `Forwarded` (RFC 7239 §4).
    var forwardedValue: [UInt8] {
        var value: [UInt8] = []
        value.reserveCapacity(48 + (clientAddress?.utf8.count ?? 0) + host.utf8.count)
        appendForwarded(to: &value)
        return value
    }

    private func appendForwarded(to value: inout [UInt8]) {
        value.append(contentsOf: "for=".utf8)
        if let clientAddress {
            // An IPv6 address stands in brackets, and brackets and colons need quotes (RFC 7239 §6).
            let isSix = clientAddress.utf8.contains(ASCII.colon)
            Self.append(isSix ? "[" + clientAddress + "]" : clientAddress, to: &value)
        } else {
            value.append(contentsOf: "unknown".utf8)
        }
        value.append(contentsOf: ";host=".utf8)
        Self.append(host, to: &value)
        value.append(contentsOf: ";proto=".utf8)
        value.append(contentsOf: scheme.rawValue.utf8)
    }

    private static func append(_ text: String, to value: inout [UInt8]) {
        let span = text.utf8.span
        if span.isToken(0..<span.count) { value.append(contentsOf: text.utf8) } else { StructuredText.appendString(span, to: &value) }
    }
}
