// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Testing

@testable import GyreConfiguration

struct SettingsTableTests {
    static let context = SettingContext(environment: home, availableCores: 4)
    /// For every kind of value at least two, so that one of them differs from any default.
    static let samples = [
        "http://sample.example", "https://other.example", "7", "17", "3KiB", "2MiB", "16MiB", "3s", "4s", "192.0.2.1:5", "192.0.2.2:6",
        "true", "0.5", "0.25", "json", "debug", "posix-aio", "refuse", "/sample", "false", "cyclic", "64MiB", "10.0.0.0/8",
    ]

    @Test func hasEachSettingOfTheFirstRelease() {
        #expect(
            SettingsTable.settings.map(\.key) == [
                "origin.url", "origin.connect-timeout", "origin.read-timeout", "origin.connections",
                "forward.enabled", "forward.clients", "forward.users", "forward.ports", "forward.connect-ports",
                "forward.allow-hosts", "forward.deny-hosts", "forward.allow-private", "forward.destinations", "forward.connections",
                "server.listen", "server.workers", "server.max-request-line", "server.max-head", "server.max-fields", "server.max-body",
                "server.header-timeout", "server.body-timeout", "server.idle-timeout", "server.write-timeout",
                "server.min-rate", "server.min-rate-grace", "server.tunnel-timeout", "server.upgrades", "server.name",
                "server.drain-timeout",
                "server.trust-forwarded",
                "admin.listen", "memory.size",
                "volume.path", "volume.size", "volume.stripe-size", "volume.membufs",
                "volume.replacement", "volume.relocate-percent", "volume.byte-share", "volume.written-byte-cost", "volume.write-budget",
                "volume.write-budget-daily", "volume.io-engine",
                "volume.io-threads", "volume.direct-io", "volume.sparse",
                "cache.heuristic-fraction", "cache.heuristic-max", "cache.max-object-size",
                "cache.default-ttl", "cache.min-ttl", "cache.max-ttl", "cache.max-error-ttl", "cache.jitter",
                "cache.grace", "cache.keep", "cache.stale-while-revalidate", "cache.stale-if-error", "cache.stale-unreachable",
                "cache.error-backoff",
                "cache.request-directives", "cache.targeted-fields", "cache.set-cookie", "cache.deception-guard", "cache.max-ranges",
                "cache.pass-time",
                "cache.collapse-buffer", "cache.sort-query", "cache.strip-query", "cache.allow-query", "cache.status-key",
                "cache.purge-clients",
                "log.access", "log.format", "log.level",
            ]
        )
    }

    @Test func namesFlagsAndVariablesAreUnique() {
        let settings = SettingsTable.settings
        #expect(Set(settings.map(\.key)).count == settings.count)
        #expect(Set(settings.map(\.environmentName)).count == settings.count)
        let flags = settings.compactMap(\.flag)
        #expect(Set(flags).count == flags.count)
    }

    @Test(arguments: SettingsTable.settings.map(\.key))
    func rowsAreWellFormed(key: String) throws {
        let setting = try #require(SettingsTable.setting(key))
        let parts = key.split(separator: ".", omittingEmptySubsequences: false)
        #expect(parts.count == 2)
        #expect(parts.allSatisfy { !$0.isEmpty && $0.allSatisfy { $0.isASCII && ($0.isLowercase || $0 == "-") } })
        #expect(SettingsTable.isSection(setting.section))
        if let flag = setting.flag { #expect(flag.hasPrefix("--") && flag.dropFirst(2).allSatisfy { $0.isLowercase || $0 == "-" }) }
        #expect(setting.summary.first?.isUppercase == true && setting.summary.last != ".")
        #expect(!setting.writing.isEmpty && !setting.phrase.isEmpty && !setting.placeholder.isEmpty)
    }

    @Test func sectionsHaveSettingsAndStandTogether() {
        var order: [String] = []
        for section in SettingsTable.settings.map(\.section) where order.last != section { order.append(section) }
        #expect(order == SettingsTable.sections.map(\.name))
    }

    @Test(arguments: SettingsTable.settings.map(\.key))
    func defaultsAreAllowedAndReadBackAsShown(key: String) throws {
        let setting = try #require(SettingsTable.setting(key))
        guard !setting.isRequired else { return }
        let text = try #require(setting.defaultValue.text(in: Self.context))
        var settings = GyreSettings()
        try setting.apply(text, Self.context, &settings)
        let shown = setting.format(settings)
        var again = GyreSettings()
        try setting.apply(shown, Self.context, &again)
        #expect(again.leaves == settings.leaves)
        if !["1m", "4", "/home/gyre/.cache/gyre/volume.gyre"].contains(shown) { #expect(setting.defaultText == shown) }
    }

    @Test func eachRowSetsAPropertyOfItsOwnAndEachPropertyHasARow() throws {
        let before = resolve(commandLine: ["origin.url": "http://origin.example"]).settings
        var owners: [String: String] = [:]
        for setting in SettingsTable.settings {
            var after = before
            let sample = Self.samples.first { sample in
                var trial = before
                return (try? setting.apply(sample, Self.context, &trial)) != nil && trial.leaves != before.leaves
            }
            try setting.apply(try #require(sample, "no sample for \(setting.key)"), Self.context, &after)
            let changed = after.leaves.filter { before.leaves[$0.key] != $0.value }.map(\.key)
            #expect(changed.count == 1)
            let leaf = try #require(changed.first)
            #expect(owners.updateValue(setting.key, forKey: leaf) == nil, "\(leaf) has two rows")
            #expect(leaf.hasPrefix(setting.section + "."))
        }
        #expect(Set(owners.keys) == Set(before.leaves.keys))
    }

    @Test(arguments: SettingsTable.settings.map(\.key))
    func theVariableIsTheOneThatSwiftConfigurationReads(key: String) throws {
        let setting = try #require(SettingsTable.setting(key))
        let sample = try #require(Self.samples.first { (try? setting.check($0, Self.context)) != nil })
        let (settings, _) = resolve(environment: home.merging([setting.environmentName: sample]) { $1 })
        #expect(settings.source(of: key) == .environment(name: setting.environmentName))
    }

    @Test func limitsAgreeWithTheRules() {
        #expect(SettingLimits.head.upperBound >= SettingLimits.requestLine.upperBound)
        #expect(SettingLimits.volume.upperBound.bytes / SettingLimits.stripe.upperBound.bytes >= SettingRelations.minStripesInVolume)
        #expect(SettingLimits.volume.lowerBound.bytes / SettingLimits.stripe.lowerBound.bytes >= SettingRelations.minStripesInVolume)
        #expect(SettingLimits.memory.lowerBound.bytes / SettingLimits.stripe.lowerBound.bytes >= SettingRelations.minStripesInMemory)
        #expect(Set(SettingRelations.all.map(\.rule)) == Set(SettingRule.allCases))
        #expect(SettingRelations.all.flatMap(\.keys).allSatisfy { SettingsTable.setting($0) != nil })
    }

    @Test func stableNamesAreLowerCaseWithHyphens() {
        let names = ConfigurationProblem.Reason.allCases.map(\.rawValue) + SettingRule.allCases.map(\.rawValue)
        #expect(names.allSatisfy { $0.allSatisfy { $0.isASCII && $0.isLowercase || $0 == "-" } })
    }
}
