// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Testing

@testable import GyreConfiguration

struct SourceProblemTests {
    @Test(arguments: [
        ("GYRE_SERVER_LISTN", #"GYRE_SERVER_LISTN: warning: no setting has this name; did you mean "GYRE_SERVER_LISTEN"?"#),
        ("GYRE_WORKERS", #"GYRE_WORKERS: warning: no setting has this name; did you mean "GYRE_SERVER_WORKERS"?"#),
        ("GYRE_server_listen", #"GYRE_server_listen: warning: no setting has this name; did you mean "GYRE_SERVER_LISTEN"?"#),
        ("GYRE_LISTEN", "GYRE_LISTEN: warning: no setting has this name"),
        ("GYRE_SERVICE_HOST", "GYRE_SERVICE_HOST: warning: no setting has this name"),
        ("GYRE_", "GYRE_: warning: no setting has this name"),
        ("GYRE_A\u{1B}B", #"GYRE_A\u{1b}B: warning: no setting has this name"#),
    ])
    func anUnknownVariableIsAWarning(name: String, expected: String) {
        let (_, problems) = resolve(commandLine: LoadingTests.origin, environment: home.merging([name: "x"]) { $1 })
        #expect(problems.map { $0.render() } == [expected])
        #expect(problems.map(\.severity) == [.warning])
    }

    @Test func variablesOfOthersAreNotLookedAt() {
        #expect(
            resolve(commandLine: LoadingTests.origin, environment: home.merging(["GYRATE": "1", "PATH": "/bin"]) { $1 }).problems.isEmpty
        )
    }

    @Test func aWrongValueNamesItsSource() {
        let (_, problems) = resolve(
            commandLine: LoadingTests.origin.merging(["server.workers": "300", "volume.membufs": "1", "servr.workers": "1"]) { $1 },
            environment: home.merging(["GYRE_SERVER_MAX_FIELDS": ""]) { $1 }
        )
        #expect(
            problems.map { $0.render() } == [
                #"GYRE_SERVER_MAX_FIELDS: server.max-fields: "" is not a count; write a whole number (8 to 4096)"#,
                #"--workers: server.workers: "300" is too large; allowed: 1 to 256"#,
                #"command line: servr.workers: unknown setting; did you mean "server.workers"?"#,
                #"command line: volume.membufs: "1" is too small; allowed: 2 to 256"#,
            ]
        )
    }

    @Test func aWrongValueIsFoundEvenWhereAStrongerSourceHidesIt() {
        let (settings, problems) = resolve(
            commandLine: LoadingTests.origin.merging(["memory.size": "1GiB"]) { $1 },
            environment: home.merging(["GYRE_MEMORY_SIZE": "huge"]) { $1 },
            file: "memory:\n  size: tiny"
        )
        #expect(settings.memory.size == .gib(1))
        #expect(problems.map(\.source) == [.file(path: "gyre.yaml", line: 2, column: 9), .environment(name: "GYRE_MEMORY_SIZE")])
    }

    @Test(arguments: [
        (
            "server: {max-head: 1KiB}",
            "gyre.yaml:1:20: server.max-head: a head of 1KiB cannot hold a request line of 16KiB; "
                + "rule head-holds-request-line: server.max-head is at least server.max-request-line"
        ),
        (
            "server: {max-request-line: 1MiB}",
            "gyre.yaml:1:28: server.max-request-line: a head of 64KiB cannot hold a request line of 1MiB; "
                + "rule head-holds-request-line: server.max-head is at least server.max-request-line"
        ),
        (
            "memory: {size: 1MiB}",
            "gyre.yaml:1:16: memory.size: a memory of 1MiB holds 1 stripe of 1MiB, and 4 are needed; "
                + "rule memory-holds-stripes: memory.size is at least 4 times volume.stripe-size"
        ),
        (
            "volume: {size: 16MiB, stripe-size: 4MiB}",
            "gyre.yaml:1:16: volume.size: a volume of 16MiB holds 4 stripes of 4MiB, and 8 are needed; "
                + "rule volume-holds-stripes: volume.size is at least 8 times volume.stripe-size"
        ),
        (
            "volume: {size: 32MiB, membufs: 33}",
            "gyre.yaml:1:32: volume.membufs: 33 membufs are more than the 32 stripes of a volume of 32MiB; "
                + "rule volume-holds-membufs: volume.size is at least volume.membufs times volume.stripe-size"
        ),
        (
            "admin: {listen: 127.0.0.1:8080}",
            "gyre.yaml:1:17: admin.listen: clients and the admin pages cannot share 127.0.0.1:8080; "
                + "rule listen-addresses-differ: server.listen and admin.listen are not the same address, unless the port is 0"
        ),
    ])
    func settingsThatDoNotAgreeAreAProblem(file: String, expected: String) {
        let rendered = problems(inFile: file)
        #expect(rendered.first == expected)
        #expect(rendered.allSatisfy { $0.contains("; rule ") })
    }

    @Test(arguments: [
        "server: {max-head: 16KiB}", "server: {max-request-line: 64KiB}", "memory: {size: 4MiB}", "volume: {size: 8MiB}",
        "volume: {path: none, size: 8MiB, stripe-size: 16MiB}", "volume: {path: none}\nmemory: {size: 1MiB}",
        "volume: {size: 32MiB, membufs: 32}", "admin: {listen: \":0\"}\nserver: {listen: \":0\"}",
        "admin: {listen: none}", "admin: {listen: localhost:8080}",
    ])
    func settingsAtTheEdgeOfARuleAgree(file: String) {
        #expect(problems(inFile: file) == [])
    }

    @Test func aRuleIsNotCheckedOnAWrongValue() {
        #expect(problems(inFile: "volume: {size: 1KiB, stripe-size: 16MiB}\nmemory: {size: 64MiB}").count == 1)
    }
}
