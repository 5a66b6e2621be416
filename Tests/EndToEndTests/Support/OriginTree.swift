// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Foundation
import GyreTestKit
import Testing

/// The files that the origin serves: 2,200 of 0 B to 64 MiB, about 300 MiB, and what `sha256sum` says of them.
///
/// Contents are pseudo-random and the same in every run; no two files share a run of bytes.
struct OriginTree: Sendable {
    struct Entry: Sendable {
        let name: String
        let sizeBytes: Int
        /// Whether it is asked for under `/chunked/`, where the origin tells no length.
        let isChunked: Bool
        var path: String { isChunked ? "/chunked/\(name)" : "/\(name)" }
    }

    let folder: TemporaryFolder
    let entries: [Entry]
    /// Lines as `sha256sum` prints them, in the order of the names.
    let sums: [Substring]

    var root: String { folder.path }
    var totalBytes: Int { entries.reduce(0) { $0 + $1.sizeBytes } }

    /// The tree of the suite that runs.
    @TaskLocal static var shared: OriginTree?

    static func make() async throws -> OriginTree {
        let folder = try TemporaryFolder()
        chmod(folder.path, 0o755)
        let entries = plan()
        var buffer = [UInt64](repeating: 0, count: (64 << 20) / 8 + 1)
        for (index, entry) in entries.enumerated() {
            try write(entry, seed: UInt64(index), to: folder.file(entry.name), through: &buffer)
        }
        let sums = try await Rig.run { rig in
            let names = try rig.write("names", entries.map { "\(folder.file($0.name))\0" }.joined())
            let listing = try await rig.run("/bin/sh", ["-c", "xargs -0 sha256sum <'\(names)'"], within: .seconds(120))
            return listing.output.replacingOccurrences(of: folder.path + "/", with: "").split(separator: "\n")
        }
        guard sums.count == entries.count else { throw Program.Missing(name: "a checksum for each file", advice: "\(sums.count) came") }
        return OriginTree(folder: folder, entries: entries, sums: sums)
    }

    /// Sizes at which something in a store of 1 MiB stripes may change, then many small files, then large ones; mixed by a fixed shuffle.
    private static func plan() -> [Entry] {
        var random = SplitMix(state: 2)
        var sizes = [0, 0, 1, 2, 15, 16, 17, 63, 64, 65, 511, 512, 513]
        for edge in [4 << 10, 16 << 10, 32 << 10, 64 << 10, 128 << 10, 255 << 10, 256 << 10, 512 << 10] {
            sizes += [edge - 1, edge, edge + 1]
        }
        for mebibytes in [1, 2, 3, 4, 8] { sizes += [(mebibytes << 20) - 1, mebibytes << 20, (mebibytes << 20) + 1] }
        // A record's header, key and stored head lie beside the body in a stripe: where exactly it is full is found by trying.
        for room in [16, 32, 48, 64, 80, 96, 128, 160, 192, 224, 256, 320, 384, 448, 512, 768, 1024, 4096] {
            sizes.append((1 << 20) - room)
        }
        sizes += [(16 << 20) + 3, 32 << 20, 64 << 20]
        for _ in 0..<10 { sizes.append(random.below(8 << 20) + (4 << 20)) }
        for _ in 0..<60 { sizes.append(random.below(450 << 10) + (48 << 10)) }
        while sizes.count < 2200 {
            // Half of the web's objects are smaller than a few KiB.
            sizes.append(random.below(1 << (8 + random.below(8))))
        }
        for index in sizes.indices.reversed() { sizes.swapAt(index, random.below(index + 1)) }
        return sizes.enumerated().map { index, size in
            Entry(name: String(format: "f%04d.bin", index), sizeBytes: size, isChunked: index % 23 == 0 && size < 16 << 20)
        }
    }

    private static func write(_ entry: Entry, seed: UInt64, to path: String, through buffer: inout [UInt64]) throws {
        var random = SplitMix(state: (seed + 1) << 32)
        try buffer.withUnsafeMutableBytes { bytes in
            let words = bytes.bindMemory(to: UInt64.self)
            for index in 0..<(entry.sizeBytes + 7) / 8 { words[index] = random.next() }
            let file = fopen(path, "w")
            defer { if let file { fclose(file) } }
            guard let file, fwrite(bytes.baseAddress, 1, entry.sizeBytes, file) == entry.sizeBytes else {
                throw Program.Missing(name: path, advice: String(cString: strerror(errno)))
            }
        }
    }
}

/// Steele, Lea and Flood, OOPSLA 2014.
private struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
}

/// Makes the tree once for a whole suite and removes it after.
struct OriginTreeTrait: SuiteTrait, TestScoping {
    func provideScope(for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void) async throws {
        let tree = try await OriginTree.make()
        try await OriginTree.$shared.withValue(tree) { try await function() }
    }
}

extension Trait where Self == OriginTreeTrait {
    static var originTree: Self { OriginTreeTrait() }
}
