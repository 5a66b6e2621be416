// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import GyreTelemetry
import HTTPCaching
import NIOCore

/// What is answered when the origin fails.
extension Exchange {
    func originFailed(_ failure: UpstreamFailure) {
        if !headIsSent, serveStale(failure.status == 504 ? .timeout : .unreachable) { return }
        fail(status: failure.status, reason: failure.rawValue)
    }

    /// Answers from what is stored although the origin failed, where that is allowed; or says why not. False: the failure is to be told.
    func serveStale(_ failure: ErrorFallback.Failure) -> Bool {
        guard let key = stored?.key ?? partial?.key else { return false }
        switch fallback(on: failure) {
        case .serveStored(let reason, let served):
            if reason != .stillFresh { proxy.outages.note(key, failure, now: Clock.timestamp()) }
            serveStored(served, reason)
            return true
        case .gatewayTimeout:
            // What may not be used without validation cannot be validated (RFC 9111 §5.2.2.2).
            fail(status: 504, reason: "validation-failed")
            return true
        case .forwardError, nil:
            return false
        }
    }

    /// The origin has just failed to validate what is stored: that is served without asking again so soon.
    func servesDuringOutage(_ reason: ValidationReason) -> Bool {
        let directives = cacheRequest.directives
        guard reason == .stale, directives.maxAgeSeconds == nil, directives.minFreshSeconds == nil, directives.maxStaleSeconds == nil,
            let key = stored?.key ?? partial?.key, let failure = proxy.outages.value(of: key, now: Clock.timestamp()),
            case .serveStored(let why, let served) = fallback(on: failure)
        else { return false }
        serveStored(served, why)
        return true
    }

    private func serveStored(_ served: ReuseDecision.Served, _ reason: StaleReason) {
        if stored != nil {
            serve(served, reason: reason.rawValue, result: .stale)
        } else {
            serveParts(served, reason: reason.rawValue, result: .stale)
        }
    }

    private func fallback(on failure: ErrorFallback.Failure) -> ErrorFallback? {
        let policy = proxy.configuration.caching
        guard let head = stored?.head ?? (partsSuffice ? partial?.wholeHead : nil),
            Preconditions.evaluate(request: cacheRequest, stored: head, policy: policy) != .forward
        else { return nil }
        return ErrorFallback.decide(request: cacheRequest, stored: head, failure: failure, now: Clock.timestamp(), policy: policy)
    }
}
