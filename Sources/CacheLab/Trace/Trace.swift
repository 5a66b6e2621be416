// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

package import CyclicStore

/// One request of a trace.
package struct TraceRequest: Hashable, Sendable {
    /// Seconds from the start.
    package var seconds: UInt32
    /// A number below the trace's count of objects, in order of first appearance.
    package var object: UInt32
    /// The object's size at this request.
    package var bytes: UInt32

    package init(seconds: UInt32, object: UInt32, bytes: UInt32) {
        self.seconds = seconds
        self.object = object
        self.bytes = bytes
    }
}

/// Requests in order.
package struct Trace: Sendable {
    package var requests: [TraceRequest]
    /// Distinct objects.
    package private(set) var objectCount: Int
    /// Bytes of all distinct objects, each at its largest.
    package private(set) var uniqueBytes: Int
    /// Lines or records that made no sense.
    package var unreadable = 0

    /// - Parameter requests: Objects are renumbered densely if they are not.
    package init(requests: [TraceRequest]) {
        self.requests = requests
        var sizes: [UInt32] = []
        for request in requests {
            let object = Int(request.object)
            while sizes.count <= object { sizes.append(0) }
            sizes[object] = max(sizes[object], request.bytes)
        }
        objectCount = sizes.count
        uniqueBytes = sizes.reduce(0) { $0 + Int($1) }
    }

    /// The same requests for smaller objects, of a byte at least.
    package func dividingSizes(by divisor: UInt32) -> Trace {
        guard divisor > 1 else { return self }
        var trace = Trace(
            requests: requests.map { TraceRequest(seconds: $0.seconds, object: $0.object, bytes: max(1, $0.bytes / divisor)) }
        )
        trace.unreadable = unreadable
        return trace
    }

    /// The hash of an object: spread as a store's keyed hash would spread it.
    @inline(__always)
    package static func hash(of object: UInt32) -> KeyHash {
        var random = SeededRandom(seed: UInt64(object) &* 0xd134_2543_de82_ef95 &+ 1)
        return KeyHash(high: random.next(), low: random.next())
    }
}
