// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPWire
import Testing

@Suite struct WireErrorTests {
    @Test func everyReasonHasAShortNameOfItsOwn() {
        let names = WireError.allCases.map(\.rawValue)
        #expect(Set(names).count == names.count)
        for name in names {
            #expect(name.utf8.allSatisfy { (0x61...0x7A).contains($0) || $0 == 0x2D || (0x30...0x39).contains($0) }, "\(name)")
            #expect(!name.hasPrefix("-") && !name.hasSuffix("-"))
        }
    }

    @Test(
        arguments: [
            (.requestLineTooLong, 414), (.headTooLarge, 431), (.tooManyFields, 431), (.methodTooLong, 501), (.unknownTransferCoding, 501),
            (.unsupportedVersion, 505), (.unknownExpectation, 417), (.bareLF, 400), (.missingHost, 400), (.bothLengthAndEncoding, 400),
            (.badStatusLine, 502),
        ] as [(WireError, Int)]
    )
    func aReasonHasItsStatus(_ error: WireError, _ status: Int) {
        #expect(error.status == status)
    }

    @Test func everyReasonIsShownByACase() {
        var shown = Set(RefusedRequest.all.map(\.error))
        shown.formUnion(ResponseCase.all.compactMap(\.error))
        shown.formUnion(ChunkedCase.all.compactMap(\.error))
        // These need other limits, and have tests of their own.
        shown.formUnion([
            .requestLineTooLong, .headTooLarge, .tooManyFields, .statusLineTooLong, .chunkLineTooLong, .chunkOverhead, .trailersTooLarge,
            .tooManyTrailers,
        ])
        #expect(Set(WireError.allCases).subtracting(shown).isEmpty)
    }
}
