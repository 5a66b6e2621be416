// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

extension SettingsTable {
    static let memory: [Setting] = [
        Setting(
            "memory.size",
            \.memory.size,
            .size(SettingLimits.memory),
            default: "256MiB",
            flag: "--memory",
            "Memory for objects, shared by all workers"
        )
    ]

    static let volume: [Setting] = [
        Setting(
            "volume.path",
            \.volume.location,
            .volumeLocation,
            default: .derived(
                words: "$XDG_CACHE_HOME/gyre/volume.gyre or ~/.cache/gyre/volume.gyre",
                needs: "XDG_CACHE_HOME or HOME",
                { context in context.cacheFolder.map { "\($0)/gyre/volume.gyre" } }
            ),
            flag: "--volume",
            "Files or raw block devices for objects, made on first start; none keeps them in memory alone"
        ),
        Setting(
            "volume.size",
            \.volume.size,
            .size(SettingLimits.volume),
            default: "1GiB",
            flag: "--volume-size",
            "Size of a volume that does not say its own"
        ),
        Setting(
            "volume.stripe-size",
            \.volume.stripeSize,
            .size(SettingLimits.stripe, powerOfTwo: true),
            default: "1MiB",
            "Bytes written at once; fixed when the volume is made"
        ),
        Setting(
            "volume.membufs",
            \.volume.membufs,
            .count(SettingLimits.membufs),
            default: "8",
            "Stripes of each volume in memory that are being filled or written"
        ),
        Setting(
            "volume.replacement",
            \.volume.replacement,
            .choice("a replacement"),
            default: "gyre",
            "How room is made and what is written at all: gyre, cyclic (first in, first out) or relocate-on-hit (the ancestor's)"
        ),
        Setting(
            "volume.relocate-percent",
            \.volume.relocatePercent,
            .count(SettingLimits.percent),
            default: "50",
            "With relocate-on-hit: the share of the volume written since, above which a hit is copied to the head"
        ),
        Setting(
            "volume.byte-share",
            \.volume.byteShare,
            .fraction(SettingLimits.byteShare),
            default: "0.5",
            "With gyre: how much of a hit's worth is in its bytes, from 0 (every hit counts the same) to 1 (every byte does)"
        ),
        Setting(
            "volume.written-byte-cost",
            \.volume.writtenByteCost,
            .fraction(SettingLimits.writtenByteCost),
            default: "0.375",
            "With gyre: what a byte written costs, in bytes fetched from the origin; more spares the disk, less brings more hits"
        ),
        Setting(
            "volume.write-budget",
            \.volume.writeBudget,
            .size(SettingLimits.writeBudget, orNil: "unlimited"),
            default: "unlimited",
            "Most bytes written to all volumes together in a second, over any ten seconds"
        ),
        Setting(
            "volume.write-budget-daily",
            \.volume.writeBudgetDaily,
            .size(SettingLimits.writeBudgetDaily, orNil: "unlimited"),
            default: "unlimited",
            "Most bytes written to all volumes together on any day"
        ),
        Setting(
            "volume.io-engine",
            \.volume.ioEngine,
            .choice("an I/O engine"),
            default: "threads",
            "What reads and writes the volume; io-uring needs a program built with the trait IOUring"
        ),
        Setting(
            "volume.io-threads",
            \.volume.ioThreads,
            .count(SettingLimits.ioThreads),
            default: "4",
            "Threads of each volume's engine of threads"
        ),
        Setting(
            "volume.direct-io",
            \.volume.directIO,
            .choice("a use of direct I/O"),
            default: "auto",
            "Whether the page cache of the system is passed by; auto does so for raw devices, not for files"
        ),
        Setting(
            "volume.sparse",
            \.volume.sparse,
            .boolean,
            default: "false",
            "Whether a new file gets its blocks only as they are written, for file systems that cannot reserve them"
        ),
    ]
}
