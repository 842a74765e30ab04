# SPDX-License-Identifier: GPL-3.0-or-later
"""Ingest and restore beside restic and borg: the same data, the same disk, one run."""

import hashlib
import math
import os
import pathlib
import random
import shutil
import statistics
import subprocess
import time

import mh

MIB = 1 << 20
RUNS = 3


class Cost:
    """What one run took: wall and CPU seconds, the most memory in MiB."""

    def __init__(self, wall, cpu, rss):
        self.wall, self.cpu, self.rss = wall, cpu, rss


def median(costs):
    return Cost(*(statistics.median(getattr(cost, name) for cost in costs) for name in ("wall", "cpu", "rss")))


def run(command, **environment):
    """Runs a program to its end."""
    begin = time.perf_counter()
    process = subprocess.Popen(command, env={**os.environ, **environment}, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"{command} ended with {process.returncode}")
    return Cost(time.perf_counter() - begin, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


class MeshHold:
    name = "meshhold"

    def __init__(self, work, build):
        self.cli = str(build / "app/meshhold")

    def __enter__(self):
        self.daemon = mh.Daemon().__enter__()
        self.vault = self.daemon.vault("bench")
        return self

    def __exit__(self, *problem):
        self.daemon.__exit__(*problem)

    def call(self, *arguments):
        pid = self.daemon.process.pid
        pathlib.Path(f"/proc/{pid}/clear_refs").write_text("5")
        before = self.ticks()
        cost = run([self.cli, "--home", str(self.daemon.home), *arguments])
        return Cost(cost.wall, cost.cpu + self.ticks() - before, self.daemon.memory_kib() / 1024)

    def ticks(self):
        fields = pathlib.Path(f"/proc/{self.daemon.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def ingest(self, source):
        return self.call("import", str(source), "bench")

    def restore(self, target):
        return self.call("export", "bench", str(target))


class Restic:
    name = "restic"

    def __init__(self, work, build):
        self.work = work

    def __enter__(self):
        self.repository = self.work / "restic"
        self.environment = {"RESTIC_PASSWORD": "bench", "RESTIC_CACHE_DIR": str(self.work / "restic-cache"), "HOME": str(self.work)}
        self.call("init")
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.repository)

    def call(self, *arguments):
        return run(["restic", "-q", "-r", str(self.repository), *arguments], **self.environment)

    def ingest(self, source):
        return self.call("backup", str(source))

    def restore(self, target):
        return self.call("restore", "latest", "--target", str(target))


class Borg:
    name = "borg"

    def __init__(self, work, build):
        self.work, self.count = work, 0

    def __enter__(self):
        self.repository = self.work / "borg"
        self.environment = {"BORG_PASSPHRASE": "bench", "BORG_BASE_DIR": str(self.work / "borg-base")}
        run(["borg", "init", "-e", "repokey", str(self.repository)], **self.environment)
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.repository)

    def ingest(self, source):
        self.count += 1
        return run(["borg", "create", f"{self.repository}::run-{self.count}", str(source)], **self.environment)

    def restore(self, target):
        target.mkdir()
        here = os.getcwd()
        os.chdir(target)
        try:
            return run(["borg", "extract", f"{self.repository}::run-{self.count}"], **self.environment)
        finally:
            os.chdir(here)


PROGRAMS = [MeshHold, Restic, Borg]


def make_random(folder):
    folder.mkdir()
    with open(folder / "random.bin", "wb") as file:
        for _ in range(1024):
            file.write(os.urandom(MIB))


def make_compressible(folder):
    """Lines of a log: zstd makes about a quarter of them."""
    folder.mkdir()
    source, words = random.Random(1), [f"word{number:x}" for number in range(5000)]
    with open(folder / "text.log", "wb") as file:
        size = 0
        while size < 1024 * MIB:
            lines = "".join(f"{source.random():.9f} {' '.join(source.choices(words, k=9))}\n" for _ in range(2000)).encode()
            size += file.write(lines * 4 if source.random() < 0.2 else lines)


def make_small(folder):
    """20,000 files of 512 bytes to 64 KiB, as many of 1 to 2 KiB as of 32 to 64."""
    source = random.Random(2)
    for number in range(20_000):
        path = folder / f"{number % 100:02}" / f"{number}.bin"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(source.randbytes(int(512 * math.exp(source.random() * math.log(128)))))


def change(folder):
    """Changes one hundredth: of the files where there are many, else of the bytes in the middle."""
    source, files = random.Random(3), sorted(path for path in folder.rglob("*") if path.is_file())
    if len(files) > 1:
        for path in source.sample(files, len(files) // 100):
            path.write_bytes(source.randbytes(path.stat().st_size))
        return
    size = files[0].stat().st_size
    with open(files[0], "r+b") as file:
        file.seek(size // 2)
        file.write(source.randbytes(size // 100))


def digest(folder):
    """One hash over the contents of a folder, by the names of its files."""
    total = hashlib.sha256()
    for path in sorted((path for path in folder.rglob("*") if path.is_file()), key=lambda path: path.name):
        with open(path, "rb") as file:
            total.update(path.name.encode() + hashlib.file_digest(file, "sha256").digest())
    return total.hexdigest()


class Aside:
    """
    Takes what is not needed any more out of the way. To remove many files would slow down who comes next: for a minute ext4
    looks at each inode that was freed before it uses another one.
    """

    FEW = 100

    def __init__(self, work):
        self.work, self.count = work, 0

    def put(self, path):
        if sum(1 for _ in path.rglob("*")) < self.FEW:
            shutil.rmtree(path)
            return
        self.count += 1
        path.rename(self.work / f"aside-{self.count}")

    def clear(self):
        for number in range(1, self.count + 1):
            shutil.rmtree(self.work / f"aside-{number}")
        self.count = 0


def measure(work, build, make):
    """Returns {program: {step: [Cost]}}; every restore is compared with the source."""
    costs = {}
    aside = Aside(work)
    for number in range(RUNS):
        source = work / "source"
        make(source)
        os.sync()
        pristine = work / "pristine"
        shutil.copytree(source, pristine)
        # each is first once: a virtual machine may have to find memory then
        for program in PROGRAMS[number:] + PROGRAMS[:number]:
            aside.put(source)
            shutil.copytree(pristine, source)
            os.sync()
            with program(work, build) as store:
                mine = costs.setdefault(program.name, {})
                mine.setdefault("ingest", []).append(store.ingest(source))
                target = work / "target"
                mine.setdefault("restore", []).append(store.restore(target))
                if digest(target) != digest(source):
                    raise RuntimeError(f"{program.name} gave back something else")
                aside.put(target)
                change(source)
                mine.setdefault("again, 1 % changed", []).append(store.ingest(source))
        aside.put(source)
        aside.put(pristine)
    aside.clear()
    return {name: {step: median(list_) for step, list_ in steps.items()} for name, steps in costs.items()}


def limits(work):
    """MB/s of this machine: the disk, hashing and sealing, by programs that do nothing else."""
    path = work / "limit"
    begin = time.perf_counter()
    subprocess.run(["dd", "if=/dev/zero", f"of={path}", "bs=1M", "count=1024", "conv=fdatasync", "status=none"], check=True)
    disk = 1024 * MIB / 1e6 / (time.perf_counter() - begin)
    path.unlink()
    speed = {}
    for name in ("sha256", "aes-256-gcm"):
        result = subprocess.run(["openssl", "speed", "-seconds", "1", "-bytes", "1048576", "-multi", str(os.cpu_count()), "-mr", "-evp", name],
                                capture_output=True, text=True, check=True)
        speed[name] = float(result.stdout.strip().splitlines()[-1].rsplit(":", 1)[1]) / 1e6
    return disk, speed["sha256"], speed["aes-256-gcm"]


def bench(work, build, row):
    disk, sha, gcm = limits(work)
    # every byte is hashed three times: content, key and block id
    limit = min(disk, sha / 3, gcm)
    print(f"this machine: disk {disk:,.0f} MB/s, SHA-256 {sha:,.0f}, AES-256-GCM {gcm:,.0f}; a store's limit {limit:,.0f}")
    for what, make in (("1 GiB random", make_random), ("1 GiB compressible", make_compressible), ("20,000 small files", make_small)):
        costs = measure(work, build, make)
        ours = costs.pop("meshhold")
        for step, cost in ours.items():
            other = min(costs, key=lambda name, at=step: costs[name][at].wall)
            beside = costs[other][step]
            row(f"{what}: {step}", cost.wall, beside.wall, other, "s", False)
            row("  CPU", cost.cpu, beside.cpu, other, "s", False)
            row("  most memory", cost.rss, beside.rss, other, "MiB", False)
        if what == "1 GiB random":
            speed = 1024 * MIB / 1e6 / ours["ingest"].wall
            row("  of the machine's limit", speed, limit, "slowest of disk, hashing, sealing", "MB/s")

