// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
import Foundation
import GyreTestKit
import Testing

extension EndToEnd {
    /// `gyre store`, on volumes that the library made: what it says, and the status that a script sees.
    @Suite(.serialized)
    struct StoreCommandTests {
        private static let stripeBytes = 64 * 1024

        private func configuration(_ path: String) -> StoreConfiguration {
            var configuration = StoreConfiguration()
            configuration.volumePath = path
            configuration.stripeBytes = Self.stripeBytes
            configuration.volumeBytes = 4 << 20
            configuration.memoryBytes = 0
            configuration.replacement = .cyclic
            return configuration
        }

        private func body(_ number: Int) -> [UInt8] { (0..<4000).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ number) } }

        private func key(_ store: CyclicStore, _ number: Int) -> StoreKey { store.key(Array("object \(number)".utf8)) }

        /// A volume with objects, put one after the other, closed cleanly.
        private func makeVolume(_ path: String, objects: Int) async throws {
            let store = try CyclicStore.open(configuration(path))
            for number in 0..<objects {
                let object = PlainObject(key(store, number), bytes: body(number))
                while store.put(object) != nil { await store.flush() }
            }
            await store.close()
        }

        /// How many of the first objects a store finds on the volume.
        private func found(_ path: String, of objects: Int) async throws -> Int {
            let store = try CyclicStore.open(configuration(path))
            var count = 0
            for number in 0..<objects {
                guard let object = await store.get(key(store, number)).object as? PlainObject else { continue }
                #expect(object.bytes == body(number))
                count += 1
            }
            await store.close()
            return count
        }

        private func flip(_ path: String, at offset: Int, count: Int = 1) throws {
            let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
            try file.seek(toOffset: UInt64(offset))
            let bytes = try #require(try file.read(upToCount: count))
            try file.seek(toOffset: UInt64(offset))
            try file.write(contentsOf: Data(bytes.map { ~$0 }))
            try file.close()
        }

        private func run(_ rig: Rig, _ arguments: String...) async throws -> ChildProcess {
            try await rig.run(try Program.gyre(), ["store"] + arguments)
        }

        private func json(_ process: ChildProcess) throws -> [String: Any] {
            try #require(try JSONSerialization.jsonObject(with: Data(process.output.utf8)) as? [String: Any])
        }

        @Test("verify calls a sound volume sound, and names what is damaged")
        func verify() async throws {
            try await Rig.run { rig in
                let path = rig.folder.file("volume")
                try await makeVolume(path, objects: 40)
                let sound = try await run(rig, "verify", path)
                #expect(sound.ended == .status(0), "\(sound.errorTail)")
                #expect(sound.output.contains("records          40 intact") && sound.output.contains("\nsound\n"), "\(sound.output)")
                #expect(sound.errors.isEmpty)

                let inspector = try VolumeInspector(path: path)
                let stripes = inspector.survey().stripes.filter { $0.verdict == .intact }
                let (first, second) = (try #require(stripes.first), try #require(stripes.last))
                #expect(first.stripe != second.stripe)
                let record = try #require(try inspector.records(ofStripe: first.stripe).first)
                inspector.close()
                try flip(path, at: first.offset + record.offset + record.length / 2)
                // The end of a stripe is its directory.
                try flip(path, at: second.offset + Self.stripeBytes - 10)

                let damaged = try await run(rig, "verify", path)
                #expect(damaged.ended == .status(1))
                for line in [
                    "damaged stripe   \(second.stripe)\n",
                    "damaged record   stripe \(first.stripe), \(record.length) bytes at \(record.offset): checksum\n", "NOT sound",
                ] {
                    #expect(damaged.output.contains(line), "\(line) is not in: \(damaged.output)")
                }
                let report = try await run(rig, "verify", path, "--json")
                #expect(report.ended == .status(1))
                let said = try json(report)
                #expect(said["damaged_stripes"] as? [Int] == [second.stripe] && said["damaged_record_count"] as? Int == 1)
                let records = try #require(said["damaged_records"] as? [[String: Any]])
                #expect(records.map { $0["offset"] as? Int } == [record.offset] && records.map { $0["verdict"] as? String } == ["checksum"])
                #expect(said["records"] as? Int == 40 - 1 - second.records)
                // The index of the clean stop knows the records whose directory is damaged; one made anew cannot.
                #expect(try await found(path, of: 40) == 39)
                let rebuilt = try await run(rig, "rebuild", path, "--json")
                #expect(rebuilt.ended == .status(0))
                #expect(try json(rebuilt)["damaged_stripes"] as? Int == 1)
                #expect(try await found(path, of: 40) == 40 - 1 - second.records)
            }
        }

        @Test("rebuild makes the index anew from the stripes alone, and the objects are found")
        func rebuild() async throws {
            try await Rig.run { rig in
                let path = rig.folder.file("volume")
                try await makeVolume(path, objects: 100)
                // Everything that a start would rather read than the stripes.
                let inspector = try VolumeInspector(path: path)
                let regions = inspector.summary.regions.filter { ["footer-log", "snapshot", "marks"].contains($0.name) }
                inspector.close()
                #expect(regions.count == 3)
                for region in regions { try flip(path, at: region.offset, count: region.byteCount) }
                let before = try await run(rig, "verify", path)
                #expect(before.ended == .status(1) && before.output.contains("marks            damaged"), "\(before.output)")

                let rebuilt = try await run(rig, "rebuild", path, "--json")
                #expect(rebuilt.ended == .status(0), "\(rebuilt.errorTail)")
                let report = try json(rebuilt)
                #expect(report["records"] as? Int == 100 && report["damaged_stripes"] as? Int == 0)
                #expect(report["is_snapshot_written"] as? Bool == true)
                let after = try await run(rig, "verify", path)
                #expect(after.ended == .status(0) && after.output.contains("snapshot         intact"), "\(after.output)")
                let again = try await run(rig, "rebuild", path)
                #expect(again.ended == .status(0) && again.output.contains("records          100"), "\(again.output)")
                #expect(try await found(path, of: 100) == 100)
            }
        }

        @Test("rebuild leaves alone what a store has open")
        func rebuildInUse() async throws {
            try await Rig.run { rig in
                let path = rig.folder.file("volume")
                try await makeVolume(path, objects: 10)
                let store = try CyclicStore.open(configuration(path))
                let refused = try await run(rig, "rebuild", path)
                #expect(refused.ended == .status(1) && refused.errors.contains(path) && refused.output.isEmpty)
                await store.close()
                #expect(try await found(path, of: 10) == 10)
            }
        }

        @Test("reuse draws what left the volume and how often it was used, and adds volumes up")
        func reuse() async throws {
            try await Rig.run { rig in
                let (path, other) = (rig.folder.file("volume"), rig.folder.file("other"))
                try await makeVolume(other, objects: 10)
                let nothing = try await run(rig, "reuse", other)
                #expect(nothing.ended == .status(0) && nothing.output.contains("No record has left the volume yet"))

                let store = try CyclicStore.open(configuration(path))
                for number in 0..<1500 {
                    let object = PlainObject(key(store, number), bytes: body(number))
                    while store.put(object) != nil { await store.flush() }
                    // One in four once, one in eight twice.
                    if number % 4 == 0 { _ = await store.get(object.key) }
                    if number % 8 == 0 { _ = await store.get(object.key) }
                }
                await store.close()
                let inspector = try VolumeInspector(path: path)
                let counted = inspector.reuse()
                inspector.close()
                #expect(counted.total > 500 && counted.total < 1500)
                #expect(store.statistics.volume?.reuse == counted)

                let drawn = try await run(rig, "reuse", path)
                #expect(drawn.ended == .status(0) && drawn.output == counted.drawing() + "\n", "\(drawn.output)")
                #expect(drawn.output.contains("█") && drawn.output.contains("< 16 KiB"))

                let process = try await run(rig, "reuse", path, other, "--json")
                #expect(process.ended == .status(0))
                let report = try json(process)
                #expect(report["records"] as? Int == Int(counted.total))
                let classes = try #require(report["classes"] as? [[String: Int]])
                func records(uses: Int) -> Int { classes.filter { $0["uses_from"] == uses }.reduce(0) { $0 + ($1["records"] ?? 0) } }
                for (useClass, uses) in [0, 1, 2].enumerated() {
                    #expect(records(uses: uses) == Int(counted.records(useClass: useClass)) && records(uses: uses) > 0)
                }
                #expect(classes.reduce(0) { $0 + ($1["records"] ?? 0) } == Int(counted.total))
                // Each takes a record's length with its padding.
                #expect(classes.allSatisfy { ($0["bytes"] ?? 0) >= ($0["records"] ?? 0) * 4000 })
            }
        }

        @Test("inspect shows the stripes of a volume and the records of one")
        func inspect() async throws {
            try await Rig.run { rig in
                let path = rig.folder.file("volume")
                try await makeVolume(path, objects: 20)
                let process = try await run(rig, "inspect", path)
                #expect(process.ended == .status(0))
                #expect(process.output.contains("records          20, and 0 tombstones"), "\(process.output)")
                let report = try json(try await run(rig, "inspect", path, "--json"))
                let stripes = try #require(report["stripes"] as? [[String: Any]])
                let written = stripes.filter { $0["verdict"] as? String == "intact" }
                #expect(written.reduce(0) { $0 + ($1["records"] as? Int ?? 0) } == 20)
                let stripe = try #require(written.first?["stripe"] as? Int)
                let records = try await run(rig, "inspect", path, "--stripe", "\(stripe)")
                #expect(records.ended == .status(0) && records.output.contains("object 0"), "\(records.output)")
                let one = try json(try await run(rig, "inspect", path, "--stripe", "\(stripe)", "--json"))
                let listed = try #require(one["records"] as? [[String: Any]])
                #expect(listed.allSatisfy { $0["verdict"] as? String == "intact" && $0["payload_bytes"] as? Int == 4000 })
                let outside = try await run(rig, "inspect", path, "--stripe", "100000")
                #expect(outside.ended == .status(1) && outside.errors.contains("there is no stripe 100000"), "\(outside.errorTail)")
            }
        }

        @Test("soak runs a seed, says what it did, and does the same again")
        func soak() async throws {
            try await Rig.run { rig in
                let first = try await run(rig, "soak", "--seconds", "0", "--seed", "1", "--operations", "300")
                #expect(first.ended == .status(0), "\(first.errorTail)")
                #expect(first.output.contains("1 runs, ") && first.output.contains("seeds from 1, digest "), "\(first.output)")
                let again = try await run(rig, "soak", "--seconds", "0", "--seed", "1", "--operations", "300")
                #expect(again.ended == .status(0) && again.output == first.output)
                let other = try await run(rig, "soak", "--seconds", "0", "--seed", "2", "--operations", "300")
                #expect(other.ended == .status(0) && other.output != first.output)
                let unfinished = try await run(
                    rig,
                    "soak",
                    "--seconds",
                    "0",
                    "--seed",
                    "1",
                    "--operations",
                    "300",
                    "--until-operations",
                    "1000000"
                )
                let json = try await run(rig, "soak", "--seconds", "0", "--seed", "2", "--operations", "300", "--json")
                #expect(json.output.hasPrefix("{\"runs\":1,") && json.output.contains("\"faults_by_kind\":{\"stall\":"), "\(json.output)")
                #expect(unfinished.ended == .status(1) && unfinished.errors.contains("1000000 were asked for"), "\(unfinished.errorTail)")
            }
        }

        struct Mistake: CustomTestStringConvertible, Sendable {
            let testDescription: String
            /// `TEXT` stands for a file that is no volume, `BLANK` for one of zeros.
            let arguments: [String]
            let status: Int32
            let says: [String]
        }

        static let mistakes =
            ["inspect", "verify", "rebuild", "reuse"].flatMap { command in
                [
                    Mistake(
                        testDescription: "\(command) of a volume that is not there",
                        arguments: [command, "/nowhere/volume"],
                        status: 1,
                        says: ["/nowhere/volume", "No such file"]
                    ),
                    Mistake(
                        testDescription: "\(command) of something else",
                        arguments: [command, "TEXT"],
                        status: 1,
                        says: ["text"]
                    ),
                    Mistake(testDescription: "\(command) of zeros", arguments: [command, "BLANK"], status: 1, says: ["blank"]),
                    Mistake(testDescription: "\(command) of nothing", arguments: [command], status: 64, says: ["volume"]),
                ]
            } + [
                Mistake(testDescription: "an unknown command", arguments: ["verfy", "TEXT"], status: 64, says: ["verfy"]),
                Mistake(
                    testDescription: "a stripe that is no number",
                    arguments: ["inspect", "TEXT", "--stripe", "one"],
                    status: 64,
                    says: ["--stripe", "one"]
                ),
                Mistake(testDescription: "soak without a time", arguments: ["soak"], status: 64, says: ["--seconds"]),
                Mistake(
                    testDescription: "a time before now",
                    arguments: ["soak", "--seconds=-1"],
                    status: 64,
                    says: ["--seconds must be a number from 0 on"]
                ),
                Mistake(
                    testDescription: "a harshness that there is not",
                    arguments: ["soak", "--seconds", "0", "--harshest", "rude"],
                    status: 64,
                    says: ["--harshest is 'rude'", "calm, crashing, failing or lying"]
                ),
                Mistake(
                    testDescription: "runs of nothing",
                    arguments: ["soak", "--seconds", "0", "--operations", "0"],
                    status: 64,
                    says: ["--operations must be at least 1"]
                ),
            ]

        @Test("A mistake is answered with a message and a status, and the file stays as it is", arguments: mistakes)
        func mistake(mistake: Mistake) async throws {
            try await Rig.run { rig in
                let text = try rig.write("text", String(repeating: "not a volume\n", count: 10_000))
                let blank = rig.folder.file("blank")
                try Data(count: 1 << 20).write(to: URL(fileURLWithPath: blank))
                let arguments = mistake.arguments.map { $0 == "TEXT" ? text : $0 == "BLANK" ? blank : $0 }
                let process = try await rig.run(try Program.gyre(), ["store"] + arguments)
                #expect(process.ended == .status(mistake.status))
                #expect(process.output.isEmpty, "messages belong on standard error")
                for word in mistake.says { #expect(process.errors.contains(word), "\(word) is not in: \(process.errorTail)") }
                #expect(FileManager.default.contents(atPath: blank) == Data(count: 1 << 20))
                #expect(FileManager.default.contents(atPath: text)?.count == 130_000)
            }
        }
    }
}
