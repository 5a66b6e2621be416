// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPCaching
import HTTPTypes
import HTTPWire

/// The fields that tell the origin who asks and through whom (RFC 9110 §7.6.3, RFC 7239).
enum ForwardedFields {
    /// The client's end-to-end fields, with this proxy's own added. Unless the client is a proxy that is trusted, what it says about others is dropped.
    /// On requests that may be answered from the cache so are fields that frameworks obey and no key holds: with them one client could
    /// change what others are served.
    static func request(_ request: ClientRequest, fields: HTTPFields, _ proxy: LoopContext) -> OutgoingFields {
        var result: OutgoingFields
        if addsLinesOnly(request, fields) {
            result = OutgoingFields(passedOn(request, fields, proxy, moreCapacity: 0), own: proxy.ownLines(for: request))
        } else {
            result = OutgoingFields(merged(request, fields, proxy))
        }
        MaxForwards.count(request.method, &result.fields)
        request.rules?.requestChanges.apply(to: &result.fields)
        return result
    }

    /// Whether this proxy's own fields are lines of their own, which nobody changes afterwards: so it is for nearly every request.
    private static func addsLinesOnly(_ request: ClientRequest, _ fields: HTTPFields) -> Bool {
        guard request.rules == nil, !request.acceptsTrailers else { return false }
        return fields.indices.allSatisfy { index in
            switch fields.canonicalName(index) {
            case "via", "cdn-loop", "forwarded", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host": false
            default: true
            }
        }
    }

    /// The lines that ``merged(_:_:_:)`` would add to fields that have none of them.
    static func ownLines(minorVersion: UInt8, name: String, facts: ForwardingFacts?) -> [UInt8] {
        var lines: [UInt8] = []
        lines.reserveCapacity(256)
        lines.append(contentsOf: (minorVersion == 0 ? "Via: 1.0 " : "Via: 1.1 ").utf8)
        lines.append(contentsOf: name.utf8)
        lines.append(contentsOf: "\r\nCDN-Loop: ".utf8)
        lines.append(contentsOf: name.utf8)
        lines.append(contentsOf: "\r\n".utf8)
        facts?.appendLines(to: &lines)
        return lines
    }

    /// What is said of the client. Who sits behind a forward proxy is nobody's business.
    static func facts(_ request: ClientRequest) -> ForwardingFacts? {
        guard !request.isForward else { return nil }
        return ForwardingFacts(clientAddress: request.clientAddress, scheme: .http, host: String(decoding: request.host, as: UTF8.self))
    }

    private static func passedOn(_ request: ClientRequest, _ fields: HTTPFields, _ proxy: LoopContext, moreCapacity: Int) -> HTTPFields {
        let trustsForwarded = proxy.configuration.trustsForwarded
        let isAnsweredFromCache = request.method == .get || request.method == .head
        let keptFields = Set(request.rules?.keyFields ?? [])
        return HopByHop.endToEnd(fields, direction: .request, moreCapacity: moreCapacity) { name in
            if isAnsweredFromCache, PoisoningFields.isDropped(name, keeping: keptFields, trusting: trustsForwarded) { return false }
            return trustsForwarded || !ForwardingFacts.isOne(name)
        }
    }

    private static func merged(_ request: ClientRequest, _ fields: HTTPFields, _ proxy: LoopContext) -> HTTPFields {
        var result = passedOn(request, fields, proxy, moreCapacity: 8)
        if request.acceptsTrailers {
            result.append(HTTPField(name: .te, value: "trailers"))
            result.append(HTTPField(name: .connection, value: "TE"))
        }
        append(&result, .via, proxy.viaValues[request.minorVersion == 0 ? 0 : 1])
        append(&result, .cdnLoop, proxy.configuration.name)
        facts(request)?.add(to: &result)
        return result
    }

    /// Adds one more value to a field that is a list.
    private static func append(_ fields: inout HTTPFields, _ name: HTTPField.Name, _ value: String) {
        if let old = fields[name] { fields[name] = old + ", " + value } else { fields.append(HTTPField(name: name, value: value)) }
    }
}

/// The fields of a request to an origin.
struct OutgoingFields {
    /// What is passed on, and this proxy's own where they are joined with it or may still be changed.
    var fields: HTTPFields
    /// This proxy's own as lines of a head, behind the others.
    var ownLines: [UInt8]

    init(_ fields: HTTPFields, own lines: [UInt8] = []) {
        self.fields = fields
        ownLines = lines
    }
}

/// Names that HTTPTypes does not offer as constants.
extension HTTPField.Name {
    static let hostField = known("Host")
    static let cdnLoop = known("CDN-Loop")
    static let maxForwards = known("Max-Forwards")
    static let allow = known("Allow")
    static let softPurge = known("Soft-Purge")
}
