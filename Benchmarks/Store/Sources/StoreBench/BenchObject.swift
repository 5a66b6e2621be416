// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
import Glibc

/// An object whose payload is a window of the noise: making one costs nothing.
final class BenchObject: StoredObject {
    let kind = RecordKind.object
    let key: StoreKey
    let memoryBytes: Int
    let metadataByteCount = 0
    let payloadByteCount: Int
    private let offset: Int

    init(_ key: StoreKey, number: Int, bytes: Int) {
        self.key = key
        payloadByteCount = bytes
        memoryBytes = 200 + bytes
        offset = number % 1024 * 2048
    }

    func copyContent(into region: UnsafeMutableRawBufferPointer) {
        region.copyMemory(from: UnsafeRawBufferPointer(rebasing: noise[offset..<(offset + payloadByteCount)]))
    }
}

extension CyclicStore {
    /// A key as a web cache has them: a few dozen bytes.
    func benchKey(_ number: Int, absent: Bool = false) -> StoreKey {
        var bytes = Array("http://www.example.com/\(absent ? "none" : "some")/".utf8)
        var rest = number
        for _ in 0..<10 {
            bytes.append(UInt8(48 + rest % 10))
            rest /= 10
        }
        return key(bytes)
    }

    /// Stores it, waiting for room as a fill does.
    func putWaiting(_ object: BenchObject) async {
        while let refusal = put(object) {
            precondition(refusal == .noMembuf || refusal == .noCleanStripe, "\(refusal)")
            await withCheckedContinuation { done in if !whenRoom({ done.resume() }) { done.resume() } }
        }
    }

    func flushed() async {
        await withCheckedContinuation { done in flush { done.resume() } }
    }
}

/// A store with one volume and no memory tier, as the benchmarks use it.
func benchConfiguration(_ options: Options, path: String, bytes: Int) -> StoreConfiguration {
    var configuration = StoreConfiguration()
    configuration.volumePath = path
    configuration.volumeBytes = bytes
    configuration.memoryBytes = options.int("memory", 0)
    configuration.ioThreads = options.int("threads", 4)
    configuration.membufs = options.int("membufs", 8)
    configuration.directIO = options.int("direct", 1) == 1
    configuration.ioEngine = IOEngineKind(rawValue: options.text("engine", "threads")) ?? .threads
    configuration.replacement = Replacement(options.text("replacement", "cyclic")) ?? .cyclic
    return configuration
}
