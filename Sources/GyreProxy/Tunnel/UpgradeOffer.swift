// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPCaching
import HTTPTypes
import HTTPWire

/// Changes of protocol (RFC 9110 §7.8) that are passed on.
enum UpgradeOffer {
    /// The protocols that `Upgrade` names, in lower case and in their order.
    static func protocols(_ fields: HTTPFields) -> [String] {
        fields.filter { $0.name.canonicalName == "upgrade" }
            .flatMap { $0.value.split(separator: ",") }
            .map { $0.lowercased().filter { $0 != " " && $0 != "\t" } }
            .filter { !$0.isEmpty }
    }

    /// What of an offer goes on: what the operator lets through. `h2c` should not be among it: requests behind it would pass the cache unseen.
    static func passed(_ request: ClientRequest, permitted: [String]) -> [String] {
        guard request.asksUpgrade, !request.framing.hasBody else { return [] }
        return protocols(request.fields).filter { permitted.contains($0) }
    }
}
