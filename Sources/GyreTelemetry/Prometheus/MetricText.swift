// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// How names, labels and numbers are written in the text format 0.0.4 of Prometheus.
enum MetricText {
    /// The names that swift-metrics allows are more than Prometheus does: what is not allowed becomes `_`.
    static func name(_ label: String) -> String {
        sanitised(label) { $0 == UInt8(ascii: ":") }
    }

    static func labelName(_ name: String) -> String {
        sanitised(name) { _ in false }
    }

    private static func sanitised(_ text: String, _ isAlsoAllowed: (UInt8) -> Bool) -> String {
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"): bytes.append(byte)
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                if bytes.isEmpty { bytes.append(UInt8(ascii: "_")) }
                bytes.append(byte)
            default: bytes.append(isAlsoAllowed(byte) ? byte : UInt8(ascii: "_"))
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The labels as they are written between the braces, sorted by name. It is also what tells one series of a metric from another.
    static func labels(_ pairs: [(String, String)], of kind: MetricKind) throws(DroppedSeries) -> String {
        guard !pairs.isEmpty else { return "" }
        let sorted = pairs.map { (name: labelName($0.0), value: $0.1) }.sorted { $0.name < $1.name }
        var text = ""
        var previous = ""
        for (name, value) in sorted {
            // Names with two underscores belong to Prometheus, and `le` to the buckets.
            guard !name.isEmpty, name != previous, !name.hasPrefix("__"), kind != .histogram || name != "le" else { throw .badLabels }
            if !text.isEmpty { text += "," }
            text += "\(name)=\"\(escaped(value, quote: true))\""
            previous = name
        }
        return text
    }

    static func escaped(_ text: String, quote: Bool) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count)
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): bytes += [byte, byte]
            case UInt8(ascii: "\n"): bytes += [UInt8(ascii: "\\"), UInt8(ascii: "n")]
            case UInt8(ascii: "\"") where quote: bytes += [UInt8(ascii: "\\"), byte]
            default: bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        if let whole = Int(exactly: value), whole.magnitude < 1 << 53 { return String(whole) }
        return String(value)
    }
}
