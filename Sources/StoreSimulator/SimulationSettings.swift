// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

public import CyclicStore

/// What one run is like. Everything follows from the seed; a test may then set what it is about.
public struct SimulationSettings: Sendable {
    /// How the world treats the store. Each allows the model to ask for something else.
    public enum Profile: String, Sendable, CaseIterable {
        /// Nothing fails: what is stored must also be found again.
        case calm
        /// The process is killed and the power fails, at any moment; operations stall. Devices are honest.
        case crashing
        /// As before, and devices refuse: errors, short reads, no space, bits flipped on the way of a read, and death.
        case failing
        /// As before, and devices lie: bits rot, writes go astray or are lost, devices are swapped and shrunk.
        case lying
    }

    /// All else comes from it.
    public var seed: UInt64
    /// How the world treats the store.
    public var profile: Profile
    /// Steps of the workload.
    public var operations: Int
    /// How many there are at first.
    public var volumes: Int
    /// Most that there ever are.
    public static let mostVolumes = 4
    /// Sizes of devices in stripes of 64 KiB, by their place in the configuration; what lies before the first stripe takes some of them.
    public var deviceStripes: [Int]
    /// Whether the configuration has other volumes at some of the starts.
    public var changesVolumes: Bool
    /// Stripe images in memory.
    public var membufs: Int
    /// Size of the memory tier in bytes.
    public var memoryBytes: Int
    /// Keys in use.
    public var keys: Int
    /// Largest payload of a usual object in bytes.
    public var usualBytes: Int
    /// How volumes make room.
    public var replacement: Replacement
    /// Operations that may wait in the engine, in each direction.
    public var queueLimit: Int
    /// Bytes that all volumes together may write in a second; nil: any.
    public var writeBytesPerSecond: Int?
    /// Bytes that all volumes together may write on a day; nil: any.
    public var writeBytesPerDay: Int?
    /// The power fails at the operation of a device after so many; nil: by chance, if the profile has it.
    public var powerCutAfter: Int?
    /// After that, the operation of the device at which the power fails once more, counted from when it came back.
    public var secondPowerCutAfter: Int?
    /// Prints what happens to this key, to find out why a run failed.
    public var tracedKey: Int?

    /// Whether anything ever waits for bytes to write.
    var hasBudget: Bool { writeBytesPerSecond != nil || writeBytesPerDay != nil }

    /// The settings that a seed gives.
    public init(seed: UInt64, operations: Int = 2000) {
        self.seed = seed
        self.operations = operations
        var random = SeededRandom(seed: seed ^ 0x5157_a6ee)
        profile = [.calm, .crashing, .crashing, .failing, .failing, .lying, .lying, .lying][random.below(8)]
        volumes = [1, 1, 1, 2, 3][random.below(5)]
        let sizes = [6, 7, 8, 10, 12, 16, 20, 32, 64]
        let first = sizes[random.below(sizes.count)]
        membufs = 2 + random.below(7)
        memoryBytes = [0, 0, 20_000, 60_000, 300_000][random.below(5)]
        keys = [6, 20, 60, 60, 200, 400][random.below(6)]
        usualBytes = [200, 1500, 4000, 9000][random.below(4)]
        replacement = [.gyre, .gyre, .gyre, .cyclic, .relocateOnHit(percent: [0, 50, 100][random.below(3)])][random.below(5)]
        queueLimit = [4096, 4096, 64, 8, 3][random.below(5)]
        writeBytesPerSecond = [nil, nil, nil, nil, nil, 20_000, 200_000, 2_000_000][random.below(8)]
        writeBytesPerDay = [nil, nil, nil, nil, nil, nil, 1 << 20, 8 << 20, 64 << 20][random.below(9)]
        // Half of all stores have devices of one size.
        let isMixed = random.oneIn(2)
        deviceStripes = [first] + (1..<Self.mostVolumes).map { _ in isMixed ? sizes[random.below(sizes.count)] : first }
        changesVolumes = random.oneIn(3)
    }
}

extension SeededRandom {
    /// A number from 0 up to, not including, the bound.
    mutating func below(_ bound: Int) -> Int { bound <= 1 ? 0 : Int(truncatingIfNeeded: next() >> 1) % bound }

    /// True once in so many times.
    mutating func oneIn(_ count: Int) -> Bool { below(count) == 0 }
}
