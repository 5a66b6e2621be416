// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// What the simulator looks at and no user needs.
extension CyclicStore {
    /// Checks what must always hold; stops the process when it does not.
    package func checkInvariants() { for member in volumes.members { member.volume.checkInvariants() } }

    /// Checks that nothing is held when nothing goes on.
    package func checkNothingLeaks() {
        precondition(inFlight.isIdle, "a lookup waits for a read that has ended")
        precondition(neighbours.isIdle, "a run of neighbours is being read for ever")
        for member in volumes.members { member.volume.checkNothingLeaks() }
    }

    /// The name of the volume that a key's records belong on; nil without one.
    package func home(of key: StoreKey) -> String? { volumes.home(of: key.hash).map { volumes.members[$0].name } }

    /// The same where that volume's index has the key.
    package func volumeHolding(_ key: StoreKey) -> String? {
        volumes.home(of: key.hash).flatMap { volumes.members[$0].volume.contains(key.hash) ? volumes.members[$0].name : nil }
    }

    /// Refuses writes from now on.
    package func refuseWrites() { for member in volumes.members { member.volume.refuseWrites() } }
}
