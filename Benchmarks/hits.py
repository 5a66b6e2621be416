#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright the Gyre project authors
"""Hits in memory and on disk: Gyre beside nginx proxy_cache in the same run. Started by Benchmarks/run.

One server at a time on CPU 0 with one worker; wrk and the origin on CPU 1. The servers take turns within each repeat, so that a
machine that slows down slows all of them. CPU time is the server process's own, user and system, all of its threads.
"""
import argparse, datetime, http.client, json, os, platform, re, shutil, signal, socket, statistics, subprocess, sys, tempfile, time

HERE = os.path.dirname(os.path.realpath(__file__))
GYRE = os.environ.get("GYRE_BINARY") or os.path.join(HERE, "..", ".build", "release", "gyre")
SERVER_CPU, LOAD_CPU = "0", "1"
TICKS = os.sysconf("SC_CLK_TCK")
CONNECTIONS = 64
SCENARIOS = {
    # name: (objects, path on the origin, what it is)
    "memory": (100, "/1k/", "100 objects of 1 KiB, all of them in Gyre's memory tier"),
    "disk": (10_000, "/16k/", "10,000 objects of 16 KiB, 40 times what Gyre may keep in memory (4 MiB)"),
}
running = []


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def start(command, cpu, folder, name):
    log = open(os.path.join(folder, name + ".log"), "ab")
    # Settings that happen to be in the environment would be measured too.
    clean = {key: value for key, value in os.environ.items() if not key.startswith("GYRE_")}
    process = subprocess.Popen(["taskset", "-c", cpu] + command, cwd=folder, env=clean, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    running.append(process)
    return process


def stop(process):
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    running.remove(process)


def wait_for(port, process, seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            sys.exit(f"a server ended at its start: {process.args}")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.02)
    sys.exit(f"a server does not answer: {process.args}")


def nginx(folder, name, cpu, http):
    path = os.path.join(folder, name + ".conf")
    with open(path, "w") as f:
        # One process and no master, so that its CPU time is all there is.
        f.write(f"""daemon off; master_process off; pid {folder}/{name}.pid; error_log {folder}/{name}.err error;
worker_rlimit_nofile 30000; events {{ worker_connections 8192; }}
http {{
  access_log off; default_type application/octet-stream; sendfile on; tcp_nopush on; tcp_nodelay on; server_tokens off;
  keepalive_requests 1000000000; keepalive_timeout 600s;
  client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;
  {http}
}}""")
    return start(["nginx", "-p", folder + "/", "-c", path, "-e", f"{folder}/{name}.err"], cpu, folder, name)


def start_origin(folder):
    port = free_port()
    for name, size in (("1k", 1 << 10), ("16k", 16 << 10)):
        with open(f"{folder}/{name}.bin", "wb") as f:
            f.write(os.urandom(size))
    places = "".join(
        f'location /{n}/ {{ add_header Cache-Control "public, max-age=86400"; root {folder}; try_files /{n}.bin =404; }}\n' for n in ("1k", "16k"))
    process = nginx(folder, "origin", LOAD_CPU, f"""etag off; open_file_cache max=100;
  server {{ listen 127.0.0.1:{port} backlog=4096; location = /status {{ stub_status; }} {places} }}""")
    wait_for(port, process)
    return port


def origin_requests(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/status")
    page = connection.getresponse().read().decode()
    connection.close()
    return int(page.split("\n")[2].split()[2])


def start_nginx(folder, origin, scenario, more=""):
    port = free_port()
    process = nginx(folder, "cache", SERVER_CPU, f"""
  proxy_cache_path {folder}/cache levels=1:2 keys_zone=z:64m max_size=4g inactive=1h use_temp_path=off; {more}
  upstream o {{ server 127.0.0.1:{origin}; keepalive 64; }}
  server {{ listen 127.0.0.1:{port} backlog=4096; location / {{
    proxy_pass http://o; proxy_http_version 1.1; proxy_set_header Connection "";
    proxy_cache z; proxy_cache_key $request_uri; proxy_cache_valid 200 1h; }} }}""")
    return process, port, None


def start_nginx_open_files(folder, origin, scenario):
    return start_nginx(folder, origin, scenario, "open_file_cache max=20000 inactive=600s; open_file_cache_valid 600s;")


def start_gyre(folder, origin, scenario):
    port, admin = free_port(), free_port()
    memory = "4MiB" if scenario == "disk" else "64MiB"
    process = start([os.path.realpath(GYRE), "serve", "--origin", f"http://127.0.0.1:{origin}", "--listen", f"127.0.0.1:{port}",
                     "--admin", f"127.0.0.1:{admin}", "--volume", f"{folder}/volume.gyre", "--volume-size", "1GiB",
                     "--memory", memory, "--workers", "1", "--access-log", f"{folder}/access.log"], SERVER_CPU, folder, "gyre")
    return process, port, admin


SERVERS = {"gyre": start_gyre, "nginx proxy_cache": start_nginx, "nginx proxy_cache, open_file_cache": start_nginx_open_files}


def cpu_seconds(process):
    # taskset replaces itself by the program, so the id is the server's.
    with open(f"/proc/{process.pid}/stat") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def gyre_hits(admin):
    connection = http.client.HTTPConnection("127.0.0.1", admin, timeout=10)
    connection.request("GET", "/metrics")
    page = connection.getresponse().read().decode()
    connection.close()
    return {kind: int(float(re.search(rf'^gyre_requests_total{{[^}}]*result="{kind}"[^}}]*}} (\S+)$', page, re.M)[1]))
            for kind in ("hit-memory", "hit-disk", "miss")}


def fill(port, path, count):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    for number in range(count):
        connection.request("GET", f"{path}{number}")
        response = connection.getresponse()
        response.read()
        if response.status != 200:
            sys.exit(f"status {response.status} for {path}{number}")
    connection.close()


def wrk(port, path, count, seconds):
    out = subprocess.run(
        ["taskset", "-c", LOAD_CPU, "wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout", "10s", "-s", f"{HERE}/hits.lua",
         f"http://127.0.0.1:{port}/"],
        env=dict(os.environ, BENCH_PREFIX=path, BENCH_COUNT=str(count)), stdin=subprocess.DEVNULL, capture_output=True, text=True)
    found = re.search(r"RESULT (\d+) (\d+) (\d+) (\d+) (\d+) (\d+)", out.stdout)
    if not found:
        sys.exit("wrk failed: " + (out.stderr or out.stdout)[-400:])
    requests, microseconds, size, p50, p99, errors = map(int, found.groups())
    return {"requests": requests, "seconds": microseconds / 1e6, "bytes": size, "p50_us": p50, "p99_us": p99, "errors": errors}


def measure(name, scenario, origin, work, seconds):
    folder = tempfile.mkdtemp(dir=work)
    count, path, _ = SCENARIOS[scenario]
    process, port, admin = SERVERS[name](folder, origin, scenario)
    wait_for(port, process)
    fill(port, path, count)
    # Once more: what the server keeps in memory only when it is asked for again is there too.
    fill(port, path, count)
    wrk(port, path, count, 1)
    hits = gyre_hits(admin) if admin else None
    asked, busy = origin_requests(origin), cpu_seconds(process)
    result = wrk(port, path, count, seconds)
    result["cpu_us"] = (cpu_seconds(process) - busy) / max(1, result["requests"]) * 1e6
    result["origin_requests"] = origin_requests(origin) - asked - 1
    result["rps"] = result["requests"] / result["seconds"]
    if admin:
        after = gyre_hits(admin)
        result["hits"] = {kind: after[kind] - hits[kind] for kind in after}
    stop(process)
    return result


def table(scenarios, results, arguments):
    def spread(values, form):
        return f"{statistics.median(values):{form}} ({min(values):{form}}–{max(values):{form}})"

    cpu = next((l.split(":", 1)[1].strip() for l in open("/proc/cpuinfo") if l.startswith("model name")), platform.machine())
    version = lambda *command: (lambda r: (r.stdout + r.stderr).strip().split("\n")[0])(subprocess.run(command, capture_output=True, text=True))
    lines = [
        "# Hits through the real server", "",
        f"Made by `Benchmarks/run` on {datetime.date.today()}. {os.cpu_count()} cores of {cpu}, Linux {platform.release().split('-')[0]};",
        f"gyre {version(GYRE, '--version')}, {version('nginx', '-v').split(': ')[-1]}, {version('wrk', '-v').split(' Copyright')[0]}.", "",
        f"One server at a time on CPU {SERVER_CPU} with one worker, wrk ({CONNECTIONS} keep-alive connections, one thread) and the origin on CPU {LOAD_CPU},",
        f"{arguments.repeats} repeats of {arguments.seconds} s with the servers taking turns. Median (min–max). CPU µs: user and system time of the server",
        "process for each request. The latencies are of a closed loop: they show how the load queues, not what one request takes.", "",
    ]
    for scenario in scenarios:
        lines += [f"## {scenario}: {SCENARIOS[scenario][2]}", "", "| server | requests/s | CPU µs | p50 µs | p99 µs | errors | asked of the origin |",
                  "|---|---|---|---|---|---|---|"]
        for name in SERVERS:
            rows = [r for r in results if r["server"] == name and r["scenario"] == scenario]
            pick = lambda key: [r[key] for r in rows]
            lines.append(f"| {name} | {spread(pick('rps'), '.0f')} | {spread(pick('cpu_us'), '.1f')} | {spread(pick('p50_us'), '.0f')} | "
                         f"{spread(pick('p99_us'), '.0f')} | {sum(pick('errors'))} | {sum(pick('origin_requests'))} |")
        gyre = [r["hits"] for r in results if r["server"] == "gyre" and r["scenario"] == scenario]
        memory, disk = sum(h["hit-memory"] for h in gyre), sum(h["hit-disk"] for h in gyre)
        lines += ["", f"Gyre's hits: {100 * memory / max(1, memory + disk):.1f} % in memory, {100 * disk / max(1, memory + disk):.1f} % on disk."]
        if scenario == "disk":
            lines.append("Nobody drops the system's page cache, so for all of them \"disk\" is a read from the volume or file that the system may have in memory.")
        lines.append("")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("scenario", nargs="*", help="of: " + ", ".join(SCENARIOS))
    parser.add_argument("--seconds", type=int, default=5, help="length of one measurement (5)")
    parser.add_argument("--repeats", type=int, default=3, help="measurements of each (3)")
    parser.add_argument("--results", default=os.path.join(HERE, "results"), help="the folder for hits.md and hits.json")
    arguments = parser.parse_args()
    scenarios = arguments.scenario or list(SCENARIOS)
    for name in scenarios:
        if name not in SCENARIOS:
            parser.error(f"no scenario '{name}'")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped by SIGTERM"))
    work = tempfile.mkdtemp(prefix="gyre-bench-")
    os.chmod(work, 0o755)
    # This process and its fills stay off the servers' core.
    os.sched_setaffinity(0, {int(LOAD_CPU)})
    results = []
    try:
        origin = start_origin(work)
        for repeat in range(arguments.repeats):
            for scenario in scenarios:
                for name in SERVERS:
                    result = measure(name, scenario, origin, work, arguments.seconds)
                    results.append(dict(server=name, scenario=scenario, repeat=repeat, **result))
                    print(f"[{repeat + 1}/{arguments.repeats}] {scenario}, {name}: {result['rps']:.0f}/s, {result['cpu_us']:.1f} µs", file=sys.stderr)
    finally:
        for process in list(running):
            stop(process)
        shutil.rmtree(work, ignore_errors=True)
    os.makedirs(arguments.results, exist_ok=True)
    text = table(scenarios, results, arguments)
    with open(os.path.join(arguments.results, "hits.md"), "w") as f:
        f.write(text)
    with open(os.path.join(arguments.results, "hits.json"), "w") as f:
        json.dump(results, f, indent=1)
    print(text)


if __name__ == "__main__":
    main()
