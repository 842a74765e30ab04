# SPDX-License-Identifier: GPL-3.0-or-later
"""A vault of a million files and one of a TiB: what is as fast in them as in an empty one."""

import os
import pathlib
import random
import shutil
import subprocess
import tempfile
import time

import mh

FILES = int(os.environ.get("MESHHOLD_BENCH_FILES", "1000000"))
FOLDER = 1000  # files in each
TRIES = 300


def rss_mib(daemon):
    return daemon.memory_kib("VmRSS") / 1024


def percentile(times, share):
    return sorted(times)[min(len(times) - 1, int(len(times) * share))] * 1000


def timed(daemon, method, paths, body=None):
    """Seconds of each request, on one connection and without the check against the contract."""
    times, connection = [], daemon.connection()
    headers = {"Authorization": f"Bearer {daemon.token or daemon.login()}"}
    for path in paths:
        begin = time.perf_counter()
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        data = response.read()
        times.append(time.perf_counter() - begin)
        if not 200 <= response.status < 300:
            raise RuntimeError(f"{path}: {response.status} {data[:300]}")
    connection.close()
    return times


def fill(folder):
    """A million small files in memory: names of four words, contents that all differ."""
    source, words = random.Random(4), [f"{a}{b}" for a in ("al", "be", "ga", "de", "ep") for b in ("pha", "ta", "mma", "lta", "silon")]
    for number in range(FILES):
        if number % FOLDER == 0:
            below = folder / f"{number // FOLDER // 100:02}" / f"{number // FOLDER:04}"
            below.mkdir(parents=True)
        name = f"{'-'.join(source.choices(words, k=4))}-{number}.txt"
        with open(below / name, "wb") as file:
            file.write(number.to_bytes(8, "big") * 8)


def transfer(daemon, vault, body):
    name = daemon.post(f"/api/v1/vaults/{vault}/import", body).json["id"]

    def ended():
        value = daemon.get(f"/api/v1/transfers/{name}").json
        return value if value["state"] not in ("waiting", "running") else None
    value = mh.wait_until(ended, 1800, "the import")
    if value["state"] != "done" or value["files_failed"]:
        raise RuntimeError(f"{value}")
    return value


def restart(daemon):
    """Seconds from the start to the line that says it is ready, with the connection that asks."""
    daemon.stop()
    begin = time.perf_counter()
    daemon.start()
    daemon.get("/api/v1/version", token=None)
    seconds = time.perf_counter() - begin
    daemon.login()
    return seconds


def measure(daemon, vault, listed, row, what):
    """What a person does all the time. The empty vault and the full one are asked the same."""
    base = f"/api/v1/vaults/{vault}"
    listing = timed(daemon, "GET", [f"{base}/files?path={listed}&shallow=1&limit=1000"] * TRIES)
    row(f"{what}: listing a folder, p99", percentile(listing, 0.99), None, "", "ms", False)
    upload = timed(daemon, "POST", [f"{base}/upload{listed}/new-{number}" for number in range(100)], b"x" * 2000)
    row(f"{what}: upload of 2 kB, median", percentile(upload, 0.5), None, "", "ms", False)
    if any("search" in path for path in daemon.contract.data["paths"]):
        words = ["gamma", "alpha%20beta", "silon-42", "delta-delta", "9999", "txt", "nothing-like-that"] * 10
        found = timed(daemon, "GET", [f"{base}/search?q={word}" for word in words])
        row(f"{what}: search by name, p99", percentile(found, 0.99), None, "", "ms", False)


def bench_files(work, row):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="mh-scale-", dir="/dev/shm"))
    try:
        fill(folder)
        with mh.Daemon(home=work / "scale") as daemon:
            empty, full = daemon.vault("empty"), daemon.vault("full")
            daemon.upload(empty, "/00/0000/one", b"1")
            measure(daemon, empty, "/00/0000", row, "empty vault")
            begin = time.perf_counter()
            transfer(daemon, full, {"host_path": str(folder)})
            row(f"import of {FILES:,} files", FILES / (time.perf_counter() - begin), None, "", "files/s")
            row("start to ready with them", restart(daemon), None, "", "s", False)
            measure(daemon, full, f"/{FILES // FOLDER // 200:02}/{FILES // FOLDER // 2:04}", row, f"{FILES:,} files")
            row("RSS with them", rss_mib(daemon), None, "", "MiB", False)
    finally:
        shutil.rmtree(folder)
        shutil.rmtree(work / "scale", ignore_errors=True)


def bench_tebibyte(work, row):
    """1 TiB of 1,024 copies of 1 GiB, which share their blocks."""
    source = work / "gib"
    with open(source, "wb") as file:
        for _ in range(1024):
            file.write(os.urandom(1 << 20))
    with mh.Daemon(home=work / "tebibyte") as daemon:
        vault = daemon.vault("tebibyte")
        transfer(daemon, vault, {"host_path": str(source)})
        begin = time.perf_counter()
        for number in range(1023):
            reply = daemon.post(f"/api/v1/vaults/{vault}/copy", {"from": "/gib", "to": f"/copies/{number:04}"})
            if reply.status != 200:
                raise RuntimeError(f"{reply}")
        row("1,023 copies of 1 GiB", 1023 / (time.perf_counter() - begin), None, "", "/s")
        value = daemon.get(f"/api/v1/vaults/{vault}").json
        if value["bytes"] != 1 << 40:
            raise RuntimeError(f"{value}")
        row("  bytes on the disk for 1 TiB", value["stored_bytes"] / (1 << 30), None, "", "GiB", False)
        row("start to ready with it", restart(daemon), None, "", "s", False)
        measure(daemon, vault, "/copies", row, "1 TiB")
        row("RSS with it", rss_mib(daemon), None, "", "MiB", False)
    shutil.rmtree(work / "tebibyte")
    source.unlink()


def bench(work, build, row):
    subprocess.run(["sync"], check=True)
    bench_files(work, row)
    bench_tebibyte(work, row)
