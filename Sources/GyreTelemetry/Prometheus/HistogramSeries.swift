// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CoreMetrics
import Synchronization

/// One histogram, for timers and for recorders that aggregate. Takes a lock for some twenty comparisons:
/// what is on the path of every request uses ``LoopCounters`` instead.
final class HistogramSeries: TimerHandler, RecorderHandler {
    let key: SeriesKey
    private let state: Mutex<HistogramValue>

    init(_ key: SeriesKey, bounds: [Double]) {
        self.key = key
        state = Mutex(HistogramValue(bounds: bounds))
    }

    func recordNanoseconds(_ duration: Int64) { record(Double(max(0, duration)) / 1_000_000_000) }
    func record(_ value: Int64) { record(Double(value)) }
    func record(_ value: Double) { state.withLock { $0.record(value) } }

    var value: HistogramValue { state.withLock { $0 } }
}
