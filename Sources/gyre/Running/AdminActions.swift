// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import CyclicStore
import GyreAdmin
import GyreProxy

/// The orders and questions of the admin address: `POST /purge` and `GET /explain`.
enum AdminActions {
    static func make(_ proxy: ProxyServer) -> [String: AdminServer.Action] {
        [
            "/purge": .post { await purge($0, proxy) },
            "/explain": .get { await explain($0, proxy) },
        ]
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
