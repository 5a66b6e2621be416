// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
import HTTPCaching
import HTTPTypes
import NIOCore

extension Fill {
    /// One more takes part; with the beginning, if it comes late.
    func add(_ reader: FillReader) {
        switch phase {
        case .waiting:
            readers.append(reader)
        case .sharing(let head):
            readers.append(reader)
            offer(head, to: reader)
            endReaders()
        case .passing:
            reader.tell(.released(nil, alone: true))
        case .over:
            reader.tell(.released(job.marker, alone: false))
        }
    }

    /// One leaves: answered otherwise, or its client has gone.
    func remove(_ reader: FillReader, finishes: Bool) {
        guard let index = readers.firstIndex(where: { $0 === reader }) else { return }
        readers.remove(at: index)
        if finishes { self.finishes = true }
        guard readers.isEmpty else {
            if case .passing = phase, reader.isOwner { abandon() } else { letGo() }
            return updateReading()
        }
        if case .sharing = phase, self.finishes || (fetch?.isWorthFinishing ?? false) {
            letGo()
            return updateReading()
        }
        if case .waiting = phase, self.finishes { return }
        abandon()
    }

    func give(_ credit: Int, to reader: FillReader) {
        reader.credit += credit
        guard readers.contains(where: { $0 === reader }) else { return }
        guard !reader.isPumping else { return }
        pump(reader)
        letGo()
        endReaders()
        updateReading()
    }

    /// Offers a response that may be shared to one who did not ask for it: it is theirs if they could have had it from the store.
    func offer(_ head: StoredHead, to reader: FillReader) {
        guard !reader.isOwner else { return }
        var whole = head
        whole.rules.remove(.incomplete)
        guard whole.isSelected(by: reader.request.fields) else { return dismiss(reader, alone: false) }
        let answer = FillAnswer(reader.request, whole, policy)
        switch ReuseDecision.decide(request: reader.request, stored: whole, now: Clock.timestamp(), policy: policy) {
        case .fresh, .staleServable:
            var slice: FillSlice?
            switch answer {
            case .whole: break
            case .slice(let run): slice = run
            case .none: return dismiss(reader, alone: true)
            }
            reader.take(slice)
            guard keepsAll || reader.position >= keptFrom, reader.position <= received + Self.maxWaitForRangeBytes else {
                return dismiss(reader, alone: true)
            }
            reader.hasHead = true
            reader.tell(.head(whole, slice: slice))
            pump(reader)
        case .validate, .miss, .gatewayTimeout:
            dismiss(reader, alone: true)
        }
    }

    /// Who wants a range that begins further ahead than this asks for it: sooner than it would come by.
    private static let maxWaitForRangeBytes: UInt64 = 1 << 20

    func dismiss(_ reader: FillReader, alone: Bool) {
        readers.removeAll { $0 === reader }
        reader.tell(.released(fetch?.placement.marker ?? job.marker, alone: alone))
    }

    /// Everyone but the owner has to ask for themselves.
    func release(alone: Bool) {
        let others = readers.filter { !$0.isOwner }
        readers.removeAll { !$0.isOwner }
        for reader in others { reader.tell(.released(fetch?.placement.marker ?? job.marker, alone: alone)) }
    }

    // MARK: Bytes

    func take(_ bytes: ByteBuffer) {
        received += UInt64(bytes.readableBytes)
        pieces.append(bytes)
        keptBytes += bytes.readableBytes
        if keepsAll {
            let fits = keptBytes <= proxy.configuration.collapsing.keptBytes && key != nil
            if !fits || !proxy.fills.keep(bytes.readableBytes) {
                keepsAll = false
                proxy.fills.release(keptBytes - bytes.readableBytes)
            }
        }
        for reader in readers { pump(reader) }
        letGo()
    }

    /// Sends a reader what it has not got, as far as its credit goes.
    private func pump(_ reader: FillReader) {
        // Giving credit back while bytes go out must not nest.
        guard reader.hasHead, !reader.isPumping else { return }
        reader.isPumping = true
        defer { reader.isPumping = false }
        var start = keptFrom
        for piece in pieces {
            let pieceEnd = start + UInt64(piece.readableBytes)
            defer { start = pieceEnd }
            let end = min(pieceEnd, reader.end)
            guard reader.position < end else { continue }
            guard reader.credit > 0 else { return }
            let offset = Int(reader.position - start)
            guard let slice = piece.getSlice(at: piece.readerIndex + offset, length: Int(end - reader.position)) else { return }
            reader.position = end
            reader.credit -= slice.readableBytes
            reader.tell(.body(slice))
        }
    }

    /// Forgets bytes that nobody needs any more.
    func letGo(everything: Bool = false) {
        if everything {
            if keepsAll { proxy.fills.release(keptBytes) }
            keepsAll = false
            pieces.removeAll(keepingCapacity: true)
            keptBytes = 0
            return
        }
        guard !keepsAll else { return }
        let needed = readers.lazy.filter(\.hasHead).map(\.position).min() ?? received
        while let first = pieces.first, keptFrom + UInt64(first.readableBytes) <= needed {
            keptFrom += UInt64(first.readableBytes)
            keptBytes -= first.readableBytes
            pieces.removeFirst()
        }
    }

    /// Whether everything that is for a reader has gone out.
    func hasAll(_ reader: FillReader) -> Bool { reader.position >= reader.end || (ended != nil && reader.position >= received) }
}
