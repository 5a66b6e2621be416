// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// The method of a request. Methods are case-sensitive (RFC 9110 §9.1): `get` is ``other``.
public enum Method: UInt8, Sendable, CaseIterable {
    /// GET (RFC 9110 §9.3.1)
    case get
    /// HEAD (RFC 9110 §9.3.2)
    case head
    /// POST (RFC 9110 §9.3.3)
    case post
    /// PUT (RFC 9110 §9.3.4)
    case put
    /// DELETE (RFC 9110 §9.3.5)
    case delete
    /// OPTIONS (RFC 9110 §9.3.7)
    case options
    /// TRACE (RFC 9110 §9.3.8)
    case trace
    /// CONNECT (RFC 9110 §9.3.6)
    case connect
    /// PATCH (RFC 5789)
    case patch
    /// Any other token; ``RequestHead/methodName`` has it.
    case other

    @inline(__always)
    init(_ name: WireBytes) {
        switch name.count {
        case 3: self = name.equals("GET") ? .get : name.equals("PUT") ? .put : .other
        case 4: self = name.equals("POST") ? .post : name.equals("HEAD") ? .head : .other
        case 5: self = name.equals("PATCH") ? .patch : name.equals("TRACE") ? .trace : .other
        case 6: self = name.equals("DELETE") ? .delete : .other
        case 7: self = name.equals("OPTIONS") ? .options : name.equals("CONNECT") ? .connect : .other
        default: self = .other
        }
    }

    /// Whether the method only reads (RFC 9110 §9.2.1). An unknown one counts as unsafe.
    @inlinable
    public var isSafe: Bool {
        switch self {
        case .get, .head, .options, .trace: true
        case .post, .put, .delete, .connect, .patch, .other: false
        }
    }
}
