// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
import Synchronization

/// The calls that event loops use: no `await`, no hop where none is needed.
@main
struct Callbacks {
    static func main() async throws {
        var configuration = StoreConfiguration()
        configuration.volumes = [
            VolumeConfiguration(path: CommandLine.arguments.dropFirst().first ?? "callbacks.gyre", byteCount: 64 << 20)
        ]
        configuration.memoryBytes = 1 << 20
        let store = try CyclicStore.open(configuration)

        // A hit in memory needs neither a key object nor a callback.
        let name = Array("hot".utf8)
        store.put(PlainObject(store.key(name), bytes: [1, 2, 3]))
        let hit = name.withUnsafeBytes { store.objectInMemory(store.hash($0), key: $0) }
        print(hit == nil ? "not in memory" : "in memory")

        // A writer says when the volume is full for a moment, and calls back when it is not. Until then, read no more from the socket.
        let writer = ObjectWriter(store: store, key: store.key(Array("upload".utf8)))
        for _ in 0..<1000 where writer.failure == nil {
            [UInt8](repeating: 9, count: 8000).withUnsafeBytes { writer.append($0) }
            while writer.isBlocked {
                await withCheckedContinuation { continuation in
                    if !writer.whenRoom({ continuation.resume() }) { continuation.resume() }
                }
                writer.resume()
            }
        }
        writer.finish(metadata: [])
        print(writer.failure.map { "not stored: \($0)" } ?? "\(writer.byteCount) bytes stored")

        // A reader brings a piece at once when it is in memory, else on an I/O thread; an event loop would go back to itself there.
        guard case .found(let object, _) = await store.get(store.key(Array("upload".utf8))) else { return }
        let counter = Counter(ObjectReader(object, in: store, range: 100..<1_000_000))
        await withCheckedContinuation { continuation in counter.run { continuation.resume() } }
        print("\(counter.count) bytes read")
        await store.close()
    }
}

/// Pulls one piece after the other and counts.
final class Counter: Sendable {
    private let reader: ObjectReader
    private let total = Mutex(0)
    var count: Int { total.withLock { $0 } }

    init(_ reader: ObjectReader) { self.reader = reader }

    func run(_ done: @escaping @Sendable () -> Void) {
        reader.next { [self] piece in
            switch piece {
            case .bytes(_, let range):
                total.withLock { $0 += range.count }
                run(done)
            case .missing: run(done)
            case .end: done()
            }
        }
    }
}
