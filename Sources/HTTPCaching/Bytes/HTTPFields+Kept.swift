// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

package import HTTPTypes

extension HTTPFields {
    /// Some of the fields, in their order: one walk and one allocation. To remove fields from where they are would move all that follow.
    ///
    /// Appends one by one: HTTPTypes has that compiled for itself, and what takes whole lists not.
    /// - Parameter isKept: Is told the name in lower case.
    package func kept(moreCapacity: Int = 0, where isKept: (String) -> Bool) -> HTTPFields {
        var kept = HTTPFields()
        kept.reserveCapacity(count + moreCapacity)
        for index in indices where isKept(canonicalName(index)) { kept.append(self[index]) }
        return kept
    }
}
