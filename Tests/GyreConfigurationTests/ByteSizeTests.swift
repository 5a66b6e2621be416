// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Testing

@testable import GyreConfiguration

struct ByteSizeTests {
    @Test(
        arguments: [
            ("0", 0), ("0B", 0), ("1", 1), ("4096", 4096), ("17B", 17), ("17b", 17),
            ("1KiB", 1024), ("1kib", 1024), ("1KIB", 1024), ("512KiB", 524_288), ("64 KiB", 65_536),
            ("1MiB", 1_048_576), ("10GiB", 10_737_418_240), ("2TiB", 2_199_023_255_552),
            ("1KB", 1000), ("1kb", 1000), ("3MB", 3_000_000), ("1GB", 1_000_000_000), ("1TB", 1_000_000_000_000),
            ("1.5GiB", 1_610_612_736), ("0.5KiB", 512), ("0.1KiB", 102), ("1.25MB", 1_250_000), ("0.000001TB", 1_000_000),
            ("9223372036854775807", nil), ("999999999999999999", 999_999_999_999_999_999),
        ] as [(String, Int?)]
    )
    func readsWhatPeopleWrite(text: String, bytes: Int?) {
        #expect((try? ByteSize(parsing: text))?.bytes == bytes)
    }

    @Test(arguments: [
        "", " ", "KiB", "-1", "+1", "1e3", "0x10", "1_000", "1,5GiB", "1.GiB", ".5GiB", "1.5", "1.5B", "01KiB", "00", "1.2.3MiB",
        "10GB1", "10GiBs", "10 ", " 10", "1KiB ", "1Ki", "1PiB", "1bytes", "1.1234567GiB", "１KiB", "10\u{0}", "ten", "unlimited",
        "1000000000000000000000",
    ])
    func refusesWhatIsNoSize(text: String) {
        #expect(throws: ValueRefusal.malformed()) { try ByteSize(parsing: text) }
    }

    @Test(arguments: [("512k", "512KiB"), ("1M", "1MiB"), ("10 G", "10 GiB"), ("2t", "2TiB")])
    func asksWhichThousandALoneLetterMeans(text: String, suggestion: String) {
        #expect(throws: ValueRefusal.malformed(suggestion: suggestion)) { try ByteSize(parsing: text) }
    }

    @Test(arguments: ["99999999TiB", "8388608TiB", "999999999999999999KiB", "9999999.999999TB"])
    func saysWhenASizeCannotBeHeld(text: String) {
        #expect(throws: ValueRefusal.tooLarge) { try ByteSize(parsing: text) }
    }

    @Test func holdsTheLargestSizeThatFits() throws {
        #expect(try ByteSize(parsing: "8388607TiB").bytes == 8_388_607 << 40)
    }

    @Test(arguments: [
        (0, "0B"), (1, "1B"), (999, "999B"), (1000, "1KB"), (1023, "1023B"), (1024, "1KiB"), (65_536, "64KiB"), (65_537, "65537B"),
        (1_610_612_736, "1536MiB"), (10_000_000_000, "10GB"), (1 << 30, "1GiB"), (1 << 40, "1TiB"), (.max, "9223372036854775807B"),
    ])
    func isWrittenShortAndExact(bytes: Int, text: String) {
        #expect(ByteSize(bytes: bytes).description == text)
    }

    @Test func isReadBackAsWritten() throws {
        var bytes = 1
        for step in 1...400 {
            let size = ByteSize(bytes: bytes)
            // Numbers of more digits than are read are beyond every range.
            if bytes < 1_000_000_000_000_000_000 { #expect(try ByteSize(parsing: size.description) == size) }
            bytes = (bytes &* 3 &+ step) & .max
        }
    }

    @Test func isNeverNegative() {
        #expect(ByteSize(bytes: -1).bytes == 0)
        #expect(ByteSize.kib(1) < .mib(1) && .mib(1) < ByteSize.gib(1) && .gib(1) < ByteSize.tib(1))
    }
}
