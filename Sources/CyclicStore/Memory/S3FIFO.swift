// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Which objects stay in memory: S3-FIFO (Yang et al., SOSP 2023), a value that decides and holds nothing but numbers.
///
/// A new object enters a small queue, a share of the memory. Asked for again, it moves to the main queue when it reaches the end;
/// not asked for, it leaves and only its fingerprint is remembered, so that it goes to the main queue directly when it comes back.
/// Weakness: objects whose second request comes just after they left the small queue pay a second miss.
package struct S3FIFO: Sendable {
    /// A place in the slab of objects.
    package typealias Handle = UInt32

    /// What leaves.
    package struct Departure: Hashable, Sendable {
        package var handle: Handle
        /// Uses since it came, up to 255.
        package var uses: Int
    }

    private struct Node {
        var bytes: Int = 0
        var fingerprint: UInt32 = 0
        /// Uses since it was last looked at, up to 3.
        var uses: UInt8 = 0
        /// Uses since it came, up to 255.
        var allUses: UInt8 = 0
        var isMain = false
        var next: Handle = .max
        var previous: Handle = .max
    }

    private var nodes: [Node] = []
    private var small = Queue()
    private var main = Queue()
    private var ghosts = GhostTable(capacity: 64, maxCapacity: 1 << 22)
    package let capacityBytes: Int
    private let smallBytes: Int

    /// The share of the small queue in the paper, for a memory with nothing behind it.
    package static let usualSmallShare = 0.1
    /// The share in front of a disk, where the small queue decides what is written and the disk holds what the main queue would.
    package static let smallShareBeforeDisk = 0.5

    package init(capacityBytes: Int, smallShare: Double = Self.usualSmallShare) {
        self.capacityBytes = capacityBytes
        smallBytes = Int(Double(capacityBytes) * smallShare)
    }

    package var bytes: Int { small.bytes + main.bytes }
    package var count: Int { small.count + main.count }

    package mutating func insert(_ handle: Handle, hash: KeyHash, bytes: Int) {
        while nodes.count <= Int(handle) { nodes.append(Node()) }
        let fingerprint = GhostTable.fingerprint(hash)
        let returns = ghosts.remove(fingerprint: fingerprint)
        nodes[Int(handle)] = Node(bytes: bytes, fingerprint: fingerprint, isMain: returns)
        if returns { main.append(handle, &nodes) } else { small.append(handle, &nodes) }
    }

    package mutating func recordUse(_ handle: Handle) {
        if nodes[Int(handle)].uses < 3 { nodes[Int(handle)].uses += 1 }
        if nodes[Int(handle)].allUses < .max { nodes[Int(handle)].allUses += 1 }
    }

    /// Uses since it came, up to 255.
    package func uses(_ handle: Handle) -> Int { Int(nodes[Int(handle)].allUses) }

    package mutating func remove(_ handle: Handle) {
        if nodes[Int(handle)].isMain { main.unlink(handle, &nodes) } else { small.unlink(handle, &nodes) }
    }

    /// The next object to let go while there is too much; it has left the queues when this returns.
    package mutating func evictIfNeeded() -> Departure? {
        while bytes > capacityBytes {
            if small.bytes > smallBytes || main.count == 0, let handle = small.first {
                small.unlink(handle, &nodes)
                if nodes[Int(handle)].uses > 0 {
                    nodes[Int(handle)].uses = 0
                    nodes[Int(handle)].isMain = true
                    main.append(handle, &nodes)
                } else {
                    ghosts.grow(toHold: count)
                    ghosts.insert(fingerprint: nodes[Int(handle)].fingerprint)
                    return Departure(handle: handle, uses: 0)
                }
            } else if let handle = main.first {
                main.unlink(handle, &nodes)
                guard nodes[Int(handle)].uses > 0 else { return Departure(handle: handle, uses: Int(nodes[Int(handle)].allUses)) }
                nodes[Int(handle)].uses -= 1
                main.append(handle, &nodes)
            } else {
                return nil
            }
        }
        return nil
    }

    private struct Queue {
        var first: Handle?
        var last: Handle?
        var bytes = 0
        var count = 0

        mutating func append(_ handle: Handle, _ nodes: inout [Node]) {
            nodes[Int(handle)].previous = last ?? .max
            nodes[Int(handle)].next = .max
            if let last { nodes[Int(last)].next = handle } else { first = handle }
            last = handle
            bytes += nodes[Int(handle)].bytes
            count += 1
        }

        mutating func unlink(_ handle: Handle, _ nodes: inout [Node]) {
            let node = nodes[Int(handle)]
            if node.previous != .max { nodes[Int(node.previous)].next = node.next } else { first = node.next == .max ? nil : node.next }
            if node.next != .max {
                nodes[Int(node.next)].previous = node.previous
            } else {
                last = node.previous == .max ? nil : node.previous
            }
            bytes -= node.bytes
            count -= 1
        }
    }
}
