// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

package import CyclicStore

/// The write budgets and tunings that policies are run with: every combination that makes a difference to the policy.
package struct SimulationVariants: Sendable {
    /// The most that may be written.
    package struct Budget: Sendable {
        /// As it is shown.
        package var name: String
        package var bytesPerSecond: Int?
        package var bytesPerDay: Int?

        package init(name: String) { self.name = name }
    }

    private let budgets: [Budget]
    private let byteShares: [Double]
    private let writtenByteCosts: [Double]
    private let tunings: [(chance: Double, uses: Double)]

    /// - Parameter tunings: Those that stay as they are; none: the tuning is set while it runs.
    package init(budgets: [Budget], byteShares: [Double], writtenByteCosts: [Double], tunings: [(Double, Double)]) {
        self.budgets = budgets
        self.byteShares = byteShares
        self.writtenByteCosts = writtenByteCosts
        self.tunings = tunings.map { (chance: $0.0, uses: $0.1) }
    }

    /// One policy at one size with all that makes a difference to it. What is the same in all has no part in their names.
    package func configurations(of subject: RunConfiguration.Subject, _ store: StoreModelConfiguration) -> [RunConfiguration] {
        var all = [RunConfiguration(subject: subject, store: store)]
        guard case .store(let replacement) = subject else { return all }
        Self.vary(&all, by: budgets, named: \.name) {
            $0.bytesPerSecond = $1.bytesPerSecond
            $0.bytesPerDay = $1.bytesPerDay
        }
        guard replacement == .gyre else { return all }
        Self.vary(&all, by: byteShares, named: { "byte share \($0)" }) { $0.byteShare = Float($1) }
        Self.vary(&all, by: writtenByteCosts, named: { "byte cost \($0)" }) { $0.writtenByteCost = Float($1) }
        if !tunings.isEmpty {
            Self.vary(&all, by: tunings, named: { "q \($0.chance) T \($0.uses)" }) {
                $0.tuning = Tuning(writeChance: UInt32($1.chance * Double(Tuning.always)), relocationUses: Float($1.uses))
            }
        }
        return all
    }

    private static func vary<Value>(
        _ all: inout [RunConfiguration],
        by values: [Value],
        named name: (Value) -> String,
        _ set: (inout StoreModelConfiguration, Value) -> Void
    ) {
        all = all.flatMap { configuration in
            values.map { value in
                var own = configuration
                set(&own.store, value)
                if values.count > 1 { own.variant += (own.variant.isEmpty ? "" : ", ") + name(value) }
                return own
            }
        }
    }
}
