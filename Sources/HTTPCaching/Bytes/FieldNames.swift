// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

package import HTTPTypes

/// Names that HTTPTypes does not offer as constants.
extension HTTPField.Name {
    static let forwarded = known("Forwarded")
    static let xForwardedFor = known("X-Forwarded-For")
    package static let xForwardedProto = known("X-Forwarded-Proto")
    static let xForwardedHost = known("X-Forwarded-Host")

    /// A name that is right.
    package static func known(_ text: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(text) else { preconditionFailure("\(text) is no token") }
        return name
    }
}
