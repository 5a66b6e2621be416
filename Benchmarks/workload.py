#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright the Gyre project authors
"""gyre workload against several caches. Started by Benchmarks/workload.

One cache at a time on CPU 0, the load and the origin on CPU 1. All get the same requests (one seed), as many bytes of disk and of memory,
and are told nothing but where the origin is; what differs from their defaults stands here with the reason.
"""
import argparse, datetime, json, os, platform, shutil, subprocess, sys, tempfile

import hits
from hits import GYRE, LOAD_CPU, SERVER_CPU, free_port, start, stop, wait_for

HERE = os.path.dirname(os.path.realpath(__file__))
MIB = 1 << 20
# Disk and memory of each cache in MiB.
SIZES = {"large": (256, 32), "small": (64, 8)}


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        f.write(text)
    return path


def gyre(folder, port, origin, disk, memory):
    return start([os.path.realpath(GYRE), "serve", "--origin", f"http://127.0.0.1:{origin}", "--listen", f"127.0.0.1:{port}", "--admin", "none",
                  "--volume", f"{folder}/volume.gyre", "--volume-size", f"{disk}MiB", "--memory", f"{memory}MiB", "--workers", "1",
                  "--access-log", f"{folder}/access.log"], SERVER_CPU, folder, "gyre")


def nginx(folder, port, origin, disk, memory):
    # With master and cache manager: max_size is the manager's to keep. What is in memory is the page cache, which nobody limits.
    write(f"{folder}/nginx.conf", f"""daemon off; user root; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log error;
worker_rlimit_nofile 30000; events {{ worker_connections 8192; }}
http {{ access_log off; keepalive_requests 1000000; tcp_nodelay on;
  client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;
  proxy_cache_path {folder}/cache levels=1:2 keys_zone=z:64m max_size={disk}m inactive=1h use_temp_path=off;
  upstream o {{ server 127.0.0.1:{origin}; keepalive 64; }}
  server {{ listen 127.0.0.1:{port} backlog=4096; location / {{ proxy_pass http://o; proxy_http_version 1.1; proxy_set_header Connection "";
    proxy_cache z; proxy_cache_key $request_uri; proxy_cache_revalidate on; }} }} }}""")
    return start(["nginx", "-p", folder + "/", "-c", f"{folder}/nginx.conf", "-e", f"{folder}/error.log"], SERVER_CPU, folder, "nginx")


def varnish(folder, port, origin, disk, memory):
    write(f"{folder}/b.vcl", f'vcl 4.1; backend d {{ .host = "127.0.0.1"; .port = "{origin}"; }}\n')
    # In memory alone: as much as the others have on disk and in memory. Grace would serve what is out of date.
    return start(["varnishd", "-F", "-j", "none", "-n", f"{folder}/w", "-a", f"127.0.0.1:{port}", "-f", f"{folder}/b.vcl", "-T", "none",
                  "-s", f"malloc,{disk + memory}M", "-p", "default_grace=0"], SERVER_CPU, folder, "varnish")


def squid(folder, port, origin, disk, memory):
    write(f"{folder}/squid.conf", f"""http_port 127.0.0.1:{port} accel defaultsite=127.0.0.1 no-vhost
cache_peer 127.0.0.1 parent {origin} 0 no-query no-digest originserver name=o
http_access allow all
access_log none
cache_log {folder}/cache.log
pid_filename {folder}/squid.pid
coredump_dir {folder}
cache_effective_user proxy
pinger_enable off
shutdown_lifetime 0 seconds
cache_mem {memory} MB
maximum_object_size 16 MB
cache_dir rock {folder}/rock {disk}
""")
    if os.getuid() == 0:
        shutil.chown(folder, "proxy")
    name = f"w{os.getpid()}"
    subprocess.run(["squid", "-N", "-n", name, "-z", "-f", f"{folder}/squid.conf"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL, timeout=60)
    return start(["squid", "-N", "-n", name, "-f", f"{folder}/squid.conf"], SERVER_CPU, folder, "squid")


def traffic_server(folder, port, origin, disk, memory):
    layout = subprocess.run(["traffic_layout", "info"], capture_output=True, text=True).stdout
    dirs = dict(line.split(":", 1) for line in layout.splitlines() if ":" in line)
    conf = f"{folder}/etc"
    shutil.copytree(dirs["SYSCONFDIR"].strip(), conf)
    for name in ("cache", "log", "run"):
        os.makedirs(f"{folder}/{name}.d")
    root = {key.lower(): value.strip() for key, value in dirs.items() if key.lower() in (
        "prefix", "exec_prefix", "bindir", "sbindir", "datadir", "includedir", "libdir", "libexecdir", "localstatedir")}
    root.update(sysconfdir=conf, runtimedir=f"{folder}/run.d", logdir=f"{folder}/log.d", cachedir=f"{folder}/cache.d")
    write(f"{folder}/runroot.yaml", "".join(f"{key}: {value}\n" for key, value in root.items()))
    write(f"{conf}/storage.config", f"{folder}/cache.d {disk}M\n")
    write(f"{conf}/remap.config", f"map / http://127.0.0.1:{origin}/\n")
    user = "trafficserver" if os.getuid() == 0 else "#-1"
    write(f"{conf}/records.config", f"""CONFIG proxy.config.http.server_ports STRING {port}:ipv4:ip-in=127.0.0.1
CONFIG proxy.config.admin.user_id STRING {user}
CONFIG proxy.config.exec_thread.autoconfig INT 0
CONFIG proxy.config.exec_thread.limit INT 1
CONFIG proxy.config.cache.ram_cache.size INT {memory * MIB}
CONFIG proxy.config.http.wait_for_cache INT 1
CONFIG proxy.config.log.logging_enabled INT 0
""")
    if os.getuid() == 0:
        for base, _, files in os.walk(folder):
            for path in [base] + [os.path.join(base, name) for name in files]:
                shutil.chown(path, user)
    return start(["traffic_server", f"--run-root={folder}/runroot.yaml"], SERVER_CPU, folder, "ats")


CACHES = {"gyre": gyre, "nginx": nginx, "varnish": varnish, "squid": squid, "trafficserver": traffic_server}
PROGRAMS = {"gyre": GYRE, "nginx": "nginx", "varnish": "varnishd", "squid": "squid", "trafficserver": "traffic_server"}


def measure(name, size, arguments, work):
    folder = tempfile.mkdtemp(prefix=f"{name}-", dir=work)
    os.chmod(folder, 0o777)
    port, origin = free_port(), free_port()
    process = CACHES[name](folder, port, origin, *SIZES[size])
    wait_for(port, process)
    done = subprocess.run(
        ["taskset", "-c", LOAD_CPU, os.path.realpath(GYRE), "workload", "--target", f"http://127.0.0.1:{port}", "--origin-listen",
         f"127.0.0.1:{origin}", "--seed", str(arguments.seed), "--rate", str(arguments.rate), "--plateau", arguments.plateau, "--working-set",
         str(arguments.working_set), "--cache-pid", str(process.pid), "--run", "w", "--json"],
        stdin=subprocess.DEVNULL, capture_output=True, text=True)
    stop(process)
    shutil.rmtree(folder, ignore_errors=True)
    if not done.stdout.startswith("{"):
        sys.exit(f"gyre workload against {name}: {done.stderr[-500:]}")
    return json.loads(done.stdout)


def version(name):
    option = {"nginx": "-v", "varnish": "-V"}.get(name, "--version")
    done = subprocess.run([PROGRAMS[name], option], capture_output=True, text=True)
    line = (done.stdout + done.stderr).strip().split("\n")[0]
    return f"Gyre {line}" if name == "gyre" else line.replace("nginx version: ", "")


def milliseconds(value):
    return f"{value / 1000:.1f}" if value < 100_000 else f"{value / 1000:.0f}"


def table(results, arguments):
    cpu = next((l.split(":", 1)[1].strip() for l in open("/proc/cpuinfo") if l.startswith("model name")), platform.machine())
    lines = [
        "# gyre workload against five caches", "",
        f"Made by `Benchmarks/workload` on {datetime.date.today()}: {os.cpu_count()} cores of {cpu}, Linux {platform.release().split('-')[0]}; "
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
    names = arguments.caches or [name for name in CACHES if shutil.which(PROGRAMS[name]) or os.path.exists(PROGRAMS[name])]
    results = []
    with tempfile.TemporaryDirectory(prefix="workload-") as work:
        os.chmod(work, 0o755)
        try:
            for size in arguments.sizes:
                for name in names:
                    print(f"{size}: {name} …", file=sys.stderr, flush=True)
                    results.append({"cache": name, "size": size} | measure(name, size, arguments, work))
        finally:
            for process in list(hits.running):
                stop(process)
    text = table(results, arguments)
    write(os.path.join(arguments.out, "workload.md"), text)
    write(os.path.join(arguments.out, "workload.json"), json.dumps(results, indent=1) + "\n")
    print(text)


if __name__ == "__main__":
    main()
