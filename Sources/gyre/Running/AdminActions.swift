// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CacheLab
import CyclicStore
import GyreAdmin
import GyreConfiguration
import GyreProxy

/// The orders and questions of the admin address: `POST /purge`, `GET /explain` and `GET /sample`.
enum AdminActions {
    static func make(_ proxy: ProxyServer, _ settings: GyreSettings) -> [String: AdminServer.Action] {
        [
            "/purge": .post { await purge($0, proxy) },
            "/explain": .get { await explain($0, proxy) },
            "/sample": .get { _ in await sample(proxy, settings.storeConfiguration) },
        ]
    }

    /// What `gyre size --admin` reads.
    private static func sample(_ proxy: ProxyServer, _ store: StoreConfiguration) async -> AdminServer.Page {
        guard let sample = await proxy.requestSample() else { return .init(status: 404, "no sample is kept\n") }
        return .init(contentType: "application/json", body: Array(ServerSample(sample, store).json))
    }

    /// `url`, `tag`, `prefix`, `group` with `origin`, or `everything`, each as often as wanted; `soft` marks stale.
    private static func purge(_ request: AdminServer.Request, _ proxy: ProxyServer) async -> AdminServer.Page {
        var subjects: [PurgeRequest.Subject] = []
        subjects += request.all("url").map { .url($0) }
        subjects += request.all("tag").map { .tag($0) }
        subjects += request.all("prefix").map { .prefix($0) }
        for group in request.all("group") { subjects.append(.group(group, origin: request["origin"] ?? "")) }
        if request["everything"] != nil { subjects.append(.everything) }
        guard !subjects.isEmpty else {
            return .init(status: 400, "say what: url=, tag=, prefix=, group= with origin=, or everything; with soft to mark stale\n")
        }
        let mode: PurgeMode = request["soft"] != nil && request["soft"] != "0" ? .soft : .hard
        var outcomes: [PurgeOutcome] = []
        for subject in subjects {
            do throws(PurgeRefusal) {
                outcomes.append(try await proxy.purge(PurgeRequest(subject, mode: mode)))
            } catch {
                return .init(status: 400, "\(error.rawValue): \(subject)\n")
            }
        }
        let outcome = PurgeOutcome.least(of: outcomes)
        let body = "{\"purge\":\"\(outcome.rawValue)\",\"mode\":\"\(mode.rawValue)\",\"subjects\":\(subjects.count)}\n"
        return .init(status: outcome == .refused ? 503 : 200, contentType: "application/json", body: Array(body.utf8))
    }

    /// `url`, and `h` as often as wanted, each a field as in `Accept-Language: de`.
    private static func explain(_ request: AdminServer.Request, _ proxy: ProxyServer) async -> AdminServer.Page {
        guard let url = request["url"] else { return .init(status: 400, "say which: url=http://host/path, and h=Name: value\n") }
        let fields = request.all("h").compactMap { line -> (name: String, value: String)? in
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { return nil }
            return (String(parts[0]), String(parts[1].drop { $0 == " " }))
        }
        guard let text = await proxy.explain(method: request["method"] ?? "GET", url: url, fields: fields) else {
            return .init(status: 400, "not-a-url: write http://host/path\n")
        }
        return .init(text)
    }
}

extension ServerSample {
    fileprivate init(_ sample: RequestSample, _ store: StoreConfiguration) {
        self.init()
        share = sample.share
        requests = sample.requests
        bytes = sample.bytes
        seconds = Double(sample.milliseconds) / 1000
        lost = sample.lost
        memoryBytes = store.memoryBytes
        volumeBytes = store.volumes.reduce(0) { $0 + Int($1.byteCount) }
        replacement = store.replacement.description
        (bytesPerSecond, bytesPerDay) = (store.writeBytesPerSecond, store.writeBytesPerDay)
        (byteShare, writtenByteCost) = (Float(store.byteShare), Float(store.writtenByteCost))
        self.sample.milliseconds = sample.sampled.map { UInt64($0.milliseconds) }
        self.sample.object = sample.sampled.map { UInt32($0.object) }
        self.sample.bytes = sample.sampled.map { UInt32(clamping: $0.bytes) }
    }
}
