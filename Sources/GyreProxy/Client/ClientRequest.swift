// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPCaching
import HTTPTypes
import HTTPWire
import NIOCore

/// A request as the exchange keeps it: owned, since the bytes it came in are gone when the answer is written. An object, since exchange, fill and
/// log all hold it.
final class ClientRequest: Sendable {
    let method: Method
    let methodName: String
    /// The whole target as it came: for the log.
    let target: [UInt8]
    /// Path and query; `*` for `OPTIONS *`.
    let path: [UInt8]
    let host: [UInt8]
    /// Of an absolute target to a forward proxy; http for others.
    let scheme: TargetURI.Scheme
    /// The target as a URI, unless it is `*` or no URI.
    let targetURI: TargetURI?
    /// The client named the host to ask: it takes this for a forward proxy.
    let isForward: Bool
    /// An https target for the origin's site, which came over a connection that is not secured.
    let isMisdirected: Bool
    /// The credentials for this proxy. They are in no field that goes on or is compared.
    let proxyAuthorization: String?
    /// `Upgrade`, named in `Connection`.
    let asksUpgrade: Bool
    let fields: HTTPFields
    let framing: BodyFraming
    let minorVersion: UInt8
    let keepAlive: Bool
    let expectsContinue: Bool
    let acceptsTrailers: Bool
    /// What the operator's rules say; nil when none applies.
    let rules: RuleDecision?
    let clientAddress: String
    let startedAt: NIODeadline

    /// - Parameter defaultHost: The authority that is meant when an HTTP/1.0 client names none.
    init(
        _ head: borrowing RequestHead,
        in bytes: UnsafeRawBufferPointer,
        reader: FieldReader,
        defaultHost: [UInt8],
        keyRules: CacheKeyRules,
        rules: RuleSet? = nil,
        isForwardProxy: Bool = false,
        clientAddress: String,
        startedAt: NIODeadline
    ) {
        method = head.method
        let methodName = String(decoding: head.methodName.bytes(in: bytes), as: UTF8.self)
        self.methodName = methodName
        target = Array(head.target.bytes(in: bytes))
        var path = Array(head.path.bytes(in: bytes))
        if head.targetForm == .asterisk { path = [0x2a] } else if path.first != 0x2f { path.insert(0x2f, at: 0) }
        // Rules may look at fields that end here.
        let ended = rules == nil ? FieldReader.ended(head.connection) : []
        var fields = reader.fields(head.fields, in: bytes, without: ended)
        let named = head.hostSlice.bytes(in: bytes)
        let host = named.isEmpty ? defaultHost : Array(named)
        self.host = host
        isForward = isForwardProxy && (head.targetForm == .absolute || head.targetForm == .authority)
        isMisdirected = !isForward && head.targetForm == .absolute && head.scheme == .https
        // An origin is asked in its own way, whatever the client calls it.
        scheme = isForward && head.scheme == .https ? .https : .http
        asksUpgrade = head.upgrade
        var proxyAuthorization: String?
        if head.fields.present.contains(.proxyAuthorization) {
            proxyAuthorization = fields[.proxyAuthorization]
            fields[.proxyAuthorization] = nil
        }
        self.proxyAuthorization = proxyAuthorization
        // What is keyed is what the origin is asked for: with anything else one client could choose what others get.
        var uri = TargetURI(scheme: scheme, authority: host.span, target: path)?.normalized(keyRules)
        if let normal = uri { path = normal.pathAndQuery }
        let decision = rules.flatMap { rules in
            rules.decision(for: RuleRequest(method: methodName, authority: host, pathAndQuery: path)) { [fields] name in
                HTTPField.Name(name).flatMap { fields[$0] }
            }
        }
        if let allowed = decision?.queryParameters, let whole = uri {
            var own = keyRules
            own.allowedParameters = allowed
            let normal = whole.normalized(own)
            path = normal.pathAndQuery
            uri = normal
        }
        self.rules = decision
        self.path = path
        targetURI = uri
        // The origin is told the host that was keyed, whatever form it came in.
        let isTold = head.fields.firstValue(of: .host)?.bytes(in: bytes).elementsEqual(host) ?? false
        if !isTold { fields[.hostField] = String(decoding: host, as: UTF8.self) }
        self.fields = fields
        framing = head.framing
        minorVersion = head.minorVersion
        // RFC 9112 §9.3: no proxy keeps a connection with an HTTP/1.0 client, whose own proxies may not know what they pass on.
        keepAlive = head.keepAlive && !(isForward && head.minorVersion == 0)
        expectsContinue = head.expectContinue
        acceptsTrailers = head.acceptsTrailers
        self.clientAddress = clientAddress
        self.startedAt = startedAt
    }

    /// The primary key.
    ///
    /// - Parameter parts: What is in the key besides the target.
    func keyBytes(parts: [[UInt8]]) -> [UInt8] {
        var key: [UInt8] = []
        if let uri = targetURI {
            uri.append(to: &key)
        } else {
            key.reserveCapacity(host.count + path.count + 8)
            host.withUnsafeBytes { host in path.withUnsafeBytes { RequestKey.append(host: host, path: $0, to: &key) } }
        }
        for part in parts { RequestKey.append(part: part, to: &key) }
        return key
    }
}
