// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// What a stripe of the store holds besides records, and how the store goes about with stripes. `StoreReplayTests` holds the model that uses it
/// against the store.
enum StripeLayout {
    /// Header and the end of the footer; a record's directory entry counts as the record's.
    static let frameBytes = 128

    /// The largest object of one record: four fragments fill a stripe.
    /// Stripes smaller than the store can have are for volumes of a few objects.
    static func maxInlineBytes(stripeBytes: Int) -> Int { max(stripeBytes / 8, stripeBytes / 4 - 1024) }

    /// The directory once more, in the footer log.
    static func logPageBytes(stripeBytes: Int) -> Int { max(4096, stripeBytes / 256) }

    /// Stripes that are kept clean ahead of the head.
    static func cleanGoal(stripes count: Int) -> Int { max(1, min(4, count / 4)) }
}
