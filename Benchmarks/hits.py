#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright the Gyre project authors
"""The whole server beside its rivals in the same run: hits, misses, bodies passed through, latency. Started by Benchmarks/run.

One server at a time on CPU 0 with one worker; wrk and the origin on CPU 1. The servers take turns within each repeat, so that a
machine that slows down slows all of them. CPU time is that of the server's processes, user and system, all of their threads.
"""
import argparse, datetime, http.client, json, os, re, shutil, signal, statistics, subprocess, sys, tempfile, time
from dataclasses import dataclass, field

import plot, servers
from servers import GYRE, LOAD_CPU, MIB, SERVER_CPU, Place, cpu_seconds, free_port, get, is_installed, nginx_with, stop, version, wait_for, write

HERE = os.path.dirname(os.path.realpath(__file__))
SIZES = {"128b": 128, "1k": 1 << 10, "10k": 10 << 10, "16k": 16 << 10, "64k": 64 << 10, "1m": MIB, "64m": 64 * MIB}
STORABLE = "public, max-age=86400"
CONNECTIONS = 64


@dataclass
class Scenario:
    title: str
    size: str
    objects: int = 100
    kind: str = "hit"
    connections: int = CONNECTIONS
    memory_mib: int = 256
    disk_mib: int = 1024
    on_disk: bool = False
    without: tuple = ()
    # What is asked for besides, by a load of its own: new objects of this size, in a fixed rhythm.
    background: str = ""
    slow_disk: bool = False
    environment: dict = field(default_factory=dict)

    @property
    def path(self):
        return f"/{self.size}/"


SCENARIOS = {
    "hit1k": Scenario("100 objects of 1 KiB in memory", "1k"),
    "browser": Scenario("the same, asked for as a browser does (15 fields, 900 bytes)", "1k", environment={"BENCH_BROWSER": "1"}),
    "hit16k": Scenario("100 objects of 16 KiB in memory", "16k"),
    "hit1m": Scenario("10 objects of 1 MiB in memory", "1m", objects=10),
    "spread": Scenario("10,000 objects of 10 KiB in memory, at random", "10k", objects=10_000),
    "disk": Scenario("10,000 objects of 16 KiB, 40 times what may be kept in memory (4 MiB)", "16k", objects=10_000, memory_mib=4,
                     on_disk=True, without=("haproxy",)),
    "miss": Scenario("each URL new, a body of 128 bytes that is stored", "128b", kind="miss", without=("constant",)),
    "pass": Scenario("bodies of 64 MiB that may not be stored, 4 connections", "64m", objects=1, kind="pass", connections=4, without=("constant",)),
    "latency": Scenario("1 KiB in memory, open loop at half of what the server can do", "1k", kind="latency", without=("constant",)),
    "busy": Scenario("the same, while others ask for 40,000 objects of 64 KiB, some far more often than others, ten times what the disk holds", "1k", kind="latency",
                     memory_mib=32, disk_mib=256, background="64k", without=("constant", "haproxy")),
    "slowdisk": Scenario("the same on a disk that takes 100 ms for each read, write and sync", "1k", kind="latency", memory_mib=32, disk_mib=256,
                         background="64k", slow_disk=True,
                         without=("constant", "nginx", "nginx-open-files", "varnish", "squid", "trafficserver", "haproxy")),
    "scale": Scenario("100 objects of 1 KiB in memory, server and load on one CPU, then on two with two workers", "1k", kind="scale",
                      without=("constant", "varnish", "squid", "trafficserver")),
    "many": Scenario("objects of 128 bytes in memory, 10,000 of them, then millions", "128b", objects=10_000, kind="many", memory_mib=18 << 10,
                     disk_mib=1024, without=("constant", "nginx", "nginx-open-files", "varnish", "squid", "trafficserver", "haproxy")),
}
# A quarter of an hour for the filling alone.
ONLY_WHEN_NAMED = ("many",)


@dataclass
class Server:
    title: str
    needs: str
    start: object


def start_constant(place, scenario):
    """The limit: nginx without a cache."""
    size = SIZES[scenario.size]
    if size <= 2048:  # nginx has 4 KiB for one word of its configuration
        return servers.nginx_return(place, os.urandom(size // 2).hex())
    with open(f"{place.folder}/body", "wb") as f:
        f.write(os.urandom(size))
    return nginx_with(place.folder, SERVER_CPU, f"""open_file_cache max=100 inactive=600s; open_file_cache_valid 600s;
  server {{ listen 127.0.0.1:{place.port} backlog=4096; location / {{ root {place.folder}; try_files /body =404; }} }}""")


def start_squid(place, scenario):
    # In memory alone it is quicker, so it gets its disk only where that is measured.
    place.disk_mib = place.disk_mib if scenario.on_disk else 0
    return servers.squid(place)


SERVERS = {
    "gyre": Server("Gyre", "gyre", None),
    "constant": Server("nginx, no cache (limit)", "nginx", start_constant),
    "nginx": Server("nginx proxy_cache", "nginx", lambda place, _: servers.nginx(place)),
    "nginx-open-files": Server("nginx, open_file_cache", "nginx", lambda place, _: servers.nginx_open_files(place)),
    "varnish": Server("Varnish", "varnish", lambda place, scenario: servers.varnish(place, scenario.on_disk)),
    "squid": Server("Squid", "squid", start_squid),
    "trafficserver": Server("Traffic Server", "trafficserver", lambda place, _: servers.traffic_server(place)),
    "haproxy": Server("HAProxy", "haproxy", lambda place, _: servers.haproxy(place)),
}


# The origin


@dataclass
class Origin:
    port: int
    process: object

    def requests(self):
        return int(get(self.port, "/status").split("\n")[2].split()[2])


def start_origin(work):
    folder, port = new_folder(work, "origin"), free_port()
    places = ""
    for name, size in SIZES.items():
        with open(f"{folder}/{name}.bin", "wb") as f:
            f.write(os.urandom(size))
        control = "no-store" if name == "64m" else STORABLE
        places += f'location /{name}/ {{ add_header Cache-Control "{control}"; root {folder}; try_files /{name}.bin =404; }}\n'
    process = nginx_with(folder, LOAD_CPU, f"""etag off; open_file_cache max=100;
  server {{ listen 127.0.0.1:{port} backlog=4096; location = /status {{ stub_status; }} {places} }}""")
    wait_for(port, process)
    return Origin(port, process)


# Load


def fill(port, scenario):
    """Asks for everything once and checks what comes."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    for number in range(scenario.objects):
        connection.request("GET", f"{scenario.path}{number}")
        response = connection.getresponse()
        size = len(response.read())
        if response.status != 200 or size != SIZES[scenario.size]:
            sys.exit(f"status {response.status} and {size} bytes for {scenario.path}{number}")
    connection.close()


def wrk_command(port, connections, seconds, cpus=LOAD_CPU, threads=1):
    return ["taskset", "-c", cpus, "wrk", f"-t{threads}", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s", "-s", f"{HERE}/hits.lua",
            f"http://127.0.0.1:{port}/"]


def wrk(port, scenario, seconds, prefix=None, objects=None, cpus=LOAD_CPU, threads=1):
    """With a prefix: URLs that begin with it and are new, each asked for once."""
    asked = {"BENCH_PREFIX": prefix} if prefix else {"BENCH_PREFIX": scenario.path, "BENCH_COUNT": str(objects or scenario.objects)}
    out = subprocess.run(wrk_command(port, scenario.connections, seconds, cpus, threads), env=os.environ | asked | scenario.environment,
                         stdin=subprocess.DEVNULL, capture_output=True, text=True)
    found = re.search(r"RESULT (\d+) (\d+) (\d+) (\d+) (\d+) (\d+)", out.stdout)
    if not found:
        sys.exit("wrk failed: " + (out.stderr or out.stdout)[-400:])
    requests, microseconds, size, p50, p99, errors = map(int, found.groups())
    return {"requests": requests, "seconds": microseconds / 1e6, "bytes": size, "p50_us": p50, "p99_us": p99, "errors": errors}


def open_loop(program, port, scenario, rate, seconds):
    out = subprocess.run(["taskset", "-c", LOAD_CPU, program, str(port), str(scenario.connections), f"{rate:.0f}", str(seconds), scenario.path,
                          str(scenario.objects)], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if out.returncode:
        sys.exit("openloop failed: " + out.stderr[-400:])
    names = ("requests", "errors", "p50_us", "p99_us", "p999_us", "max_us", "late99_us")
    return dict(zip(names, map(int, out.stdout.split())), seconds=seconds, rate=round(rate))


class Background:
    """About 400 requests a second for objects of one size, more of them than the server's disk holds, from before a measurement to its end."""

    def __init__(self, port, scenario, seconds):
        asked = {"BENCH_PREFIX": f"/{scenario.background}/", "BENCH_COUNT": "40000", "BENCH_DELAY": "2", "BENCH_SKEW": "3"}
        self.process = subprocess.Popen(wrk_command(port, 1, seconds), env=os.environ | asked, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def build_programs(work):
    program = f"{work}/openloop"
    subprocess.run(["gcc", "-O2", "-shared", "-fPIC", "-o", f"{work}/slowdisk.so", f"{HERE}/slowdisk.c"], check=True)
    subprocess.run(["gcc", "-O2", "-o", program, f"{HERE}/openloop.c", "-lm"], check=True)


# One measurement


def new_folder(work, name):
    folder = tempfile.mkdtemp(prefix=name + "-", dir=work)
    os.chmod(folder, 0o777)  # some servers give up their privileges
    return folder


def gyre_hits(admin):
    page = get(admin, "/metrics")
    return {kind: int(float(re.search(rf'^gyre_requests_total{{[^}}]*result="{kind}"[^}}]*}} (\S+)$', page, re.M)[1]))
            for kind in ("hit-memory", "hit-disk", "miss")}


def start_server(name, scenario, origin, work, workers=1, cpus=SERVER_CPU):
    place = Place(new_folder(work, name), free_port(), origin.port, scenario.disk_mib, scenario.memory_mib, workers, cpus)
    if scenario.slow_disk:
        place.environment = {"LD_PRELOAD": f"{work}/slowdisk.so", "SLOW_FILES": f"{place.folder}/volume"}
    if name == "gyre":
        admin = free_port()
        process = servers.gyre(place, f"127.0.0.1:{admin}")
    else:
        admin, process = None, SERVERS[name].start(place, scenario)
    wait_for(place.port, process)
    return process, place, admin


def warm(port, scenario):
    if scenario.kind == "miss":
        wrk(port, scenario, 1, f"{scenario.path}warm-")
        return
    fill(port, scenario)
    # Once more: what the server keeps in memory only when it is asked for again is there too.
    fill(port, scenario)
    wrk(port, scenario, 1)


def gyre_volume(admin):
    """Stripes written, and records relocated, since the server began."""
    page = get(admin, "/metrics")
    return [int(float(re.search(rf"^{name}(?:{{[^}}]*}})? (\S+)$", page, re.M)[1])) for name in VOLUME_METRICS]


def closed_loop(name, scenario, origin, work, seconds, workers, cpus, threads):
    """Requests a second and CPU µs a request, with server and load on these CPUs."""
    process, place, _ = start_server(name, scenario, origin, work, workers, cpus)
    warm(place.port, scenario)
    busy = cpu_seconds(process)
    result = wrk(place.port, scenario, seconds, cpus=cpus, threads=threads)
    result["cpu_us"] = (cpu_seconds(process) - busy) / max(1, result["requests"]) * 1e6
    stop(process)
    shutil.rmtree(place.folder, ignore_errors=True)
    return result


def measure_scale(name, scenario, origin, work, seconds):
    """Everything of the load that one CPU has in the first part each of two has in the second, so what is left of twice is what the workers cost each other."""
    one = closed_loop(name, scenario, origin, work, seconds, 1, SERVER_CPU, 1)
    result = closed_loop(name, scenario, origin, work, seconds, 2, f"{SERVER_CPU},{LOAD_CPU}", 2)
    result.update(rps=result["requests"] / result["seconds"], one_rps=one["requests"] / one["seconds"], one_cpu_us=one["cpu_us"], origin_requests=0,
                  other_work=0, errors=result["errors"] + one["errors"])
    result["times"] = result["rps"] / result["one_rps"]
    result["doubts"] = [f"{result['errors']} errors"] if result["errors"] else []
    return result


def measure_many(name, scenario, origin, work, seconds, many):
    """The same server first with few objects, then with many. The many come through the proxy, one miss each."""
    process, place, admin = start_server(name, scenario, origin, work)
    warm(place.port, scenario)

    def part(objects):
        wrk(place.port, scenario, 2, objects=objects)
        hits, busy = gyre_hits(admin), cpu_seconds(process)
        result = wrk(place.port, scenario, seconds, objects=objects)
        result["cpu_us"] = (cpu_seconds(process) - busy) / max(1, result["requests"]) * 1e6
        after = gyre_hits(admin)
        result["hits"] = {kind: after[kind] - hits[kind] for kind in after}
        return result

    few = part(scenario.objects)
    resident = servers.resident_bytes(process)
    filled = fill_many(place.port, admin, scenario, many)
    result = part(filled)
    result.update(few_cpu_us=few["cpu_us"], times=result["cpu_us"] / few["cpu_us"], rps=result["requests"] / result["seconds"], objects=filled,
                  bytes_each=(servers.resident_bytes(process) - resident) / filled, origin_requests=result["hits"]["miss"], other_work=0)
    stop(process)
    shutil.rmtree(place.folder, ignore_errors=True)
    result["doubts"] = [f"{result['errors']} errors"] if result["errors"] else []
    return result


def fill_many(port, admin, scenario, many):
    """Asks for objects one after another until there are as many as wanted, and tells how many."""
    missed = gyre_hits(admin)["miss"]
    asked = {"BENCH_PREFIX": scenario.path, "BENCH_FIRST": str(scenario.objects)}
    load = subprocess.Popen(wrk_command(port, scenario.connections, 3600), env=os.environ | asked, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        while (count := scenario.objects + gyre_hits(admin)["miss"] - missed) < many and load.poll() is None:
            time.sleep(1)
    finally:
        load.terminate()
        load.wait()
    # What was under way when the load ended may be missing.
    return count - scenario.connections


def measure(name, scenario, origin, work, seconds, many):
    if scenario.kind == "scale":
        return measure_scale(name, scenario, origin, work, seconds)
    if scenario.kind == "many":
        return measure_many(name, scenario, origin, work, seconds, many)
    process, place, admin = start_server(name, scenario, origin, work)
    warm(place.port, scenario)
    if scenario.kind == "latency":
        capacity = wrk(place.port, scenario, seconds)
        load = lambda: open_loop(f"{work}/openloop", place.port, scenario, capacity["requests"] / capacity["seconds"] / 2, seconds)
    else:
        load = lambda: wrk(place.port, scenario, seconds, f"{scenario.path}new-" if scenario.kind == "miss" else None)
    if scenario.background:
        # Long enough to go round the disk once before anything is measured.
        with Background(place.port, scenario, BACKGROUND_SECONDS + seconds + 60):
            time.sleep(BACKGROUND_SECONDS)
            return under_load(name, scenario, origin, process, place, admin, load)
    return under_load(name, scenario, origin, process, place, admin, load)


# For the background to go round a disk of 256 MiB: 400 objects of 64 KiB a second, of which most are misses.
BACKGROUND_SECONDS = 25
VOLUME_METRICS = ("gyre_store_stripes_written_total", "gyre_store_relocated_records_total")


def under_load(name, scenario, origin, process, place, admin, load):
    """Puts a server that is ready under the load, stops it and tells what was measured."""
    hits = gyre_hits(admin) if admin else None
    volume = gyre_volume(admin) if admin and scenario.background else None
    asked, busy, others = origin.requests(), cpu_seconds(process), other_work(process, origin)
    result = load()
    cpu = cpu_seconds(process) - busy
    result["other_work"] = (other_work(process, origin) - others) / result["seconds"]
    result["origin_requests"] = origin.requests() - asked - 1
    result["cpu_us"] = cpu / max(1, result["requests"]) * 1e6
    result["rps"] = result["requests"] / result["seconds"]
    if scenario.kind == "pass":
        result["mb_per_second"] = result["bytes"] / 1e6 / result["seconds"]
        result["cpu_us_per_mb"] = cpu * 1e6 / max(1, result["bytes"] / 1e6)
    if admin:  # before more is asked of it
        after = gyre_hits(admin)
        result["hits"] = {kind: after[kind] - hits[kind] for kind in after}
        if volume:
            result["stripes"], result["relocated"] = (now - then for now, then in zip(gyre_volume(admin), volume))
    if scenario.kind == "miss":
        result["kept"] = kept(place.port, origin, f"{scenario.path}new-")
    stop(process)
    # A file system that has just lost many files is slow to make new ones: nginx's folders stay until the end.
    if not name.startswith("nginx"):
        shutil.rmtree(place.folder, ignore_errors=True)
    result["doubts"] = doubts(scenario, result)
    return result


def kept(port, origin, prefix):
    """How many of a hundred misses the server can answer now by itself."""
    asked = origin.requests()
    for number in range(2, 102):  # wrk makes the first to look at it and does not send it
        get(port, f"{prefix}{number}", "latin-1")
    return 100 - (origin.requests() - asked - 1)


def other_work(server, origin):
    """Seconds that all cores together spent on what is no part of the measurement."""
    return servers.busy_seconds() - cpu_seconds(server) - cpu_seconds(origin.process) - sum(os.times()[:4])


def doubts(scenario, result):
    """What speaks against a measurement, in words."""
    found, size = [], SIZES[scenario.size]
    if not result["requests"]:
        found.append("nothing was answered whole")
    if result["errors"]:
        found.append(f"{result['errors']} errors")
    if result["other_work"] > 0.1:
        found.append(f"other work on the machine took {100 * result['other_work']:.0f} % of a core")
    if scenario.kind in ("hit", "latency") and not scenario.background and result["origin_requests"]:
        found.append(f"{result['origin_requests']} of {result['requests']} requests asked of the origin")
    if scenario.kind in ("miss", "pass") and result["origin_requests"] < result["requests"]:
        found.append(f"only {result['origin_requests']} of {result['requests']} requests reached the origin")
    if result.get("kept", 100) < 100:
        found.append(f"only {result['kept']} of 100 misses were kept")
    if result.get("late99_us", 0) > 100:
        found.append("the load itself was late")
    # What a connection had of a body when the time was over counts as bytes and not as a request.
    if scenario.kind in ("hit", "miss"):
        least, most = size * result["requests"], (size + 1024) * (result["requests"] + scenario.connections)
        if not least <= result["bytes"] <= most:
            found.append(f"{result['bytes']} bytes in {result['requests']} answers")
    return found


# Results


def spread(values, form):
    return f"{statistics.median(values):{form}} ({min(values):{form}}–{max(values):{form}})"


# For each kind of scenario: what the plot shows, and the columns as (heading, key, form); without a form the sum.
PLOTTED = {"hit": ("cpu_us", "CPU µs a request"), "miss": ("cpu_us", "CPU µs a request"), "pass": ("cpu_us_per_mb", "CPU µs a MB"),
           "latency": ("p99_us", "p99, µs from when a request was due"), "scale": ("times", "requests a second on two CPUs for one on one"),
           "many": ("cpu_us", "CPU µs a request")}
LAST = [("errors", "errors", None), ("asked of the origin", "origin_requests", None)]
CLOSED = [("requests/s", "rps", ".0f"), ("CPU µs", "cpu_us", ".1f"), ("p50 µs", "p50_us", ".0f"), ("p99 µs", "p99_us", ".0f")] + LAST
COLUMNS = {
    "hit": CLOSED, "miss": CLOSED[:-1] + [("requests", "requests", None), LAST[-1]],
    "pass": [("MB/s", "mb_per_second", ".0f"), ("CPU µs a MB", "cpu_us_per_mb", ".0f"), ("p50 ms", "p50_ms", ".0f"), LAST[0],
             ("whole bodies", "requests", None), LAST[1]],
    "latency": [("requests/s offered", "rate", ".0f"), ("p50 µs", "p50_us", ".0f"), ("p99 µs", "p99_us", ".0f"), ("p99.9 µs", "p999_us", ".0f"),
                ("longest", "max_us", ".0f"),
                ("load late, p99 µs", "late99_us", ".0f"), ("CPU µs", "cpu_us", ".1f")] + LAST,
    "scale": [("requests/s on one CPU", "one_rps", ".0f"), ("on two", "rps", ".0f"), ("times", "times", ".2f"), ("CPU µs on one", "one_cpu_us", ".1f"),
              ("on two", "cpu_us", ".1f"), LAST[0]],
    "many": [("objects", "objects", ".0f"), ("requests/s", "rps", ".0f"), ("CPU µs with 10,000", "few_cpu_us", ".1f"), ("with all", "cpu_us", ".1f"),
             ("times", "times", ".2f"), ("resident bytes an object", "bytes_each", ".0f")] + LAST,
}


def cell(rows, key, form):
    values = [row["p50_us"] / 1000 if key == "p50_ms" else row[key] for row in rows]
    return spread(values, form) if form else str(sum(values))


def section(name, measurements):
    scenario, columns = SCENARIOS[name], COLUMNS[SCENARIOS[name].kind]
    lines = [f"## {name}: {scenario.title}", "", "| server | " + " | ".join(heading for heading, _, _ in columns) + " |", "|---" * (len(columns) + 1) + "|"]
    for server, about in SERVERS.items():
        rows = [m for m in measurements if m["scenario"] == name and m["server"] == server]
        if rows:
            title = f"**{about.title}**" if server == "gyre" else about.title
            lines.append(f"| {title} | " + " | ".join(cell(rows, key, form) for _, key, form in columns) + " |")
    lines.append("")
    hits = [m["hits"] for m in measurements if m["scenario"] == name and "hits" in m]
    memory, disk = sum(h["hit-memory"] for h in hits), sum(h["hit-disk"] for h in hits)
    if memory + disk:
        lines += [f"Gyre's hits: {100 * memory / (memory + disk):.1f} % in memory, {100 * disk / (memory + disk):.1f} % on disk.", ""]
    stripes = [(m["stripes"], m["relocated"]) for m in measurements if m["scenario"] == name and "stripes" in m]
    if stripes:
        lines += [f"Meanwhile Gyre wrote {sum(s for s, _ in stripes)} stripes of 1 MiB over as many older ones and relocated {sum(r for _, r in stripes)} records.", ""]
    if scenario.on_disk:
        lines += ["Nobody drops the system's page cache, so for all of them this is a read from the volume or file that the system may have in memory.", ""]
    doubtful = [f"- {SERVERS[m['server']].title}, repeat {m['repeat'] + 1}: {'; '.join(m['doubts'])}." for m in measurements
                if m["scenario"] == name and m["doubts"]]
    return lines + (["To be read with care:", "", *doubtful, ""] if doubtful else [])


def report(run):
    lines = [
        "# The whole server beside its rivals", "",
        f"Made by `Benchmarks/run` on {run['date']}. {run['machine']}.", "", *(f"- {line}" for line in run["versions"]), "",
        f"One server at a time on CPU {SERVER_CPU} with one worker, wrk ({CONNECTIONS} keep-alive connections, one thread) and the origin on CPU {LOAD_CPU},",
        f"{run['repeats']} repeats of {run['seconds']} s with the servers taking turns. Median (min–max). CPU µs: user and system time of the server's",
        "processes for each request. The latencies are of a closed loop, but for the scenario `latency`: they show how the load queues, not what one",
        "request takes. Errors and requests at the origin are sums over the repeats. The method: [README](../README.md).", "",
        *(f"Not installed and left out: {', '.join(run['missing'])}.\n" for _ in [0] if run["missing"]),
        "![The same as bars](hits.svg)", "",
    ]
    for name in run["scenarios"]:
        lines += section(name, run["measurements"])
    return "\n".join(lines)


def picture(run):
    panels = []
    for name in run["scenarios"]:
        key, unit = PLOTTED[SCENARIOS[name].kind]
        bars = []
        for server, about in SERVERS.items():
            values = [m[key] for m in run["measurements"] if m["scenario"] == name and m["server"] == server]
            if values:
                bars.append((about.title, statistics.median(values), min(values), max(values), server == "gyre"))
        panels.append((name, unit, SCENARIOS[name].title, bars))
    return plot.svg("Gyre beside its rivals", panels)


def versions(names):
    needed = dict.fromkeys(SERVERS[name].needs for name in names)
    wrk_line = subprocess.run(["wrk", "-v"], capture_output=True, text=True).stdout.split(" Copyright")[0]
    return [version(program) for program in needed] + [wrk_line]


# The command


def parse():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("scenario", nargs="*", help="of: " + ", ".join(SCENARIOS))
    parser.add_argument("--servers", default=",".join(SERVERS), help="some of the servers, with commas between: " + ",".join(SERVERS))
    parser.add_argument("--seconds", type=int, default=5, help="length of one measurement (5)")
    parser.add_argument("--repeats", type=int, default=3, help="measurements of each (3)")
    parser.add_argument("--many", type=int, default=10_000_000, help="objects of the scenario many (10000000)")
    parser.add_argument("--results", default=os.path.join(HERE, "results"), help="the folder for hits.md, hits.json and hits.svg")
    arguments = parser.parse_args()
    arguments.scenario = arguments.scenario or [name for name in SCENARIOS if name not in ONLY_WHEN_NAMED]
    arguments.servers = arguments.servers.split(",")
    for kind, names, known in (("scenario", arguments.scenario, SCENARIOS), ("server", arguments.servers, SERVERS)):
        for name in names:
            if name not in known:
                parser.error(f"no {kind} '{name}'; there are {', '.join(known)}")
    if arguments.seconds < 1 or arguments.repeats < 1:
        parser.error("--seconds and --repeats are at least 1")
    return arguments


def run_all(arguments, names, work):
    if any(SCENARIOS[scenario].kind == "latency" for scenario in arguments.scenario):
        build_programs(work)
    origin, measurements = start_origin(work), []
    for repeat in range(arguments.repeats):
        for scenario in arguments.scenario:
            for name in names:
                if name in SCENARIOS[scenario].without:
                    continue
                result = measure(name, SCENARIOS[scenario], origin, work, arguments.seconds, arguments.many)
                measurements.append(dict(server=name, scenario=scenario, repeat=repeat, **result))
                print(f"[{repeat + 1}/{arguments.repeats}] {scenario}, {SERVERS[name].title}: {result['rps']:.0f}/s, {result['cpu_us']:.1f} µs"
                      + "".join(f"; {doubt}" for doubt in result["doubts"]), file=sys.stderr, flush=True)
    return measurements


def end_cleanly(*_):
    # A second one, as timeout(1) sends it, must not end the cleaning up.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit("stopped by SIGTERM")


def main():
    arguments = parse()
    names = [name for name in SERVERS if name in arguments.servers and is_installed(SERVERS[name].needs)]
    missing = [SERVERS[name].title for name in SERVERS if name in arguments.servers and name not in names]
    if missing:
        print("Not installed and left out: " + ", ".join(missing), file=sys.stderr)
    signal.signal(signal.SIGTERM, end_cleanly)
    work = tempfile.mkdtemp(prefix="gyre-bench-")
    os.chmod(work, 0o755)
    # This process and its fills stay off the servers' core.
    os.sched_setaffinity(0, {int(LOAD_CPU)})
    try:
        measurements = run_all(arguments, names, work)
    finally:
        servers.stop_all()
        shutil.rmtree(work, ignore_errors=True)
    run = {"date": str(datetime.date.today()), "machine": servers.machine(), "versions": versions(names), "seconds": arguments.seconds,
           "repeats": arguments.repeats, "scenarios": arguments.scenario, "missing": missing, "measurements": measurements}
    text = report(run)
    write(f"{arguments.results}/hits.md", text)
    write(f"{arguments.results}/hits.json", json.dumps(run, indent=1) + "\n")
    write(f"{arguments.results}/hits.svg", picture(run))
    print(text)


if __name__ == "__main__":
    main()
