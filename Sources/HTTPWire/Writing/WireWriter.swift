// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Writes HTTP/1.1 into memory that somebody else owns, such as the free part of a network buffer.
///
/// It never writes past the end and never writes a line that a peer could read as two. Either case is remembered in ``problem``, everything after it is
/// ignored, and the caller looks once, at the end.
public struct WireWriter {
    /// Why what was written must not be sent.
    public enum Problem: String, Error, Sendable {
        /// The memory was too small. Try again with more.
        case noRoom = "no-room"
        /// A field name, a value, a method or a target holds bytes that it must not.
        case badBytes = "bad-bytes"
    }

    /// The number of bytes written.
    public private(set) var count: Int
    /// What went wrong first; nil when nothing did.
    public private(set) var problem: Problem?

    private let target: UnsafeMutableRawBufferPointer

    /// Makes a writer that begins at the start of `target`, which must outlive it.
    public init(_ target: UnsafeMutableRawBufferPointer) {
        self.target = target
        self.count = 0
        self.problem = nil
    }

    /// Makes an array of what `body` writes, in at most `maxBytes` bytes. One allocation.
    public static func array(maxBytes: Int, _ body: (inout WireWriter) -> Void) throws(Problem) -> [UInt8] {
        var problem: Problem?
        let bytes = [UInt8](unsafeUninitializedCapacity: Swift.max(maxBytes, 0)) { memory, count in
            var writer = WireWriter(UnsafeMutableRawBufferPointer(memory))
            body(&writer)
            problem = writer.problem
            count = writer.count
        }
        if let problem { throw problem }
        return bytes
    }

    /// Writes bytes as they are, unchecked: a stored head, or content.
    @inline(__always)
    public mutating func bytes(_ source: UnsafeRawBufferPointer) {
        guard let from = source.baseAddress, let to = room(for: source.count) else { return }
        to.copyMemory(from: from, byteCount: source.count)
    }

    /// Writes a constant as it is, unchecked.
    @inline(__always)
    public mutating func literal(_ text: StaticString) {
        guard text.hasPointerRepresentation, let to = room(for: text.utf8CodeUnitCount) else { return }
        to.copyMemory(from: text.utf8Start, byteCount: text.utf8CodeUnitCount)
    }

    /// Writes one byte as it is.
    @inline(__always)
    public mutating func byte(_ byte: UInt8) {
        guard let to = room(for: 1) else { return }
        to.storeBytes(of: byte, as: UInt8.self)
    }

    /// Writes CRLF: the end of a line, or alone the end of a head.
    @inline(__always)
    public mutating func endOfLine() {
        literal("\r\n")
    }

    /// Remembers the first problem; all writing after it is ignored.
    mutating func fail(_ problem: Problem) {
        if self.problem == nil { self.problem = problem }
    }

    /// Where the next `byteCount` bytes go, which are counted as written; nil when there is no room or something has failed.
    @inline(__always)
    mutating func room(for byteCount: Int) -> UnsafeMutableRawPointer? {
        guard problem == nil, let base = target.baseAddress, byteCount <= target.count &- count else {
            if byteCount > 0 { fail(.noRoom) }
            return nil
        }
        defer { count &+= byteCount }
        return base + count
    }
}
