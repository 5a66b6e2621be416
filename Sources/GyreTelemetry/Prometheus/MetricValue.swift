// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// A number of a scrape. Whole ones stay exact.
enum MetricValue: Sendable, Hashable {
    case whole(Int)
    case real(Double)

    var text: String {
        switch self {
        case .whole(let value): String(value)
        case .real(let value): MetricText.number(value)
        }
    }

    static func + (left: Self, right: Self) -> Self {
        if case .whole(let a) = left, case .whole(let b) = right {
            let (sum, overflow) = a.addingReportingOverflow(b)
            if !overflow { return .whole(sum) }
        }
        return .real(left.double + right.double)
    }

    private var double: Double {
        switch self {
        case .whole(let value): Double(value)
        case .real(let value): value
        }
    }
}
