// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

public import HTTPTypes

/// Request fields that frameworks obey and caches do not key by: with them one client could change what others are served (cache poisoning).
///
/// A list of what is known, so it can be behind the times: what an application obeys besides is for a rule of its site to key by or to remove.
public enum PoisoningFields {
    /// Lower-case names of fields to drop from requests unless a site keys by them. Besides these, all that begin like one of ``droppedPrefixes`` go, and
    /// all with a `_` in their name, which CGI and what is made like it takes for the field with a `-` there (RFC 3875 §4.1.18).
    public static let dropped: Set<String> = [
        "base-url", "front-end-https", "http-url", "proxy", "request-uri", "x-accel-mapping", "x-amz-website-redirect-location",
        "x-backend-host", "x-backend-server", "x-base-url", "x-envoy-original-host", "x-envoy-original-path", "x-host",
        "x-http-host-override",
        "x-http-method", "x-http-method-override", "x-method-override", "x-middleware-prefetch", "x-middleware-subrequest", "x-proxy-url",
        "x-scheme",
        "x-script-name", "x-sendfile-type", "x-url-scheme", "x-wap-profile",
    ]

    /// What the names of other such fields begin with, in lower case.
    public static let droppedPrefixes = ["x-forwarded-", "x-original-", "x-rewrite-"]

    /// Removes them, except those named in `kept`, in lower case, and those that ``ForwardingFacts`` has to do with.
    ///
    /// - Parameter trusting: whether the client is a proxy that is trusted: what begins with `X-Forwarded-` is its own then. It speaks for none of the others,
    ///   which most proxies pass on as they got them.
    public static func remove(from fields: inout HTTPFields, keeping kept: Set<String> = [], trusting: Bool = false) {
        fields = fields.kept { !isDropped($0, keeping: kept, trusting: trusting) }
    }

    /// Whether ``remove(from:keeping:trusting:)`` removes a field of this name, which is in lower case.
    package static func isDropped(_ name: String, keeping kept: Set<String>, trusting: Bool) -> Bool {
        let hasUnderscore = name.utf8.contains(UInt8(ascii: "_"))
        // Most names begin with another letter than any that is dropped.
        guard hasUnderscore || firstLetters.contains(name.utf8.first ?? 0), !kept.contains(name) else { return false }
        if hasUnderscore { return true }
        guard !ForwardingFacts.names.contains(name), !(trusting && name.hasPrefix("x-forwarded-")) else { return false }
        return dropped.contains(name) || droppedPrefixes.contains { name.hasPrefix($0) }
    }

    private static let firstLetters: [UInt8] = Array(Set((dropped + droppedPrefixes).compactMap(\.utf8.first)))

    /// The name as CGI makes it, which has one letter for `-` and `_`.
    static func folded(_ name: String) -> String {
        guard name.utf8.contains(UInt8(ascii: "_")) else { return name }
        return String(name.map { $0 == "_" ? "-" : $0 })
    }
}
