// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPCaching
import HTTPTypes

/// The fields that tell the origin who asks and through whom (RFC 9110 §7.6.3, RFC 7239).
enum ForwardedFields {
    /// The client's end-to-end fields, with this proxy's own added.
    static func request(_ request: ClientRequest, fields: HTTPFields) -> HTTPFields {
        var result = HopByHop.endToEnd(fields, direction: .request)
        if request.acceptsTrailers {
            result.append(HTTPField(name: .te, value: "trailers"))
            result.append(HTTPField(name: .connection, value: "TE"))
        }
        append(&result, .via, "1.\(request.minorVersion) gyre")
        let address = request.clientAddress
        append(&result, .xForwardedFor, address)
        if result[.xForwardedProto] == nil { result[.xForwardedProto] = "http" }
        let host = String(decoding: request.host, as: UTF8.self)
        if result[.xForwardedHost] == nil, !host.isEmpty { result[.xForwardedHost] = host }
        let node = address.contains(":") ? "\"[\(address)]\"" : address
        append(&result, .forwarded, "for=\(node);host=\"\(host)\";proto=http")
        return result
    }

    private static func append(_ fields: inout HTTPFields, _ name: HTTPField.Name, _ value: String) {
        if let old = fields[name] { fields[name] = old + ", " + value } else { fields.append(HTTPField(name: name, value: value)) }
    }
}

/// Names that HTTPTypes does not offer as constants.
extension HTTPField.Name {
    static let hostField = known("Host")
    static let xForwardedFor = known("X-Forwarded-For")
    static let xForwardedProto = known("X-Forwarded-Proto")
    static let xForwardedHost = known("X-Forwarded-Host")
    static let forwarded = known("Forwarded")

    private static func known(_ text: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(text) else { preconditionFailure("\(text) is a token") }
        return name
    }
}
