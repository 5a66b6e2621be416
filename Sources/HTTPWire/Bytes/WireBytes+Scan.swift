// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

extension WireBytes {
    /// The first `byte` at or after `start`; `count` when there is none.
    @inline(__always)
    func first(_ byte: UInt8, from start: Int) -> Int {
        var index = start
        while index &+ 8 <= count {
            let marks = WordScan.equal(word(at: index), to: byte)
            if marks != 0 { return index &+ WordScan.firstIndex(marks) }
            index &+= 8
        }
        while index < count, self[index] != byte { index &+= 1 }
        return index
    }

    /// The first byte at or after `start` that a field value cannot hold; `count` when there is none.
    @inline(__always)
    func endOfValue(from start: Int) -> Int {
        var index = start
        while true {
            index = scan(from: index, WordScan.controls)
            guard index < count, self[index] == ASCII.tab else { return index }
            index &+= 1
        }
    }

    /// The first byte at or after `start` that ends a path or needs a closer look: `?`, `%`, or what no path holds.
    @inline(__always)
    func endOfPathRun(from start: Int) -> Int {
        scan(from: start, WordScan.pathEnds)
    }

    /// The first byte at or after `start` that a query cannot hold; `count` when there is none.
    @inline(__always)
    func endOfQuery(from start: Int) -> Int {
        scan(from: start, WordScan.queryEnds)
    }

    /// The first byte in `start..<end` that is not a `tchar`; `end` when there is none.
    @inline(__always)
    func endOfToken(from start: Int, to end: Int) -> Int {
        var index = start
        while index &+ 8 <= end, WordScan.isPlainName(word(at: index)) { index &+= 8 }
        while index < end, ASCII.isToken(self[index]) { index &+= 1 }
        return index
    }

    /// The first byte at or after `start` that is neither space nor tab; `count` when there is none.
    @inline(__always)
    func endOfWhitespace(from start: Int) -> Int {
        var index = start
        while index < count, ASCII.isWhitespace(self[index]) { index &+= 1 }
        return index
    }

    /// `end` moved back over spaces and tabs, not before `start`.
    @inline(__always)
    func withoutTrailingWhitespace(from start: Int, to end: Int) -> Int {
        var index = end
        while index > start, ASCII.isWhitespace(self[index &- 1]) { index &-= 1 }
        return index
    }

    /// The first byte at or after `start` that `marks` matches. `marks` must match NUL.
    @inline(__always)
    private func scan(from start: Int, _ marks: (UInt64) -> UInt64) -> Int {
        var index = start
        while index &+ 8 <= count {
            let found = marks(word(at: index))
            if found != 0 { return index &+ WordScan.firstIndex(found) }
            index &+= 8
        }
        let rest = count &- index
        guard rest > 0 else { return count }
        var tail: UInt64
        if count >= 8 {
            // The last eight bytes, with those already seen shifted out. The zeros that come in at the top match, at `count`.
            tail = word(at: count &- 8) >> UInt64((8 &- rest) &* 8)
        } else {
            tail = 0
            var offset = rest
            while offset > 0 {
                offset &-= 1
                tail = tail << 8 | UInt64(self[index &+ offset])
            }
        }
        return index &+ WordScan.firstIndex(marks(tail))
    }
}
