# SPDX-License-Identifier: GPL-3.0-or-later
"""Two machines on loopback beside two of Syncthing: from a folder of one to the same on the other, durable there."""

import json
import os
import pathlib
import random
import re
import shutil
import socket
import statistics
import subprocess
import time
import urllib.error
import urllib.request

import mh

RUNS = 3
SECONDS = 900  # after which a run has failed
KEY = "bench"


class Cost:
    """Wall seconds, CPU seconds of both sides, and the most memory of one side in MiB."""

    def __init__(self, wall, cpu, rss):
        self.wall, self.cpu, self.rss = wall, cpu, rss


def ticks(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak(pid):
    return int(re.search(r"VmHWM:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii"))[1]) / 1024


def measure(pids, start, is_done):
    before = [ticks(pid) for pid in pids]
    begin = time.perf_counter()
    start()
    while not is_done():
        if time.perf_counter() - begin > SECONDS:
            raise RuntimeError("not the same in time")
        time.sleep(0.1)
    wall = time.perf_counter() - begin
    return Cost(wall, sum(map(ticks, pids)) - sum(before), max(map(peak, pids)))


def meshhold(folder, files, _work):
    with mh.Daemon() as one, mh.Daemon() as two:
        one.post("/api/v1/networks/create", {"name": "bench"})
        two.post("/api/v1/networks", {"url": one.get("/api/v1/system/share").json["connect_url"]})
        mh.wait_until(lambda: sum(n["connected"] and not n["self"] for n in two.get("/api/v1/nodes").json["nodes"]) == 1)
        vault = one.vault()
        two.post("/api/v1/vaults/join", {"url": one.get(f"/api/v1/vaults/{vault}/share-url").json["url"]})

        def start():
            reply = one.post(f"/api/v1/vaults/{vault}/import", {"host_path": str(folder), "vault_path": "/"})
            if reply.status >= 300:
                raise RuntimeError(reply)

        def is_done():
            state = two.get("/api/v1/sync").json["vaults"][0]
            return (two.get(f"/api/v1/vaults/{vault}").json["files"] == files and state["missing_blocks"] == 0 and not state["running"]
                    and one.get("/api/v1/transfers").json["transfers"][0]["state"] == "done")

        return measure([one.process.pid, two.process.pid], start, is_done)


class Syncthing:
    """One that speaks to nobody but whom it is told of."""

    def __init__(self, home):
        self.home = home
        self.api, self.port = (self.free_port() for _ in range(2))
        # without the second process that watches over the first
        self.environment = {**os.environ, "STNOUPGRADE": "1", "STMONITORED": "yes", "HOME": str(home)}
        subprocess.run(["syncthing", "generate", "--no-default-folder", f"--home={home}"], check=True, stdout=subprocess.DEVNULL,
                       env=self.environment)
        config = (home / "config.xml").read_text(encoding="utf-8")
        for name in ("globalAnnounceEnabled", "localAnnounceEnabled", "relaysEnabled", "natEnabled", "startBrowser", "crashReportingEnabled"):
            config = re.sub(f"<{name}>.*?</{name}>", f"<{name}>false</{name}>", config)
        config = re.sub("<listenAddress>.*?</listenAddress>", f"<listenAddress>tcp://127.0.0.1:{self.port}</listenAddress>", config)
        config = re.sub("<urAccepted>.*?</urAccepted>", "<urAccepted>-1</urAccepted>", config)
        config = re.sub("<apikey>.*?</apikey>", f"<apikey>{KEY}</apikey>", config)
        config = re.sub(r"<address>127.0.0.1:\d+</address>", f"<address>127.0.0.1:{self.api}</address>", config)
        (home / "config.xml").write_text(config, encoding="utf-8")
        self.process = subprocess.Popen(["syncthing", "serve", "--no-browser", f"--home={home}"], stdout=subprocess.DEVNULL,
                                        env=self.environment)
        mh.wait_until(self.answers, 30, "syncthing")
        self.id = self.ask("GET", "system/status")["myID"]

    @staticmethod
    def free_port():
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return probe.getsockname()[1]

    def ask(self, method, path, body=None):
        request = urllib.request.Request(f"http://127.0.0.1:{self.api}/rest/{path}", method=method, headers={"X-API-Key": KEY},
                                         data=None if body is None else json.dumps(body).encode())
        with urllib.request.urlopen(request, timeout=30) as reply:
            text = reply.read()
            return json.loads(text) if text else None

    def answers(self):
        try:
            return self.ask("GET", "system/ping") is not None
        except (urllib.error.URLError, ConnectionError):
            return False

    def add_folder(self, path, other):
        self.ask("PUT", "config/folders/bench", {"id": "bench", "path": str(path), "devices": [{"deviceID": self.id}, {"deviceID": other.id}]})

    def end(self):
        self.process.terminate()
        self.process.wait()


def syncthing(folder, files, work):
    homes = [work / "syncthing-1", work / "syncthing-2"]
    for home in homes:
        home.mkdir()
    target = work / "syncthing-target"
    both = [Syncthing(home) for home in homes]
    one, two = both
    try:
        for this, other in ((one, two), (two, one)):
            this.ask("PUT", f"config/devices/{other.id}", {"deviceID": other.id, "addresses": [f"tcp://127.0.0.1:{other.port}"]})
        mh.wait_until(lambda: two.ask("GET", "system/connections")["connections"][one.id]["connected"], 60)

        def start():
            two.add_folder(target, one)
            one.add_folder(folder, two)

        def is_done():
            try:
                status = two.ask("GET", "db/status?folder=bench")
            except urllib.error.HTTPError:
                return False
            return status["localFiles"] == files and status["needFiles"] == 0 and status["state"] == "idle"

        return measure([this.process.pid for this in both], start, is_done)
    finally:
        for this in both:
            this.end()
        for path in (*homes, target):
            shutil.rmtree(path, ignore_errors=True)
        shutil.rmtree(folder / ".stfolder", ignore_errors=True)


def make_small(folder):
    numbers = random.Random(1)
    for number in range(20_000):
        path = folder / f"{number % 200:03}" / f"{number}.bin"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(numbers.randbytes(numbers.randrange(100, 8000)))
    return 20_000


def make_large(folder):
    folder.mkdir()
    with open(folder / "large.bin", "wb") as file:
        for _ in range(1024):
            file.write(os.urandom(1 << 20))
    return 1


def bench(work, row):
    for name, make in (("1 GiB in one file", make_large), ("20,000 files of 100 to 8,000 bytes", make_small)):
        folder = work / "sync"
        files = make(folder)
        costs = {"ours": [], "other": []}
        for _ in range(RUNS):
            costs["ours"].append(meshhold(folder, files, work))
            costs["other"].append(syncthing(folder, files, work))
        shutil.rmtree(folder)
        for what, unit, attribute in ((name, "s", "wall"), ("  CPU of both sides", "s", "cpu"), ("  most memory of one side", "MiB", "rss")):
            ours, other = (statistics.median(getattr(cost, attribute) for cost in costs[side]) for side in ("ours", "other"))
            row(what, ours, other, "Syncthing", unit, False)
