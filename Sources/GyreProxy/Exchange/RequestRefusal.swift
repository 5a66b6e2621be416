// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import GyreTelemetry

/// Why a well-formed request is refused. The raw name stands in `Cache-Status`, log and metrics.
enum RequestRefusal: String, CaseIterable {
    // The forward proxy.

    /// The client's address is not among those permitted.
    case client = "client-not-permitted"
    /// The port is not one that may be asked.
    case port = "port-not-permitted"
    /// The host is not one that may be asked.
    case host = "host-not-permitted"
    /// There are no credentials (RFC 9110 §15.5.8).
    case credentialsMissing = "credentials-missing"
    /// The credentials are nobody's.
    case credentialsWrong = "credentials-wrong"
    /// Too many passwords are being checked.
    case credentialsBusy = "credentials-busy"
    /// No host and port can be made of the target.
    case destination = "bad-destination"
    /// There is no origin for a request that names no host.
    case noOrigin = "no-origin"
    /// Tunnels are a forward proxy's.
    case connect = "connect-not-offered"

    /// An https target over a plain connection: its answers are not to be mixed with those of http (RFC 9110 §7.4).
    case scheme = "scheme-not-secured"

    // Any proxy.

    /// The request has been here before (RFC 9110 §7.6.3, RFC 8586).
    case loop
    /// A rule of the operator's denies it.
    case rule
    /// `TRACE` that ends here.
    case trace = "trace-not-offered"
    /// The client sends or takes too slowly.
    case pace = "client-too-slow"
    /// The client has stopped in the middle of its body.
    case bodyTimeout = "body-timeout"
    /// The body is longer than is taken.
    case bodyTooLarge = "body-too-large"

    /// What the client is told.
    var status: Int {
        switch self {
        case .client, .port, .host, .rule: 403
        case .credentialsMissing, .credentialsWrong: 407
        case .credentialsBusy: 503
        case .destination: 400
        case .noOrigin, .scheme: 421
        case .connect: 501
        case .loop: 508
        case .trace: 405
        case .pace, .bodyTimeout: 408
        case .bodyTooLarge: 413
        }
    }

    /// The text behind the name, for people.
    var advice: String {
        switch self {
        case .noOrigin: " (this is a forward proxy: ask it for http://host/path)"
        default: ""
        }
    }
}

extension Exchange {
    /// Refuses the request, and counts it.
    func refuse(_ refusal: RequestRefusal, status: Int? = nil, fields: [(String, String)] = []) {
        proxy.counters.countRefusal(refusal.rawValue)
        fail(status: status ?? refusal.status, reason: refusal.rawValue + refusal.advice, fields: fields)
    }
}
