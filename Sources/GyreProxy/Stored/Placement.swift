// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
import HTTPCaching
import HTTPTypes

/// Where a response is put, by the fields it varies by (RFC 9111 §4.1).
struct Placement {
    let key: StoreKey
    /// Holds the marker that is put under the URL's key beside the response, when responses of this URL vary.
    private let use: MarkerTable.Use?
    private let vary: Vary
    private let selecting: HTTPFields

    /// - Parameters:
    ///   - primaryKey: The URL's.
    ///   - marker: What is known of its variants.
    ///   - selecting: The fields of the request that brought the response.
    init(_ head: StoredHead, primaryKey: StoreKey, marker: VariantMarker?, selecting: HTTPFields, _ proxy: LoopContext) {
        vary = Vary(head.fields)
        self.selecting = selecting
        // One that does not vary takes the place of all variants only if it is newer than they are, and says what is there.
        let standsAlone =
            vary.isEmpty && (marker == nil || head.partial == nil && head.status == 200 && head.correctedInitialAgeMilliseconds < 1000)
        guard !standsAlone else {
            key = primaryKey
            use = nil
            return
        }
        let marks = proxy.purging.marks
        let use = proxy.markers.enter(
            primaryKey,
            vary,
            known: marker,
            since: head.requestTime,
            isCurrent: { marks.verdict(primaryKey: primaryKey.bytes, tags: [], requestTime: $0) == .current },
            stored: { Self.marker(under: primaryKey, proxy.store) }
        )
        self.use = use
        key = proxy.store.key(use.marker.variantKey(vary, for: selecting))
    }

    private static func marker(under key: StoreKey, _ store: CyclicStore) -> VariantMarker? {
        key.bytes.withUnsafeBytes { store.objectInMemory(key.hash, key: $0) } as? VariantMarker
    }

    /// What is known of the variants of the URL, this one included; nil: it does not vary.
    var marker: VariantMarker? { use?.marker }

    /// Puts the marker, if it tells anything new. One that was purged since the request does not come back.
    func putMarker(_ head: StoredHead, _ proxy: LoopContext) {
        guard let use,
            proxy.purging.marks.verdict(primaryKey: use.marker.key.bytes, tags: [], requestTime: head.requestTime) == .current
        else { return }
        let store = proxy.store
        let key = use.marker.key
        proxy.markers.update(
            use,
            stored: { Self.marker(under: key, store) },
            { $0.adding(vary).adding(head, vary, for: selecting) },
            put: { store.put($0) }
        )
    }
}
