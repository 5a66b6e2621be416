// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
import NIOCore

/// A lookup that began before there was an exchange: the disk is asked once, whoever needs the answer. Lives on one event loop.
final class EarlyLookup {
    let key: StoreKey
    /// Nil while the disk is read.
    private(set) var result: CyclicStore.Lookup?
    private var waiter: ((CyclicStore.Lookup) -> Void)?

    init(_ key: StoreKey, _ proxy: LoopContext) {
        self.key = key
        let (loop, bound) = (proxy.loop, NIOLoopBound(self, eventLoop: proxy.loop))
        proxy.store.get(key) { lookup in
            if loop.inEventLoop {
                bound.value.end(lookup)
            } else {
                loop.execute { bound.value.end(lookup) }
            }
        }
    }

    private func end(_ lookup: CyclicStore.Lookup) {
        result = lookup
        waiter?(lookup)
        waiter = nil
    }

    /// Calls back once, at once where the answer is there.
    func whenEnded(_ body: @escaping (CyclicStore.Lookup) -> Void) {
        if let result { body(result) } else { waiter = body }
    }
}
