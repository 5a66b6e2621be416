// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// The settings cannot be used, for all of these reasons.
public struct ConfigurationError: Error, Sendable {
    /// Every problem, warnings too; at least one is an error.
    public let problems: [ConfigurationProblem]

    init(problems: [ConfigurationProblem]) {
        self.problems = problems
    }

    /// The problems for people, one line each, without a newline at the end.
    public func render() -> String {
        problems.map { $0.render() }.joined(separator: "\n")
    }
}

extension ConfigurationError: CustomStringConvertible {
    /// The same as ``render()``.
    public var description: String {
        render()
    }
}
