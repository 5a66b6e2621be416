// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
import HTTPCaching
import HTTPTypes

/// Where a response is put, by the fields it varies by (RFC 9111 §4.1).
struct Placement {
    let key: StoreKey
    /// Put under the URL's key beside the response, when responses of this URL vary.
    private(set) var marker: VariantMarker?
    private let vary: Vary
    private let selecting: HTTPFields

    /// - Parameters:
    ///   - primaryKey: The URL's.
    ///   - marker: What is known of its variants.
    ///   - selecting: The fields of the request that brought the response.
    init(_ head: StoredHead, primaryKey: StoreKey, marker: VariantMarker?, selecting: HTTPFields, store: CyclicStore) {
        vary = Vary(head.fields)
        self.selecting = selecting
        // One that does not vary takes the place of all variants only if it is newer than they are, and says what is there.
        let standsAlone =
            vary.isEmpty && (marker == nil || head.partial == nil && head.status == 200 && head.correctedInitialAgeMilliseconds < 1000)
        guard !standsAlone else {
            key = primaryKey
            return
        }
        let base = marker ?? VariantMarker(key: primaryKey, generation: .random(in: 1 ... .max), specifications: [])
        self.marker = base.adding(vary)
        key = store.key(base.variantKey(vary, for: selecting))
    }

    /// Puts the marker, if it tells anything new. Others may have put theirs meanwhile; one that was purged since the request does not come back.
    func putMarker(_ head: StoredHead, _ proxy: LoopContext) {
        let store = proxy.store
        guard let marker,
            proxy.purging.marks.verdict(primaryKey: marker.key.bytes, tags: [], requestTime: head.requestTime) == .current
        else { return }
        let known = marker.key.bytes.withUnsafeBytes { store.objectInMemory(marker.key.hash, key: $0) } as? VariantMarker
        let base = known.flatMap { $0.generation == marker.generation ? $0 : nil } ?? marker
        let updated = base.adding(vary).adding(head, vary, for: selecting)
        if updated !== known { store.put(updated) }
    }
}
