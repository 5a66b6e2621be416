// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPTypes
import HTTPWire

/// How many more proxies an `OPTIONS` or `TRACE` may pass (RFC 9110 §7.6.2).
enum MaxForwards {
    /// The number, where it counts and is one.
    static func left(_ method: Method, _ fields: HTTPFields) -> UInt64? {
        guard method == .options || method == .trace, let text = fields[.maxForwards], !text.isEmpty else { return nil }
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return UInt64(text) ?? .max
    }

    /// The field as the next recipient gets it.
    static func count(_ method: Method, _ fields: inout HTTPFields) {
        guard let left = left(method, fields), left > 0 else { return }
        fields[.maxForwards] = "\(left - 1)"
    }
}
