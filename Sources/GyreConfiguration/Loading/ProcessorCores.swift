// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The processor cores of the machine.
public enum ProcessorCores {
    /// How many cores this process may run on, at least 1.
    ///
    /// On Linux this follows the affinity mask, which `taskset` and cpusets set. It does not see the quota of a container; a caller that
    /// does hands in its own number.
    public static func available() -> Int {
        max(1, ProcessInfo.processInfo.activeProcessorCount)
    }
}
