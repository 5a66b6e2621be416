// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// What a hit is worth and what an object's place costs, so that large and small objects can be weighed against each other.
///
/// A hit saves a request to the origin and saves the object's bytes. With `byteShare` w, and x the object's size as a multiple of the mean
/// size of a request, a hit is worth (1 - w) + w x, and the uses that an object must bring to earn its place grow with its size as
/// x / ((1 - w) + w x). At w = 1 all sizes are treated alike and byte hits are what counts; at w = 0 the threshold grows with the size, as
/// in GreedyDual-Size-Frequency (Cherkasova, HPL-98-69, 1998), and object hits are what counts. Halfway, small objects stay longer, and no
/// object is ever asked for more than twice the uses.
/// Weakness: the more objects count, the fewer bytes are hit; both ratios are shown wherever one is.
package struct HitValue: Hashable, Sendable {
    /// w, from 0 to 1.
    package let byteShare: Float
    /// Mean bytes of a request, of the last several thousand that were looked at.
    package private(set) var meanBytes: Float = 0
    private var count: Float = 0

    /// A request and the bytes of an average one are worth the same.
    package static let defaultByteShare: Float = 0.5

    package init(byteShare: Float = Self.defaultByteShare) {
        self.byteShare = min(1, max(0, byteShare))
    }

    /// Takes the size of a request into the mean.
    @inline(__always)
    package mutating func observe(bytes: Int) {
        count = min(count + 1, 16_384)
        meanBytes += (Float(bytes) - meanBytes) / count
    }

    /// How many objects of mean size that is.
    package func objects(in bytes: Int) -> Int {
        meanBytes > 0 ? Int(min(Float(bytes) / meanBytes, 1e12)) : 0
    }

    /// What one hit of an object is worth, in requests.
    @inline(__always)
    package func worth(bytes: Int) -> Float {
        (1 - byteShare) + byteShare * multiple(bytes)
    }

    /// By how much an object of this size must be used more than one of mean size.
    @inline(__always)
    package func cost(bytes: Int) -> Float {
        let multiple = multiple(bytes)
        return multiple / ((1 - byteShare) + byteShare * multiple)
    }

    @inline(__always)
    private func multiple(_ bytes: Int) -> Float {
        meanBytes > 0 ? Float(max(1, bytes)) / meanBytes : 1
    }
}
