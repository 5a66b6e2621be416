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
    static func request(_ request: ClientRequest, fields: HTTPFields, _ proxy: LoopContext) -> HTTPFields {
        var result = ownFields(request, fields: fields, proxy)
        MaxForwards.count(request.method, &result)
        request.rules?.requestChanges.apply(to: &result)
        return result
    }

    private static func ownFields(_ request: ClientRequest, fields: HTTPFields, _ proxy: LoopContext) -> HTTPFields {
        let trustsForwarded = proxy.configuration.trustsForwarded
        let isAnsweredFromCache = request.method == .get || request.method == .head
        let keptFields = Set(request.rules?.keyFields ?? [])
        var result = HopByHop.endToEnd(fields, direction: .request, moreCapacity: 8) { field in
            if isAnsweredFromCache, PoisoningFields.isDropped(field.name, keeping: keptFields, trusting: trustsForwarded) { return false }
            return trustsForwarded || !ForwardingFacts.isOne(field.name)
        }
        if request.acceptsTrailers {
            result.append(HTTPField(name: .te, value: "trailers"))
            result.append(HTTPField(name: .connection, value: "TE"))
        }
        append(&result, .via, proxy.viaValues[request.minorVersion == 0 ? 0 : 1])
        append(&result, .cdnLoop, proxy.configuration.name)
        // Who sits behind a forward proxy is nobody's business.
        if !request.isForward {
            ForwardingFacts(
                clientAddress: request.clientAddress,
                scheme: .http,
                host: String(decoding: request.host, as: UTF8.self)
            ).add(to: &result)
        }
        return result
    }

    /// Adds one more value to a field that is a list.
    private static func append(_ fields: inout HTTPFields, _ name: HTTPField.Name, _ value: String) {
        if let old = fields[name] { fields[name] = old + ", " + value } else { fields.append(HTTPField(name: name, value: value)) }
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
