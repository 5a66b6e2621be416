// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import HTTPWire
import HTTPWireTestSupport
import Testing

@Suite struct KnownFieldTests {
    static let named = KnownField.allCases.filter { $0 != .other }

    private static func field(_ name: [UInt8]) -> KnownField {
        withExactRegion(name) { KnownField(name: $0) }
    }

    @Test func everyNameIsFoundInAnyCase() {
        for field in Self.named {
            let name = field.canonicalName.description
            #expect(Self.field(wireBytes(name)) == field)
            #expect(Self.field(wireBytes(name.lowercased())) == field)
            #expect(Self.field(wireBytes(name.uppercased())) == field)
        }
    }

    @Test func noNameThatDiffersInOneByteIsFound() {
        // Every known name, every place, every byte: equal only where the byte is the same letter in the other case.
        for field in Self.named {
            let name = wireBytes(field.canonicalName.description)
            for place in name.indices {
                for byte in UInt8.min...UInt8.max {
                    var other = name
                    other[place] = byte
                    let same = wireText(other).lowercased() == wireText(name).lowercased()
                    let found = Self.field(other)
                    if same != (found == field) { Issue.record("\(wireText(other)) taken for \(found)") }
                }
            }
        }
    }

    @Test func noBeginningAndNoLongerNameIsFound() {
        let names = Set(Self.named.map { $0.canonicalName.description.lowercased() })
        for name in names {
            for length in 0..<name.utf8.count where !names.contains(String(name.prefix(length))) {
                #expect(Self.field(wireBytes(String(name.prefix(length)))) == .other)
            }
            for more in ["x", "-", "s", "\0"] where !names.contains(name + more) {
                #expect(Self.field(wireBytes(name + more)) == .other)
                #expect(Self.field(wireBytes(more + name)) == .other)
            }
        }
        #expect(Self.field([]) == .other)
        #expect(Self.field([UInt8](repeating: 0x61, count: 33)) == .other)
    }

    @Test func everyNameHasABitOfItsOwnAndFitsTheLookup() {
        var all: FieldSet = []
        for field in KnownField.allCases {
            let single = FieldSet(field)
            #expect(all.isDisjoint(with: single))
            #expect(single.contains(field))
            all.formUnion(single)
        }
        #expect(KnownField.allCases.count <= 64)
        for field in Self.named { #expect((1...32).contains(field.canonicalName.utf8CodeUnitCount)) }
    }

    @Test func theSetsOfTheShortWayAndOfTheHopHoldWhatTheyMust() {
        for field in [KnownField.range, .ifNoneMatch, .ifModifiedSince, .cacheControl, .pragma, .authorization] {
            #expect(FieldSet.needsFullDecision.contains(field))
        }
        for field in [KnownField.host, .cookie, .userAgent, .acceptEncoding, .other] {
            #expect(!FieldSet.needsFullDecision.contains(field))
            #expect(!FieldSet.hopByHop.contains(field))
        }
        for field in [KnownField.contentLength, .transferEncoding, .host, .connection] {
            #expect(FieldSet.forbiddenInTrailers.contains(field))
        }
        #expect(!FieldSet.forbiddenInTrailers.contains(.other))
    }
}
