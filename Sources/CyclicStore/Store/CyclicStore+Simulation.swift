// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// What the simulator looks at and no user needs.
extension CyclicStore {
    /// Checks what must always hold; stops the process when it does not.
    package func checkInvariants() { volume?.checkInvariants() }

    /// Checks that nothing is held when nothing goes on.
    package func checkNothingLeaks() { volume?.checkNothingLeaks() }

    /// Refuses writes from now on.
    package func refuseWrites() { volume?.refuseWrites() }
}
