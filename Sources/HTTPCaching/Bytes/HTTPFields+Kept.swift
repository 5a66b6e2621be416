// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

package import HTTPTypes

extension HTTPFields {
    /// Some of the fields, in their order: one walk and one allocation. To remove fields from where they are would move all that follow.
    ///
    /// Appends one by one: HTTPTypes has that compiled for itself, and what takes whole lists not.
    package func kept(moreCapacity: Int = 0, where isKept: (HTTPField) -> Bool) -> HTTPFields {
        var kept = HTTPFields()
        kept.reserveCapacity(count + moreCapacity)
        for field in self where isKept(field) { kept.append(field) }
        return kept
    }
}
