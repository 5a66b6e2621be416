// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Foundation
import Testing

@testable import GyreConfiguration

struct LoadingTests {
    static let origin = ["origin.url": "http://origin.example:9000"]

    @Test func withOnlyAnOriginEverySettingHasItsDefault() async throws {
        let settings = try await GyreSettings.load(commandLine: Self.origin, environment: home, file: nil, availableCores: 6)
        #expect(settings.origin.url == OriginURL(scheme: .http, host: "origin.example", port: 9000))
        #expect(settings.origin.connectTimeout == .seconds(5))
        #expect(settings.origin.readTimeout == .seconds(60))
        #expect(settings.origin.connections == 256)
        #expect(settings.server.listen == ListenAddress(host: "127.0.0.1", port: 8080))
        #expect(settings.server.workers == 6)
        #expect(settings.server.maxRequestLine == .kib(16))
        #expect(settings.server.maxHead == .kib(64))
        #expect(settings.server.maxFields == 128)
        #expect(settings.server.maxBody == nil)
        #expect(settings.server.headerTimeout == .seconds(10))
        #expect(settings.server.bodyTimeout == .seconds(60))
        #expect(settings.server.idleTimeout == .seconds(75))
        #expect(settings.server.writeTimeout == .seconds(60))
        #expect(settings.server.drainTimeout == .seconds(10))
        #expect(settings.admin.listen == ListenAddress(host: "127.0.0.1", port: 9180))
        #expect(settings.memory.size == .mib(256))
        #expect(settings.volume.location == .file("/home/gyre/.cache/gyre/volume.gyre"))
        #expect(settings.volume.size == .gib(1))
        #expect(settings.volume.stripeSize == .mib(1))
        #expect(settings.volume.membufs == 8)
        #expect(settings.volume.ioThreads == 4)
        #expect(settings.volume.directIO == .auto)
        #expect(settings.cache.heuristicFraction == 0.1)
        #expect(settings.cache.heuristicMax == .days(1))
        #expect(settings.cache.maxObjectSize == .gib(1))
        #expect(settings.log.access == .standardOutput)
        #expect(settings.log.format == .combined)
        #expect(settings.log.level == .info)
        #expect(settings.warnings.isEmpty)
    }

    @Test func whatWasTakenOverIsWhatStays() {
        let started = resolve(file: "origin: {url: http://a.example}").settings
        let running = started.takingOver(resolve(file: "origin: {url: http://b.example}\ncache: {jitter: 0.5}").settings)
        #expect(running.origin.url?.host == "b.example" && running.cache.jitter == 0)
        let none = resolve(file: "origin: {url: none}\nforward: {enabled: true}").settings
        #expect(none.needingRestart(after: running).first?.render().hasSuffix("until then it stays \"http://b.example\"") == true)
        #expect(running.takingOver(none).origin.url?.host == "b.example")
    }

    @Test func everySettingThatIsTakenOverIsInTheTable() {
        for key in GyreSettings.reloaded { #expect(SettingsTable.setting(key) != nil) }
    }

    @Test(arguments: [
        ("origins: {a: 'http://b'}", []),
        ("origin:\n  url: http://other.example", []),
        ("cache: {max-ttl: 365d}", []),
        (
            "cache:\n  max-ttl: 1h\n  jitter: 0.5",
            [
                "gyre.yaml:2:12: warning: cache.max-ttl: \"1h\" needs a restart; until then it stays \"365d\"",
                "gyre.yaml:3:11: warning: cache.jitter: \"0.5\" needs a restart; until then it stays \"0\"",
            ]
        ),
        (
            "origin:\n  url: none\nforward:\n  enabled: true",
            [
                "gyre.yaml:2:8: warning: origin.url: \"none\" needs a restart; until then it stays \"http://origin.example:9000\"",
                "gyre.yaml:4:12: warning: forward.enabled: \"true\" needs a restart; until then it stays \"false\"",
            ]
        ),
    ])
    func whatARunningServerCannotTakeOverIsNamedWithItsPlace(file: String, expected: [String]) {
        let started = resolve(file: "origin: {url: http://origin.example:9000}").settings
        let own = file.contains("url:") ? [:] : Self.origin
        #expect(resolve(commandLine: own, file: file).settings.needingRestart(after: started).map { $0.render() } == expected)
    }

    @Test(arguments: [
        (["flag", "environment", "file"], ":1", SettingSource.commandLine(flag: "--listen")),
        (["flag", "file"], ":1", .commandLine(flag: "--listen")),
        (["flag"], ":1", .commandLine(flag: "--listen")),
        (["environment", "file"], ":2", .environment(name: "GYRE_SERVER_LISTEN")),
        (["environment"], ":2", .environment(name: "GYRE_SERVER_LISTEN")),
        (["file"], ":3", .file(path: "gyre.yaml", line: 2, column: 11)),
        ([], "127.0.0.1:8080", .defaultValue),
    ])
    func theStrongestSourceWins(given: [String], value: String, source: SettingSource) {
        let (settings, problems) = resolve(
            commandLine: given.contains("flag") ? Self.origin.merging(["server.listen": ":1"]) { $1 } : Self.origin,
            environment: given.contains("environment") ? home.merging(["GYRE_SERVER_LISTEN": ":2"]) { $1 } : home,
            file: given.contains("file") ? "server:\n  listen: :3\n" : nil
        )
        #expect(settings.server.listen.description == value)
        #expect(settings.source(of: "server.listen") == source)
        #expect(problems.isEmpty)
    }

    @Test func sourcesMixSettingBySetting() {
        let (settings, problems) = resolve(
            commandLine: Self.origin.merging(["memory.size": "1GiB"]) { $1 },
            environment: home.merging(["GYRE_LOG_LEVEL": "debug", "GYRE_SERVER_MAX_BODY": "10MB"]) { $1 },
            file: """
                volume: {path: none, direct-io: true}
                cache.heuristic-fraction: 0.25
                log:
                  access: "-"   # standard output
                  format: json
                """
        )
        #expect(problems.isEmpty)
        #expect(settings.memory.size == .gib(1))
        #expect(settings.log.level == .debug)
        #expect(settings.server.maxBody == ByteSize(bytes: 10_000_000))
        #expect(settings.volume.location == .memoryOnly)
        #expect(settings.volume.directIO == .on)
        #expect(settings.cache.heuristicFraction == 0.25)
        #expect(settings.log.access == .standardOutput)
        #expect(settings.log.format == .json)
        #expect(settings.source(of: "cache.heuristic-fraction") == .file(path: "gyre.yaml", line: 2, column: 27))
        #expect(settings.source(of: "no.such") == nil)
    }

    @Test(arguments: [
        ("", 0), ("# nothing\n", 0), ("---\n", 0), ("server:\n", 0), ("~", 0),
        ("{\"server\": {\"listen\": \":3\"}}", 1), ("server.listen: :3", 1), ("server:\n  listen: ':3'\nlog:\n  level: debug\n", 2),
        ("\u{FEFF}server:\n  listen: :3\n", 1), ("server:\r\n  listen: :3\r\n", 1), ("base: &a :3\n", 0),
    ])
    func readsYAMLAndJSONAndEmptyFiles(text: String, count: Int) {
        #expect(SettingsFile(path: "gyre.yaml", text: text).entries.count == count)
    }

    @Test(arguments: [
        (["HOME": "/h"], "/h/.cache/gyre/volume.gyre"),
        (["HOME": "/h", "XDG_CACHE_HOME": "/c"], "/c/gyre/volume.gyre"),
        (["XDG_CACHE_HOME": "/c"], "/c/gyre/volume.gyre"),
        (["HOME": "/h", "XDG_CACHE_HOME": "relative"], "/h/.cache/gyre/volume.gyre"),
        (["HOME": "/h", "XDG_CACHE_HOME": ""], "/h/.cache/gyre/volume.gyre"),
    ])
    func theVolumeLivesInTheUsersCacheFolder(environment: [String: String], path: String) {
        #expect(resolve(commandLine: Self.origin, environment: environment).settings.volume.location == .file(path))
    }

    @Test(arguments: [
        ("/a", [VolumePlace(path: "/a")]),
        ("/a:10GiB", [VolumePlace(path: "/a", size: .gib(10))]),
        ("/a:10GiB:3,/dev/sdb", [VolumePlace(path: "/a", size: .gib(10), weight: 3), VolumePlace(path: "/dev/sdb")]),
        ("/a:b, /c", [VolumePlace(path: "/a:b"), VolumePlace(path: "/c")]),
    ])
    func severalVolumesHaveSizesAndWeights(text: String, places: [VolumePlace]) throws {
        let (settings, problems) = resolve(commandLine: Self.origin.merging(["volume.path": text]) { $1 })
        #expect(problems.isEmpty && settings.volume.location == .volumes(places))
        let written = try #require(SettingsTable.settings.first { $0.key == "volume.path" }).format(settings)
        #expect(resolve(commandLine: Self.origin.merging(["volume.path": written]) { $1 }).settings.volume.location == .volumes(places))
    }

    @Test func volumesAreAListInAFileToo() {
        let (settings, problems) = resolve(commandLine: Self.origin, file: "volume:\n  path:\n    - /a:10GiB\n    - ~/b\n")
        #expect(problems.isEmpty)
        #expect(settings.volume.location == .volumes([VolumePlace(path: "/a", size: .gib(10)), VolumePlace(path: "/home/gyre/b")]))
        #expect(settings.source(of: "volume.path") == .file(path: "gyre.yaml", line: 3, column: 7))
    }

    @Test(
        arguments: [
            ("/a,/b,/a", "a volume is named twice"), ("/a:1MiB", "a volume has 8MiB at least and 256TiB at most"), ("/a,,/b", nil),
            ("", nil),
        ] as [(String, String?)]
    )
    func volumesThatMakeNoSenseAreRefused(text: String, reason: String?) throws {
        let problems = resolve(commandLine: Self.origin.merging(["volume.path": text]) { $1 }).problems
        let problem = try #require(problems.first)
        #expect(problem.key == "volume.path")
        if let reason { #expect(problem.render().contains(reason)) }
    }

    @Test func aTildeInAPathIsTheHomeFolder() {
        let file = "volume: {path: ~/v.gyre}\nlog: {access: ~/access.log}"
        let settings = resolve(commandLine: Self.origin, file: file).settings
        #expect(settings.volume.location == .file("/home/gyre/v.gyre"))
        #expect(settings.log.access == .file("/home/gyre/access.log"))
        #expect(
            resolve(commandLine: Self.origin, environment: ["XDG_CACHE_HOME": "/c"], file: "volume: {path: ~/v}").problems.map {
                $0.render()
            }
                == [
                    #"gyre.yaml:1:16: volume.path: "~/v" is not allowed: HOME is not set, so there is no ~; write the path of a file or "#
                        + "device, :SIZE and :WEIGHT after it if needed, a comma between several, or none"
                ]
        )
    }

    @Test(arguments: [(0, 1), (1, 1), (64, 64), (1000, 256)])
    func autoIsOneWorkerForEachCoreWithinTheRange(cores: Int, workers: Int) {
        #expect(resolve(commandLine: Self.origin, cores: cores).settings.server.workers == workers)
    }

    @Test func theMachineHasACore() {
        #expect(ProcessorCores.available() >= 1)
    }

    @Test func aRealFileIsLoadedAndItsPathNamed() async throws {
        try await withFile("origin:\n  url: http://a.example\n".utf8) { path in
            let settings = try await GyreSettings.load(environment: home, file: path)
            #expect(settings.origin.url?.host == "a.example")
            #expect(settings.source(of: "origin.url") == .file(path: path, line: 2, column: 8))
        }
    }

    @Test func everyProblemOfEverySourceIsThrownTogether() async throws {
        try await withFile("server:\n  listn: :1\nvolume:\n  size: big\n".utf8) { path in
            let error = await #expect(throws: ConfigurationError.self) {
                try await GyreSettings.load(
                    commandLine: ["memory.size": "1KiB"],
                    environment: ["GYRE_LOG_LEVEL": "loud", "GYRE_LOG_LEVL": "info"],
                    file: path
                )
            }
            let expected = """
                \(path):2:3: server.listn: unknown setting; did you mean "server.listen"?
                \(path):4:9: volume.size: "big" is not a size; write a number with KiB, MiB, GiB or TiB, for example 10GiB (at least 8MiB)
                GYRE_LOG_LEVEL: log.level: "loud" is not a log level; write trace, debug, info, notice, warning, error or critical
                GYRE_LOG_LEVL: warning: no setting has this name; did you mean "GYRE_LOG_LEVEL"?
                --memory: memory.size: "1KiB" is too small; allowed: 1MiB to 256TiB
                origin.url: not set; give --origin URL, set GYRE_ORIGIN_URL, or write origin.url in the settings file
                volume.path: not set, and without XDG_CACHE_HOME or HOME there is no default; give --volume PATH[:SIZE[:WEIGHT]], set GYRE_VOLUME_PATH, or \
                write volume.path in the settings file
                """
            #expect(error?.render() == expected)
            #expect(error.map { "\($0)" } == expected)
        }
    }

    @Test func warningsDoNotStopTheProgram() async throws {
        let settings = try await GyreSettings.load(
            commandLine: Self.origin,
            environment: home.merging(["GYRE_PORT": "tcp://10.0.0.1:80"]) { $1 },
            file: nil
        )
        #expect(settings.warnings.map { $0.render() } == ["GYRE_PORT: warning: no setting has this name"])
    }

    @Test func describeShowsEverySettingWithItsSource() {
        let (settings, _) = resolve(
            commandLine: ["origin.url": "http://origin.example", "cache.heuristic-max": "2h"],
            environment: home.merging(["GYRE_MEMORY_SIZE": "1024MiB"]) { $1 },
            file: "admin:\n  listen: none\nvolume:\n  path: \"/tmp/\\e[31m\"\n",
            cores: 3
        )
        let lines = settings.describe().split(separator: "\n").map { $0.split(separator: " ", omittingEmptySubsequences: true) }
        #expect(lines.map { $0.first.map(String.init) } == SettingsTable.settings.map(\.key))
        let rows = Set(lines.map { $0.joined(separator: " ") })
        for row in [
            "origin.url http://origin.example --origin", "cache.heuristic-max 2h command line", "memory.size 1GiB GYRE_MEMORY_SIZE",
            "admin.listen none gyre.yaml:2", "server.workers 3 default", "server.max-body unlimited default", "log.access - default",
            "volume.path /tmp/\\u{1b}[31m gyre.yaml:4", "cache.heuristic-fraction 0.1 default",
        ] {
            #expect(rows.contains(row))
        }
        #expect(settings.describe().hasPrefix("origin.url                    http://origin.example "))
    }
}
