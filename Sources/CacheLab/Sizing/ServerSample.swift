// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
package import Foundation

/// A running server's sample as its admin address gives it and `gyre size --admin` reads it, with the server's own sizes.
///
/// A JSON object: `share`, `requests`, `bytes`, `seconds`, `lost`, `memory_bytes`, `volume_bytes`, `replacement`, `byte_share`, `written_byte_cost`, where there is a write budget `bytes_per_second` and `bytes_per_day`, and the sampled requests in order as
/// three rows of numbers, `sample.milliseconds`, `sample.object` and `sample.bytes`. Objects are numbers: no URL leaves the server.
package struct ServerSample: Codable, Sendable {
    /// The sampled requests.
    package struct Requests: Codable, Sendable {
        /// Since the first.
        package var milliseconds: [UInt64]
        /// Numbers in order of first appearance.
        package var object: [UInt32]
        /// Of the answer's body; 0 where it showed none, as after HEAD and with 304.
        package var bytes: [UInt32]

        package init() { (milliseconds, object, bytes) = ([], [], []) }
    }

    package var share = 1.0
    /// All requests that a shared cache may answer, and bytes of their answers.
    package var requests = 0
    package var bytes = 0
    /// From the first to the last of them.
    package var seconds = 0.0
    /// Requests that are in no count, since the server was too busy to keep them.
    package var lost = 0
    /// The server's own memory and disks.
    package var memoryBytes = 0
    package var volumeBytes = 0
    /// As `gyre size --replacement` takes it.
    package var replacement = Replacement.gyre.description
    /// The server's write budget; nil where it has none.
    package var bytesPerSecond: Int?
    package var bytesPerDay: Int?
    /// What a hit and a written byte are worth to it.
    package var byteShare = HitValue.defaultByteShare
    package var writtenByteCost = ShadowCaches.Aim.defaultWrittenByteCost
    package var sample = Requests()

    package init() {}

    /// The server's write budget.
    package var budget: SimulationVariants.Budget {
        var budget = SimulationVariants.Budget(name: "the server's")
        (budget.bytesPerSecond, budget.bytesPerDay) = (bytesPerSecond, bytesPerDay)
        return budget
    }

    /// Reads the document.
    package init(json: Data) throws(TraceError) {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        do { self = try decoder.decode(Self.self, from: json) } catch {
            throw TraceError("the server's sample makes no sense (\(error)): is it a Gyre of this version?")
        }
        let count = sample.object.count
        guard share > 0, share <= 1, (0...1).contains(byteShare), writtenByteCost >= 0, requests >= 0, bytes >= 0, seconds >= 0,
            sample.milliseconds.count == count,
            sample.bytes.count == count,
            sample.object.allSatisfy({ $0 < count })
        else { throw TraceError("the server's sample contradicts itself") }
    }

    package var json: Data {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        // Numbers and words alone: nothing in it can fail.
        return (try? encoder.encode(self)) ?? Data()
    }

    /// The sample for a study.
    package var sizing: SizingSample {
        var sizes = [UInt32](repeating: 0, count: sample.object.count)
        var (shown, taken) = (0, 0)
        let requests = sample.object.indices.map { index in
            let object = Int(sample.object[index])
            // An answer that shows no size has the object's last one, as in a trace.
            let bytes = sample.bytes[index] > 0 ? sample.bytes[index] : max(1, sizes[object])
            sizes[object] = bytes
            shown += Int(sample.bytes[index])
            taken += Int(bytes)
            return TraceRequest(
                seconds: UInt32(clamping: sample.milliseconds[index] / 1000),
                object: sample.object[index],
                bytes: bytes
            )
        }
        // The same for the requests that are not in the sample.
        let scale = shown > 0 ? Double(taken) / Double(shown) : 1
        return SizingSample(
            Trace(requests: requests),
            share: share,
            requests: self.requests,
            bytes: Int(Double(bytes) * scale),
            seconds: seconds
        )
    }
}
