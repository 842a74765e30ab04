#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures MeshHold beside public programs doing the same on the same machine, in one run.

usage: bench.py BUILD [NAME…]   names: start idle json latency bulk small vault scale p2p p2p-link sync

Prints a table; a ratio above 1 means MeshHold is better. Nothing here passes or fails.
"""

import concurrent.futures
import http.client
import os
import pathlib
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time

BUILD = pathlib.Path(sys.argv[1]).resolve()
os.environ["MESHHOLD_BUILD_DIR"] = str(BUILD)
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import mh  # noqa: E402
import p2p  # noqa: E402
import scale  # noqa: E402
import sync  # noqa: E402
import vault  # noqa: E402

GIB = 1 << 30
RUNS = 3
WORK = pathlib.Path(tempfile.mkdtemp(prefix="mh-bench-"))
ROWS = []


def row(what, ours, other, program, unit, higher_is_better=True):
    ratio = (ours / other if higher_is_better else other / ours) if ours and other else 0
    ROWS.append((what, ours, other, program, unit, ratio))
    beside = f"{program} {other:,.3g}" if other is not None else ""
    print(f"{what:<42} {ours:>12,.4g} {unit:<8} {beside:<28} {f'× {ratio:.2f}' if ratio else ''}", flush=True)


class Nginx:
    """nginx with a static JSON answer, a folder to download from and one to upload to."""

    def __enter__(self):
        self.root = WORK / "nginx"
        shutil.rmtree(self.root, ignore_errors=True)
        (self.root / "files").mkdir(parents=True)
        (self.root / "tmp").mkdir()
        self.port = 18099
        config = f"""
daemon off; worker_processes 1; pid {self.root}/pid; error_log {self.root}/error.log; user root;
events {{ worker_connections 1024; }}
http {{
  access_log off; client_max_body_size 0; client_body_temp_path {self.root}/tmp;
  server {{
    listen 127.0.0.1:{self.port};
    location /json {{ default_type application/json; return 200 '{{"version":"0.1.0"}}'; }}
    location / {{ root {self.root}/files; }}
  }}
}}"""
        (self.root / "nginx.conf").write_text(config)
        command = ["nginx", "-c", str(self.root / "nginx.conf"), "-p", str(self.root)]
        begin = time.perf_counter()
        self.process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        mh.wait_until(self.answers, 10, "nginx answers")
        self.started = time.perf_counter() - begin
        return self

    def answers(self):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=1)
            connection.request("GET", "/json")
            return connection.getresponse().status == 200
        except OSError:
            return False

    def worker(self):
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return int(children[0])

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def rss_kib(pid):
    return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text())[1])


def switches(pid):
    total = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        total += int(re.search(r"\nvoluntary_ctxt_switches:\s+(\d+)", (task / "status").read_text())[1])
    return total


def bench_start():
    times = []
    for _ in range(RUNS * 3):
        daemon = mh.Daemon()
        begin = time.perf_counter()
        with daemon:
            daemon.get("/api/v1/version", token=None)
            times.append(time.perf_counter() - begin)
    with Nginx() as nginx:
        row("start to first answer", statistics.median(times) * 1000, nginx.started * 1000, "nginx", "ms", False)


def bench_idle():
    with mh.Daemon() as daemon, Nginx() as nginx:
        daemon.get("/api/v1/version", token=None)
        time.sleep(3)
        before = switches(daemon.process.pid), switches(nginx.worker())
        time.sleep(10)
        after = switches(daemon.process.pid), switches(nginx.worker())
        row("idle RSS", rss_kib(daemon.process.pid) / 1024, rss_kib(nginx.worker()) / 1024, "nginx worker", "MiB", False)
        row("idle wake-ups", (after[0] - before[0]) / 10, (after[1] - before[1]) / 10, "nginx worker", "/s", False)


def wrk(url, *options):
    result = subprocess.run(["wrk", "-t1", "-c16", "-d5s", *options, url], capture_output=True, text=True, check=True)
    return float(re.search(r"Requests/sec:\s+([\d.]+)", result.stdout)[1])


def bench_json():
    with mh.Daemon() as daemon, Nginx() as nginx:
        token = daemon.login()
        other = statistics.median(wrk(f"http://127.0.0.1:{nginx.port}/json") for _ in range(RUNS))
        row("JSON requests, on the loop", statistics.median(wrk(f"{daemon.url}api/v1/version") for _ in range(RUNS)),
            other, "nginx", "/s")
        header = ("-H", f"Authorization: Bearer {token}")
        row("JSON requests, on a worker with SQL", statistics.median(wrk(f"{daemon.url}api/v1/vaults", *header) for _ in range(RUNS)),
            other, "nginx", "/s")


def make_file(path, size=GIB):
    with open(path, "wb") as file:
        for _ in range(size >> 20):
            file.write(os.urandom(1 << 20))
    return path


def curl(*arguments):
    """Seconds that one transfer took."""
    result = subprocess.run(["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code} %{time_total}", *arguments],
                            capture_output=True, text=True, check=True)
    status, seconds = result.stdout.split()
    if not status.startswith("2"):
        raise RuntimeError(f"curl {arguments[-1]}: {status} {result.stderr}")
    return float(seconds)


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def restic(repository, *arguments):
    """Wall and CPU seconds of one run."""
    environment = {**os.environ, "RESTIC_PASSWORD": "bench", "RESTIC_CACHE_DIR": str(WORK / "cache"), "HOME": str(WORK)}
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(["restic", "-q", "-r", str(repository), *arguments], env=environment, check=True)
    wall, after = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def bench_latency():
    """p99 of small requests while 1 GiB goes up and 1 GiB comes down."""
    source = make_file(WORK / "latency.bin")
    with mh.Daemon() as daemon:
        vault, header = daemon.vault(), ["-H", f"Authorization: Bearer {daemon.login()}"]
        base = f"{daemon.url}api/v1/vaults/{vault}"
        upload = lambda name: curl(*header, "-H", "Expect:", "-X", "POST", "-T", str(source), f"{base}/upload/{name}")
        upload("down")
        quiet = sorted(probe(daemon, lambda count: count < 2000))
        busy = threading.Event()

        def transfer():
            with concurrent.futures.ThreadPoolExecutor(2) as pool:
                for job in [pool.submit(upload, "up"), pool.submit(down)]:
                    job.result()
            busy.set()

        def down():
            for _ in range(4):
                curl(*header, f"{base}/download/down")

        worker = threading.Thread(target=transfer)
        worker.start()
        loaded = sorted(probe(daemon, lambda _: not busy.is_set()))
        worker.join()
    for name, times in (("quiet", quiet), ("while 1 GiB goes up and 4 come down", loaded)):
        row(f"p99 of a request, {name}", times[int(len(times) * 0.99)] * 1000, None, "", "ms", False)
        row("  median", statistics.median(times) * 1000, None, "", "ms", False)
    source.unlink()


def probe(daemon, go_on):
    times, connection = [], daemon.connection()
    while go_on(len(times)):
        begin = time.perf_counter()
        connection.request("GET", "/api/v1/version")
        connection.getresponse().read()
        times.append(time.perf_counter() - begin)
        time.sleep(0.001)
    return times


def bench_bulk():
    source = make_file(WORK / "bulk.bin")
    up, down, cpu = [], [], []
    for _ in range(RUNS):
        with mh.Daemon() as daemon:
            vault, header = daemon.vault(), ["-H", f"Authorization: Bearer {daemon.login()}"]
            base = f"{daemon.url}api/v1/vaults/{vault}"
            before = cpu_seconds(daemon.process.pid)
            up.append(curl(*header, "-H", "Expect:", "-X", "POST", "-T", str(source), f"{base}/upload/big"))
            cpu.append(cpu_seconds(daemon.process.pid) - before)
            down.append(curl(*header, f"{base}/download/big"))
            peak = daemon.memory_kib() / 1024
    backup, restore, other_cpu = [], [], []
    for number in range(RUNS):
        repository = WORK / f"restic-{number}"
        restic(repository, "init")
        wall, seconds = restic(repository, "backup", str(source))
        backup.append(wall)
        other_cpu.append(seconds)
        restore.append(restic(repository, "restore", "latest", "--target", str(WORK / "back"))[0])
        shutil.rmtree(WORK / "back")
        shutil.rmtree(repository)
    mb = GIB / 1e6
    row("upload 1 GiB", mb / statistics.median(up), mb / statistics.median(backup), "restic backup", "MB/s")
    row("  CPU of it", statistics.median(cpu), statistics.median(other_cpu), "restic backup", "s", False)
    row("download 1 GiB", mb / statistics.median(down), mb / statistics.median(restore), "restic restore", "MB/s")
    row("  most memory of both", peak, None, "", "MiB", False)
    with Nginx() as nginx:
        shutil.copy(source, nginx.root / "files/big")
        other = statistics.median(curl(f"http://127.0.0.1:{nginx.port}/big") for _ in range(RUNS))
        row("download 1 GiB", mb / statistics.median(down), mb / other, "nginx", "MB/s")
    source.unlink()


def bench_small(count=10_000, size=2048):
    folder = WORK / "small"
    for number in range(count):
        path = folder / f"{number % 100:02}" / f"{number}.bin"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.urandom(size))
    with mh.Daemon() as daemon:
        vault = daemon.vault("small")
        command = [str(BUILD / "app/meshhold"), "--home", str(daemon.home), "file"]
        begin = time.perf_counter()
        subprocess.run([*command, "put", "--recursive", str(folder), f"{vault}:/"], check=True, stdout=subprocess.DEVNULL)
        up = time.perf_counter() - begin
        begin = time.perf_counter()
        subprocess.run([*command, "get", "--recursive", f"{vault}:/small", str(WORK / "got")], check=True, stdout=subprocess.DEVNULL)
        down = time.perf_counter() - begin
        got = sum(1 for path in (WORK / "got").rglob("*") if path.is_file())
        if got != count:
            raise RuntimeError(f"{got} of {count} files came back")
    repository = WORK / "restic-small"
    restic(repository, "init")
    backup = restic(repository, "backup", str(folder))[0]
    restore = restic(repository, "restore", "latest", "--target", str(WORK / "back"))[0]
    row(f"upload {count:,} files of {size} bytes", count / up, count / backup, "restic backup", "files/s")
    row(f"download {count:,} files of {size} bytes", count / down, count / restore, "restic restore", "files/s")


def bench_link():
    subprocess.run([sys.executable, str(pathlib.Path(__file__).with_name("p2p-link.py")), str(BUILD)], check=False)


def main():
    benches = {"start": bench_start, "idle": bench_idle, "json": bench_json, "latency": bench_latency, "bulk": bench_bulk,
               "small": bench_small, "vault": lambda: vault.bench(WORK, BUILD, row), "scale": lambda: scale.bench(WORK, BUILD, row),
               "p2p": lambda: p2p.bench(WORK, BUILD, row), "p2p-link": bench_link,
               "sync": lambda: sync.bench(WORK, row)}
    names = sys.argv[2:] or list(benches)
    unknown = [name for name in names if name not in benches]
    if unknown:
        sys.exit(f"unknown: {', '.join(unknown)}; there are {', '.join(benches)}")
    cpu = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    print(f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} cores, {cpu[1] if cpu else 'unknown processor'}")
    try:
        for name in names:
            benches[name]()
    finally:
        shutil.rmtree(WORK, ignore_errors=True)


if __name__ == "__main__":
    main()
