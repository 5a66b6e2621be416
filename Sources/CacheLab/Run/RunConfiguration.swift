// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

package import CyclicStore

/// One thing to simulate.
package struct RunConfiguration: Hashable, Sendable {
    package enum Subject: Hashable, Sendable {
        /// The store with one of its replacements.
        case store(Replacement)
        /// A policy to compare with, of memory and volume together.
        case reference(ReferencePolicy)

        /// As on the command line.
        package var name: String {
            switch self {
            case .store(let replacement): replacement.description
            case .reference(let policy): policy.rawValue
            }
        }

        /// Nil for a name that is neither.
        package init?(_ name: String) {
            if let replacement = Replacement(name) {
                self = .store(replacement)
            } else if let policy = ReferencePolicy(rawValue: name) {
                self = .reference(policy)
            } else {
                return nil
            }
        }
    }

    package var subject: Subject
    /// What the store is given; sizes and seed serve the references too.
    package var store: StoreModelConfiguration
    /// What tells it from others of the same policy and sizes: `20MB/s`, `byte share 1`. Empty where there is nothing.
    package var variant: String

    /// The policy, and the variant if there is one.
    package var name: String { variant.isEmpty ? subject.name : "\(subject.name), \(variant)" }

    package init(subject: Subject, store: StoreModelConfiguration, variant: String = "") {
        self.subject = subject
        self.store = store
        self.variant = variant
        if case .store(let replacement) = subject { self.store.replacement = replacement }
    }
}

/// What came of it.
package struct RunResult: Hashable, Sendable {
    package var configuration: RunConfiguration
    package var totals: StoreModelResult
    /// Records that left the volume, by uses and size.
    package var reuse: ReuseStatistics
    /// Object hit ratio of each twentieth of the trace.
    package var hitRatios: [Double]
    /// The tuning at the end, where it was set while running.
    package var tuning: Tuning?
    /// Time it took.
    package var seconds: Double

    package var requestsPerSecond: Double { seconds > 0 ? Double(totals.requests) / seconds : 0 }
    /// Device bytes written for each byte that was not hit.
    package var writtenPerMissedByte: Double {
        let missed = totals.requestedBytes - totals.hitBytes
        return missed == 0 ? 0 : Double(totals.deviceBytesWritten) / Double(missed)
    }
}
