// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// A word that stands in memory for as long as the process runs, so that a log line can point at it.
///
/// For words that are known when the program starts: methods, cache words, reasons. Each one made takes memory that is never given back.
public struct LogWord: @unchecked Sendable {
    // Unchecked: the memory is written before anybody else sees it, and never again.
    /// The word's bytes.
    public let bytes: UnsafeRawBufferPointer

    /// Copies a word.
    public init(_ word: String) {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: word.utf8.count, alignment: 1)
        memory.copyBytes(from: word.utf8)
        bytes = UnsafeRawBufferPointer(memory)
    }
}
