// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// The sample itself: requests in the order in which they were handed over, with the counts of all requests hour by hour.
struct KeptRequests: Sendable {
    private struct Hour {
        var number: Int
        var seen = 0
        var bytes = 0
        /// How many of the requests are its own.
        var kept = 0
    }

    private let requestsMax: Int
    private let objectsMin: Int
    private var hours: [Hour] = []
    private var requests: [SampledRequest] = []
    private var newest = 0
    private(set) var threshold = UInt64.max

    init(requestsMax: Int, objectsMin: Int) {
        self.requestsMax = requestsMax
        self.objectsMin = objectsMin
    }

    mutating func add(_ block: RequestSampler.Block) {
        newest = max(newest, block.newest)
        let number = newest / 3_600_000
        if hours.last?.number != number { hours.append(Hour(number: number)) }
        let old = hours.prefix { $0.number < number - SamplerLimits.hours }
        requests.removeFirst(old.reduce(0) { $0 + $1.kept })
        hours.removeFirst(old.count)
        // The loop may have gone by an older threshold.
        let before = requests.count
        for request in block.requests where request.object <= threshold { requests.append(request) }
        let last = hours.count - 1
        hours[last].seen += block.seen
        hours[last].bytes += block.bytes
        hours[last].kept += requests.count - before
        while requests.count > requestsMax { makeRoom() }
    }

    private mutating func makeRoom() {
        var objects = Set<UInt64>()
        for request in requests where objects.count <= objectsMin { objects.insert(request.object) }
        if objects.count > objectsMin { halve() } else { dropOldest(requestsMax / 4) }
    }

    /// Half of the objects leave, with all their requests.
    private mutating func halve() {
        threshold /= 2
        var (from, to) = (0, 0)
        for index in hours.indices {
            let end = from + hours[index].kept
            let first = to
            while from < end {
                if requests[from].object <= threshold {
                    requests[to] = requests[from]
                    to += 1
                }
                from += 1
            }
            hours[index].kept = to - first
        }
        requests.removeLast(requests.count - to)
    }

    private mutating func dropOldest(_ count: Int) {
        var left = min(count, requests.count)
        requests.removeFirst(left)
        while let first = hours.first, left > 0, hours.count > 1, first.kept <= left {
            left -= first.kept
            hours.removeFirst()
        }
        guard left > 0, let first = hours.first, first.kept > 0 else { return }
        // Of an hour that goes in part, as large a part of its counts.
        let stays = Double(first.kept - left) / Double(first.kept)
        hours[0].kept -= left
        hours[0].seen = Int(Double(first.seen) * stays)
        hours[0].bytes = Int(Double(first.bytes) * stays)
    }

    func sample() -> RequestSample {
        var sample = RequestSample()
        sample.share = (Double(threshold) + 1) / 0x1p64
        for hour in hours {
            sample.requests += hour.seen
            sample.bytes += hour.bytes
        }
        // Blocks of different loops overlap. How long before the newest is right also when the clock of 32 bits has wrapped in between.
        let end = UInt32(truncatingIfNeeded: newest)
        let ages = requests.enumerated().map { (age: Int(end &- $1.milliseconds), place: $0) }
            .sorted { ($0.age, $1.place) > ($1.age, $0.place) }
        let oldest = ages.first?.age ?? 0
        sample.milliseconds = oldest
        var numbers: [UInt64: Int] = [:]
        sample.sampled.reserveCapacity(requests.count)
        for (age, place) in ages {
            let request = requests[place]
            let number = numbers[request.object] ?? numbers.count
            numbers[request.object] = number
            sample.sampled.append(.init(object: number, milliseconds: oldest - age, bytes: Int(request.bytes)))
        }
        return sample
    }
}
