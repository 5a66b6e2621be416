# SPDX-License-Identifier: Apache-2.0
# Copyright the Gyre project authors
"""The servers that are measured: how each is started, on loopback, in a folder of its own, and how its processor time is read.

Used by hits.py and workload.py. What differs from a server's defaults stands here with the reason.
"""
import http.client, os, platform, shutil, socket, subprocess, sys, time
from dataclasses import dataclass, field

HERE = os.path.dirname(os.path.realpath(__file__))
GYRE = os.path.realpath(os.environ.get("GYRE_BINARY") or os.path.join(HERE, "..", ".build", "release", "gyre"))
SERVER_CPU, LOAD_CPU = "0", "1"
MIB = 1 << 20
TICKS = os.sysconf("SC_CLK_TCK")
running = []


@dataclass
class Place:
    """Where a server runs and how much it may keep. No disk: in memory alone, if the server can do that."""
    folder: str
    port: int
    origin: int
    disk_mib: int
    memory_mib: int
    # How many workers it has, and the CPUs that it may use.
    workers: int = 1
    cpus: str = SERVER_CPU
    # Variables for the server's environment.
    environment: dict = field(default_factory=dict)


# Processes


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def start(command, cpu, folder, name, environment={}):
    # Settings that happen to be in the environment would be measured too.
    clean = {key: value for key, value in os.environ.items() if not key.startswith("GYRE_")} | environment
    with open(os.path.join(folder, name + ".log"), "ab") as log:
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


def stop_all():
    for process in list(running):
        stop(process)


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


def stat_fields(pid):
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rsplit(")", 1)[1].split()
    except OSError:  # ended meanwhile
        return None


def cpu_seconds(process):
    """User and system time of a server: its first process and all below it. taskset replaces itself, so the id is the server's."""
    stats = {int(pid): fields for pid in os.listdir("/proc") if pid.isdigit() and (fields := stat_fields(pid))}
    family, grown = {process.pid}, True
    while grown:
        more = {pid for pid, fields in stats.items() if int(fields[1]) in family} - family
        family |= more
        grown = bool(more)
    return sum(int(stats[pid][11]) + int(stats[pid][12]) for pid in family if pid in stats) / TICKS


def resident_bytes(process):
    with open(f"/proc/{process.pid}/status") as f:
        return next(int(line.split()[1]) * 1024 for line in f if line.startswith("VmRSS:"))


def busy_seconds():
    """User and system time of everything on all cores."""
    with open("/proc/stat") as f:
        fields = f.readline().split()
    return sum(map(int, fields[1:4])) / TICKS


def machine():
    cpu = next((l.split(":", 1)[1].strip() for l in open("/proc/cpuinfo") if l.startswith("model name")), platform.machine())
    return f"{os.cpu_count()} cores of {cpu}, Linux {platform.release().split('-')[0]}"


# Files and requests


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        f.write(text)
    return path


def get(port, path, encoding="utf-8"):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path)
    page = connection.getresponse().read().decode(encoding)
    connection.close()
    return page


# Servers


def gyre(place, admin="none"):
    return start([GYRE, "serve", "--origin", f"http://127.0.0.1:{place.origin}", "--listen", f"127.0.0.1:{place.port}", "--admin", admin,
                  "--volume", f"{place.folder}/volume.gyre", "--volume-size", f"{place.disk_mib}MiB", "--memory", f"{place.memory_mib}MiB",
                  "--workers", str(place.workers), "--access-log", f"{place.folder}/access.log"], place.cpus, place.folder, "gyre", place.environment)


def nginx_with(folder, cpu, http, workers=1):
    """nginx with its workers, and a master and a cache manager: max_size is the manager's to keep."""
    user = "user root;" if os.getuid() == 0 else ""
    write(f"{folder}/nginx.conf", f"""daemon off; {user} worker_processes {workers}; pid {folder}/pid; error_log {folder}/error.log error;
worker_rlimit_nofile 30000; events {{ worker_connections 8192; }}
http {{
  access_log off; default_type application/octet-stream; sendfile on; tcp_nopush on; tcp_nodelay on; server_tokens off;
  keepalive_requests 1000000000; keepalive_timeout 600s;
  client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;
  {http}
}}
""")
    return start(["nginx", "-p", folder + "/", "-c", f"{folder}/nginx.conf", "-e", f"{folder}/error.log"], cpu, folder, "nginx")


def nginx(place, more=""):
    # What is in memory is the page cache, which nobody limits. What may not be stored is not spooled to a file either.
    return nginx_with(place.folder, place.cpus, f"""
  proxy_cache_path {place.folder}/cache levels=1:2 keys_zone=z:64m max_size={place.disk_mib}m inactive=1h use_temp_path=off; {more}
  upstream o {{ server 127.0.0.1:{place.origin}; keepalive 64; keepalive_requests 1000000000; }}
  server {{ listen 127.0.0.1:{place.port} backlog=4096; location / {{
    proxy_pass http://o; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_max_temp_file_size 0;
    proxy_cache z; proxy_cache_key $request_uri; proxy_cache_revalidate on; }} }}""", place.workers)


def nginx_open_files(place):
    return nginx(place, "open_file_cache max=20000 inactive=600s; open_file_cache_valid 600s;")


def nginx_return(place, body):
    """No cache at all: what nginx needs to answer a constant."""
    return nginx_with(place.folder, SERVER_CPU, f"""
  server {{ listen 127.0.0.1:{place.port} backlog=4096; location / {{ add_header Cache-Control "public, max-age=86400"; return 200 '{body}'; }} }}""")


def varnish(place, on_disk=False):
    # Unless told otherwise in memory alone: as much as the others have on disk and in memory. Grace would serve what is out of date.
    store = f"file,{place.folder}/store.bin,{place.disk_mib}M" if on_disk else f"malloc,{place.disk_mib + place.memory_mib}M"
    write(f"{place.folder}/b.vcl", f'vcl 4.1; backend d {{ .host = "127.0.0.1"; .port = "{place.origin}"; }}\n')
    return start(["varnishd", "-F", "-j", "none", "-n", f"{place.folder}/w", "-a", f"127.0.0.1:{place.port}", "-f", f"{place.folder}/b.vcl",
                  "-T", "none", "-s", store, "-p", "default_grace=0"], SERVER_CPU, place.folder, "varnish")


def squid(place):
    # By default it keeps nothing above 512 KiB in memory and 4 MiB on disk.
    store = f"cache_dir rock {place.folder}/rock {place.disk_mib}" if place.disk_mib else "maximum_object_size_in_memory 16 MB"
    conf = write(f"{place.folder}/squid.conf", f"""http_port 127.0.0.1:{place.port} accel defaultsite=127.0.0.1 no-vhost
cache_peer 127.0.0.1 parent {place.origin} 0 no-query no-digest originserver name=o
http_access allow all
access_log none
cache_log {place.folder}/cache.log
pid_filename {place.folder}/squid.pid
coredump_dir {place.folder}
cache_effective_user proxy
pinger_enable off
shutdown_lifetime 0 seconds
cache_mem {place.memory_mib} MB
maximum_object_size 16 MB
{store}
""")
    if os.getuid() == 0:
        shutil.chown(place.folder, "proxy")
    name = f"w{os.getpid()}"
    if place.disk_mib:
        subprocess.run(["squid", "-N", "-n", name, "-z", "-f", conf], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, timeout=60)
    return start(["squid", "-N", "-n", name, "-f", conf], SERVER_CPU, place.folder, "squid")


def traffic_server(place):
    folder = place.folder
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
    write(f"{conf}/storage.config", f"{folder}/cache.d {place.disk_mib}M\n")
    write(f"{conf}/remap.config", f"map / http://127.0.0.1:{place.origin}/\n")
    user = "trafficserver" if os.getuid() == 0 else "#-1"
    write(f"{conf}/records.config", f"""CONFIG proxy.config.http.server_ports STRING {place.port}:ipv4:ip-in=127.0.0.1
CONFIG proxy.config.admin.user_id STRING {user}
CONFIG proxy.config.exec_thread.autoconfig INT 0
CONFIG proxy.config.exec_thread.limit INT 1
CONFIG proxy.config.cache.ram_cache.size INT {place.memory_mib * MIB}
CONFIG proxy.config.http.wait_for_cache INT 1
CONFIG proxy.config.log.logging_enabled INT 0
""")
    if os.getuid() == 0:
        for base, _, files in os.walk(folder):
            for path in [base] + [os.path.join(base, name) for name in files]:
                shutil.chown(path, user)
    return start(["traffic_server", f"--run-root={folder}/runroot.yaml"], SERVER_CPU, folder, "ats")


def haproxy(place):
    # The cache is off by default, keeps an answer for a minute and nothing above 1/256 of its size. It has no disk.
    write(f"{place.folder}/haproxy.cfg", f"""global
  nbthread {place.workers}
  maxconn 5000
defaults
  mode http
  timeout connect 5s
  timeout client 600s
  timeout server 60s
cache c
  total-max-size {min(place.memory_mib, 4095)}
  max-object-size {min(16, place.memory_mib // 2) * MIB}
  max-age 86400
frontend f
  bind 127.0.0.1:{place.port} backlog 4096
  http-request cache-use c
  http-response cache-store c
  default_backend b
backend b
  http-reuse always
  server o 127.0.0.1:{place.origin}
""")
    return start(["haproxy", "-db", "-f", f"{place.folder}/haproxy.cfg"], place.cpus, place.folder, "haproxy")


# name: (program, Debian package)
PROGRAMS = {"gyre": (GYRE, None), "nginx": ("nginx", "nginx"), "varnish": ("varnishd", "varnish"), "squid": ("squid", "squid"),
            "trafficserver": ("traffic_server", "trafficserver"), "haproxy": ("haproxy", "haproxy")}


def is_installed(name):
    return bool(shutil.which(PROGRAMS[name][0]))


def version(name):
    option = {"nginx": "-v", "varnish": "-V", "haproxy": "-v"}.get(name, "--version")
    done = subprocess.run([PROGRAMS[name][0], option], capture_output=True, text=True)
    line = (done.stdout + done.stderr).strip().split("\n")[0]
    return f"Gyre {line}" if name == "gyre" else line.replace("nginx version: ", "")
