// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CoreMetrics
import Synchronization

/// One number that goes up and down: a meter, or a recorder that does not aggregate.
final class GaugeSeries: MeterHandler, RecorderHandler {
    let key: SeriesKey
    private let current = AtomicDouble()

    init(_ key: SeriesKey) {
        self.key = key
    }

    func set(_ value: Int64) { current.store(Double(value)) }
    func set(_ value: Double) { current.store(value) }
    func increment(by amount: Double) { current.add(amount) }
    func decrement(by amount: Double) { current.add(-amount) }
    func record(_ value: Int64) { set(value) }
    func record(_ value: Double) { set(value) }

    var value: MetricValue { .real(current.load()) }
}

/// A floating-point number that several threads may change.
struct AtomicDouble: ~Copyable, Sendable {
    private let bits = Atomic<UInt64>(0)

    func load() -> Double { Double(bitPattern: bits.load(ordering: .relaxed)) }

    func store(_ value: Double) { bits.store(value.bitPattern, ordering: .relaxed) }

    func add(_ amount: Double) {
        var present = bits.load(ordering: .relaxed)
        while true {
            let wanted = (Double(bitPattern: present) + amount).bitPattern
            let (exchanged, original) = bits.weakCompareExchange(expected: present, desired: wanted, ordering: .relaxed)
            if exchanged { return }
            present = original
        }
    }
}
