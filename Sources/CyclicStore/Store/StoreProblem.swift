// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Something that the store works around and that somebody should look at.
public struct StoreProblem: Sendable, Hashable, CustomStringConvertible {
    /// What kind of thing. The raw value is its stable short name.
    public enum Kind: String, Sendable, CaseIterable {
        /// The hardware under a volume failed when the store was opened. Nothing was written to it; the store goes on with the others.
        case missingVolume = "missing-volume"
        /// A volume failed while the store ran and was set aside; its keys are stored on the others.
        case failedVolume = "failed-volume"
    }

    /// What kind of thing.
    public var kind: Kind
    /// The volume it is about, as it is called in the configuration.
    public var volume: String
    /// One sentence for people.
    public var description: String
}

extension StoreProblem {
    init(failed member: VolumeSet.Member) {
        self.init(
            kind: .failedVolume,
            volume: member.name,
            description: "the volume \(member.name) failed and was set aside; its share is stored on the others until the next start"
        )
    }
}
