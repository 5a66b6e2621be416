// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// A cache policy to compare with: one tier of so many bytes, objects without overhead, every miss is inserted where the policy allows.
package protocol ReferenceCache {
    /// One request.
    /// - Parameter next: When the object is asked for again, as a number of requests from the start; `.max`: never. For the optimum only.
    /// - Returns: Whether it was a hit.
    mutating func request(_ object: UInt32, bytes: Int, next: Int) -> Bool
    /// Bytes put into the cache so far.
    var insertedBytes: Int { get }
}

/// The reference policies by name.
package enum ReferencePolicy: String, CaseIterable, Sendable {
    case lru
    case fifo
    case fifoReinsertion = "fifo-reinsertion"
    case s3fifo = "s3-fifo"
    case sieve
    case wTinyLFU = "w-tinylfu"
    /// Belady's: what is asked for latest goes first. An upper bound for objects of one size, close to one for others.
    case optimum

    package func makeCache(capacityBytes: Int, objectCount: Int) -> any ReferenceCache {
        switch self {
        case .lru: ListCache(.lru, capacityBytes, objectCount)
        case .fifo: ListCache(.fifo, capacityBytes, objectCount)
        case .fifoReinsertion: ListCache(.reinsertion, capacityBytes, objectCount)
        case .sieve: SieveCache(capacityBytes, objectCount)
        case .s3fifo: S3FIFOCache(capacityBytes, objectCount)
        case .wTinyLFU: WTinyLFUCache(capacityBytes, objectCount)
        case .optimum: OptimumCache(capacityBytes, objectCount)
        }
    }
}

/// A doubly linked queue of objects in arrays that several queues share.
struct ObjectLists {
    var next: [UInt32]
    var previous: [UInt32]
    var bytes: [Int]
    static let none = UInt32.max

    init(_ objectCount: Int) {
        next = [UInt32](repeating: Self.none, count: objectCount)
        previous = next
        bytes = [Int](repeating: 0, count: objectCount)
    }
}

struct ObjectQueue {
    /// Oldest.
    private(set) var first = ObjectLists.none
    /// Newest.
    private(set) var last = ObjectLists.none
    private(set) var bytes = 0
    private(set) var count = 0

    mutating func append(_ object: UInt32, _ lists: inout ObjectLists) {
        lists.previous[Int(object)] = last
        lists.next[Int(object)] = ObjectLists.none
        if last == ObjectLists.none { first = object } else { lists.next[Int(last)] = object }
        last = object
        bytes += lists.bytes[Int(object)]
        count += 1
    }

    mutating func remove(_ object: UInt32, _ lists: inout ObjectLists) {
        let (before, after) = (lists.previous[Int(object)], lists.next[Int(object)])
        if before == ObjectLists.none { first = after } else { lists.next[Int(before)] = after }
        if after == ObjectLists.none { last = before } else { lists.previous[Int(after)] = before }
        bytes -= lists.bytes[Int(object)]
        count -= 1
    }
}
