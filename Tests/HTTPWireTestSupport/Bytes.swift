// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// The bytes of a text in which every character stands for the byte of its number, so that `\u{FF}` is one byte and not two.
public func wireBytes(_ text: String) -> [UInt8] {
    text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
}

/// The opposite of ``wireBytes(_:)``.
public func wireText(_ bytes: some Sequence<UInt8>) -> String {
    var text = String.UnicodeScalarView()
    for byte in bytes { text.append(Unicode.Scalar(byte)) }
    return String(text)
}

/// Gives `body` the bytes in memory of exactly their size, in a new place each time, so that a sanitizer sees every read outside and a parser
/// that kept a pointer is found out.
public func withExactRegion<Result>(_ bytes: some Collection<UInt8>, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
    defer { memory.deallocate() }
    memory.copyBytes(from: bytes)
    return body(UnsafeRawBufferPointer(memory))
}

/// Random numbers that a seed repeats (SplitMix64, G. Steele, D. Lea, C. Flood, "Fast splittable pseudorandom number generators", 2014).
public struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    /// Begins a sequence.
    public init(seed: UInt64) {
        state = seed
    }

    /// The next number.
    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
