// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Finds the known name that an unknown one was probably meant to be.
enum NearestName {
    /// The nearest of `candidates`, or nil when none is near.
    ///
    /// A candidate that alone ends in `ending` wins (`proxy.workers` → `server.workers`), then one that alone begins with the name
    /// (`warn` → `warning`). Otherwise the fewest edits decide, at most a third of the letters and never more than three; the first of
    /// several wins.
    static func find(_ name: String, among candidates: [String], ending: String? = nil) -> String? {
        guard name.utf8.count <= SettingLimits.maxComparedNameBytes else { return nil }
        if let ending, let found = sole(candidates, where: { $0.hasSuffix(ending) }) { return found }
        if name.utf8.count >= minPrefixBytes, let found = sole(candidates, where: { $0.hasPrefix(name) }) { return found }
        let limit = max(1, min(3, name.utf8.count / 3))
        var best: (name: String, distance: Int)?
        for candidate in candidates {
            let distance = distance(Array(name.lowercased().utf8), Array(candidate.lowercased().utf8))
            if distance <= limit, distance < best?.distance ?? .max { best = (candidate, distance) }
        }
        return best?.name
    }

    /// Shorter beginnings fit by chance.
    private static let minPrefixBytes = 3

    private static func sole(_ candidates: [String], where fits: (String) -> Bool) -> String? {
        let found = candidates.filter(fits)
        return found.count == 1 ? found.first : nil
    }

    /// How many letters must be put in, taken out, changed or swapped with their neighbour (optimal string alignment: Damerau 1964, with
    /// no letter edited twice).
    static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        guard !left.isEmpty, !right.isEmpty else { return max(left.count, right.count) }
        var beforeLast = [Int](repeating: 0, count: right.count + 1)
        var last = Array(0...right.count)
        for i in 1...left.count {
            var row = [i] + beforeLast.dropFirst()
            for j in 1...right.count {
                let same = left[i - 1] == right[j - 1]
                row[j] = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1))
                if i > 1, j > 1, left[i - 1] == right[j - 2], left[i - 2] == right[j - 1] {
                    row[j] = min(row[j], beforeLast[j - 2] + 1)
                }
            }
            beforeLast = last
            last = row
        }
        return last[right.count]
    }
}
