// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Some bytes of an object, held by the object itself or by one of its fragments.
public struct ObjectPiece: Sendable {
    /// The object or fragment that holds them.
    public var object: any StoredObject
    /// Where in its payload they are.
    public var range: Range<Int>

    /// The bytes, without a copy, when the store makes ``PlainObject``s; nil when it makes others, which have their own way.
    public func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result? {
        try (object as? PlainObject)?.withPayload { try body($0.part(range.lowerBound, range.count)) }
    }
}

/// Bytes of a large object that are not in the store any more.
public struct MissingBytes: Error, Hashable, Sendable {
    /// Which.
    public var range: Range<UInt64>
    /// Why not.
    public var reason: MissReason
}

/// The bytes of an object piece by piece. Each iterator reads anew.
public struct ObjectPieces: AsyncSequence, Sendable {
    let store: CyclicStore
    let object: any StoredObject
    let range: Range<UInt64>?

    /// Begins to read.
    public func makeAsyncIterator() -> Iterator { Iterator(reader: ObjectReader(object, in: store, range: range)) }

    /// Reads one piece after another.
    public struct Iterator: AsyncIteratorProtocol {
        let reader: ObjectReader

        /// The next piece; nil at the end.
        /// - Throws: ``MissingBytes``. The next call goes on behind them.
        public func next(isolation: isolated (any Actor)? = #isolation) async throws(MissingBytes) -> ObjectPiece? {
            switch await reader.next(isolation: isolation) {
            case .bytes(let object, let range): return ObjectPiece(object: object, range: range)
            case .missing(let range, let reason): throw MissingBytes(range: range, reason: reason)
            case .end: return nil
            }
        }

        /// The next piece; nil at the end.
        /// - Throws: ``MissingBytes``. The next call goes on behind them.
        public func next() async throws(MissingBytes) -> ObjectPiece? { try await next(isolation: nil) }
    }
}
