// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore

/// A store from opening to closing, with `await`. Give a path, or it makes `tour.gyre` where it is started.
@main
struct Tour {
    static func main() async throws {
        var configuration = StoreConfiguration()
        configuration.volumes = [VolumeConfiguration(path: CommandLine.arguments.dropFirst().first ?? "tour.gyre", byteCount: 64 << 20)]
        configuration.memoryBytes = 16 << 20
        let store = try CyclicStore.open(configuration)
        for problem in store.problems { print("problem: \(problem)") }

        try await small(store)
        try await large(store)
        try await follow(store)
        await purge(store)

        let statistics = store.statistics
        print(
            "\(statistics.volume?.records ?? 0) records in \(statistics.volume?.stripes ?? 0) stripes, \(statistics.memoryObjects) objects in memory"
        )
        await store.close()
    }

    /// A whole object, with metadata of its own and a tag.
    static func small(_ store: CyclicStore) async throws {
        let key = store.key(Array("greeting".utf8))
        if let refusal = store.put(PlainObject(key, metadata: Array("text/plain".utf8), bytes: Array("hello, store".utf8))) {
            print("not on disk: \(refusal.rawValue)")
        }
        guard case .found(let object as PlainObject, let tier) = await store.get(key) else { return print("not found") }
        print(
            "\(String(decoding: object.bytes, as: UTF8.self)) (\(String(decoding: object.metadata, as: UTF8.self)), from \(tier.rawValue))"
        )
        store.remove(key)
        print("after removing: \(store.contains(key) ? "there" : "gone")")
    }

    /// A large one from a stream, and a range of it.
    static func large(_ store: CyclicStore) async throws {
        let key = store.key(Array("large".utf8))
        let chunks = AsyncStream<[UInt8]> { continuation in
            for number in 0..<100 { continuation.yield([UInt8](repeating: UInt8(number), count: 50_000)) }
            continuation.finish()
        }
        try await store.put(key, body: chunks)
        guard case .found(let object, _) = await store.get(key) else { return print("not found") }
        var count = 0
        for try await piece in store.pieces(of: object, range: 1_000_000..<3_000_000) { count += piece.range.count }
        print("\(count) bytes of \(FragmentMap(of: object)?.totalBytes ?? 0) read, without reading the rest")
    }

    /// An object that is read while it is written.
    static func follow(_ store: CyclicStore) async throws {
        guard case .begun(let writer) = store.beginFill(store.key(Array("live".utf8)), info: "anything the readers need") else { return }
        let reader = writer.fill.reader()
        let follower = Task {
            var count = 0
            while true {
                switch await reader.next() {
                case .bytes(_, let range), .stored(_, let range): count += range.count
                case .end, .aborted, .lost: return count
                }
            }
        }
        for _ in 0..<10 {
            [UInt8](repeating: 7, count: 10_000).withUnsafeBytes { writer.append($0) }
            await Task.yield()
        }
        writer.finish(metadata: [])
        print("\(await follower.value) bytes followed")
    }

    /// Everything with a tag, however much it is.
    static func purge(_ store: CyclicStore) async {
        let tag = Array("autumn".utf8)
        for number in 0..<1000 {
            store.put(PlainObject(store.key(Array("item-\(number)".utf8)), bytes: [1, 2, 3], tags: [store.tag(tag)]))
        }
        let outcome = await store.purge(.tag(tag))
        guard case .miss(let reason) = await store.get(store.key(Array("item-7".utf8))) else { return print("still there") }
        print("a thousand objects purged at once: \(outcome.rawValue); one of them: \(reason.rawValue)")
    }
}
