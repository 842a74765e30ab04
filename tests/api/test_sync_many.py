#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many machines in one network, and many files in one vault. Small in the gate, large with --soak; prints what it costs."""

import concurrent.futures
import os
import pathlib
import random
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import mh  # noqa: E402
import tap  # noqa: E402
import test_sync_copies as copies  # noqa: E402

MACHINES = [int(n) for n in os.environ.get("MESHHOLD_TEST_MACHINES", "6").split(",")]
FILES = int(os.environ.get("MESHHOLD_TEST_FILES", "3000"))
# how long it may take until all know each other, and until everything is everywhere
PATIENCE_S = 60 if max(MACHINES) < 10 else 300


def traffic(daemon):
    """Bytes that the machine has got from and given to others."""
    samples = daemon.get("/api/v1/stats/throughput").json["samples"]
    return sum((s["in_bps"] + s["out_bps"]) * 10 for s in samples)


class Machines(copies.Case):
    def grow(self, daemons, count):
        """More machines, which all know each other and share a vault."""
        new = []
        for _ in range(count - len(daemons)):
            new.append(self.daemon(config=mh.LONELY + "  absent_after: 60s\n"))
        if not daemons:
            new[0].post("/api/v1/networks/create", {"name": "home"})
            self.vault = new[0].vault()
        first = (daemons or new)[0]
        join = first.get("/api/v1/system/share").json["connect_url"]
        share = first.get(f"/api/v1/vaults/{self.vault}/share-url").json["url"]
        for daemon in new:
            if daemon is not first:
                self.assertEqual(daemon.post("/api/v1/networks", {"url": join}).status, 200)
                self.assertEqual(daemon.post("/api/v1/vaults/join", {"url": share}).status, 200)
        daemons.extend(new)

        def knows(daemon):
            return sum(n["online"] for n in daemon.get("/api/v1/nodes").json["nodes"]) >= count
        for daemon in daemons:
            mh.wait_until(lambda daemon=daemon: knows(daemon), PATIENCE_S, f"{count} machines online")

    def visible(self, daemons, path):
        def look():
            with concurrent.futures.ThreadPoolExecutor(8) as pool:
                return all(pool.map(lambda d: path in self.tree(d, self.vault), daemons))
        mh.wait_until(look, PATIENCE_S, f"{path} everywhere")

    def test_many(self):
        """an upload is everywhere, with as many copies as wanted, however many machines there are; their idle cost is told"""
        daemons = []
        for count in MACHINES:
            self.grow(daemons, count)
            path = f"/from-{count}"
            data = random.Random(count).randbytes(2_000_000)
            author = daemons[count // 2]
            mh.wait_until(lambda author=author: len(self.state(author, self.vault)["peers"]) >= 1, PATIENCE_S, "somebody with the key")
            begin = time.monotonic()
            self.assertEqual(author.upload(self.vault, path, data).status, 200)
            self.visible(daemons, path)
            seen = time.monotonic() - begin

            author.post("/api/v1/replicate-now")

            def safe(author=author):
                if max(MACHINES) >= 10:
                    author.post("/api/v1/replicate-now")  # whoever is kept at work all the time still counts copies
                health = self.health(author, self.vault)
                return health["checked_ms"] and health["under"] == 0 and health["lost"] == 0 and health["ok"] + health["over"] > 0
            mh.wait_until(safe, PATIENCE_S, "the copies")
            copied = time.monotonic() - begin
            reader = daemons[0] if author is not daemons[0] else daemons[-1]
            self.assertEqual(reader.download(self.vault, path).body, data)
            Files.settled_traffic(daemons[-1])
            cpu = [d.cpu_seconds() for d in daemons]
            bytes_before = [traffic(d) for d in daemons]
            begin = time.monotonic()
            mh.wait_until(lambda begin=begin: time.monotonic() - begin > 21, 30, "some rest")
            span = time.monotonic() - begin
            cpu = [100 * (d.cpu_seconds() - c) / span for d, c in zip(daemons, cpu)]
            sent = [(traffic(d) - b) / span for d, b in zip(daemons, bytes_before)]
            rss = [d.memory_kib("VmRSS") / 1024 for d in daemons]
            print(f"# {count} machines: visible everywhere after {seen:.1f} s, copies after {copied:.1f} s; at rest each "
                  f"{sum(cpu) / count:.2f} % of a core, {sum(sent) / count / 1024:.1f} KiB/s, {sum(rss) / count:.0f} MiB", flush=True)


class Files(copies.Case):
    def test_one_percent(self):
        """a second machine has all of many small files; a change of one in a hundred costs about that part of it"""
        one, two = self.network(2)
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="mh-many-")))
        for i in range(FILES):
            where = folder / f"{i // 100:04}"
            where.mkdir(exist_ok=True)
            (where / f"f{i}").write_bytes(random.Random(i).randbytes(1500))
        vault = one.vault()
        self.share(one, vault, two)
        mh.wait_until(lambda: self.state(one, vault)["peers"], 20, "the other")
        first = self.bring(one, two, vault, folder, FILES)
        for i in range(0, FILES, 100):
            (folder / f"{i // 100:04}" / f"f{i}").write_bytes(random.Random(f"again {i}").randbytes(1500))
        second = self.bring(one, two, vault, folder, FILES // 100)
        print(f"# {FILES} files: {first[0]:.2f} s and {first[1] / 1e6:.2f} MB between the machines; of 1 % of them: "
              f"{second[0]:.2f} s and {second[1] / 1e6:.2f} MB ({100 * second[1] / first[1]:.1f} %)", flush=True)
        self.assertEqual((first[2], second[2]), (FILES, FILES // 100))
        self.assertLess(second[1], first[1] * 0.05)
        self.assertGreater(second[1], 1500 * FILES // 100)
        for i in random.Random(1).sample(range(0, FILES, 100), min(20, FILES // 100)):
            self.assertEqual(two.download(vault, f"/{i // 100:04}/f{i}").body, random.Random(f"again {i}").randbytes(1500))

    def bring(self, one, two, vault, folder, count):
        """Imports the folder on one. Returns: the time until two has it after that, bytes between them, versions that came"""
        def counted():
            return self.state(two, vault)["versions_in"]
        before, sent = counted(), self.settled_traffic(two)
        begin = time.monotonic()
        job = one.post(f"/api/v1/vaults/{vault}/import", {"host_path": str(folder)})
        self.assertIn(job.status, (200, 202), job)
        mh.wait_until(lambda: counted() - before >= count and not self.state(two, vault)["running"]
                      and self.state(two, vault)["missing_blocks"] == 0, 900, "the files on the other machine")
        return time.monotonic() - begin, self.settled_traffic(two) - sent, counted() - before

    @staticmethod
    def settled_traffic(daemon):
        """traffic(), once what was counted up to now is in it."""
        now = time.time() * 1000
        mh.wait_until(lambda: any(s["ts_ms"] > now for s in daemon.get("/api/v1/stats/throughput").json["samples"]), 30, "the counters of bytes")
        return traffic(daemon)


if __name__ == "__main__":
    tap.main()
