// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Many small reads of a start, which nobody serves meanwhile. From a file or a block device up to ``threads`` of them are under way at once: one
/// after the other, a million stripes would take two minutes. From any other device they are one after the other, in order.
struct ReadBatch {
    private var parts: [Part] = []

    private struct Part {
        var offset: Int
        var region: UnsafeMutableRawBufferPointer
    }

    /// They sleep nearly all the time.
    private static let threads = 32

    /// - Parameter region: Must stay where it is until ``run(on:)`` returns.
    mutating func add(_ offset: Int, into region: UnsafeMutableRawBufferPointer) { parts.append(Part(offset: offset, region: region)) }

    /// The calling thread waits for all of them.
    /// - Returns: For each whether it was read, in the order in which they were added.
    func run(on device: any BlockDevice) -> [Bool] {
        let work = Work(parts, device)
        if device is FileDevice, parts.count > Self.threads {
            let helpers = (1..<Self.threads).compactMap { _ in startThread("gyre-start") { work.run() } }
            work.run()
            for helper in helpers { pthread_join(helper, nil) }
        } else {
            work.run()
        }
        return work.isRead.map { $0 }
    }

    private final class Work: @unchecked Sendable {
        // Unchecked: each element of `isRead` is written by the one thread that has taken its number, and read when all have ended.
        private let parts: [Part]
        private let device: any BlockDevice
        private let next = Atomic<Int>(0)
        let isRead: UnsafeMutableBufferPointer<Bool>

        init(_ parts: [Part], _ device: any BlockDevice) {
            self.parts = parts
            self.device = device
            isRead = .allocate(capacity: parts.count)
            isRead.initialize(repeating: false)
        }

        deinit { isRead.deallocate() }

        func run() {
            while true {
                let number = next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard number < parts.count else { return }
                do throws(DeviceError) {
                    try device.read(at: parts[number].offset, into: parts[number].region)
                    isRead[number] = true
                } catch {}
            }
        }
    }
}
