// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// How settings relate to each other: all such rules, in one place.
struct SettingRelation: Sendable {
    var rule: SettingRule
    /// The settings that the rule reads. One of them is named in the message: the first that is not left at its default.
    var keys: [String]
    /// What is wrong, in words that follow the name of a setting; nil when the rule holds.
    var violation: @Sendable (GyreSettings) -> String?
}

/// A rule between settings. The raw value is its stable short name.
public enum SettingRule: String, Sendable, CaseIterable {
    /// There is something to fetch from.
    case originOrForward = "origin-or-forward"
    /// A head holds its request line.
    case headHoldsRequestLine = "head-holds-request-line"
    /// The memory holds a few stripes, or reading neighbours ahead would push everything else out.
    case memoryHoldsStripes = "memory-holds-stripes"
    /// A volume has enough stripes to be a cycle.
    case volumeHoldsStripes = "volume-holds-stripes"
    /// Every membuf has a stripe to be written to, with as many left to read from.
    case volumeHoldsMembufs = "volume-holds-membufs"
    /// Clients and operators connect to different ports.
    case listenAddressesDiffer = "listen-addresses-differ"

    /// The rule in one line.
    public var summary: String {
        switch self {
        case .originOrForward: "origin.url is a URL, or forward.enabled is true"
        case .headHoldsRequestLine: "server.max-head is at least server.max-request-line"
        case .memoryHoldsStripes: "memory.size is at least \(SettingRelations.minStripesInMemory) times volume.stripe-size"
        case .volumeHoldsStripes: "volume.size is at least \(SettingRelations.minStripesInVolume) times volume.stripe-size"
        case .volumeHoldsMembufs: "volume.size is at least volume.membufs times volume.stripe-size"
        case .listenAddressesDiffer: "server.listen and admin.listen are not the same address, unless the port is 0"
        }
    }
}

/// The rules.
enum SettingRelations {
    static let minStripesInMemory = 4
    static let minStripesInVolume = 8

    static let all: [SettingRelation] = [
        SettingRelation(rule: .originOrForward, keys: ["origin.url", "forward.enabled"]) { settings in
            settings.origin.url == nil && !settings.forward.enabled ? "there is neither an origin nor a forward proxy" : nil
        },
        SettingRelation(rule: .headHoldsRequestLine, keys: ["server.max-head", "server.max-request-line"]) { settings in
            let (head, line) = (settings.server.maxHead, settings.server.maxRequestLine)
            return head < line ? "a head of \(head) cannot hold a request line of \(line)" : nil
        },
        SettingRelation(rule: .memoryHoldsStripes, keys: ["memory.size", "volume.stripe-size", "volume.path"]) { settings in
            tooFew(minStripesInMemory, in: settings.memory.size, called: "a memory", settings)
        },
        SettingRelation(rule: .volumeHoldsStripes, keys: ["volume.size", "volume.stripe-size", "volume.path"]) { settings in
            tooFew(minStripesInVolume, in: settings.volume.smallest, called: "a volume", settings)
        },
        SettingRelation(
            rule: .volumeHoldsMembufs,
            keys: ["volume.membufs", "volume.size", "volume.stripe-size", "volume.path"]
        ) { settings in
            guard settings.volume.location != .memoryOnly else { return nil }
            let stripes = settings.volume.smallest.bytes / settings.volume.stripeSize.bytes
            guard stripes < settings.volume.membufs else { return nil }
            return "\(settings.volume.membufs) membufs are more than the \(stripes) stripes of a volume of \(settings.volume.smallest)"
        },
        SettingRelation(rule: .listenAddressesDiffer, keys: ["admin.listen", "server.listen"]) { settings in
            guard settings.server.listen.port != 0, settings.admin.listen == settings.server.listen else { return nil }
            return "clients and the admin pages cannot share \(settings.server.listen)"
        },
    ]

    private static func tooFew(_ needed: Int, in size: ByteSize, called name: String, _ settings: GyreSettings) -> String? {
        guard settings.volume.location != .memoryOnly else { return nil }
        let stripe = settings.volume.stripeSize
        let stripes = size.bytes / max(1, stripe.bytes)
        guard stripes < needed else { return nil }
        return "\(name) of \(size) holds \(stripes) \(stripes == 1 ? "stripe" : "stripes") of \(stripe), and \(needed) are needed"
    }
}

extension GyreSettings.Volume {
    /// The size of the smallest volume.
    var smallest: ByteSize {
        guard case .volumes(let places) = location else { return size }
        return places.map { $0.size ?? size }.min() ?? size
    }
}
