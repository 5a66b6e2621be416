// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Finds the ``KnownField`` of a name by comparing its first and its last eight bytes, and what is between them.
///
/// A name is at most 32 bytes, so that four words cover it; they overlap when it is shorter. Case is folded where the known name has a letter
/// and nowhere else: a fold over all bytes would make CR equal to `-`. The slot comes from a multiplication of the two words; the set of names is
/// fixed, so nobody can choose names that collide.
struct KnownFieldTable: @unchecked Sendable {
    // Unchecked: both arrays are filled by `init`, then only read, and never freed (there is one table for the process).
    private let slots: UnsafePointer<UInt8>
    private let entries: UnsafePointer<Entry>

    static let shared = KnownFieldTable()
    static let maxNameBytes = 32
    private static let slotBits = 9

    private struct Entry {
        var words: (UInt64, UInt64, UInt64, UInt64)
        var folds: (UInt64, UInt64, UInt64, UInt64)
        var nameBytes: Int
        var field: KnownField
    }

    private init() {
        let slotCount = 1 << Self.slotBits
        let slots = UnsafeMutablePointer<UInt8>.allocate(capacity: slotCount)
        slots.initialize(repeating: 0, count: slotCount)
        let entries = UnsafeMutablePointer<Entry>.allocate(capacity: KnownField.allCases.count)
        for field in KnownField.allCases {
            let name = field.canonicalName
            let bytes = WireBytes(base: UnsafeRawPointer(name.utf8Start), count: name.utf8CodeUnitCount)
            let ends = bytes.count == 0 ? (0, 0) : Self.ends(bytes)
            let words = (ends.0, ends.1, Self.middle(bytes, 8), Self.middle(bytes, 16))
            entries.advanced(by: Int(field.rawValue)).initialize(
                to: Entry(
                    words: (Self.lower(words.0), Self.lower(words.1), Self.lower(words.2), Self.lower(words.3)),
                    folds: (Self.letters(words.0), Self.letters(words.1), Self.letters(words.2), Self.letters(words.3)),
                    nameBytes: bytes.count,
                    field: field
                )
            )
            if field == .other { continue }
            var slot = Self.slot(ends)
            while slots[slot] != 0 { slot = (slot + 1) & (slotCount - 1) }
            slots[slot] = field.rawValue
        }
        self.slots = UnsafePointer(slots)
        self.entries = UnsafePointer(entries)
    }

    /// The known field that `name` is, in any case of letters. A name that is found is a token. Cost: two or three words compared.
    @inline(__always)
    func field(named name: WireBytes) -> KnownField {
        guard name.count &- 1 < Self.maxNameBytes, name.count > 0 else { return .other }
        let ends = Self.ends(name)
        var slot = Self.slot(ends)
        while slots[slot] != 0 {
            let entry = entries + Int(slots[slot])
            if ends.0 | entry.pointee.folds.0 == entry.pointee.words.0, ends.1 | entry.pointee.folds.1 == entry.pointee.words.1,
                name.count == entry.pointee.nameBytes
            {
                if name.count <= 16 { return entry.pointee.field }
                if Self.middle(name, 8) | entry.pointee.folds.2 == entry.pointee.words.2,
                    Self.middle(name, 16) | entry.pointee.folds.3 == entry.pointee.words.3
                {
                    return entry.pointee.field
                }
            }
            slot = (slot &+ 1) & (1 << Self.slotBits &- 1)
        }
        return .other
    }

    /// The first and the last eight bytes; of a shorter name, all its bytes in an order that only depends on its length.
    @inline(__always)
    private static func ends(_ name: WireBytes) -> (UInt64, UInt64) {
        if name.count >= 8 { return (name.word(at: 0), name.word(at: name.count &- 8)) }
        if name.count >= 4 {
            return (name.halfWord(at: 0), name.halfWord(at: name.count &- 4))
        }
        return (UInt64(name[0]) | UInt64(name[name.count >> 1]) << 8, UInt64(name[name.count &- 1]))
    }

    /// Eight bytes from the middle of a name that is longer than 16; 0 when the last eight cover them.
    @inline(__always)
    private static func middle(_ name: WireBytes, _ offset: Int) -> UInt64 {
        name.count > offset &+ 8 ? name.word(at: offset) : 0
    }

    @inline(__always)
    private static func slot(_ ends: (UInt64, UInt64)) -> Int {
        let fold = WordScan.ones &* 0x20
        let mixed = ((ends.0 | fold) &* 0x9E37_79B9_7F4A_7C15) ^ ((ends.1 | fold) &* 0xC2B2_AE3D_27D4_EB4F)
        return Int(truncatingIfNeeded: ((mixed ^ mixed >> 29) &* 0x9E37_79B9_7F4A_7C15) >> UInt64(64 &- slotBits))
    }

    /// 0x20 in the place of every letter.
    private static func letters(_ word: UInt64) -> UInt64 {
        var result: UInt64 = 0
        for place in stride(from: UInt64(0), to: 64, by: 8) {
            let byte = UInt8(truncatingIfNeeded: word >> place) | 0x20
            if byte >= 0x61, byte <= 0x7A { result |= 0x20 << place }
        }
        return result
    }

    private static func lower(_ word: UInt64) -> UInt64 {
        word | letters(word)
    }
}

extension KnownField {
    /// The known field that these bytes name, in any case of letters; ``other`` when there is none. For names from elsewhere than a
    /// parsed head, such as the options of `Connection`.
    public init(name: UnsafeRawBufferPointer) {
        guard let base = name.baseAddress else {
            self = .other
            return
        }
        self = KnownFieldTable.shared.field(named: WireBytes(base: base, count: name.count))
    }
}
