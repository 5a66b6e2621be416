// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

package import CacheLab
package import GyreTelemetry
import Synchronization

/// A log that the lab reads along with, on the log's own thread: no request waits for it, and when it falls behind the log's queue drops
/// lines and counts them.
package final class SampledLogTarget: LogTarget {
    private let inner: any LogTarget
    private let sampler: SharedSampler

    package init(_ inner: any LogTarget, _ sampler: SharedSampler) {
        self.inner = inner
        self.sampler = sampler
    }

    package func write(_ bytes: UnsafeRawBufferPointer) throws(LogTargetError) {
        // First, so that a file that cannot be written costs the lab nothing.
        sampler.add(bytes)
        try inner.write(bytes)
    }

    package func reopen() throws(LogTargetError) { try inner.reopen() }
    package func close() { inner.close() }
}

/// A sampler that one thread feeds and others ask.
package final class SharedSampler: Sendable {
    private let sampler: Mutex<AccessLogSampler>

    package init(_ sampler: AccessLogSampler) { self.sampler = Mutex(sampler) }

    func add(_ bytes: UnsafeRawBufferPointer) { sampler.withLock { $0.add(bytes) } }

    /// What it knows now.
    package var now: AccessLogSampler { sampler.withLock { $0 } }
}
