#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright the Gyre project authors
"""What a hit on the disk takes beyond the disk: the whole server with direct I/O, beside fio that reads as many bytes of the same file.

    Benchmarks/cold [--seconds N] [--repeats N] [--results DIR]

20,000 objects of 16 KiB with 4 MiB of memory, asked for one after another in an open loop (openloop.c) at a rate at which the disk rests between two; then
objects that lie in memory, at the same rate; then fio (psync, direct) at random places of the volume. Hits on the disk minus hits in memory is what the disk
adds to a hit, and that minus fio's read is what the store adds to the disk. In turns, medians of the repeats.
"""
import argparse, json, os, shutil, statistics, subprocess, sys, tempfile

import hits, servers

OBJECTS, IN_MEMORY, RATE = 20_000, 100, 400
# A record of 16 KiB with its header, key and metadata, in whole pages.
READ_BYTES = 20 << 10
# Of the volume, what has been written for certain: what has not costs no read.
WRITTEN_BYTES = 300 << 20


def fio(volume, seconds):
    out = subprocess.run(
        ["taskset", "-c", servers.SERVER_CPU, "fio", "--name=raw", f"--filename={volume}", "--readonly", "--direct=1", "--ioengine=psync", "--rw=randread",
         f"--bs={READ_BYTES}", "--blockalign=4096", f"--size={WRITTEN_BYTES}", "--iodepth=1", f"--rate_iops={RATE}", "--time_based", f"--runtime={seconds}", "--output-format=json",
         "--percentile_list=50:99"],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)
    found = json.loads(out.stdout)["jobs"][0]["read"]["clat_ns"]["percentile"]
    return {"p50_us": found["50.000000"] / 1000, "p99_us": found["99.000000"] / 1000}


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seconds", type=int, default=8)
    options.add_argument("--repeats", type=int, default=5)
    options.add_argument("--results", default=os.path.join(hits.HERE, "results"))
    options = options.parse_args()
    # Where a disk is: a temporary folder may be memory.
    work = tempfile.mkdtemp(prefix="gyre-cold-", dir="/var/tmp")
    try:
        rows, shares = measure(work, options)
    finally:
        servers.stop_all()
        shutil.rmtree(work, ignore_errors=True)
    report(rows, shares, options)


def measure(work, options):
    hits.build_programs(work)
    origin = hits.start_origin(work)
    scenario = hits.Scenario("", "16k", objects=OBJECTS, memory_mib=4, disk_mib=1024)
    few = hits.Scenario("", "16k", objects=IN_MEMORY)
    place = servers.Place(hits.new_folder(work, "gyre"), servers.free_port(), origin.port, scenario.disk_mib, scenario.memory_mib,
                          environment={"GYRE_VOLUME_DIRECT_IO": "true"})
    admin = servers.free_port()
    process = servers.gyre(place, f"127.0.0.1:{admin}")
    servers.wait_for(place.port, process)
    # Twice: what is asked for again is written.
    for _ in range(2):
        hits.fill(place.port, scenario)
    loop = lambda what: hits.open_loop(f"{work}/openloop", place.port, what, RATE, options.seconds)
    rows = {"hit on the disk": [], "hit in memory": [], "fio": []}
    shares = []
    for _ in range(options.repeats):
        before = hits.gyre_hits(admin)
        rows["hit on the disk"].append(loop(scenario))
        after = hits.gyre_hits(admin)
        found = {kind: after[kind] - before[kind] for kind in after}
        shares.append(found["hit-disk"] / max(1, sum(found.values())))
        if found["miss"]:
            sys.exit(f"{found['miss']} requests were misses: this is no measurement of hits")
        loop(few)
        rows["hit in memory"].append(loop(few))
        rows["fio"].append(fio(f"{place.folder}/volume.gyre", options.seconds))
    return rows, shares


def report(rows, shares, options):
    middle = {name: {key: statistics.median(row[key] for row in found) for key in ("p50_us", "p99_us")} for name, found in rows.items()}
    disk, memory, raw = (middle[name] for name in rows)
    added = {key: disk[key] - memory[key] - raw[key] for key in disk}
    lines = ["# Hits on a cold disk with direct I/O", "", __doc__.strip().split("\n\n")[-1].replace("\n", " "), "",
             f"{options.repeats} repeats of {options.seconds} s at {RATE} a second, {platform()}. {100 * min(shares):.1f} to {100 * max(shares):.1f} % of the first row's requests "
             "were read from the disk.", "", "| | p50 µs | p99 µs |", "|---|---|---|"]
    for name, found in rows.items():
        cells = [f"{middle[name][key]:.0f} ({min(row[key] for row in found):.0f}–{max(row[key] for row in found):.0f})" for key in ("p50_us", "p99_us")]
        lines.append(f"| {name} | {cells[0]} | {cells[1]} |")
    lines.append(f"| **what the store adds** | **{added['p50_us']:+.0f}** | **{added['p99_us']:+.0f}** ({(disk['p99_us'] - memory['p50_us']) / raw['p99_us']:.2f} ×) |")
    lines += ["", "The × is p99 of a hit on the disk without the median of one in memory, by p99 of fio's read.", ""]
    text = "\n".join(lines)
    print(text)
    os.makedirs(options.results, exist_ok=True)
    with open(os.path.join(options.results, "cold.md"), "w") as file:
        file.write(text)


def platform():
    with open("/proc/cpuinfo") as lines:
        name = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "?")
    return f"{os.cpu_count()} cores of {name}, Linux {os.uname().release}"


if __name__ == "__main__":
    main()
