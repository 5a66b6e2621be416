// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CoreMetrics
import Synchronization

/// One counter, for whole and for fractional steps. Costs one atomic addition.
final class CounterSeries: CounterHandler, FloatingPointCounterHandler {
    let key: SeriesKey
    private let whole = Atomic<Int>(0)
    private let fraction = AtomicDouble()

    init(_ key: SeriesKey) {
        self.key = key
    }

    /// A counter only grows: negative steps are ignored.
    func increment(by amount: Int64) {
        guard amount > 0 else { return }
        whole.wrappingAdd(Int(clamping: amount), ordering: .relaxed)
    }

    func increment(by amount: Double) {
        guard amount > 0, amount.isFinite else { return }
        fraction.add(amount)
    }

    func reset() {
        whole.store(0, ordering: .relaxed)
        fraction.store(0)
    }

    var value: MetricValue {
        let part = fraction.load()
        return part == 0 ? .whole(whole.load(ordering: .relaxed)) : .whole(whole.load(ordering: .relaxed)) + .real(part)
    }
}
