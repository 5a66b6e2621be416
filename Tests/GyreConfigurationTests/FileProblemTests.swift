// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Foundation
import Testing

@testable import GyreConfiguration

struct FileProblemTests {
    @Test(arguments: [
        ("server:\n  listn: :1", [#"gyre.yaml:2:3: server.listn: unknown setting; did you mean "server.listen"?"#]),
        ("server:\n  max_head: 64KiB", [#"gyre.yaml:2:3: server.max_head: unknown setting; did you mean "server.max-head"?"#]),
        ("workers: 4", [#"gyre.yaml:1:1: workers: unknown setting; did you mean "server.workers"?"#]),
        ("serer:\n  listen: :1", [#"gyre.yaml:1:1: serer: unknown section; did you mean "server"?"#]),
        ("listen: :1", ["gyre.yaml:1:1: listen: unknown setting"]),
        ("plugins:\n  a: {b: c}", ["gyre.yaml:1:1: plugins: unknown section"]),
        ("server:\n  tls:\n    key: k", ["gyre.yaml:2:3: server.tls: unknown section"]),
        ("\"bad\\nname\": 1", [#"gyre.yaml:1:1: bad\u{a}name: unknown setting"#]),
        ("<<: {a: 1}", ["gyre.yaml:1:1: <<: unknown section"]),
    ])
    func namesTheNearestKnownSetting(text: String, expected: [String]) {
        #expect(problems(inFile: text) == expected)
    }

    @Test(arguments: [
        (
            "volume:\n  size: 10GB1",
            #"gyre.yaml:2:9: volume.size: "10GB1" is not a size; "#
                + "write a number with KiB, MiB, GiB or TiB, for example 10GiB (at least 8MiB)"
        ),
        (
            "volume: {size: 10G}",
            #"gyre.yaml:1:16: volume.size: "10G" is not a size; write a number with KiB, MiB, GiB or TiB, for example 10GiB "#
                + #"(at least 8MiB); did you mean "10GiB"?"#
        ),
        ("volume:\n  size: 4MiB", #"gyre.yaml:2:9: volume.size: "4MiB" is too small; allowed: 8MiB to 256TiB"#),
        ("volume:\n  size: 999999999TiB", #"gyre.yaml:2:9: volume.size: "999999999TiB" is too large; allowed: 8MiB to 256TiB"#),
        ("cache: {max-object-size: 1B}", #"gyre.yaml:1:26: cache.max-object-size: "1B" is too small; allowed: 1KiB to 256TiB"#),
        (
            "server:\n  max-body: none",
            #"gyre.yaml:2:13: server.max-body: "none" is not a size; "#
                + "write a number with KiB, MiB, GiB or TiB, for example 10GiB, or unlimited"
        ),
        (
            "volume:\n  stripe-size: 768KiB",
            #"gyre.yaml:2:16: volume.stripe-size: "768KiB" is not allowed: it is not a power of two; "#
                + "write a number with KiB, MiB, GiB or TiB, for example 10GiB (256KiB to 16MiB, a power of two)"
        ),
        (
            "volume:\n  stripe-size: 32MiB",
            #"gyre.yaml:2:16: volume.stripe-size: "32MiB" is too large; allowed: 256KiB to 16MiB"#
        ),
        (
            "origin:\n  read-timeout: 60",
            #"gyre.yaml:2:17: origin.read-timeout: "60" is not allowed: it has no unit; "#
                + #"write a number with ms, s, m, h or d, for example 5s (1ms to 1d); did you mean "60s"?"#
        ),
        ("server: {idle-timeout: 0s}", #"gyre.yaml:1:24: server.idle-timeout: "0s" is too small; allowed: 1ms to 1d"#),
        ("server:\n  workers: 0", #"gyre.yaml:2:12: server.workers: "0" is too small; allowed: 1 to 256"#),
        ("server:\n  workers: 2.5", #"gyre.yaml:2:12: server.workers: "2.5" is not a count; write a whole number, or auto (1 to 256)"#),
        (
            "server:\n  listen: 8080",
            #"gyre.yaml:2:11: server.listen: "8080" is not allowed: it has no colon; "#
                + #"write host:port, [v6]:port or :port, for example 127.0.0.1:8080; did you mean ":8080"?"#
        ),
        (
            "cache:\n  heuristic-fraction: 10%",
            #"gyre.yaml:2:23: cache.heuristic-fraction: "10%" is not a fraction; write a decimal number, for example 0.25 (0 to 1)"#
        ),
        ("cache:\n  heuristic-fraction: 1.5", #"gyre.yaml:2:23: cache.heuristic-fraction: "1.5" is too large; allowed: 0 to 1"#),
        ("volume:\n  sparse: yes", #"gyre.yaml:2:11: volume.sparse: "yes" is not a boolean; write true or false"#),
        (
            "volume:\n  sparse: True",
            #"gyre.yaml:2:11: volume.sparse: "True" is not a boolean; write true or false; did you mean "true"?"#
        ),
        ("log:\n  format: xml", #"gyre.yaml:2:11: log.format: "xml" is not an access log format; write combined or json"#),
        (
            "log:\n  level: warn",
            #"gyre.yaml:2:10: log.level: "warn" is not a log level; "#
                + #"write trace, debug, info, notice, warning, error or critical; did you mean "warning"?"#
        ),
        (
            "log:\n  access: ''",
            #"gyre.yaml:2:11: log.access: "" is not a path; write the path of a file, "-" for standard output, or none"#
        ),
        (
            "origin:\n  url: localhost:9000",
            #"gyre.yaml:2:8: origin.url: "localhost:9000" is not allowed: it has no scheme; "#
                + "write http:// or https:// with a host and, if needed, a port, for example http://127.0.0.1:9000, or none; "
                + #"did you mean "http://localhost:9000"?"#
        ),
        (
            "forward:\n  clients: [10.0.0.0/8, 10.0.0.0/33]",
            #"gyre.yaml:2:13: forward.clients: "10.0.0.0/8\u{a}10.0.0.0/33" is not allowed: "10.0.0.0/33" has no length from 0 to 32; "#
                + "write addresses separated by commas, for example 10.0.0.0/8, ::1, or none"
        ),
        (
            "forward:\n  connect-ports: 443, 70000",
            #"gyre.yaml:2:18: forward.connect-ports: "443, 70000" is not allowed: "70000" is neither a port nor a range of ports "#
                + "from 1 to 65535; write ports separated by commas, for example 443, 8443, or none"
        ),
        (
            "forward:\n  deny-hosts: a*.example.org",
            #"gyre.yaml:2:15: forward.deny-hosts: "a*.example.org" is not allowed: "a*.example.org" is neither a host nor *. "#
                + "and a domain; write hosts separated by commas, for example example.org, *.example.org, or none"
        ),
    ])
    func saysWhatIsWrongWithAValueAndWhatIsAllowed(text: String, expected: String) {
        #expect(problems(inFile: text) == [expected])
    }

    @Test func aPasswordInAnOriginIsNotRepeated() {
        let rendered = problems(inFile: "origin:\n  url: http://user:secret@example.org").joined()
        #expect(rendered.contains(#""http://…@example.org" is not allowed: it has a user name"#))
        #expect(!rendered.contains("secret"))
    }

    @Test(arguments: [
        (
            "server:\n  listen:\n",
            "gyre.yaml:2:10: server.listen: no value; write host:port, [v6]:port or :port, for example 127.0.0.1:8080"
        ),
        ("server:\n  workers: null", "gyre.yaml:2:12: server.workers: no value; write a whole number, or auto"),
        ("server:\n  workers: [1, 2]", "gyre.yaml:2:12: server.workers: a list, and not one value; write a whole number, or auto"),
        ("server:\n  workers: {a: 1}", "gyre.yaml:2:12: server.workers: a section, and not one value; write a whole number, or auto"),
        ("memory: 1GiB", "gyre.yaml:1:9: memory: a section, and not one setting; its settings are memory.size"),
        ("log: [a]", "gyre.yaml:1:6: log: a section, and not one setting; its settings are log.access, log.format, log.level"),
        ("[a, b]: 1", "gyre.yaml:1:1: a list or section where the name of a setting belongs"),
        ("just words", "gyre.yaml:1:1: not a list of settings; write sections with settings, for example server: {listen: :8080}"),
        ("- a\n- b", "gyre.yaml:1:1: not a list of settings; write sections with settings, for example server: {listen: :8080}"),
    ])
    func saysWhenTheShapeIsWrong(text: String, expected: String) {
        #expect(problems(inFile: text) == [expected])
    }

    @Test(arguments: [
        ("server:\n  listen: :1\n  listen: :2", ["gyre.yaml:3:3: server.listen: written twice; first on line 2"]),
        (
            "server:\n  listen: :1\n  listen: :2\n  listen: :3",
            [
                "gyre.yaml:3:3: server.listen: written twice; first on line 2",
                "gyre.yaml:4:3: server.listen: written twice; first on line 2",
            ]
        ),
        ("server: {workers: 1}\nserver: {max-fields: 99}", ["gyre.yaml:2:1: server: written twice; first on line 1"]),
        ("server.listen: :1\nserver:\n  listen: :2", ["gyre.yaml:3:3: server.listen: written twice; first on line 1"]),
        ("server:\n  \"listen\": :1\n  'listen': :2", ["gyre.yaml:3:3: server.listen: written twice; first on line 2"]),
        ("server: {workers: 1, workers: 2}", ["gyre.yaml:1:22: server.workers: written twice; first on line 1"]),
        ("\r\nserver:\r\n  workers: 1\r\n  workers: 2\r\n", ["gyre.yaml:4:3: server.workers: written twice; first on line 3"]),
        (
            "server:\n  listen: :1\n  listen: :2\n  listn: 1\nlog:\n  level: loud\nlog:\n  format: json",
            [
                "gyre.yaml:3:3: server.listen: written twice; first on line 2",
                #"gyre.yaml:4:3: server.listn: unknown setting; did you mean "server.listen"?"#,
                #"gyre.yaml:6:10: log.level: "loud" is not a log level; write trace, debug, info, notice, warning, error or critical"#,
                "gyre.yaml:7:1: log: written twice; first on line 5",
            ]
        ),
        ("x: 1\nx: 2", ["gyre.yaml:1:1: x: unknown setting", "gyre.yaml:2:1: x: unknown setting"]),
        ("server:\n  \"l\\x69sten\": :1\n  listen: :2", ["gyre.yaml:2:3: listen: written twice"]),
    ])
    func findsWhatIsWrittenTwiceAndGoesOn(text: String, expected: [String]) {
        #expect(problems(inFile: text) == expected)
    }

    @Test(arguments: [
        (
            "server:\n  listen: \"unclosed\n",
            "gyre.yaml:3:1: not valid YAML: found unexpected end of stream (while scanning a quoted scalar, line 2)"
        ),
        (
            "server:\n\tlisten: :1",
            "gyre.yaml:2:1: not valid YAML: found character that cannot start any token (while scanning for the next token, line 2)"
        ),
        ("server: *nowhere", "gyre.yaml:1:9: not valid YAML: found undefined alias"),
        (
            "server:\n  listen: [::1]:8080\n",
            "gyre.yaml:2:12: not valid YAML: did not find expected node content (while parsing a flow node, line 2); "
                + #"write an address in brackets in quotes: "[::1]:8080""#
        ),
        (
            "log:\n  access: -\n",
            #"gyre.yaml:2:11: not valid YAML: block sequence entries are not allowed in this context; write the dash in quotes: "-""#
        ),
        (
            "a: 1\n---\nb: 2\n",
            "gyre.yaml:2:1: not valid YAML: but found another document (expected a single document in the stream, line 1)"
        ),
        ("server: 1\n# \u{7}\n", "gyre.yaml:2:3: not valid YAML: control characters are not allowed"),
    ])
    func saysWhereAFileIsNoYAML(text: String, expected: String) {
        #expect(problems(inFile: text) == [expected])
    }

    @Test func theOtherSourcesAreCheckedEvenWhenTheFileIsNoYAML() {
        let rendered = problems(inFile: "server: *nowhere", commandLine: ["memory.size": "1B"])
        #expect(rendered.count == 3)
        #expect(rendered.last?.hasPrefix("origin.url: not set") == true)
    }

    @Test func aDeepFileIsRefusedAndDoesNotExhaustTheStack() async throws {
        try await withFile((String(repeating: "[", count: 100_000)).utf8) { path in
            let problems = ConfigurationCheck.check(file: path)
            #expect(problems.first?.reason == .syntax)
        }
    }

    @Test func aFileOfProblemsIsCutOff() {
        let text = (1...300).map { "zz\($0): 1\n" }.joined()
        let rendered = problems(inFile: text)
        #expect(rendered.count == SettingLimits.maxFileProblems + 1)
        #expect(rendered.last == "gyre.yaml:101:1: more than 100 problems; the rest is not shown")
        let repeated = String(repeating: "server: {}\n", count: 300)
        #expect(problems(inFile: repeated) == ["gyre.yaml:101:1: server: written twice"])
    }

    @Test func whatCannotBeReadIsSaid() async throws {
        let missing = ConfigurationCheck.check(file: "/nonexistent/gyre.yaml").map { $0.render() }
        #expect(missing.first == "/nonexistent/gyre.yaml: cannot be read: No such file or directory")
        #expect(ConfigurationCheck.check(file: "/").first?.render() == "/: cannot be read: Is a directory")
        #expect(ConfigurationCheck.check(file: "/dev/zero").first?.render() == "/dev/zero: larger than 1MiB, so it is no settings file")
        try await withFile(Array("log:\n  level: ".utf8) + [0xFF, 0x0A]) { path in
            #expect(ConfigurationCheck.check(file: path).first?.render() == "\(path):2: not UTF-8")
        }
        try await withFile([UInt8](repeating: 0x0A, count: SettingLimits.maxFileBytes)) { path in
            #expect(ConfigurationCheck.check(file: path).map(\.reason) == [.missing])
        }
    }

    @Test func aFileCheckedAloneMayLeaveTheOriginToAFlag() async throws {
        try await withFile("server:\n  listen: :1\n".utf8) { path in
            let problems = ConfigurationCheck.check(file: path)
            #expect(problems.map(\.severity) == [.warning])
            #expect(
                problems.map { $0.render() }
                    == [
                        "\(path): warning: origin.url: not set; give --origin URL, set GYRE_ORIGIN_URL, or write origin.url in the settings file"
                    ]
            )
            #expect(ConfigurationCheck.check(file: path, environment: ["GYRE_ORIGIN_URL": "http://a"]).isEmpty)
            #expect(ConfigurationCheck.check(file: path, commandLine: ["origin.url": "http://a"]).isEmpty)
        }
    }

    @Test func aForwardProxyNeedsNoOriginAndWithoutOneThereMustBeAForwardProxy() {
        let forward = ["forward.enabled": "true"]
        #expect(problems(inFile: "server:\n  workers: 1", commandLine: forward).isEmpty)
        #expect(problems(inFile: "origin:\n  url: none", commandLine: forward).isEmpty)
        let rule = "rule origin-or-forward: origin.url is a URL, or forward.enabled is true"
        #expect(
            problems(inFile: "origin:\n  url: none", commandLine: [:])
                == ["gyre.yaml:2:8: origin.url: there is neither an origin nor a forward proxy; \(rule)"]
        )
    }

    @Test func aProblemCarriesItsParts() throws {
        let problem = try #require(resolve(commandLine: LoadingTests.origin, file: "volume: {size: 10G}").problems.first)
        #expect(problem.reason == .invalidValue)
        #expect(problem.severity == .error)
        #expect(problem.source == .file(path: "gyre.yaml", line: 1, column: 16))
        #expect(problem.line == 1 && problem.column == 16)
        #expect(problem.key == "volume.size")
        #expect(problem.value == "10G")
        #expect(problem.text == #""10G" is not a size"#)
        #expect(problem.allowed == "write a number with KiB, MiB, GiB or TiB, for example 10GiB (at least 8MiB)")
        #expect(problem.suggestion == "10GiB")
    }
}
