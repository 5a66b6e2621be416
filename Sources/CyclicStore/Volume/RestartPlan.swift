// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// What is left to be read when a volume begins to serve.
struct RestartPlan: Sendable {
    /// Directories that are read from the footer log, from the last place to the first.
    var logPlaces: Range<UInt64>
    /// The index as it was at some time; nil: the log has all there is.
    var snapshot: SnapshotHeader?
    /// Where its shards begin on the device.
    var shardOffset = 0
    /// Should the snapshot turn out to be damaged, the log is read from here.
    var firstPlace: UInt64
    /// What the snapshot knew of the stripes.
    var stripes: [SnapshotStripe] = []
    /// Stripes that are older than their place says, to be applied when their sequence comes; where the snapshot has them they are only watched.
    var hot: [(sequence: UInt64, stripe: Int)] = []
    /// The same, of which everything is known but which of their records are dead.
    var watched: [Int] = []
    /// Words in stripes from this sequence on are not in the snapshot.
    var lowSequence: UInt64

    /// Reads that it takes, about.
    func pieces(pagesAtOnce: Int = 256) -> Int {
        let log = (logPlaces.count + pagesAtOnce - 1) / pagesAtOnce
        return log + (snapshot.map { Int($0.chunkCount - $0.stripeChunkCount) } ?? 0)
    }
}
