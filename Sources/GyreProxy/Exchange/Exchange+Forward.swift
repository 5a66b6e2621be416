// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import GyreTelemetry
import HTTPCaching
import HTTPTypes
import HTTPWire
import NIOCore

extension ClientRequest {
    /// Where the request goes when the cache does not answer it.
    var route: DestinationPools.Route {
        if let name = rules?.origin { return .named(name) }
        return destination.map { .host($0) } ?? .origin
    }

    /// The host that the client named to a forward proxy.
    var destination: Destination? {
        guard isForward else { return nil }
        let isSecure = scheme == .https
        return Destination(authority: host, defaultPort: isSecure ? 443 : 80, usesTLS: isSecure)
    }
}

extension Exchange {
    /// A request to a forward proxy goes on when the client, its password and the destination are in order.
    func admit() {
        guard let forward = proxy.forward, let destination = request.destination else {
            return refuse(.destination)
        }
        let isTunnel = request.method == .connect
        if let refusal = forward.gate.refusal(client: request.clientAddress, destination: destination, tunnel: isTunnel) {
            return refuse(refusal)
        }
        guard let authenticator = forward.authenticator else { return begin() }
        if let known = connection?.knownCredentials, known == request.proxyAuthorization { return begin() }
        let bound = NIOLoopBound(self, eventLoop: proxy.loop)
        authenticator.check(request.proxyAuthorization, on: proxy.loop).whenComplete { result in
            bound.value.admitted((try? result.get()) ?? .busy)
        }
    }

    /// The client wants to know what this proxy says, and nobody behind it (RFC 9110 §7.6.2).
    func answerAsLast() {
        guard request.method == .options else {
            return refuse(.trace, fields: [("Allow", "GET, HEAD, OPTIONS")])
        }
        result = .bypass
        outcome.detail = "max-forwards"
        var fields = HTTPFields()
        fields[.allow] = "GET, HEAD, OPTIONS, POST, PUT, DELETE, PATCH"
        if request.framing.hasBody { closesAfter = true }
        sendHead(status: 200, fields: fields, length: .exactly(0))
        finish()
    }

    private func admitted(_ verdict: Authenticator.Verdict) {
        guard phase != .done else { return }
        switch verdict {
        case .permitted:
            connection?.knownCredentials = request.proxyAuthorization
            begin()
        case .refused:
            // RFC 9110 §15.5.8, RFC 7617 §2.
            refuse(
                request.proxyAuthorization == nil ? .credentialsMissing : .credentialsWrong,
                fields: [("Proxy-Authenticate", "Basic realm=\"gyre\", charset=\"UTF-8\"")]
            )
        case .busy: refuse(.credentialsBusy)
        }
    }
}
