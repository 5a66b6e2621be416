// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore

/// An object of the workload. Everything about it follows from the seed and its number, so the origin keeps nothing.
package struct WorkloadObject: Hashable, Sendable {
    package let number: Int
    package let kind: ContentKind
    package let bytes: Int
    /// Whether a shared cache may store it.
    package let isCachable: Bool
    /// Seconds from one version to the next.
    package let life: Double
    /// How far its first version's time had gone at the start.
    private let phase: Double
    private let seed: UInt64

    /// Shorter lives could not be told apart by `Last-Modified`.
    package static let shortestLife = 2.0
    /// Larger objects would make a short run depend on one of them.
    package static let largestBytes = 16 << 20

    /// - Parameter daySeconds: Seconds of the run that a day of the life cycles takes.
    package init(seed: UInt64, number: Int, daySeconds: Double) {
        var random = SeededRandom(seed: Self.mix(seed, UInt64(truncatingIfNeeded: number)))
        var share = random.unit()
        var kind = ContentKind.other
        for candidate in ContentKind.allCases {
            if share < candidate.share {
                kind = candidate
                break
            }
            share -= candidate.share
        }
        self.seed = seed
        self.number = number
        self.kind = kind
        bytes = min(max(1, Int(kind.bytes.sample(&random))), Self.largestBytes)
        isCachable = random.unit() < kind.cachable
        life = max(Self.shortestLife, kind.lifeDays.sample(&random) * daySeconds)
        phase = random.unit() * life
    }

    /// The version at a time, in seconds from the start of the run.
    package func version(at seconds: Double) -> Int { Int(((seconds + phase) / life).rounded(.down)) }

    /// From when to when a version is the current one; the first may have begun before the run.
    package func validity(of version: Int) -> Range<Double> {
        let start = Double(version) * life - phase
        return start..<(start + life)
    }

    /// What a version consists of.
    package func content(version: Int) -> WorkloadBytes {
        WorkloadBytes(base: Self.mix(Self.mix(seed, UInt64(truncatingIfNeeded: number)), UInt64(truncatingIfNeeded: version) &+ 1))
    }

    private static func mix(_ first: UInt64, _ second: UInt64) -> UInt64 {
        var random = SeededRandom(seed: first ^ (second &* 0xd134_2543_de82_ef95))
        return random.next()
    }

    // MARK: URL

    /// The path of its URL.
    /// - Parameter run: Tells the run from others through the same cache.
    package func path(run: String) -> String { "/\(run)/\(number).\(kind.suffix)" }

    /// The number in a path that ``path(run:)`` made.
    package static func number(path: some StringProtocol, run: String) -> Int? {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0].isEmpty, parts[1] == run, let dot = parts[2].firstIndex(of: ".") else { return nil }
        return Int(parts[2][..<dot])
    }
}

/// The bytes of one version of one object: any part of them without the rest.
package struct WorkloadBytes: Hashable, Sendable {
    let base: UInt64

    /// The eight bytes at eight times the index.
    @inline(__always)
    private func word(_ index: Int) -> UInt64 {
        var random = SeededRandom(seed: base &+ UInt64(truncatingIfNeeded: index) &* 0x9e37_79b9_7f4a_7c15)
        return random.next().littleEndian
    }

    @inline(__always)
    private func byte(_ offset: Int) -> UInt8 {
        UInt8(truncatingIfNeeded: UInt64(littleEndian: word(offset >> 3)) >> UInt64((offset & 7) * 8))
    }

    /// Writes the bytes that begin at an offset.
    package func fill(_ buffer: UnsafeMutableRawBufferPointer, from offset: Int = 0) {
        var position = 0
        while position < buffer.count, (offset + position) & 7 != 0 || buffer.count - position < 8 {
            buffer[position] = byte(offset + position)
            position += 1
        }
        while buffer.count - position >= 8 {
            buffer.storeBytes(of: word((offset + position) >> 3), toByteOffset: position, as: UInt64.self)
            position += 8
        }
        while position < buffer.count {
            buffer[position] = byte(offset + position)
            position += 1
        }
    }

    /// Whether these are the bytes that begin at an offset.
    package func matches(_ buffer: UnsafeRawBufferPointer, from offset: Int) -> Bool {
        var position = 0
        while position < buffer.count, (offset + position) & 7 != 0 || buffer.count - position < 8 {
            if buffer[position] != byte(offset + position) { return false }
            position += 1
        }
        while buffer.count - position >= 8 {
            if buffer.loadUnaligned(fromByteOffset: position, as: UInt64.self) != word((offset + position) >> 3) { return false }
            position += 8
        }
        while position < buffer.count {
            if buffer[position] != byte(offset + position) { return false }
            position += 1
        }
        return true
    }
}
