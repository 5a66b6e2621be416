#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright the Gyre project authors
"""gyre workload against several caches. Started by Benchmarks/workload.

One cache at a time on CPU 0, the load and the origin on CPU 1. All get the same requests (one seed), as many bytes of disk and of memory,
and are told nothing but where the origin is; what differs from their defaults stands in servers.py with the reason.
"""
import argparse, datetime, json, os, shutil, subprocess, sys, tempfile

import servers
from servers import GYRE, LOAD_CPU, MIB, Place, free_port, stop, version, wait_for, write

HERE = os.path.dirname(os.path.realpath(__file__))
# Disk and memory of each cache in MiB.
SIZES = {"large": (256, 32), "small": (64, 8)}


CACHES = {"gyre": servers.gyre, "nginx": servers.nginx, "varnish": servers.varnish, "squid": servers.squid,
          "trafficserver": servers.traffic_server}


def measure(name, size, arguments, work):
    folder = tempfile.mkdtemp(prefix=f"{name}-", dir=work)
    os.chmod(folder, 0o777)
    port, origin = free_port(), free_port()
    process = CACHES[name](Place(folder, port, origin, *SIZES[size]))
    wait_for(port, process)
    done = subprocess.run(
        ["taskset", "-c", LOAD_CPU, GYRE, "workload", "--target", f"http://127.0.0.1:{port}", "--origin-listen",
         f"127.0.0.1:{origin}", "--seed", str(arguments.seed), "--rate", str(arguments.rate), "--plateau", arguments.plateau, "--working-set",
         str(arguments.working_set), "--cache-pid", str(process.pid), "--run", "w", "--json"],
        stdin=subprocess.DEVNULL, capture_output=True, text=True)
    stop(process)
    shutil.rmtree(folder, ignore_errors=True)
    if not done.stdout.startswith("{"):
        sys.exit(f"gyre workload against {name}: {done.stderr[-500:]}")
    return json.loads(done.stdout)


def milliseconds(value):
    return f"{value / 1000:.1f}" if value < 100_000 else f"{value / 1000:.0f}"


def table(results, arguments):
    lines = [
        "# gyre workload against five caches", "",
        f"Made by `Benchmarks/workload` on {datetime.date.today()}: {servers.machine()}; "
        "the machine was shared with other work.", "",
        f"Seed {arguments.seed}, {arguments.rate} requests a second, a working set of {arguments.working_set} objects, two plateaus of {arguments.plateau}, an origin that thinks "
        "for 100 ms on average. *Shared a fetch*: hits that waited for what another request was fetching, not in the times of hits. Milliseconds count from when a request was due. *Written* and *CPU* are the cache's processes' over the whole run.", "",
    ]
    for name in dict.fromkeys(result["cache"] for result in results):
        lines.append(f"- {version(name)}")
    for size in dict.fromkeys(result["size"] for result in results):
        disk, memory = SIZES[size]
        some = [result for result in results if result["size"] == size]
        lines += ["", f"{disk} MiB of disk and {memory} MiB of memory (Varnish: {disk + memory} MiB of memory):", "",
                  "| cache | hits offered | hits | byte hits offered | byte hits | hit p50 / p99 / p99.9, ms | shared a fetch | others p50 / p99, ms | written | CPU µs an answer | errors | wrong |",
                  "|---|---|---|---|---|---|---|---|---|---|---|---|"]
        for result in some:
            plateau, every = result["plateaus"], result["all"]
            hit, other = plateau["hit_us"], plateau["other_us"]
            cpu_us = result["cache_processor_seconds"] * 1e6 / max(1, every["answers"])
            lines.append(
                f"| {result['cache']} | {plateau['offered_hit_ratio']:.1%} | {plateau['object_hit_ratio']:.1%} | {plateau['offered_byte_hit_ratio']:.1%} | "
                f"{plateau['byte_hit_ratio']:.1%} | {milliseconds(hit['p50'])} / {milliseconds(hit['p99'])} / {milliseconds(hit['p99.9'])} | {plateau['hits_joined']} | "
                f"{milliseconds(other['p50'])} / {milliseconds(other['p99'])} | {result['cache_bytes_written'] / MIB:.0f} MiB | {cpu_us:.0f} | "
                f"{every['errors']} | {every['wrong']} |")
    notes = [f"- {r['cache']}, {r['size']}: " + ", ".join(
        f"{kind}: {count}" for kind, count in sorted({**r["all"]["errors_by_kind"], **r["all"]["wrong_by_kind"]}.items()))
        for r in results if r["all"]["errors"] or r["all"]["wrong"]]
    notes += [f"- {r['cache']}, {r['size']}: {r['all']['reloads_from_cache']} reloads answered without asking the origin"
              for r in results if r["all"]["reloads_from_cache"]]
    return "\n".join(lines + ([""] + notes if notes else [])) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("caches", nargs="*", help=f"some of {', '.join(CACHES)}; all that are installed without")
    parser.add_argument("--sizes", nargs="+", choices=list(SIZES), default=list(SIZES))
    parser.add_argument("--rate", type=float, default=500)
    parser.add_argument("--plateau", default="20s")
    parser.add_argument("--working-set", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", default=os.path.join(HERE, "results"))
    arguments = parser.parse_args()
    for name in arguments.caches:
        if name not in CACHES:
            parser.error(f"{name} is not known; there are {', '.join(CACHES)}")
    names = arguments.caches or [name for name in CACHES if servers.is_installed(name)]
    results = []
    with tempfile.TemporaryDirectory(prefix="workload-") as work:
        os.chmod(work, 0o755)
        try:
            for size in arguments.sizes:
                for name in names:
                    print(f"{size}: {name} …", file=sys.stderr, flush=True)
                    results.append({"cache": name, "size": size} | measure(name, size, arguments, work))
        finally:
            servers.stop_all()
    text = table(results, arguments)
    write(os.path.join(arguments.out, "workload.md"), text)
    write(os.path.join(arguments.out, "workload.json"), json.dumps(results, indent=1) + "\n")
    print(text)


if __name__ == "__main__":
    main()
