// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// How a store is laid out. Checked when the store is opened.
public struct StoreConfiguration: Sendable {
    /// Where the volume is. Nil: memory alone.
    public var volumePath: String?
    /// Size of a volume that is made anew, in bytes. An existing volume keeps its size.
    public var volumeBytes = 1 << 30
    /// Bytes of one stripe of a new volume: a power of two from 64 KiB to 16 MiB.
    public var stripeBytes = 1 << 20
    /// Stripe images in memory, at least 2.
    public var membufs = 8
    /// Bytes of objects kept in memory.
    public var memoryBytes = 256 << 20
    /// Threads of the I/O engine.
    public var ioThreads = 4
    /// Bypass the page cache.
    public var directIO = false
    /// How the volume makes room.
    public var replacement = Replacement.cyclic

    /// A configuration with the defaults.
    public init() {}

    func validate() throws(StoreError) {
        func require(_ condition: Bool, _ text: String) throws(StoreError) {
            guard condition else { throw StoreError(.configuration, text) }
        }
        try require(
            stripeBytes.isPowerOfTwo && (Limits.minStripeBytes...Limits.maxStripeBytes).contains(stripeBytes),
            "the stripe size is \(stripeBytes) bytes; it must be a power of two from \(Limits.minStripeBytes) to \(Limits.maxStripeBytes)"
        )
        try require(membufs >= 2, "there are \(membufs) membufs; at least 2 are needed")
        try require(memoryBytes >= 0, "the memory size is negative")
        try require(ioThreads >= 1, "there are \(ioThreads) I/O threads; at least 1 is needed")
        if volumePath != nil {
            try require(
                volumeBytes >= Superblock.minVolumeBytes(stripeBytes: stripeBytes),
                "the volume size is \(volumeBytes) bytes; with stripes of \(stripeBytes) it must be at least \(Superblock.minVolumeBytes(stripeBytes: stripeBytes))"
            )
        }
    }
}
