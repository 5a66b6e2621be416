// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Which objects stay in memory: S3-FIFO (Yang et al., SOSP 2023), a value that decides and holds nothing but numbers.
///
/// A new object enters a small queue of a tenth of the memory. Asked for again, it moves to the main queue when it reaches the end;
/// not asked for, it leaves and only its fingerprint is remembered, so that it goes to the main queue directly when it comes back.
/// Weakness: objects whose second request comes just after they left the small queue pay a second miss.
struct S3FIFO {
    /// A place in the slab of objects.
    typealias Handle = UInt32

    private struct Node {
        var bytes: Int = 0
        var fingerprint: UInt32 = 0
        var uses: UInt8 = 0
        var isMain = false
        var next: Handle = .max
        var previous: Handle = .max
    }

    private var nodes: [Node] = []
    private var small = Queue()
    private var main = Queue()
    private var ghosts = GhostQueue()
    let capacityBytes: Int
    private let smallBytes: Int

    init(capacityBytes: Int) {
        self.capacityBytes = capacityBytes
        smallBytes = capacityBytes / 10
    }

    var bytes: Int { small.bytes + main.bytes }
    var count: Int { small.count + main.count }

    mutating func insert(_ handle: Handle, hash: KeyHash, bytes: Int) {
        while nodes.count <= Int(handle) { nodes.append(Node()) }
        let fingerprint = UInt32(truncatingIfNeeded: hash.low)
        let returns = ghosts.remove(fingerprint)
        nodes[Int(handle)] = Node(bytes: bytes, fingerprint: fingerprint, isMain: returns)
        if returns { main.append(handle, &nodes) } else { small.append(handle, &nodes) }
    }

    mutating func recordUse(_ handle: Handle) {
        if nodes[Int(handle)].uses < 3 { nodes[Int(handle)].uses += 1 }
    }

    mutating func remove(_ handle: Handle) {
        if nodes[Int(handle)].isMain { main.unlink(handle, &nodes) } else { small.unlink(handle, &nodes) }
    }

    /// The next object to let go while there is too much; it has left the queues when this returns.
    mutating func evictIfNeeded() -> Handle? {
        while bytes > capacityBytes {
            if small.bytes > smallBytes || main.count == 0, let handle = small.first {
                small.unlink(handle, &nodes)
                if nodes[Int(handle)].uses > 0 {
                    nodes[Int(handle)].uses = 0
                    nodes[Int(handle)].isMain = true
                    main.append(handle, &nodes)
                } else {
                    ghosts.insert(nodes[Int(handle)].fingerprint, limit: max(64, count))
                    return handle
                }
            } else if let handle = main.first {
                main.unlink(handle, &nodes)
                guard nodes[Int(handle)].uses > 0 else { return handle }
                nodes[Int(handle)].uses -= 1
                main.append(handle, &nodes)
            } else {
                return nil
            }
        }
        return nil
    }

    // MARK: Queues

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

/// Fingerprints of what left lately, oldest forgotten first.
///
/// A member that is removed leaves its place in the order behind; the place counts only while the table still points at it, so that a
/// fingerprint that comes in again is as young as its last coming. Places left behind are swept before they outnumber the members.
struct GhostQueue {
    /// Where in the order each member stands, counted from the first fingerprint there ever was.
    private var places: [UInt32: Int] = [:]
    private var order: [UInt32] = []
    /// The place of `order[0]`.
    private var base = 0
    private var head = 0

    /// Members.
    var count: Int { places.count }
    /// Places held, those left behind included.
    var placeCount: Int { order.count }

    mutating func insert(_ fingerprint: UInt32, limit: Int) {
        guard places[fingerprint] == nil else { return }
        places[fingerprint] = base + order.count
        order.append(fingerprint)
        while places.count > limit, head < order.count {
            if isMember(at: head) { places[order[head]] = nil }
            head += 1
        }
        if order.count > 2 * places.count + 64 { sweep() }
    }

    mutating func remove(_ fingerprint: UInt32) -> Bool { places.removeValue(forKey: fingerprint) != nil }

    private func isMember(at position: Int) -> Bool { places[order[position]] == base + position }

    private mutating func sweep() {
        var kept: [UInt32] = []
        kept.reserveCapacity(places.count)
        for position in head..<order.count where isMember(at: position) { kept.append(order[position]) }
        base += order.count
        for (position, fingerprint) in kept.enumerated() { places[fingerprint] = base + position }
        order = kept
        head = 0
    }
}
