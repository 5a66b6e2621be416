// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// How far a pass over a volume has come.
package struct VolumeProgress: Sendable, Hashable {
    /// Stripes that are done.
    package var done: Int
    /// Stripes in all; may become fewer on the way, when some turn out to be blank.
    package var total: Int
    /// Bytes read so far.
    package var bytesRead: Int

    /// From 0 to 1.
    package var fraction: Double { total == 0 ? 1 : Double(done) / Double(total) }
}
