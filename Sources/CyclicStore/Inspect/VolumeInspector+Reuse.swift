// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

extension VolumeInspector {
    /// How often the records were used that have left the volume, as last written by the store: half a minute old at most while it runs.
    package func reuse() -> ReuseStatistics {
        StatisticsPages(superblock)?.read(device).kept.reuse ?? ReuseStatistics()
    }
}
