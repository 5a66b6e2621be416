// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Foundation
import GyreTestKit
import Synchronization

/// A real nginx that serves a folder as the origin.
///
/// `/` is served with `Content-Length`; `/chunked/` is served from the same files in chunks, without a length.
/// Everything may be kept for a day.
struct OriginNginx: Sendable {
    let process: ChildProcess
    let port: Int
    private let logPath: String

    /// - Parameter root: the folder of files.
    static func start(in rig: Rig, root: String) async throws -> OriginNginx {
        let port = try FreePort.next()
        let folder = rig.folder.path
        let logPath = rig.folder.file("origin-\(port).log")
        // One process and no master, so that one id is all there is to end.
        // Server-side includes have nothing to replace here; they make nginx forget the length.
        let configuration = try rig.write(
            "origin-\(port).conf",
            """
            daemon off; master_process off; pid \(folder)/origin-\(port).pid; error_log \(folder)/origin-\(port).err warn;
            worker_rlimit_nofile 8192;
            events { worker_connections 4096; }
            http {
              log_format short '$status $body_bytes_sent $request';
              access_log \(logPath) short; default_type application/octet-stream; sendfile on; tcp_nodelay on;
              keepalive_requests 1000000; keepalive_timeout 300s; etag on;
              client_body_temp_path \(folder)/t1; proxy_temp_path \(folder)/t2; fastcgi_temp_path \(folder)/t3;
              uwsgi_temp_path \(folder)/t4; scgi_temp_path \(folder)/t5;
              server {
                listen 127.0.0.1:\(port) backlog=1024;
                add_header Cache-Control "max-age=86400";
                location = /origin-status { access_log off; stub_status; }
                location /chunked/ { alias \(root)/; ssi on; ssi_types *; }
                location / { root \(root); }
              }
            }
            """
        )
        let process = try rig.start(
            try Program.find("nginx"),
            ["-p", folder, "-c", configuration, "-e", "\(folder)/origin-\(port).err"]
        )
        let origin = OriginNginx(process: process, port: port, logPath: logPath)
        try await eventually(within: .seconds(20), "nginx answers; it said: \(process.errorTail)") {
            guard process.isRunning else { throw Program.Missing(name: "nginx", advice: process.errors) }
            return (try? await origin.requests()) != nil
        }
        return origin
    }

    var url: String { "http://127.0.0.1:\(port)" }

    /// Requests that nginx has begun to serve, not counting those that ask for this number.
    ///
    /// Taken from the access log's lines would be simpler but late: a line is written when a response has ended.
    func requests() async throws -> Int {
        let client = try await RawClient.connect(port: port)
        let page = try await client.get("/origin-status", ["Connection": "close"]).text
        await client.close()
        // Active connections: 1 / server accepts handled requests / 5 5 7 / …
        let lines = page.split(separator: "\n")
        guard lines.count > 2, let total = lines[2].split(separator: " ").last.flatMap({ Int($0) }) else {
            throw Program.Missing(name: "the count of requests", advice: page)
        }
        return total - asked.next()
    }

    private let asked = Asked()

    /// What the origin was asked for, for messages.
    func lastRequests(_ count: Int) -> String {
        let log = String(decoding: FileManager.default.contents(atPath: logPath) ?? Data(), as: UTF8.self)
        return log.split(separator: "\n").suffix(count).joined(separator: "\n")
    }
}

/// How often the status page was asked for; it counts itself.
private final class Asked: Sendable {
    private let count = Atomic<Int>(0)
    func next() -> Int { count.add(1, ordering: .relaxed).newValue }
}
