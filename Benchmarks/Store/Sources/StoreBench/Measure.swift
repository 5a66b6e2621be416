// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Glibc

/// Nanoseconds that only grow.
func now() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

/// Seconds of processor time of this process, user and system.
func processorSeconds() -> Double {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
    return seconds(usage.ru_utime) + seconds(usage.ru_stime)
}

/// Resident bytes of this process.
func residentBytes() -> Int {
    guard let file = fopen("/proc/self/statm", "r") else { return 0 }
    defer { fclose(file) }
    var buffer = [CChar](repeating: 0, count: 200)
    guard fgets(&buffer, 200, file) != nil else { return 0 }
    let text = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let fields = text.split(separator: " ")
    return fields.count > 1 ? (Int(fields[1]) ?? 0) * 4096 : 0
}

/// Latencies in nanoseconds, from one thread at a time.
struct Samples {
    private var values: [UInt32] = []

    mutating func add(_ nanoseconds: UInt64) { values.append(UInt32(clamping: nanoseconds)) }
    mutating func add(_ other: Samples) { values += other.values }

    var count: Int { values.count }

    /// The given quantiles, in microseconds.
    func microseconds(_ quantiles: [Double]) -> [Double] {
        guard !values.isEmpty else { return quantiles.map { _ in 0 } }
        let sorted = values.sorted()
        return quantiles.map { Double(sorted[min(sorted.count - 1, Int(Double(sorted.count) * $0))]) / 1000 }
    }
}

/// Runs the body on this many threads and waits for all.
func onThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
    final class Start: Sendable {
        let number: Int
        let body: @Sendable (Int) -> Void
        init(_ number: Int, _ body: @escaping @Sendable (Int) -> Void) {
            self.number = number
            self.body = body
        }
    }
    var threads: [pthread_t] = []
    for number in 0..<count {
        var thread = pthread_t()
        let start = Unmanaged.passRetained(Start(number, body))
        let status = pthread_create(
            &thread,
            nil,
            { argument in
                if let argument {
                    let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
                    start.body(start.number)
                }
                return nil
            },
            start.toOpaque()
        )
        precondition(status == 0, "no thread")
        threads.append(thread)
    }
    for thread in threads { pthread_join(thread, nil) }
}

/// A generator that is the same in every run.
struct Random {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    mutating func below(_ limit: Int) -> Int { Int(next() % UInt64(max(1, limit))) }
}

/// Page-aligned memory for the life of the process.
func alignedMemory(_ bytes: Int) -> UnsafeMutableRawBufferPointer {
    var base: UnsafeMutableRawPointer?
    precondition(posix_memalign(&base, 4096, bytes) == 0)
    return UnsafeMutableRawBufferPointer(start: base, count: bytes)
}

/// Bytes that no file system and no compressor makes smaller.
nonisolated(unsafe) let noise: UnsafeRawBufferPointer = {
    let memory = alignedMemory(4 << 20)
    var random = Random(42)
    let words = memory.bindMemory(to: UInt64.self)
    for index in words.indices { words[index] = random.next() }
    return UnsafeRawBufferPointer(memory)
}()

/// Waits for the moment at which `bytes` may have been written at a given rate.
struct Pace {
    let bytesPerSecond: Double
    private let start = now()
    private var bytes = 0

    init(bytesPerSecond: Double) { self.bytesPerSecond = bytesPerSecond }

    /// Nanoseconds to wait before these bytes go.
    mutating func wait(for count: Int) -> UInt64 {
        bytes += count
        let due = start + UInt64(Double(bytes) / bytesPerSecond * 1e9)
        let time = now()
        return due > time ? due - time : 0
    }
}

func sleep(nanoseconds: UInt64) {
    guard nanoseconds > 0 else { return }
    var time = timespec(tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
    nanosleep(&time, nil)
}
