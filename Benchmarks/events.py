#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright the Gyre project authors
"""The way of events, some times over. Started by Benchmarks/events; writes results/events.md and events.json."""
import argparse, datetime, json, os, statistics, subprocess, sys

from servers import GYRE, machine, write

HERE = os.path.dirname(os.path.realpath(__file__))
# What the ancestor's authors reported for ten million events through four modules.
ANCESTOR_SECONDS = 14


def run(arguments):
    command = [GYRE, "events", "--count", str(arguments.count), "--loops", str(arguments.loops)]
    if arguments.log:
        command += ["--log", arguments.log]
    load = os.getloadavg()[0]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"gyre events: {done.stderr[-500:]}")
    return json.loads(done.stdout) | {"load_before": load}


def table(runs, arguments):
    lines = [
        "# The way of events", "",
        f"Made by `Benchmarks/events` on {datetime.date.today()}: {machine()}; the machine was shared with other work, *load* is the "
        "system's average of a minute before each run.", "",
        f"{arguments.count:,} events from {arguments.loops} loops through four parts: each loop's counters, its JSON log, the bounded queue to one "
        f"thread (`GyreTelemetry`), and the lab's sampler, which reads each line (`CacheLab`); the lines go {'to a file' if arguments.log else 'nowhere after it'}. "
        "The loops wait while 8,000 events are on their way, which a server's never do: nothing is dropped, so all of the work is done. *Resident* at the end.", "",
        "| run | events | counted | logged | dropped | read by the lab | log, GB | seconds | processor seconds | M events/s | resident, MB | load |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for number, one in enumerate(runs, 1):
        lines.append(
            f"| {number} | {one['events']:,} | {one['counted']:,} | {one['logged']:,} | {one['dropped']:,} | {one['sampled_by_the_lab']:,} | "
            f"{one['bytes'] / 1e9:.1f} | {one['seconds']:.1f} | {one['processor_seconds']:.1f} | {one['events'] / one['seconds'] / 1e6:.2f} | "
            f"{one['resident_bytes'] / 1e6:.0f} | {one['load_before']:.1f} |")
    lines += ["", f"Median: {statistics.median(one['seconds'] for one in runs):.1f} seconds. The ancestor's authors reported {ANCESTOR_SECONDS} for as many "
              "events through four modules, on a machine of theirs."]
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--count", type=int, default=10_000_000)
    parser.add_argument("--loops", type=int, default=2)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--log", help="file that the log is written to; 3.3 GB")
    parser.add_argument("--out", default=os.path.join(HERE, "results"))
    arguments = parser.parse_args()
    runs = [run(arguments) for _ in range(arguments.runs)]
    text = table(runs, arguments)
    write(os.path.join(arguments.out, "events.md"), text)
    write(os.path.join(arguments.out, "events.json"), json.dumps(runs, indent=1) + "\n")
    print(text)


if __name__ == "__main__":
    main()
