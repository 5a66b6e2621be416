// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// What was done to a volume, in a file beside it: survives the end of the process, and tells the next one what it may find. Appended to by
/// one thread.
final class EventLog {
    enum Event: UInt64 {
        /// A version is about to be put.
        case begin = 1
        /// It has been put.
        case put
        /// A key has been removed.
        case remove
        /// What had happened up to a tick is on the device.
        case flushed
        /// A process starts; the one before was killed.
        case start
        /// A key has been purged; nobody has been told yet.
        case purge
        /// The purge of a tick has been acknowledged.
        case purged
    }

    struct Entry {
        var event: Event
        var key: Int
        /// A version, or the tick of a flush or a purge.
        var number: UInt64
    }

    private static let entryBytes = 24
    private let descriptor: Int32

    /// Nil when the file cannot be opened.
    init?(path: String) {
        descriptor = open(path, O_RDWR | O_CREAT | O_APPEND, 0o600)
        guard descriptor >= 0 else { return nil }
    }

    deinit { close(descriptor) }

    /// Everything there is. A last entry that was cut short counts as not written.
    func entries() -> [Entry] {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return [] }
        let count = Int(status.st_size) / Self.entryBytes
        if Int(status.st_size) % Self.entryBytes != 0 { _ = ftruncate(descriptor, off_t(count * Self.entryBytes)) }
        var words = [UInt64](repeating: 0, count: count * 3)
        let read = words.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, 0) }
        return (0..<max(0, read / Self.entryBytes)).compactMap { number in
            Event(rawValue: words[number * 3]).map { Entry(event: $0, key: Int(words[number * 3 + 1]), number: words[number * 3 + 2]) }
        }
    }

    func append(_ event: Event, key: Int = 0, _ number: UInt64 = 0) {
        let words = [event.rawValue, UInt64(key), number]
        let written = words.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        precondition(written == Self.entryBytes, "the event log cannot be written")
    }
}
