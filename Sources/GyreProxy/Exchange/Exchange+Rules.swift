// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import GyreTelemetry
import HTTPCaching
import HTTPTypes
import HTTPWire
import NIOCore

extension Exchange {
    /// The operator's answer instead of any other.
    func respond(_ answer: RuleAction.Answer) {
        outcome.detail = "rule"
        switch answer {
        case .deny(let status): refuse(.rule, status: status)
        case .redirect(let status, let location):
            result = .bypass
            var fields = HTTPFields()
            let host = String(decoding: request.host, as: UTF8.self)
            let path = String(decoding: request.path, as: UTF8.self)
            fields[.location] = RedirectLocation.fill(location, host: host, path: path)
            if request.framing.hasBody { closesAfter = true }
            sendHead(status: status, fields: fields, length: request.method == .head ? .toldOnly(0) : .exactly(0))
            finish()
        }
    }
}

/// Where a redirect leads.
enum RedirectLocation {
    /// Puts the request's own parts in. Both were checked by the parser: neither has a space or a control character.
    static func fill(_ template: String, host: String, path: String) -> String {
        var result = ""
        var rest = template[...]
        while let open = rest.firstIndex(of: "{") {
            result += rest[..<open]
            rest = rest[open...]
            if rest.hasPrefix("{host}") {
                result += host
                rest = rest.dropFirst(6)
            } else if rest.hasPrefix("{path}") {
                result += path
                rest = rest.dropFirst(6)
            } else {
                result += "{"
                rest = rest.dropFirst()
            }
        }
        return result + rest
    }
}

extension RuleDecision {
    /// The policy for a response, by its status and type.
    func policy(_ policy: CachingPolicy, status: Int, fields: HTTPFields) -> CachingPolicy {
        policy.applying(response(status: status, contentType: fields[.contentType]))
    }

    /// The fields of a response on the way to the client.
    func changed(_ fields: HTTPFields, status: Int) -> HTTPFields {
        let changes = response(status: status, contentType: fields[.contentType]).changes
        guard !changes.isEmpty else { return fields }
        var fields = fields
        changes.apply(to: &fields)
        return fields
    }
}

extension ClientRequest {
    /// The operator's decisions for one response, rules included.
    func policy(_ policy: CachingPolicy, status: Int, fields: HTTPFields) -> CachingPolicy {
        rules?.policy(policy, status: status, fields: fields) ?? policy
    }
}
