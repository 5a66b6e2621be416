// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore

/// Where the fragments of an object are: records with numbers of their own, behind those of the objects.
struct FragmentNumbers {
    var first: UInt32
    var count: Int
    /// Of the object.
    var bytes: Int
}

/// Objects too large for one record: a head, whose number is the object's, and fragments. Each is a record that lives and dies by itself, in memory
/// and in the log, and the object is hit when all are there.
extension StoreModel {
    /// A head: record, map of fragments and key.
    private static let headBytes = 32

    /// Bytes of a fragment, as the store cuts objects.
    private var fragmentBytes: Int { StripeLayout.maxInlineBytes(stripeBytes: configuration.effectiveStripeBytes) }

    mutating func requestInFragments(_ request: TraceRequest) {
        let (object, bytes) = (request.object, Int(request.bytes))
        let hash = Trace.hash(of: object)
        let isSampled = shadows?.samples(hash) ?? false
        let recordBytes = bytes + configuration.recordOverheadBytes
        let seconds = Double(request.seconds)
        let isHeadInMemory = inMemory[Int(object)]
        if use(object, bytes: Self.headBytes) {
            if isSampled, !isHeadInMemory { sampled(hash, bytes: recordBytes, seconds: seconds) }
            if let numbers = fragments[object], numbers.bytes == bytes, useAll(numbers) {
                if isHeadInMemory { around.result.memoryHits += 1 } else { around.result.diskHits += 1 }
                around.result.hitBytes += bytes
                return
            }
        }
        // Refused before anybody is asked.
        guard bytes <= log.maxObjectBytes else { return }
        // It is written as it comes, or not kept at all, not in memory either.
        if isSampled { sampled(hash, bytes: recordBytes, seconds: seconds) }
        guard case .write(let priorUses) = admission.streamed(hash, bytes: recordBytes, circumstances(bytes: bytes)) else {
            if isSampled { shadows?.departure(hash, bytes: recordBytes, uses: 0) }
            return
        }
        write(object, bytes, priorUses)
    }

    /// Under new numbers: fragments of an older one are never found again, and stay until their stripes are reclaimed.
    private mutating func write(_ object: UInt32, _ bytes: Int, _ priorUses: UseClass) {
        let count = (bytes + fragmentBytes - 1) / fragmentBytes
        let size = ObjectSize(ofPartOf: bytes)
        let numbers = FragmentNumbers(first: UInt32(inMemory.count), count: count, bytes: bytes)
        fragments[object] = numbers
        inMemory.append(contentsOf: repeatElement(false, count: count))
        isDirty.append(contentsOf: repeatElement(false, count: count))
        sizes.append(contentsOf: repeatElement(0, count: count))
        log.addRecords(count)
        for fragment in 0..<count {
            store(numbers.first + UInt32(fragment), bytes: min(fragmentBytes, bytes - fragment * fragmentBytes), priorUses, of: size)
        }
        if inMemory[Int(object)] {
            memory.remove(object)
            inMemory[Int(object)] = false
        }
        store(object, bytes: Self.headBytes, priorUses, of: size)
    }

    private mutating func store(_ record: UInt32, bytes: Int, _ priorUses: UseClass, of size: ObjectSize) {
        sizes[Int(record)] = UInt32(bytes)
        isDirty[Int(record)] = false
        log.write(record, bytes: bytes + configuration.recordOverheadBytes, priorUses: priorUses, objectSize: size, &around)
        remember(record, Trace.hash(of: record), bytes: bytes, isSampled: false)
    }

    /// Reads one fragment after another, up to one that is missing.
    private mutating func useAll(_ numbers: FragmentNumbers) -> Bool {
        for fragment in 0..<numbers.count {
            let bytes = min(fragmentBytes, numbers.bytes - fragment * fragmentBytes)
            guard use(numbers.first + UInt32(fragment), bytes: bytes) else { return false }
        }
        return true
    }

    /// Reads a record, from memory or from the log and then into memory. False when it is nowhere.
    private mutating func use(_ record: UInt32, bytes: Int) -> Bool {
        if inMemory[Int(record)] {
            memory.recordUse(record)
            return true
        }
        guard let hit = log.hit(record) else { return false }
        if log.policy.copiesToHead(hit) { log.copyToHead(record, &around) }
        remember(record, Trace.hash(of: record), bytes: bytes, isSampled: false)
        return true
    }
}
