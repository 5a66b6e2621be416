// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPCaching
import NIOPosix
import Synchronization

/// Limits of the sampler.
enum SamplerLimits {
    /// Requests of the sample: 4 MiB.
    static let requests = 1 << 18
    /// While there are more objects than this, half of them leave when the sample is full; after that the oldest requests do.
    static let objects = 1 << 14
    /// Requests that a loop hands over at once: 16 KiB.
    static let blockRequests = 1 << 10
    /// Blocks that wait to be taken in.
    static let blocks = 64
    /// How long requests are kept: the week is the longest rhythm that most sites have.
    static let hours = 7 * 24
}

/// Keeps the requests for some of the objects, chosen by their hash, in constant memory.
///
/// The idea is SHARDS' (Waldspurger and others, FAST 2015): all requests of an object are in the sample or none is, and the share comes down when the
/// sample is full, so that the sample of a busy week takes no more room than that of an idle minute. Its weakness: the share never rises again,
/// so that after a flood of other objects the sample is smaller than it might be.
///
/// Loops fill blocks of their own; blocks wait in a bounded queue and are taken in on a thread that is no loop's. What does not
/// fit into the queue is counted and forgotten.
final class RequestSampler: Sendable {
    /// What a loop hands over.
    struct Block: Sendable {
        var requests: [SampledRequest] = []
        /// All requests, and the bytes of their bodies, while it was filled.
        var seen = 0
        var bytes = 0
        /// When it was handed over, or its last request.
        var newest = 0
    }

    private struct Queue {
        var blocks: [Block] = []
        /// Memory of blocks that were taken in.
        var spare: [[SampledRequest]] = []
        var isBeingTaken = false
        var lost = 0
    }

    private let queue = Mutex(Queue())
    private let kept: Mutex<KeptRequests>
    private let highestHash = Atomic<UInt64>(.max)
    private let start: Timestamp
    /// Runs work on a thread that is no loop's.
    private let elsewhere: @Sendable (@escaping @Sendable () -> Void) -> Void

    init(
        start: Timestamp,
        requestsMax: Int = SamplerLimits.requests,
        objectsMin: Int = SamplerLimits.objects,
        elsewhere: @escaping @Sendable (@escaping @Sendable () -> Void) -> Void = { work in NIOThreadPool.singleton.submit { _ in work() } }
    ) {
        self.start = start
        self.elsewhere = elsewhere
        kept = Mutex(KeptRequests(requestsMax: requestsMax, objectsMin: objectsMin))
    }

    /// Objects whose hash is not above this are in the sample.
    @inline(__always)
    var threshold: UInt64 { highestHash.load(ordering: .relaxed) }

    func milliseconds(at now: Timestamp) -> Int { max(0, Int(now.milliseconds(since: start))) }

    func emptyBlock() -> Block {
        var block = Block()
        block.requests = queue.withLock { $0.spare.popLast() } ?? []
        block.requests.reserveCapacity(SamplerLimits.blockRequests)
        return block
    }

    /// Puts a block into the queue and gives an empty one for it; one that finds no room is emptied and counted.
    func take(_ block: inout Block) {
        let (isRoom, isBeingTaken) = queue.withLock { queue in
            guard queue.blocks.count < SamplerLimits.blocks else {
                queue.lost += block.seen
                return (false, true)
            }
            queue.blocks.append(block)
            let isBeingTaken = queue.isBeingTaken
            queue.isBeingTaken = true
            return (true, isBeingTaken)
        }
        if isRoom {
            block = emptyBlock()
        } else {
            block.requests.removeAll(keepingCapacity: true)
            (block.seen, block.bytes) = (0, 0)
        }
        if !isBeingTaken { elsewhere { self.takeIn() } }
    }

    /// Takes in what waits, in the order in which it came.
    private func takeIn() {
        kept.withLock { kept in
            while true {
                let blocks = queue.withLock { queue in
                    let blocks = queue.blocks
                    queue.blocks = []
                    queue.isBeingTaken = !blocks.isEmpty
                    return blocks
                }
                if blocks.isEmpty { return }
                for block in blocks {
                    kept.add(block)
                    highestHash.store(kept.threshold, ordering: .relaxed)
                }
                queue.withLock { queue in
                    for var block in blocks where queue.spare.count < SamplerLimits.blocks / 4 {
                        block.requests.removeAll(keepingCapacity: true)
                        queue.spare.append(block.requests)
                    }
                }
            }
        }
    }

    /// Everything that has been handed over. Costs a copy of the sample and its sorting, some tens of milliseconds: not for a loop.
    func sample() -> RequestSample {
        takeIn()
        let lost = queue.withLock { $0.lost }
        let kept = kept.withLock { $0 }
        var sample = kept.sample()
        sample.lost = lost
        return sample
    }
}
