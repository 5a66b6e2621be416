// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// How a store is laid out. Checked when the store is opened.
public struct StoreConfiguration: Sendable {
    /// The volumes, at most 64. Empty: the one at ``volumePath``, or memory alone.
    public var volumes: [VolumeConfiguration] = []
    /// For a store with one volume: where it is. Nil: memory alone.
    public var volumePath: String?
    /// For a store with one volume: its size when it is made anew, in bytes. An existing volume keeps its size.
    public var volumeBytes = 1 << 30
    /// Bytes of one stripe of a new volume: a power of two from 64 KiB to 16 MiB.
    public var stripeBytes = 1 << 20
    /// Stripe images in memory of each volume, 2 to 4096.
    public var membufs = 8
    /// Bytes of objects kept in memory.
    public var memoryBytes = 256 << 20
    /// How reads and writes reach the volumes; each has an engine of its own.
    public var ioEngine = IOEngineKind.threads
    /// Threads of each volume's engine of threads, 1 to 1024.
    public var ioThreads = 4
    /// For a store with one volume: whether the page cache is bypassed. Nil: for block devices, not for files.
    public var directIO: Bool?
    /// Whether a new file gets its blocks only as they are written, where the file system cannot reserve them. A write may then fail later
    /// for want of space.
    public var sparse = false
    /// Objects that may be filled at the same time through ``CyclicStore/beginFill(_:info:expectedBytes:maxBytes:)``.
    public var maxFills = 1024
    /// Memory for the newest bytes of all of them, shared out evenly. Each has one fragment at least.
    public var fillMemoryBytes = 64 << 20
    /// Most bytes written to all volumes together, per second, over any ten seconds: at most 1 PiB. Nil: no bound.
    public var writeBytesPerSecond: Int?
    /// Most bytes written to all volumes together on any day. Nil: no bound.
    public var writeBytesPerDay: Int?
    /// Whether a read of a member of a locality group brings the others that lie beside it into memory: one more read.
    public var readsNeighbours = true
    /// Seconds after which a membuf that is at least half full is written though it is not full; one with less after ten times as long.
    /// A day at most.
    public var partialFlushSeconds = 30
    /// How the volume makes room.
    public var replacement = Replacement.gyre
    /// With ``Replacement/gyre``: the share of a hit's worth that lies in its bytes, from 0 (every hit counts the same) to 1 (every byte does).
    /// It is the memory tier that decides by it: without one it has no effect.
    public var byteShare = Double(HitValue.defaultByteShare)
    /// With ``Replacement/gyre``: what a byte written costs, in bytes fetched from the origin; 0 to 1000. More spares the device, less brings more hits.
    /// Without a memory tier it has no effect.
    public var writtenByteCost = Double(ShadowCaches.Aim.defaultWrittenByteCost)

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
        try require((2...4096).contains(membufs), "there are \(membufs) membufs; it must be 2 to 4096")
        if let writeBytesPerSecond {
            try require(
                writeBytesPerSecond <= 1 << 50 && writeBytesPerSecond * 10 >= stripeBytes,
                "the write budget is \(writeBytesPerSecond) bytes a second; it must let a stripe of \(stripeBytes) bytes pass within ten seconds, and be 1 PiB at most"
            )
        }
        if let writeBytesPerDay {
            try require(
                writeBytesPerDay >= stripeBytes,
                "the write budget is \(writeBytesPerDay) bytes a day; it must let a stripe of \(stripeBytes) bytes pass"
            )
        }
        try require(memoryBytes >= 0, "the memory size is negative")
        try require(ioEngine.isInProgram, IOEngineError(engine: ioEngine, errno: 0).description)
        try require((1...1024).contains(ioThreads), "there are \(ioThreads) I/O threads; it must be 1 to 1024")
        try require(
            (1...86_400).contains(partialFlushSeconds),
            "partial membufs are written after \(partialFlushSeconds) seconds; it must be 1 to 86400"
        )
        if case .relocateOnHit(let percent) = replacement {
            try require((0...100).contains(percent), "the overwrite percentage is \(percent); it must be 0 to 100")
        }
        try require((0...1).contains(byteShare), "the share of the bytes in a hit's worth is \(byteShare); it must be 0 to 1")
        try require((0...1000).contains(writtenByteCost), "the cost of a written byte is \(writtenByteCost); it must be 0 to 1000")
        try require(volumes.isEmpty || volumePath == nil, "there are volumes and a path for a single one; give one of both")
        try require(maxFills >= 0 && fillMemoryBytes >= 0, "the bounds of fills are negative")
        let volumes = allVolumes
        try require(volumes.count <= VolumeSet.maxCount, "there are \(volumes.count) volumes; at most \(VolumeSet.maxCount) are possible")
        let smallest = Superblock.minVolumeBytes(stripeBytes: stripeBytes)
        for (position, volume) in volumes.enumerated() {
            try require(
                volume.byteCount >= smallest,
                "the size of the volume \(volume.path) is \(volume.byteCount) bytes; with stripes of \(stripeBytes) it must be at least \(smallest)"
            )
            if let weight = volume.weight {
                try require(weight > 0, "the weight of the volume \(volume.path) is \(weight); it must be above 0")
            }
            try require(!volumes[..<position].contains { $0.path == volume.path }, "the volume \(volume.path) is given twice")
        }
    }

    /// The bound on a long average of what is written; nil without one.
    var meanWriteBytesPerSecond: Double? {
        let daily = writeBytesPerDay.map { Double($0) / 86_400 }
        guard let writeBytesPerSecond else { return daily }
        return min(Double(writeBytesPerSecond), daily ?? .infinity)
    }

    /// The volumes, however they were given.
    var allVolumes: [VolumeConfiguration] {
        guard volumes.isEmpty else { return volumes }
        return volumePath.map { [VolumeConfiguration(path: $0, byteCount: volumeBytes, directIO: directIO)] } ?? []
    }

    /// The same for a store with this volume alone.
    func single(_ volume: VolumeConfiguration) -> StoreConfiguration {
        var copy = self
        copy.volumes = []
        copy.volumePath = volume.path
        copy.volumeBytes = volume.byteCount
        copy.directIO = volume.directIO
        return copy
    }
}
