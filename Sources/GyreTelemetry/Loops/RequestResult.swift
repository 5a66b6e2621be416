// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Where the answer to a request came from. The names are values of a label, and must never change.
public enum RequestResult: String, Sendable, CaseIterable {
    /// From an object in memory.
    case hitMemory = "hit-memory"
    /// From an object on disk, or in a membuf on its way there.
    case hitDisk = "hit-disk"
    /// From the origin, by way of the cache.
    case miss
    /// From the cache, after the origin said that nothing has changed.
    case revalidated
    /// From the cache, though no longer fresh.
    case stale
    /// From the origin, past the cache.
    case bypass
    /// Raw bytes to an origin and back: CONNECT, or a change of protocol. Its duration is that of the whole tunnel.
    case tunnel
    /// Gyre's own: a request that was refused, or an origin that failed.
    case error

    /// The place in a table of results.
    @inline(__always)
    var index: Int {
        switch self {
        case .hitMemory: 0
        case .hitDisk: 1
        case .miss: 2
        case .revalidated: 3
        case .stale: 4
        case .bypass: 5
        case .tunnel: 6
        case .error: 7
        }
    }
}
