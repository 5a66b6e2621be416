// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Synchronization

/// A barrier in a script: who comes to it waits until the test opens it.
///
/// ```swift
/// let gate = Gate()
/// origin.on("GET", "/slow") { _ in .response(200, [:], body: ["first", .gate(gate), "second"]) }
/// …
/// gate.open()
/// ```
public final class Gate: Sendable {
    private struct State {
        var isOpen = false
        var permits = 0
        var arrivals = 0
        var nextTicket = 0
        var waiting: [(ticket: Int, continuation: CheckedContinuation<Void, any Error>)] = []
        var cancelled: Set<Int> = []
    }

    private let state: Mutex<State>

    /// - Parameter isOpen: an open gate lets everybody through.
    public init(isOpen: Bool = false) {
        state = Mutex(State(isOpen: isOpen))
    }

    /// Opens for good: all who wait go on, and all who come later.
    public func open() {
        let released = state.withLock { state in
            state.isOpen = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for waiter in released { waiter.continuation.resume() }
    }

    /// Lets so many through, now or when they come, in the order of their coming.
    public func pass(_ count: Int = 1) {
        let released = state.withLock { state in
            let now = min(count, state.waiting.count)
            state.permits += count - now
            let released = state.waiting.prefix(now)
            state.waiting.removeFirst(now)
            return released
        }
        for waiter in released { waiter.continuation.resume() }
    }

    /// How many stand before the gate.
    public var waitingCount: Int { state.withLock { $0.waiting.count } }

    /// How many have come so far, those who went through counted too.
    public var arrivalCount: Int { state.withLock { $0.arrivals } }

    /// Waits before the gate.
    ///
    /// - Throws: `CancellationError` when the task is cancelled.
    public func wait() async throws {
        let ticket = state.withLock { state in
            state.nextTicket += 1
            state.arrivals += 1
            return state.nextTicket
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                let answer: Result<Void, any Error>? = state.withLock { state in
                    if state.cancelled.remove(ticket) != nil { return .failure(CancellationError()) }
                    if state.isOpen { return .success(()) }
                    if state.permits > 0 {
                        state.permits -= 1
                        return .success(())
                    }
                    state.waiting.append((ticket, continuation))
                    return nil
                }
                if let answer { continuation.resume(with: answer) }
            }
        } onCancel: {
            let found = state.withLock { state -> CheckedContinuation<Void, any Error>? in
                guard let index = state.waiting.firstIndex(where: { $0.ticket == ticket }) else {
                    // The waiter may not have come to the list yet; it finds this note then.
                    state.cancelled.insert(ticket)
                    return nil
                }
                return state.waiting.remove(at: index).continuation
            }
            found?.resume(throwing: CancellationError())
        }
    }
}
