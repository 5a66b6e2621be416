// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPCaching
import HTTPTypes
import HTTPWire
import NIOCore

/// A request as the exchange keeps it: owned, since the bytes it came in are gone when the answer is written.
struct ClientRequest {
    var method: Method
    var methodName: String
    /// The whole target as it came: for the log.
    var target: [UInt8]
    /// Path and query; `*` for `OPTIONS *`.
    var path: [UInt8]
    var host: [UInt8]
    /// Of an absolute target to a forward proxy; http for others.
    var scheme: TargetURI.Scheme
    /// The client named the host to ask: it takes this for a forward proxy.
    var isForward: Bool
    /// An https target for the origin's site, which came over a connection that is not secured.
    var isMisdirected: Bool
    /// The credentials for this proxy. They are in no field that goes on or is compared.
    var proxyAuthorization: String?
    /// `Upgrade`, named in `Connection`.
    var asksUpgrade: Bool
    var fields: HTTPFields
    var framing: BodyFraming
    var minorVersion: UInt8
    var keepAlive: Bool
    var expectsContinue: Bool
    var acceptsTrailers: Bool
    /// What the operator's rules say; nil when none applies.
    var rules: RuleDecision?
    var clientAddress: String
    var startedAt: NIODeadline

    /// - Parameter defaultHost: The authority that is meant when an HTTP/1.0 client names none.
    init(
        _ head: borrowing RequestHead,
        in bytes: UnsafeRawBufferPointer,
        defaultHost: [UInt8],
        keyRules: CacheKeyRules,
        rules: RuleSet? = nil,
        isForwardProxy: Bool = false,
        clientAddress: String,
        startedAt: NIODeadline
    ) {
        method = head.method
        methodName = String(decoding: head.methodName.bytes(in: bytes), as: UTF8.self)
        target = Array(head.target.bytes(in: bytes))
        var path = Array(head.path.bytes(in: bytes))
        if head.targetForm == .asterisk { path = [0x2a] } else if path.first != 0x2f { path.insert(0x2f, at: 0) }
        var host = Array(head.hostSlice.bytes(in: bytes))
        fields = FieldReader.fields(head.fields, in: bytes)
        if host.isEmpty { host = defaultHost }
        self.host = host
        isForward = isForwardProxy && (head.targetForm == .absolute || head.targetForm == .authority)
        isMisdirected = !isForward && head.targetForm == .absolute && head.scheme == .https
        // An origin is asked in its own way, whatever the client calls it.
        let scheme: TargetURI.Scheme = isForward && head.scheme == .https ? .https : .http
        self.scheme = scheme
        asksUpgrade = head.upgrade
        if head.fields.present.contains(.proxyAuthorization) {
            proxyAuthorization = fields[.proxyAuthorization]
            fields[.proxyAuthorization] = nil
        }
        // What is keyed is what the origin is asked for: with anything else one client could choose what others get.
        if let uri = TargetURI(scheme: scheme, authority: host.span, target: path.span) { path = CacheKey.target(of: uri, rules: keyRules) }
        if let rules {
            let fields = fields
            let decision = rules.decision(for: RuleRequest(method: methodName, authority: host, pathAndQuery: path)) { name in
                HTTPField.Name(name).flatMap { fields[$0] }
            }
            self.rules = decision
            if let allowed = decision?.queryParameters, let uri = TargetURI(scheme: scheme, authority: host.span, target: path.span) {
                var own = keyRules
                own.allowedParameters = allowed
                path = CacheKey.target(of: uri, rules: own)
            }
        }
        self.path = path
        // The origin is told the host that was keyed, whatever form it came in.
        let isTold = head.fields.firstValue(of: .host)?.bytes(in: bytes).elementsEqual(host) ?? false
        if !isTold { fields[.hostField] = String(decoding: host, as: UTF8.self) }
        framing = head.framing
        minorVersion = head.minorVersion
        // RFC 9112 §9.3: no proxy keeps a connection with an HTTP/1.0 client, whose own proxies may not know what they pass on.
        keepAlive = head.keepAlive && !(isForward && head.minorVersion == 0)
        expectsContinue = head.expectContinue
        acceptsTrailers = head.acceptsTrailers
        self.clientAddress = clientAddress
        self.startedAt = startedAt
    }

    /// The target as a URI, unless it is `*` or no URI.
    var targetURI: TargetURI? { TargetURI(scheme: scheme, authority: host.span, target: path.span) }

    /// The primary key.
    ///
    /// - Parameter parts: What is in the key besides the target.
    func keyBytes(parts: [[UInt8]]) -> [UInt8] {
        var key: [UInt8] = []
        if let uri = targetURI {
            key = uri.originBytes + uri.pathAndQuery
        } else {
            key.reserveCapacity(host.count + path.count + 8)
            host.withUnsafeBytes { host in path.withUnsafeBytes { RequestKey.append(host: host, path: $0, to: &key) } }
        }
        for part in parts { RequestKey.append(part: part, to: &key) }
        return key
    }
}
