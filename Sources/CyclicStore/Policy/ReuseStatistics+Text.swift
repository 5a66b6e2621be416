// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

extension ReuseStatistics {
    /// The histogram for a terminal: a line for each number of uses, then a table by size.
    package func drawing(width: Int = 40) -> String {
        guard total > 0 else { return "No record has left the volume yet.\n" }
        var text = "uses    records\n"
        let most = (0..<Self.useClasses).map { records(useClass: $0) }.max() ?? 1
        for useClass in 0..<Self.useClasses {
            let count = records(useClass: useClass)
            // At least a mark for what is there at all.
            let length = count == 0 ? 0 : max(1, Int(Double(count) / Double(most) * Double(width)))
            let share = Double(count) / Double(total) * 100
            text +=
                Self.padded(Self.useName(useClass), 5) + Self.padded("\(count)", 12) + Self.padded(Self.tenths(share) + " %", 8) + "  "
                + String(repeating: "█", count: length) + "\n"
        }
        text += "\nobject      records   never used   uses 1   2 and more       bytes\n"
        for sizeClass in 0..<Self.sizeClasses {
            let row = (0..<Self.useClasses).map { records[sizeClass * Self.useClasses + $0] }
            let count = row.reduce(0, &+)
            guard count > 0 else { continue }
            let size = (0..<Self.useClasses).reduce(UInt64(0)) { $0 &+ bytes[sizeClass * Self.useClasses + $1] }
            func share(_ part: UInt64) -> String { Self.tenths(Double(part) / Double(count) * 100) + " %" }
            text +=
                Self.padded(Self.sizeName(sizeClass), 9) + Self.padded("\(count)", 10) + Self.padded(share(row[0]), 13)
                + Self.padded(share(row[1]), 9) + Self.padded(share(count - row[0] - row[1]), 13) + Self.padded("\(size)", 14) + "\n"
        }
        return text
    }

    /// One object: `records` that left in all, and `classes`, an array of `{size_from_bytes, uses_from, records, bytes}`: the least size of an object
    /// and number of uses of the class, the records in it and their bytes on disk. Empty classes are left out.
    package var json: String {
        var rows: [String] = []
        for sizeClass in 0..<Self.sizeClasses {
            for useClass in 0..<Self.useClasses {
                let index = sizeClass * Self.useClasses + useClass
                guard records[index] > 0 else { continue }
                let lowest = sizeClass == 0 ? 0 : 1 << (10 + 2 * (sizeClass - 1))
                rows.append(
                    "{\"size_from_bytes\":\(lowest),\"uses_from\":\(useClass == 0 ? 0 : 1 << (useClass - 1)),\"records\":\(records[index]),\"bytes\":\(bytes[index])}"
                )
            }
        }
        return "{\"records\":\(total),\"classes\":[" + rows.joined(separator: ",") + "]}"
    }

    /// Aligned to the right.
    private static func padded(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }

    private static func tenths(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }
}
