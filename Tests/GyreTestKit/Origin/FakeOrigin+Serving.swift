// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

import Synchronization
import NIOCore

extension FakeOrigin {
    /// Accepts until the task is cancelled.
    func run(_ server: NIOAsyncChannel<ByteConduit, Never>) async {
        // A listening socket that fails ends like one that is told to: the test sees that nobody listens.
        try? await server.executeThenClose { connections in
            await withDiscardingTaskGroup { group in
                do {
                    for try await conduit in connections {
                        group.addTask { await self.serve(conduit) }
                    }
                } catch {}
                group.cancelAll()
            }
        }
    }

    private func serve(_ conduit: ByteConduit) async {
        let number = state.withLock { state in
            state.connections += 1
            state.openConnections += 1
            return state.connections
        }
        await withTaskCancellationHandler {
            // A script that waits at a gate must end when its client goes: the end of either child ends both.
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    await self.exchange(over: conduit, number: number)
                    conduit.startClosing()
                }
                group.addTask { await conduit.closed() }
                await group.next()
                group.cancelAll()
            }
        } onCancel: {
            conduit.startClosing()
        }
        state.withLock { $0.openConnections -= 1 }
    }

    private func exchange(over conduit: ByteConduit, number: Int) async {
        let reader = RequestReader(conduit, connection: number)
        do {
            while let head = try await reader.nextHead() {
                let script = state.withLock { state in
                    state.heads.append(head)
                    let route = State.Route(method: head.method, target: head.target)
                    let script = state.scripts[route] ?? state.otherwise
                    if script == nil { state.unexpected += 1 }
                    return script
                }
                let request = OriginRequest(head: head, reader: reader)
                let reply = try await script?(request) ?? .response(404, ["Cache-Control": "no-store"], body: "no script\n")
                let writer = ReplyWriter(conduit: conduit, head: head) { bytes in
                    self.state.withLock { $0.bodyBytes += bytes }
                }
                guard case .keep = try await writer.send(reply) else { return }
                // A client that was not told to go on may never send the body, so the connection cannot be used again.
                if await reader.isContinueOwed { return }
                try await reader.drain()
            }
        } catch is CancellationError {
        } catch {
            state.withLock { $0.failures.append(error) }
        }
    }
}
