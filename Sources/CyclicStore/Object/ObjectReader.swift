// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Reads an object, or a range of it, piece by piece: of a large one only the fragments that the range touches, one read ahead. Memory:
/// two fragments, however large the object.
///
/// A piece is asked for when the last one has been dealt with, so a slow user slows the reading and nothing else. Fragments may go one by
/// one while the volume turns: a piece that is not there any more is reported, and reading goes on behind it.
public final class ObjectReader: @unchecked Sendable {
    /// What one call of ``next(_:)`` brings.
    public enum Piece: Sendable {
        /// These bytes of this object's payload: the object itself, or one of its fragments.
        case bytes(any StoredObject, Range<Int>)
        /// These bytes of the object are not in the store; the next piece begins behind them.
        case missing(Range<UInt64>, MissReason)
        /// That was all.
        case end
    }

    private let store: CyclicStore
    private let head: any StoredObject
    /// How the object is cut; nil when it is in one record.
    public let map: FragmentMap?
    /// Length of the whole object.
    public let totalBytes: UInt64
    private let end: UInt64
    private let lock = Lock()
    // Guarded by `lock`.
    private var position: UInt64
    private var ahead: (fragment: Int, found: CyclicStore.Lookup)?
    private var reading: Int?
    private var waiting: (@Sendable (Piece) -> Void)?

    /// A reader of an object that was found before.
    /// - Parameters:
    ///   - object: The object, or its head where it lies in fragments.
    ///   - store: Where it was found.
    ///   - range: Which bytes; what reaches past the object's end is left out. Nil: all.
    public init(_ object: any StoredObject, in store: CyclicStore, range: Range<UInt64>? = nil) {
        self.store = store
        head = object
        map = FragmentMap(of: object)
        totalBytes = map?.totalBytes ?? UInt64(object.payloadByteCount)
        let range = (range ?? 0..<totalBytes).clamped(to: 0..<totalBytes)
        (position, end) = (range.lowerBound, range.upperBound)
    }

    /// Brings the next piece: at once when it is in memory, else on an I/O thread. One call at a time.
    public func next(_ completion: @escaping @Sendable (Piece) -> Void) {
        let wanted = lock.locked { () -> Int? in
            precondition(waiting == nil, "one piece at a time")
            guard position < end, let map else { return nil }
            waiting = completion
            return Int(position / UInt64(map.fragmentBytes))
        }
        if let wanted { return read(wanted) }
        // In one record, or at the end.
        let rest = lock.locked {
            defer { position = end }
            return Int(position)..<Int(end)
        }
        completion(rest.isEmpty ? .end : .bytes(head, rest))
    }

    /// Reads a fragment unless that is being done, or delivers it.
    private func read(_ fragment: Int) {
        guard let map else { return }
        let mustRead = lock.locked {
            if ahead?.fragment == fragment || reading == fragment { return false }
            reading = fragment
            return true
        }
        guard mustRead else { return deliver() }
        store.get(store.key(map.keyBytes(of: fragment))) { [self] found in
            lock.locked {
                guard reading == fragment else { return }
                reading = nil
                ahead = (fragment, found)
            }
            deliver()
        }
    }

    /// Gives what was read to whoever waits for it, and reads on.
    private func deliver() {
        guard let map else { return }
        var following: Int?
        let delivery = lock.locked { () -> (completion: @Sendable (Piece) -> Void, piece: Piece)? in
            let fragment = Int(position / UInt64(map.fragmentBytes))
            guard let completion = waiting, let found = ahead, found.fragment == fragment else { return nil }
            (waiting, ahead) = (nil, nil)
            let holds = map.range(of: fragment)
            let part = position..<min(end, holds.upperBound)
            position = part.upperBound
            if position < end { following = fragment + 1 }
            if case .miss(let reason) = found.found { return (completion, .missing(part, reason)) }
            guard let object = found.found.object, object.payloadByteCount == holds.count else {
                return (completion, .missing(part, .damaged))
            }
            return (completion, .bytes(object, Int(part.lowerBound - holds.lowerBound)..<Int(part.upperBound - holds.lowerBound)))
        }
        guard let delivery else { return }
        if let following { read(following) }
        delivery.completion(delivery.piece)
    }
}
