// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Ports and ranges of ports, as in `443` and `1024-65535`.
public struct PortList: Sendable, Hashable {
    private let ranges: [ClosedRange<Int>]

    /// Reads each text; nil when one of them is neither a port nor a range of ports from 1 to 65535.
    public init?(_ texts: [String]) {
        var ranges: [ClosedRange<Int>] = []
        for text in texts {
            let ends = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false).map { end in
                end.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(end) : nil
            }
            guard let first = ends.first ?? nil, let last = ends.last ?? nil, first >= 1, first <= last, last <= 65_535 else { return nil }
            ranges.append(first...last)
        }
        self.ranges = ranges
    }

    /// Whether a port is one of them.
    public func contains(_ port: Int) -> Bool { ranges.contains { $0.contains(port) } }
}
