// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// What a store has done and holds, at one moment.
public struct StoreStatistics: Sendable {
    /// The volume, if there is one.
    public var volume: VolumeStatistics?
    /// Objects in memory.
    public var memoryObjects = 0
    /// Their bytes.
    public var memoryBytes = 0
    /// Lookups answered from memory.
    public var memoryHits = 0
    /// Objects that left memory for others.
    public var memoryEvictions = 0
}
