// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Follows a ``Fill``: from the bytes in memory where it keeps up, from the stored fragments where it does not.
///
/// Not thread-safe: one owner at a time.
public final class FillReader: @unchecked Sendable {
    /// What one call of ``next(_:)`` brings.
    public enum Piece: Sendable {
        /// These bytes of what has just come.
        case bytes(FillBytes, Range<Int>)
        /// These bytes of this fragment's payload.
        case stored(any StoredObject, Range<Int>)
        /// That was all; the object is whole. It is in the store unless the failure says why not.
        case end(ObjectWriter.Failure?)
        /// The filler gave up: the object stays without its end.
        case aborted
        /// The reader has fallen behind what is in memory, and the store has not got the bytes from here on.
        case lost(at: Int)
    }

    private let fill: Fill
    /// The next byte.
    public private(set) var position: Int
    private let lock = Lock()
    // Guarded by `lock`.
    private var waiting: (@Sendable (Piece) -> Void)?

    init(_ fill: Fill, _ position: Int) {
        self.fill = fill
        self.position = position
    }

    deinit { fill.forget(self) }

    /// Brings the next piece: at once when there is one in memory, else when the filler brings it or a read of a fragment ends, on its
    /// thread. One call at a time. A filler that stalls is waited for without end: whoever has a deadline calls ``cancel()``.
    public func next(_ completion: @escaping @Sendable (Piece) -> Void) {
        lock.locked {
            precondition(waiting == nil, "one piece at a time")
            waiting = completion
        }
        look()
    }

    /// Nothing is brought any more.
    public func cancel() {
        lock.locked { waiting = nil }
        fill.forget(self)
    }

    /// Tells whoever waits that this is the end.
    func end() {
        fill.forget(self)
        deliver(.aborted)
    }

    private func look() {
        switch fill.find(position, for: self, wake: { [weak self] in self?.look() }) {
        case .nothingYet: break
        case .bytes(let bytes, let range):
            position += range.count
            deliver(.bytes(bytes, range))
        case .end(.whole(let failure)): deliver(.end(failure))
        case .end(.aborted): deliver(.aborted)
        case .lost: deliver(.lost(at: position))
        case .fragment(let key, _, let start):
            fill.get(key) { [self] found in
                guard let object = found.object, position - start < object.payloadByteCount else {
                    // Aborted, or overwritten: the fill knows which.
                    return deliver(fill.end == .aborted ? .aborted : .lost(at: position))
                }
                let range = (position - start)..<object.payloadByteCount
                position += range.count
                deliver(.stored(object, range))
            }
        }
    }

    private func deliver(_ piece: Piece) {
        let completion = lock.locked { waiting.take() }
        completion?(piece)
    }
}
