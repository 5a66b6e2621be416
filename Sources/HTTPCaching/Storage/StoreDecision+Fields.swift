// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPTypes

extension StoreDecision {
    /// The fields that may be kept (RFC 9111 §3.1), with a `Date` if there was no readable one.
    ///
    /// Left out: hop-by-hop fields and those that `Connection` names; `Age`, which is computed; `Trailer`; those that `private="…"` names
    /// (§5.2.2.7). The fields that `no-cache="…"` names stay, because a validated answer has them.
    static func storedFields(_ fields: HTTPFields, facts: ResponseFacts, policy: CachingPolicy) -> HTTPFields {
        let withheld = policy.isShared ? facts.directives.privateFields : []
        var kept = HopByHop.endToEnd(fields, direction: .response, moreCapacity: facts.isDateValid ? 0 : 1) { name in
            switch FieldKind(name) {
            case .age, .trailer: false
            case .date: facts.isDateValid
            case .setCookie where policy.setCookie == .strip: false
            default: withheld.isEmpty || !withheld.contains(name)
            }
        }
        if !facts.isDateValid {
            kept.append(HTTPField(name: .date, value: HTTPDate.string(facts.effectiveDate)))
        }
        return kept
    }
}
