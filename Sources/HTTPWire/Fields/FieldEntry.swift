// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// One field line of a head: where its name and its value are, and which known field it is. Twenty bytes, owns nothing.
public struct FieldEntry: Sendable, Hashable {
    /// The name as it came, in whatever case.
    public var name: ByteSlice
    /// The value without the whitespace around it (RFC 9112 §5.1). It may be empty.
    public var value: ByteSlice
    /// The known field of this name.
    public var known: KnownField

    /// Makes an entry.
    @inlinable
    public init(name: ByteSlice, value: ByteSlice, known: KnownField) {
        self.name = name
        self.value = value
        self.known = known
    }
}
