// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Testing

@Suite("Conformance, through the real server") struct ConformanceScenarios {
    @Test(arguments: Case.parsing) func parsing(row: Case) async throws { try await run(row) }
    @Test(arguments: Case.freshness) func freshness(row: Case) async throws { try await run(row) }
    @Test(arguments: Case.statuses) func statuses(row: Case) async throws { try await run(row) }
    @Test(arguments: Case.storing) func storing(row: Case) async throws { try await run(row) }
    @Test(arguments: Case.requests) func requests(row: Case) async throws { try await run(row) }
    @Test(arguments: Case.conditions) func conditions(row: Case) async throws { try await run(row) }
    @Test(arguments: Case.updates) func updates(row: Case) async throws { try await run(row) }
    @Test(arguments: Case.methods) func methods(row: Case) async throws { try await run(row) }
    @Test(arguments: Case.vary) func vary(row: Case) async throws { try await run(row) }
    @Test(arguments: Case.stale) func stale(row: Case) async throws { try await run(row) }
    @Test(arguments: Case.targeted) func targeted(row: Case) async throws { try await run(row) }
    @Test(arguments: Case.ranges) func ranges(row: Case) async throws { try await run(row) }
    @Test(arguments: Case.parts) func parts(row: Case) async throws { try await run(row) }
    @Test(arguments: Case.withheld) func withheld(row: Case) async throws { try await run(row) }
    @Test(arguments: Case.originConditions) func originConditions(row: Case) async throws { try await run(row) }
    @Test(arguments: Case.variants) func variants(row: Case) async throws { try await run(row) }
    @Test(arguments: Case.heads) func heads(row: Case) async throws { try await run(row) }
    @Test(arguments: Case.messages) func messages(row: Case) async throws { try await run(row) }
    @Test(arguments: Case.status) func status(row: Case) async throws { try await run(row) }
}
