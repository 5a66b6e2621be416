// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// The syncs of one device, one after the other. What is asked for while one is under way shares the next, and after one that failed none
/// succeeds any more.
///
/// A system tells of writes that it could not bring to the disk once, forgets them, and lets the next sync succeed (Rebello et al., "Can
/// applications recover from fsync failures?", USENIX ATC 2020). So whoever hears of it hears it for all: a purge must not be called durable
/// because somebody else's sync was told that its bytes are lost.
final class DeviceSyncs: @unchecked Sendable {
    // Unchecked: everything below is touched only under `lock`.
    private let device: any BlockDevice
    private let engine: any IOEngine
    private let lock = Lock()
    private var waiting: [@Sendable (Outcome) -> Void] = []
    private var isUnderWay = false
    private var failure: DeviceError?

    /// How a sync ended.
    enum Outcome: Sendable {
        /// Every write that had completed before it was asked for survives a loss of power.
        case done
        /// Any write since the last one that was done may be lost.
        case failed(DeviceError)
        /// The engine had no room; nothing has happened.
        case notTaken
    }

    init(device: any BlockDevice, engine: any IOEngine) {
        self.device = device
        self.engine = engine
    }

    /// Calls back once, at once or on an engine's thread.
    func sync(_ completion: @escaping @Sendable (Outcome) -> Void) {
        let (failed, begins) = lock.locked { () -> (DeviceError?, Bool) in
            if let failure { return (failure, false) }
            waiting.append(completion)
            defer { isUnderWay = true }
            return (nil, !isUnderWay)
        }
        if let failed { return completion(.failed(failed)) }
        if begins { start() }
    }

    private func start() {
        let batch = lock.locked { () -> [@Sendable (Outcome) -> Void] in
            defer { waiting = [] }
            isUnderWay = !waiting.isEmpty
            return waiting
        }
        guard !batch.isEmpty else { return }
        let taken = engine.submit(
            IOOperation(kind: .sync, device: device) { [self] error in
                if let error { lock.locked { failure = error } }
                for completion in batch { completion(error.map { .failed($0) } ?? .done) }
                end(error)
            }
        )
        if !taken {
            // Those that came meanwhile would find no room either.
            let late = lock.locked { () -> [@Sendable (Outcome) -> Void] in
                defer { (waiting, isUnderWay) = ([], false) }
                return waiting
            }
            for completion in batch + late { completion(.notTaken) }
        }
    }

    private func end(_ error: DeviceError?) {
        guard let error else { return start() }
        let late = lock.locked { () -> [@Sendable (Outcome) -> Void] in
            defer { (waiting, isUnderWay) = ([], false) }
            return waiting
        }
        for completion in late { completion(.failed(error)) }
    }
}
