// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

package import CyclicStore

/// A store on a simulated volume, driven request by request: the deciding values are the store's own, the log and the index are models of
/// the mechanism without bytes, threads and checks.
///
/// Differences from the store: one stripe is open for new records where the store has two; what waits to be written is written at once; nothing is
/// read while it is overwritten, and no survivor finds all buffers full.
package struct StoreModel: ~Copyable {
    package let configuration: StoreModelConfiguration

    var memory: S3FIFO
    var inMemory: [Bool]
    /// Objects in memory that no volume has had since they came.
    var isDirty: [Bool]
    private let maxInlineBytes: Int
    /// Where an object too large for one record has its fragments.
    var fragments: [UInt32: FragmentNumbers] = [:]
    var admission: Admission
    var shadows: ShadowCaches?
    var around: LogModel.Surroundings
    var log: LogModel
    var sizes: [UInt32]
    private let aim: ShadowCaches.Aim
    private var untilTuning = 256
    private var lastTuning = 0.0
    private let maxMemoryObject: Int
    private let isBounded: Bool

    package init(_ configuration: StoreModelConfiguration, objectCount: Int) {
        self.configuration = configuration
        let hasDisk = configuration.volumeBytes > 0
        memory = S3FIFO(
            capacityBytes: configuration.memoryBytes,
            smallShare: configuration.smallShare
                ?? (hasDisk && configuration.replacement == .gyre ? S3FIFO.smallShareBeforeDisk : S3FIFO.usualSmallShare)
        )
        maxMemoryObject = configuration.memoryBytes / 8
        isBounded = configuration.bytesPerSecond != nil || configuration.bytesPerDay != nil
        inMemory = [Bool](repeating: false, count: objectCount)
        isDirty = inMemory
        maxInlineBytes = hasDisk ? StripeLayout.maxInlineBytes(stripeBytes: configuration.effectiveStripeBytes) : .max
        sizes = [UInt32](repeating: 0, count: objectCount)
        let value = HitValue(byteShare: configuration.byteShare)
        let tuning = configuration.tuning ?? Tuning()
        admission = Admission(
            configuration.replacement,
            tuning: tuning,
            value: value,
            maxGhosts: Admission.maxGhosts(volumeBytes: configuration.volumeBytes),
            seed: configuration.seed
        )
        let budget = WriteBudget(
            bytesPerSecond: configuration.bytesPerSecond,
            bytesPerDay: configuration.bytesPerDay,
            grain: configuration.effectiveStripeBytes,
            now: 0
        )
        around = LogModel.Surroundings(budget: budget)
        aim = ShadowCaches.Aim(writtenByteCost: configuration.writtenByteCost, bytesPerSecond: budget.meanBytesPerSecond)
        log = LogModel(
            stripeBytes: configuration.effectiveStripeBytes,
            stripeCount: configuration.volumeBytes / configuration.effectiveStripeBytes,
            objectCount: objectCount,
            policy: ReclaimPolicy(configuration.replacement, tuning: tuning, value: value),
            seed: configuration.seed
        )
        if hasDisk, configuration.replacement == .gyre {
            shadows = ShadowCaches(
                volumeBytes: configuration.volumeBytes,
                value: value,
                maxObjects: configuration.shadowObjects,
                seed: configuration.seed
            )
        }
    }

    /// The tuning in force.
    package var tuning: Tuning { admission.tuning }
    package var shadowScores: [(tuning: Tuning, worth: Double, written: Double)] { shadows?.scores ?? [] }
    package var sampleShift: Int { Int(shadows?.sampleShift ?? 0) }

    /// One request: looked up, fetched on a miss, kept or written as the policy says.
    package mutating func request(_ request: TraceRequest) {
        let object = Int(request.object)
        let bytes = Int(request.bytes)
        around.now = Int(request.seconds) * 1_000_000_000
        around.result.requests += 1
        around.result.requestedBytes += bytes
        guard bytes <= maxInlineBytes else { return requestInFragments(request) }
        if inMemory[object] {
            memory.recordUse(request.object)
            around.result.memoryHits += 1
            around.result.hitBytes += bytes
            return
        }
        let hash = Trace.hash(of: request.object)
        let isSampled = shadows?.samples(hash) ?? false
        if isSampled { sampled(hash, bytes: bytes + configuration.recordOverheadBytes, seconds: Double(request.seconds)) }
        if let hit = log.hit(request.object) {
            around.result.diskHits += 1
            around.result.hitBytes += bytes
            if log.policy.copiesToHead(hit) {
                log.copyToHead(request.object, &around)
            }
        } else {
            sizes[object] = request.bytes
            let recordBytes = bytes + configuration.recordOverheadBytes
            perform(admission.arrival(hash, bytes: recordBytes, circumstances(object)), request.object)
        }
        isDirty[object] = !log.contains(request.object)
        remember(request.object, hash, bytes: bytes, isSampled: isSampled)
    }

    /// What came out so far.
    package var result: StoreModelResult {
        var result = around.result
        result.deviceBytesWritten = log.deviceBytesWritten
        result.refusedByBudget = admission.counts.refusedByBudget
        if case .gyre = configuration.replacement { result.admission = admission.counts.byReason }
        return result
    }

    /// Of the records that left.
    package var reuse: ReuseStatistics { around.reuse }

    private mutating func circumstances(_ object: Int) -> Admission.Circumstances { circumstances(bytes: Int(sizes[object])) }

    mutating func circumstances(bytes: Int) -> Admission.Circumstances {
        Admission.Circumstances(
            isFilling: log.hasRoom(bytes + configuration.recordOverheadBytes),
            pressure: isBounded ? around.budget.pressure(bytes: log.stripeBytes, now: around.now) : .none
        )
    }

    mutating func remember(_ object: UInt32, _ hash: KeyHash, bytes: Int, isSampled: Bool) {
        guard bytes + configuration.memoryOverheadBytes <= maxMemoryObject else {
            leaves(object, hash, uses: 0, isSampled: isSampled)
            return
        }
        inMemory[Int(object)] = true
        memory.insert(object, hash: hash, bytes: bytes + configuration.memoryOverheadBytes)
        while let gone = memory.evictIfNeeded() {
            inMemory[Int(gone.handle)] = false
            let hash = Trace.hash(of: gone.handle)
            leaves(gone.handle, hash, uses: gone.uses, isSampled: shadows?.samples(hash) ?? false)
        }
    }

    private mutating func leaves(_ object: UInt32, _ hash: KeyHash, uses: Int, isSampled: Bool) {
        let bytes = Int(sizes[Int(object)]) + configuration.recordOverheadBytes
        // What a volume had is not written again, whether it is there still or not.
        guard isDirty[Int(object)] else { return log.addUses(uses, to: object) }
        if isSampled { shadows?.departure(hash, bytes: bytes, uses: uses) }
        let verdict = admission.departure(hash, bytes: bytes, uses: uses, isOnDisk: false, circumstances(Int(object)))
        perform(verdict, object, uses: uses)
    }

    private mutating func perform(_ verdict: Admission.Verdict, _ object: UInt32, uses: Int = 0) {
        guard case .write(let priorUses) = verdict else { return }
        let bytes = Int(sizes[Int(object)]) + configuration.recordOverheadBytes
        log.write(object, bytes: bytes, priorUses: priorUses, usesBefore: UseClass(uses: uses), &around)
    }

    mutating func sampled(_ hash: KeyHash, bytes: Int, seconds: Double) {
        shadows?.request(hash, bytes: bytes)
        untilTuning -= 1
        guard untilTuning <= 0, let value = shadows?.hitValue else { return }
        untilTuning = 256
        var tuning = admission.tuning
        if configuration.tuning == nil, let best = shadows?.best(aim, seconds: seconds - lastTuning) { tuning = best }
        admission.follow(tuning, value, volumeBytes: configuration.volumeBytes)
        log.policy.tuning = tuning
        log.policy.value = value
        lastTuning = seconds
    }
}
