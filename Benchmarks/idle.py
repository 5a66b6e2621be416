#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright the Gyre project authors
"""What an idle connection costs a server in memory: 10,000 keep-alive connections with one answer each, then nothing.

    Benchmarks/idle.py PID PORT PATH

PID is the process whose resident set is looked at. Both sides need 10,000 open files and some: 'ulimit -n 20000' before both.
"""

import resource
import socket
import sys
import time

CONNECTIONS = 10_000


def resident(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) * 1024


def connect(port):
    return socket.create_connection(("127.0.0.1", port))


def ask(connection, path):
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: bench\r\n\r\n".encode())
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += connection.recv(65536)
    head, body = answer.split(b"\r\n\r\n", 1)
    length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length"))
    while len(body) < length:
        body += connection.recv(65536)


def main():
    pid, port, path = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard < CONNECTIONS + 100:
        sys.exit(f"{sys.argv[0]}: {CONNECTIONS + 100} open files are needed, {hard} are allowed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    for _ in range(50):
        with connect(port) as connection:
            ask(connection, path)
    time.sleep(1)
    before = resident(pid)
    idle = [connect(port) for _ in range(CONNECTIONS)]
    for connection in idle:
        ask(connection, path)
    time.sleep(2)
    grown = resident(pid) - before
    print(f"{before >> 10} KiB before, {grown / CONNECTIONS:.0f} bytes more for each of {CONNECTIONS} idle connections")


if __name__ == "__main__":
    main()
