// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

extension ReuseDecision.Served {
    /// How a stored response is served right after it has been validated: nothing need be left out.
    public init(validated stored: StoredHead, at now: Timestamp) {
        self.init(ageSeconds: stored.currentAgeSeconds(at: now), ttlSeconds: stored.ttlSeconds(at: now), stripsFields: false)
    }
}
