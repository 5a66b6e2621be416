#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright the Gyre project authors
"""Compares `gyre simulate`'s reference policies with libCacheSim's (pip install libcachesim numpy) to three digits.

usage: reference_policies.py GYRE TRACE.u32x3 [...]      exit 1 when a policy that is the same in both differs
"""
import json, os, subprocess, sys, tempfile

import libcachesim as lib
import numpy as np

# Those with the same algorithm in both for every object size; the others are shown only.
SAME = {"lru": "LRU", "fifo": "FIFO", "fifo-reinsertion": "Clock", "sieve": "Sieve"}
SHOWN = {"s3-fifo": "S3FIFO", "w-tinylfu": "WTinyLFU", "optimum": "Belady"}


def oracle(path, folder):
    """The trace as oracleGeneral, and the bytes of its distinct objects."""
    trace = np.fromfile(path, dtype="<u4").reshape(-1, 3)
    records = np.zeros(len(trace), dtype=[("time", "<u4"), ("id", "<u8"), ("size", "<u4"), ("next", "<i8")])
    records["time"], records["id"], records["size"] = trace[:, 0], trace[:, 1] + 1, trace[:, 2]
    last = {}
    for position in range(len(trace) - 1, -1, -1):
        records["next"][position] = last.get(int(trace[position, 1]), -1)
        last[int(trace[position, 1])] = position
    written = os.path.join(folder, os.path.basename(path) + ".oracleGeneral")
    records.tofile(written)
    return written, int(trace[np.unique(trace[:, 1], return_index=True)[1], 2].sum(dtype=np.int64))


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    gyre, failed = sys.argv[1], False
    with tempfile.TemporaryDirectory() as folder:
        for path in sys.argv[2:]:
            written, unique = oracle(path, folder)
            for percent in (1, 10):
                size = unique * percent // 100
                names = {**SAME, **SHOWN}
                output = subprocess.run(
                    [gyre, "simulate", path, "--memory", "0", "--volume-size", str(size), "--json", "--replacement", *names],
                    check=True, capture_output=True, text=True,
                ).stdout
                for result in json.loads(output)["results"]:
                    name = result["replacement"]
                    reader = lib.TraceReader(written, lib.TraceType.ORACLE_GENERAL_TRACE)
                    misses, _ = getattr(lib, names[name])(size).process_trace(reader)
                    ours, theirs = result["object_hit_ratio"], 1 - misses
                    differs = abs(ours - theirs) >= 0.0005
                    failed |= differs and name in SAME
                    note = "" if not differs else "  DIFFERS" if name in SAME else "  (not the same algorithm)"
                    print(f"{os.path.basename(path):32} {percent:3} % {name:17} {ours:.4f} {theirs:.4f}{note}", flush=True)
    sys.exit(1 if failed else 0)


main()
