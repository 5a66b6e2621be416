// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// The words of a label whose list another module owns: that module's reasons, each with a place in a table of counters.
///
/// The list is closed when the counters are made, so a loop never allocates for a reason. A word that is not in it counts as `other`.
public struct ReasonWords: Sendable {
    /// The word for what is not in the list.
    public static let other = "other"

    /// The words; ``other`` is the last.
    public let words: [String]
    private let places: [String: Int]

    /// Makes a list of these words.
    public init(_ words: [String]) {
        var places: [String: Int] = [:]
        var list: [String] = []
        for word in words where word != Self.other && places[word] == nil {
            places[word] = list.count
            list.append(word)
        }
        self.words = list + [Self.other]
        self.places = places
    }

    /// Makes a list of all cases of a type of reasons.
    public init<Reason: CaseIterable & RawRepresentable<String>>(_ reasons: Reason.Type) {
        self.init(reasons.allCases.map(\.rawValue))
    }

    /// The place of a word. Costs one hash of the word: for refusals and misses, not for hits.
    public func index(of word: String) -> Int {
        places[word] ?? words.count - 1
    }
}

/// The lists of reasons that the loops count.
public struct ReasonLists: Sendable {
    /// Why a request to an origin failed.
    public let originErrors: ReasonWords
    /// Why a message was refused.
    public let wireErrors: ReasonWords
    /// Why a response was not stored.
    public let notStored: ReasonWords

    /// Why a well-formed request was refused.
    public let refusals: ReasonWords

    /// Makes the lists.
    public init(
        originErrors: ReasonWords,
        wireErrors: ReasonWords,
        notStored: ReasonWords,
        refusals: ReasonWords = ReasonWords([String]())
    ) {
        self.refusals = refusals
        self.originErrors = originErrors
        self.wireErrors = wireErrors
        self.notStored = notStored
    }
}
