// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// Thrown when a condition did not come true in time.
public struct NeverHappened: Error, CustomStringConvertible {
    /// What was waited for.
    public let what: String
    /// How long.
    public let waited: Duration

    /// The text for people.
    public var description: String { "did not happen within \(waited): \(what)" }
}

/// Waits until a condition holds: asks at once, then again and again with short pauses, until the deadline.
///
/// ```swift
/// try await eventually("the origin sees both") { origin.requestCount == 2 }
/// ```
/// - Parameters:
///   - limit: the deadline from now.
///   - what: said in the error.
/// - Throws: ``NeverHappened`` at the deadline, or what the condition throws.
public func eventually(
    within limit: Duration = .seconds(120),
    _ what: String = "the condition",
    isolation: isolated (any Actor)? = #isolation,
    _ condition: () async throws -> Bool
) async throws {
    let clock = ContinuousClock()
    let deadline = clock.now.advanced(by: limit)
    var pause = Duration.milliseconds(1)
    while true {
        if try await condition() { return }
        guard clock.now < deadline else { throw NeverHappened(what: what, waited: limit) }
        try await clock.sleep(for: pause)
        pause = min(pause * 2, .milliseconds(20))
    }
}
