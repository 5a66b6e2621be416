// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPTypes
import HTTPWire
import NIOCore

/// A request on its way to the origin. The fields are complete but for framing, which follows from `framing`.
struct UpstreamRequest {
    var method: Method
    var methodName: String
    /// Path and query, or `*`.
    var target: [UInt8]
    var fields: OutgoingFields
    var framing: BodyFraming
    /// The client waits for 100 before it sends the body (RFC 9110 §10.1.1).
    var expectsContinue: Bool
    /// The protocols that the client would change to (RFC 9110 §7.8), in lower case; empty for nearly every request.
    var upgrades: [String] = []

    /// It may be sent again on another connection when nothing has come back: RFC 9110 §9.2.2, and no body has been taken from the client.
    var isRepeatable: Bool {
        guard !framing.hasBody else { return false }
        switch method {
        case .get, .head, .options, .trace, .put, .delete: return true
        case .post, .patch, .connect, .other: return false
        }
    }
}

/// The head of a final response.
struct UpstreamResponse {
    var status: Int
    var fields: HTTPFields
    var framing: ResponseFraming
    var contentLength: UInt64?
    /// Of the protocol that it came by: 0 or 1.
    var minorVersion: UInt8 = 1
}

/// Why no response, or no whole response, came. The raw name stands in log and metrics.
enum UpstreamFailure: String, Error, CaseIterable {
    case connect = "connect-failed"
    case connectTimeout = "connect-timeout"
    case readTimeout = "read-timeout"
    case closedEarly = "closed-early"
    case malformed = "malformed-response"
    case tooManyWaiting = "too-many-waiting"
    case tls = "tls-failed"
    case nameNotFound = "name-not-found"
    /// The name leads to no address that a forward proxy may connect to.
    case addressNotPermitted = "address-not-permitted"
    /// The name leads back to this proxy.
    case ownAddress = "own-address"
    /// A 304 to a request without a condition (RFC 9110 §15.4.5).
    case unaskedNotModified = "unasked-304"
    case cancelled

    /// What the client is told (RFC 9110 §15.6).
    var status: Int {
        switch self {
        case .connectTimeout, .readTimeout: 504
        case .tooManyWaiting: 503
        case .addressNotPermitted: 403
        case .ownAddress: 508
        case .connect, .closedEarly, .malformed, .tls, .nameNotFound, .unaskedNotModified, .cancelled: 502
        }
    }
}

/// Receives what comes back. All calls are on the event loop that sent the request; after `upstreamEnded` or `upstreamFailed` none follow.
protocol UpstreamReceiver: AnyObject {
    /// Room for the next piece of the request body: answer with ``UpstreamCall/send(_:)`` or ``UpstreamCall/finish(trailers:)``, now or later.
    func upstreamWantsBody()
    func upstreamInterim(status: Int, fields: HTTPFields)
    func upstreamResponded(_ response: UpstreamResponse)
    func upstreamSent(_ bytes: ByteBuffer)
    func upstreamEnded(trailers: HTTPFields)
    func upstreamFailed(_ failure: UpstreamFailure)
    /// The origin has changed to a protocol that was offered: no other call follows, and the connection is the receiver's.
    func upstreamSwitched(_ response: UpstreamResponse, _ peer: TunnelPeer)
}

extension UpstreamReceiver {
    /// Never called for a request that offers no other protocol.
    func upstreamSwitched(_ response: UpstreamResponse, _ peer: TunnelPeer) { peer.close() }
}

/// One request under way.
protocol UpstreamCall: AnyObject {
    func send(_ bytes: ByteBuffer)
    func finish(trailers: HTTPFields)
    /// Stop or go on reading the response: backpressure.
    func setReading(_ reads: Bool)
    /// No more calls to the receiver; the response is read to its end and dropped, so that the connection can be used again.
    func detach()
    /// Give up; no more calls to the receiver.
    func cancel()
}

/// Whatever takes requests to the origin.
protocol Upstream: AnyObject {
    func start(_ request: UpstreamRequest, _ receiver: any UpstreamReceiver) -> any UpstreamCall
}
