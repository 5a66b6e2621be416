#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright the Gyre project authors
"""Where the processor time of one request goes: Gyre under the load of a scenario of Benchmarks/run, sampled by perf. Started by Benchmarks/profile.

A sample belongs to what stands nearest to its innermost frame: in the kernel to the call that led there, else to the nearest module of Gyre or NIO that
it was called by. So what the Swift runtime and the C library do is charged to whoever called them.
"""
import argparse, collections, os, re, shutil, subprocess, sys, tempfile, threading

import hits, servers
from servers import cpu_seconds, stop

KERNEL = [(r"sys_write|do_writev|sys_sendto|sys_sendmsg", "kernel: send"), (r"sys_read|sys_recv|sys_readv", "kernel: receive"), (r"preadv|pread64", "kernel: read the volume"),
          (r"epoll_wait", "kernel: wait for sockets"), (r"epoll_ctl", "kernel: change of interest"), (r"do_syscall", "kernel: other calls")]
# Mangled names begin with their module's; those of the proxy are told apart by their types. The first that fits is taken.
PROXY = [(r"LoopContext\w*3log", "log and counters"), (r"HitAnswer|ResponseHeadWriter|RequestHeadWriter", "heads written"), (r"^.{0,14}(Upstream|PooledCall)", "upstream connection"),
         (r"^.{0,14}(\d+Fill|\d+Fetch)", "fill"), (r"", "connection and exchange")]
MODULES = [(r"HTTPWire", "parsing"), (r"CyclicStore|gyre_|match_|crc_", "store"), (r"GyreTelemetry", "log and counters"), (r"HTTPCaching", "caching rules"), (r"NIO", "NIO")]


def place(stack):
    names = [name for name, _ in stack]
    if "kernel" in stack[0][1]:
        return next((title for pattern, title in KERNEL if any(re.search(pattern, name) for name in names)), "kernel: interrupts and the rest")
    for name in names:
        own = name.startswith("$s9GyreProxy")
        for pattern, title in PROXY if own else MODULES:
            # Buffers are NIO's, and whoever fills them is to blame.
            if re.search(pattern, name[3:] if own else name) and not (title == "NIO" and "ByteBuffer" in name):
                return title
    return "no caller found"


def samples(path):
    out = subprocess.run(["perf", "script", "-i", path, "-F", "ip,sym,dso"], capture_output=True, text=True, check=True).stdout
    for block in out.split("\n\n"):
        stack = [found.groups() for line in block.splitlines() if (found := re.match(r"\s*[0-9a-f]+ (.*) \((.*)\)$", line))]
        if stack:
            yield stack


def profile(name, seconds, work):
    scenario = hits.SCENARIOS[name]
    origin = hits.start_origin(work)
    process, place_, _ = hits.start_server("gyre", scenario, origin, work)
    hits.warm(place_.port, scenario)
    recording = threading.Thread(target=subprocess.run, args=(["perf", "record", "-q", "-o", f"{work}/perf", "-g", "-F", "1999", "-p", str(process.pid), "--", "sleep", str(seconds)],),
                                 kwargs={"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL})
    recording.start()
    busy = cpu_seconds(process)
    result = hits.wrk(place_.port, scenario, seconds, f"{scenario.path}new-" if scenario.kind == "miss" else None)
    microseconds = (cpu_seconds(process) - busy) / max(1, result["requests"]) * 1e6
    recording.join()
    stop(process)
    stop(origin.process)
    counts = collections.Counter(place(stack) for stack in samples(f"{work}/perf"))
    total = sum(counts.values())
    lines = [f"## {name}: {scenario.title}", "", f"{microseconds:.1f} µs a request while perf samples it; {total} samples.", "", "| where | share | µs |", "|---|---|---|"]
    lines += [f"| {title} | {100 * count / total:.1f} % | {microseconds * count / total:.2f} |" for title, count in counts.most_common()]
    return "\n".join(lines + [""])


def main():
    names = [name for name, scenario in hits.SCENARIOS.items() if scenario.kind in ("hit", "miss")]
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("scenario", nargs="*", help="of: " + ", ".join(names))
    parser.add_argument("--seconds", type=int, default=8)
    arguments = parser.parse_args()
    for name in arguments.scenario:
        if name not in names:
            parser.error(f"no scenario '{name}'; there are {', '.join(names)}")
    work = tempfile.mkdtemp(prefix="gyre-profile-")
    os.chmod(work, 0o755)
    try:
        parts = [profile(name, arguments.seconds, work) for name in arguments.scenario or ["hit1k", "disk", "miss"]]
    finally:
        servers.stop_all()
        shutil.rmtree(work, ignore_errors=True)
    print(f"# Where the processor time of a request goes\n\n{servers.machine()}. The method: [profile.py](../profile.py).\n")
    print("\n".join(parts))


if __name__ == "__main__":
    main()
