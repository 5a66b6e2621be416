// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

public import HTTPTypes

/// What an answer to an unsafe request makes invalid (RFC 9111 §4.4, RFC 9875 §3).
public struct Invalidation: Sendable, Equatable {
    /// The URIs whose stored responses, all variants, are no longer valid: the target first.
    public let targets: [TargetURI]
    /// The groups of the target's origin whose members are no longer valid.
    public let groups: [String]

    /// Whether nothing is invalid.
    public var isEmpty: Bool { targets.isEmpty && groups.isEmpty }

    /// Reads what is invalid.
    ///
    /// Methods that are not known to be safe are unsafe. Only answers that are no errors, 2xx and 3xx, count. `Location` and `Content-Location` count
    /// only for the origin of the target. Cost: nothing for safe methods.
    public init(method: CacheRequest.Method, target: TargetURI, status: Int, fields: HTTPFields) {
        guard method == .unsafe, (200...399).contains(status) else {
            targets = []
            groups = []
            return
        }
        var targets = [target]
        for field in fields where field.name.canonicalName == "location" || field.name.canonicalName == "content-location" {
            guard let uri = field.withValue({ URIReference($0)?.resolved(against: target) }), uri.hasSameOrigin(as: target),
                !targets.contains(uri)
            else { continue }
            targets.append(uri)
        }
        self.targets = targets
        groups = CacheGroups.invalidated(by: fields)
    }
}
