# SPDX-License-Identifier: Apache-2.0
# Copyright the Gyre project authors
"""Runs the store's benchmarks in turn and writes the tables and the raw numbers. See Benchmarks/README.md."""

import argparse
import collections
import datetime
import json
import os
import platform
import re
import subprocess

PARTS = ["engines", "put", "get", "path", "objects", "index", "restart"]


def run(program, *words):
    """One measurement; its lines of JSON, and `name=number` words it printed for the next step."""
    print("+", os.path.basename(program), *words, flush=True)
    done = subprocess.run([program, *words], stdout=subprocess.PIPE, text=True, check=True)
    results = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return results, dict(re.findall(r"(\w+)=(\d+)", done.stdout))


def median(values):
    ordered = sorted(values)
    return ordered[len(ordered) // 2] if ordered else float("nan")


def gather(results, bench):
    """Median, least and most of every number of every subject."""
    found = collections.defaultdict(lambda: collections.defaultdict(list))
    for line in results:
        if line["bench"] == bench:
            for name, value in line.items():
                if not isinstance(value, str):
                    found[line["subject"]][name].append(value)
    return found


def cell(values, digits=0):
    if not values:
        return "–"
    middle = f"{median(values):,.{digits}f}"
    if len(values) == 1:
        return middle
    return f"{middle} ({min(values):,.{digits}f}–{max(values):,.{digits}f})"


def table(found, columns):
    lines = ["| | " + " | ".join(title for _, title, _ in columns) + " |", "|---" * (len(columns) + 1) + "|"]
    for subject, numbers in found.items():
        lines.append(f"| {subject} | " + " | ".join(cell(numbers.get(name, []), digits) for name, _, digits in columns) + " |")
    return lines + [""]


def measure(options, part, results):
    bench, where = options.bench, f"directory={options.directory}"
    if part == "engines":
        for depth in (1, 32):
            results += run(bench, "engines", where, f"depth={depth}", f"rounds={options.rounds}", f"seconds={options.seconds}")[0]
    elif part == "put":
        results += run(bench, "put", where, f"rounds={options.rounds}")[0]
    elif part == "get":
        for depth in (1, 4):
            for share in ("0", "0.5"):
                got = run(bench, "get", where, f"depth={depth}", f"write={share}", f"rounds={options.rounds}", f"seconds={options.seconds}")[0]
                for line in got:
                    line["bench"] = f"get depth {depth} write {share}"
                results += got
    elif part == "path":
        results += run(bench, "path", f"rounds={options.rounds}", f"seconds={options.seconds}")[0]
    elif part == "objects":
        for direct in ("1", "0"):
            for _ in range(options.rounds):
                results += run(bench, "objects", where, f"direct={direct}", f"seconds={options.seconds}")[0]
                results += run(f"{options.rivals}/rocksdb", where, f"direct={direct}", f"seconds={options.seconds}")[0]
                if direct == "0":
                    results += run(f"{options.rivals}/lmdb", where, f"seconds={options.seconds}")[0]
    elif part == "index":
        for count in (1_000_000, 10_000_000):
            got = run(bench, "index", f"count={count}", f"rounds={options.rounds}")[0]
            for line in got:
                line["subject"] = f"{count:,} entries, {line['subject']}"
            results += got
    elif part == "restart":
        restart(options, results, where)


def restart(options, results, where):
    size = 1_000_000_000_000
    common = [where, f"bytes={size}"]
    crash, log_only = (0, "crash"), (0, "crash, no snapshot")
    passing = [f"passing={400_000}", f"memory={256 << 20}", "replacement=gyre"]
    kept = (crash, crash, crash, (1, "crash, then a clean stop"), (1, "clean"), (1, "clean"), (1, "clean"))
    for snapshots, starts in ((1, kept), (0, 3 * (log_only,))):
        got, keys = run(options.bench, "forge", *common, f"snapshots={snapshots}", "subject=1 TB")
        results += got
        keys = [f"newest={keys['newest']}", f"records={keys['records']}"]
        for clean, subject in starts:
            results += run(options.bench, "restart", *common, *keys, f"clean={clean}", f"subject=1 TB, {subject}")[0]
        if snapshots:
            # As the default policy has it, with its table of what was seen lately; then a start that finds nothing but the stripes.
            results += run(options.bench, "restart", *common, *keys, *passing, "subject=1 TB, the policy gyre")[0]
            results += run(options.bench, "restart", *common, *keys, "bare=1", "subject=1 TB, nothing but the stripes")[0]
        os.unlink(f"{options.directory}/restart.volume")


def write(options, results):
    os.makedirs(options.results, exist_ok=True)
    stamp = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
    lines = ["# The store beside raw I/O, RocksDB and LMDB", ""]
    lines += [f"{stamp}; Linux {platform.release()}, {os.cpu_count()} cores. Median (least–most) of the rounds; subjects take turns within each.", ""]
    if set(options.parts or PARTS) != set(PARTS):
        lines += [f"Made in this run: {', '.join(options.parts)}. The rows of other parts are of earlier runs; `git log store.json` has their dates.", ""]
    load = os.getloadavg()
    lines += [f"Load average at the end: {load[0]:.1f}, {load[1]:.1f}, {load[2]:.1f}. The raw numbers are in `store.json`.", ""]
    for depth in (1, 32):
        found = gather([line for line in results if line.get("depth") == depth], "engines")
        if found:
            lines += [f"## Engines: random 4 KiB direct reads, depth {depth}", ""]
            lines += table(found, [("readsPerSecond", "reads/s", 0), ("p50us", "p50 µs", 0), ("p99us", "p99 µs", 0), ("processorUs", "CPU µs", 1)])
    found = gather(results, "put")
    if found:
        lines += ["## Puts of 16–64 KiB, and 1 MiB sequential direct writes", ""]
        lines += table(
            found,
            [
                ("objectMBPerSecond", "object MB/s", 0),
                ("deviceMBPerSecond", "device MB/s", 0),
                ("deviceBytesPerObjectByte", "device bytes per object byte", 4),
                ("processorUsPerMB", "CPU µs per MB", 0),
            ],
        )
    found = gather(results, "path")
    if found:
        lines += ["## The way of a get without the disk's time, one at a time", ""]
        lines += table(found, [("p50us", "p50 µs", 1), ("p90us", "p90 µs", 1), ("p99us", "p99 µs", 1)])
    for bench in sorted({line["bench"] for line in results if line["bench"].startswith("get ")}):
        found = gather(results, bench)
        found.pop("write bandwidth", None)
        _, _, depth, _, share = bench.split()
        what = "no writes" if share == "0" else f"writes going on at {float(share):.0%} of the raw bandwidth"
        lines += [f"## Gets of 32 KiB from the disk, depth {depth}, {what}", ""]
        lines += table(
            found,
            [
                ("perSecond", "gets/s", 0),
                ("p50us", "p50 µs", 0),
                ("p90us", "p90 µs", 0),
                ("p99us", "p99 µs", 0),
                ("writtenMBPerSecond", "written MB/s", 0),
                ("processorUs", "CPU µs, writes too", 1),
            ],
        )
    found = gather(results, "objects")
    if found:
        lines += ["## As object caches: 50,000 objects of 16–64 KiB, 8 readers, cold after the restart", ""]
        lines += table(
            found,
            [
                ("putMBPerSecond", "put MB/s", 0),
                ("putProcessorUs", "put CPU µs", 0),
                ("hitPerSecond", "hits/s", 0),
                ("hitP50us", "hit p50 µs", 0),
                ("hitP99us", "hit p99 µs", 0),
                ("hitProcessorUs", "hit CPU µs", 0),
                ("missPerSecond", "misses/s", 0),
                ("missProcessorUs", "miss CPU µs", 1),
                ("restartMs", "restart to first hit ms", 0),
                ("residentMB", "resident MB", 0),
            ],
        )
    found = gather(results, "index")
    if found:
        lines += ["## The index alone, one core", ""]
        lines += table(found, [("perSecond", "a second", 0), ("residentBytesPerObject", "resident bytes an entry", 2)])
    found = gather(results, "restart")
    if found:
        lines += ["## Starts: objects of 32 KiB, real footers, log and snapshot, cold and direct", ""]
        lines += table(
            found,
            [
                ("records", "records", 0),
                ("openedSeconds", "open s", 2),
                ("firstHitSeconds", "first hit s", 2),
                ("completeSeconds", "index complete s", 2),
                ("residentBytesPerObject", "resident bytes an object", 2),
                ("residentBytesPerObjectWithoutMembufs", "the same without membufs", 2),
                ("peakBytesPerObject", "peak", 2),
                ("closeSeconds", "stop s", 2),
            ],
        )
    with open(f"{options.results}/store.md", "w") as page:
        page.write("\n".join(lines))
    with open(f"{options.results}/store.json", "w") as page:
        json.dump(results, page, indent=1)


def main():
    parser = argparse.ArgumentParser()
    for name in ("bench", "rivals", "directory", "results"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("parts", nargs="*", help=" ".join(PARTS))
    options = parser.parse_args()
    results = []
    # What was measured before and is not measured now stays.
    chosen = options.parts or PARTS
    try:
        with open(f"{options.results}/store.json") as page:
            results = [line for line in json.load(page) if line["bench"].split()[0] not in chosen + ["forge"] * ("restart" in chosen)]
    except FileNotFoundError:
        pass
    for part in chosen:
        measure(options, part, results)
        write(options, results)


main()
