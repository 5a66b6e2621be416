// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import GyreTelemetry
import HTTPCaching
import HTTPWire

/// The words that metrics are split by: each list is the cases of the type that decides.
enum ProxyReasons {
    static let wireErrors = ReasonWords(WireError.self)
    static let notStored = ReasonWords(
        NoStoreReason.allCases.map(\.rawValue) + ["body-too-large", "store-refused", "incomplete", "client-gone"]
    )
}
