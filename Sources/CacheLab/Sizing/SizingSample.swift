// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore

/// The requests for some of the objects, and what is known of all.
package struct SizingSample: Sendable {
    /// Requests for the objects of the sample.
    package let trace: Trace
    /// Share of the objects that is sampled.
    package let share: Double
    /// All requests, and the bytes of their answers.
    package let requests: Int
    package let bytes: Int
    /// Bytes of all distinct objects; an estimate where only the sample is known.
    package let uniqueBytes: Int
    /// Nil without times.
    package let requestsPerSecond: Double?
    private let distances: ReuseDistances
    /// The distances know the objects of the sample alone.
    private let isSampledBefore: Bool

    /// Samples a trace, at most so many objects.
    package init(of trace: Trace, objectsMax: Int) {
        var distances = ReuseDistances(objectsMax: objectsMax)
        for request in trace.requests { distances.request(Trace.hash(of: request.object).low, bytes: Int(request.bytes)) }
        let duration = Double(trace.requests.last?.seconds ?? 0) - Double(trace.requests.first?.seconds ?? 0)
        self.trace = trace.sample { distances.samples(Trace.hash(of: $0).low) }
        share = distances.share
        requests = distances.requests
        bytes = distances.bytes
        uniqueBytes = trace.uniqueBytes
        requestsPerSecond = duration >= 1 ? Double(trace.requests.count) / duration : nil
        self.distances = distances
        isSampledBefore = false
    }

    /// A sample that was taken elsewhere.
    /// - Parameters:
    ///   - trace: All requests for the sampled objects.
    ///   - requests: Of all objects, sampled or not; and their bytes.
    ///   - seconds: From the first request to the last.
    package init(_ trace: Trace, share: Double, requests: Int, bytes: Int, seconds: Double) {
        var distances = ReuseDistances(objectsMax: trace.objectCount)
        for request in trace.requests { distances.request(Trace.hash(of: request.object).low, bytes: Int(request.bytes)) }
        self.trace = trace
        self.share = share
        self.requests = requests
        self.bytes = bytes
        uniqueBytes = Int(Double(trace.uniqueBytes) / share)
        requestsPerSecond = seconds >= 1 ? Double(requests) / seconds : nil
        self.distances = distances
        isSampledBefore = true
    }

    /// Object and byte hit ratio of an LRU cache of so many bytes.
    package func lruHitRatios(bytes capacity: Int) -> (objects: Double, bytes: Double) {
        guard isSampledBefore else { return distances.hitRatios(bytes: capacity) }
        let ratios = distances.hitRatios(bytes: Int(Double(capacity) * share))
        let (sampled, sampledBytes) = (Double(distances.requests), Double(distances.bytes))
        return (
            ReuseDistances.corrected(ratios.objects * sampled, of: sampled, expected: Double(requests) * share),
            ReuseDistances.corrected(ratios.bytes * sampledBytes, of: sampledBytes, expected: Double(bytes) * share)
        )
    }
}

extension Trace {
    /// The requests for some of the objects, renumbered.
    package func sample(_ isSampled: (UInt32) -> Bool) -> Trace {
        var numbers = [UInt32](repeating: .max, count: objectCount)
        var count: UInt32 = 0
        var some: [TraceRequest] = []
        for var request in requests where isSampled(request.object) {
            if numbers[Int(request.object)] == .max {
                numbers[Int(request.object)] = count
                count += 1
            }
            request.object = numbers[Int(request.object)]
            some.append(request)
        }
        return Trace(requests: some)
    }
}
