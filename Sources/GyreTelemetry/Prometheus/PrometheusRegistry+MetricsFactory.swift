// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

public import CoreMetrics
import Synchronization

extension PrometheusRegistry {
    /// Makes a counter; its name gets `_total` at the end.
    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        counter(label, dimensions)
    }

    /// Makes a counter of fractions; with the same name it is the same series as ``makeCounter(label:dimensions:)``'s.
    public func makeFloatingPointCounter(label: String, dimensions: [(String, String)]) -> any FloatingPointCounterHandler {
        counter(label, dimensions)
    }

    /// Makes a gauge.
    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        switch series(label, suffix: "", dimensions, .gauge) {
        case .success(.gauge(let series)): series
        case .success: refuse(.kindConflict)
        case .failure(let reason): refuse(reason)
        }
    }

    /// Makes a histogram over ``HistogramBounds/values``, or a gauge where nothing is to be aggregated.
    public func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        switch series(label, suffix: "", dimensions, aggregate ? .histogram : .gauge, bounds: aggregate ? HistogramBounds.values : []) {
        case .success(.histogram(let series)): series
        case .success(.gauge(let series)): series
        case .success: refuse(.kindConflict)
        case .failure(let reason): refuse(reason)
        }
    }

    /// Makes a histogram over ``HistogramBounds/seconds``; its name gets `_seconds` at the end.
    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        switch series(label, suffix: "_seconds", dimensions, .histogram, bounds: HistogramBounds.seconds) {
        case .success(.histogram(let series)): series
        case .success: refuse(.kindConflict)
        case .failure(let reason): refuse(reason)
        }
    }

    /// Lets go of a counter. The series goes when nobody else holds it.
    public func destroyCounter(_ handler: any CounterHandler) {
        release((handler as? CounterSeries)?.key)
    }

    /// Lets go of a counter of fractions.
    public func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {
        release((handler as? CounterSeries)?.key)
    }

    /// Lets go of a gauge.
    public func destroyMeter(_ handler: any MeterHandler) {
        release((handler as? GaugeSeries)?.key)
    }

    /// Lets go of a recorder.
    public func destroyRecorder(_ handler: any RecorderHandler) {
        release((handler as? HistogramSeries)?.key ?? (handler as? GaugeSeries)?.key)
    }

    /// Lets go of a timer.
    public func destroyTimer(_ handler: any TimerHandler) {
        release((handler as? HistogramSeries)?.key)
    }

    private func counter(_ label: String, _ dimensions: [(String, String)]) -> any CounterHandler & FloatingPointCounterHandler {
        switch series(label, suffix: "_total", dimensions, .counter) {
        case .success(.counter(let series)): series
        case .success: refuse(.kindConflict)
        case .failure(let reason): refuse(reason)
        }
    }

    private func series(
        _ label: String,
        suffix: String,
        _ dimensions: [(String, String)],
        _ kind: MetricKind,
        bounds: [Double] = []
    ) -> Result<SeriesHandler, DroppedSeries> {
        do throws(DroppedSeries) {
            let stem = MetricText.name(label)
            let name = stem.isEmpty || stem.hasSuffix(suffix) ? stem : stem + suffix
            let key = SeriesKey(name: name, labels: try MetricText.labels(dimensions, of: kind))
            return state.withLock { state in
                Result { () throws(DroppedSeries) in try state.obtain(key, kind, bounds: bounds, maxSeries: maxSeries) }
            }
        } catch {
            return .failure(error)
        }
    }

    private func release(_ key: SeriesKey?) {
        guard let key else { return }
        state.withLock { $0.release(key) }
    }
}
