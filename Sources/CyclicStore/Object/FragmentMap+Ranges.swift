// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

extension FragmentMap {
    /// The fragments that a range of bytes touches.
    public func fragments(in range: Range<UInt64>) -> Range<Int> {
        let range = range.clamped(to: 0..<totalBytes)
        guard !range.isEmpty else { return 0..<0 }
        let size = UInt64(fragmentBytes)
        return Int(range.lowerBound / size)..<Int((range.upperBound - 1) / size) + 1
    }

    /// A range of bytes widened to whole fragments: what to fetch when some of it is missing.
    public func aligned(_ range: Range<UInt64>) -> Range<UInt64> {
        let touched = fragments(in: range)
        guard let first = touched.first, let last = touched.last else { return 0..<0 }
        return self.range(of: first).lowerBound..<self.range(of: last).upperBound
    }

    /// From the head of an object in fragments; nil for any other object. Copies the head's content.
    public init?(of head: any StoredObject) {
        guard head.kind == .fragmentedHead, head.payloadByteCount == Self.byteCount else { return nil }
        var content = OwnedBytes(capacity: head.metadataByteCount + head.payloadByteCount)
        content.withRegion { head.copyContent(into: $0.part(0, head.metadataByteCount + head.payloadByteCount)) }
        let map = content.withBytes { FragmentMap(decoding: $0.part(head.metadataByteCount, Self.byteCount)) }
        guard let map else { return nil }
        self = map
    }
}

extension CyclicStore {
    /// The parts of a range of a large object that seem to be there, in order and as long as they can be. One probe of the index for each
    /// fragment; the index may err, the read decides.
    public func availableRanges(_ map: FragmentMap, in range: Range<UInt64>? = nil) -> [Range<UInt64>] {
        ranges(map, in: range) { self.contains($0) }
    }

    /// The other parts: widened to whole fragments, so that whoever fetches them can store them.
    public func missingRanges(_ map: FragmentMap, in range: Range<UInt64>? = nil) -> [Range<UInt64>] {
        ranges(map, in: range.map(map.aligned)) { !self.contains($0) }
    }

    private func ranges(_ map: FragmentMap, in range: Range<UInt64>?, where matches: (StoreKey) -> Bool) -> [Range<UInt64>] {
        let range = range ?? 0..<map.totalBytes
        var found: [Range<UInt64>] = []
        for fragment in map.fragments(in: range) where matches(key(map.keyBytes(of: fragment))) {
            let part = map.range(of: fragment).clamped(to: range)
            if let last = found.last, last.upperBound == part.lowerBound {
                found[found.count - 1] = last.lowerBound..<part.upperBound
            } else {
                found.append(part)
            }
        }
        return found
    }
}
