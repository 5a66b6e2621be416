// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// What the parts of a hit cost, by the processor time of one thread. Started by `Benchmarks/micro`.
@main
enum GyreMicro {
    static func main() throws {
        print("## The parts of a hit in memory\n")
        print(table(try HitParts().measurements()))
        print("\n## Lookups among many\n")
        print(table(try Lookups.measurements([10_000, 1_000_000, 10_000_000])))
    }
}
