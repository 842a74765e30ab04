#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A member with the right swarm key, without the key of the vault, that lies, forges, replays and floods."""

import base64
import json
import pathlib
import random
import subprocess
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import mh  # noqa: E402
import tap  # noqa: E402
import test_sync  # noqa: E402
import test_sync_copies as copies  # noqa: E402


class Hostile:
    """The program of tests/tools/hostile-member.c."""

    def __init__(self, test, member, vault=None, key=None):
        networks = member.get("/api/v1/networks").json
        network = next(n for n in networks["networks"] if n["active"])
        share = member.get("/api/v1/system/share").json
        swarm = member.get(f"/api/v1/networks/{network['id']}/key").json["swarm_key"]
        words = [str(mh.BUILD / "tests/tools/hostile-member"), swarm, network["id"], share["bootstrap"][0], *filter(None, (vault, key))]
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        test.addCleanup(self.end)
        ready = self.read()
        assert ready["event"] == "ready", ready
        self.id = ready["peer"]

    def read(self):
        line = self.process.stdout.readline()
        return json.loads(line) if line else {"event": "gone"}

    def tell(self, words):
        self.process.stdin.write(words + "\n")
        self.process.stdin.flush()
        return self.read()

    def end(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


class Case(copies.Case):
    def suspect(self, daemon, hostile):
        return next((s for s in daemon.get("/api/v1/sync").json["suspects"] if s["node_id"] == hostile.id), None)

    def known(self, daemon, hostile):
        mh.wait_until(lambda: any(n["node_id"] == hostile.id and n["connected"] and n["display_name"].startswith("hostile")
                                  for n in daemon.get("/api/v1/nodes").json["nodes"]), 30, "it to be known")


class Liar(Case):
    def test_has_nothing(self):
        """it says that it keeps all blocks and cannot prove it: that counts for nothing, is shown, and an honest one takes its place"""
        one, two = self.network(2, {0: mh.LONELY + copies.SOON, 1: mh.LONELY + copies.HOLDS + copies.SOON})
        hostile = Hostile(self, one)
        self.known(one, hostile)
        vault = one.vault()
        files = copies.contents(20)
        self.put(one, vault, files)
        blocks = self.blocks(one, vault)
        mh.wait_until(lambda: (self.suspect(one, hostile) or {"left_out_ms": 0})["left_out_ms"] > 0, 60, "it to be left out")
        self.assertIn("does not have", self.suspect(one, hostile)["why"])
        self.assertGreaterEqual(self.suspect(one, hostile)["faults"], 3)
        self.healthy(vault, one, blocks=blocks, seconds=60)
        self.assertEqual(self.held(two, vault), blocks)
        self.assertGreater(hostile.tell("counts")["challenge"], 0)

    def test_passes_challenges_on(self):
        """it has a machine that has the blocks answer for it: what that says to it counts for nothing with who asked it"""
        one, two = self.network(2, {0: mh.LONELY + copies.SOON, 1: mh.LONELY + copies.HOLDS + copies.SOON})
        vault = one.vault()
        self.put(one, vault, copies.contents(20))
        blocks = self.blocks(one, vault)
        self.healthy(vault, one, blocks=blocks, seconds=60)
        hostile = Hostile(self, one)
        hostile.tell("pass-on")
        self.known(one, hostile)
        self.known(two, hostile)
        one.post("/api/v1/replicate-now")
        mh.wait_until(lambda: self.suspect(one, hostile), 60, "it to be found out")
        self.assertIn("does not have", self.suspect(one, hostile)["why"])
        self.assertGreater(hostile.tell("counts")["passed"], 0)
        self.healthy(vault, one, blocks=blocks, seconds=60)
        self.assertEqual(self.held(two, vault), blocks)

    def test_gives_something_else(self):
        """what it gives instead of a block is not taken, by a reader and by who repairs, and the true block is"""
        two, one = self.network(2, {0: test_sync.UNRELIABLE})  # one finds its way back after it was killed
        vault = one.vault()
        data = random.Random(5).randbytes(3_000_000)
        one.upload(vault, "/f", data)
        self.share(one, vault, two)
        self.same(vault, one, two)
        mh.wait_until(lambda: self.state(two, vault)["synced_ms"] and not self.state(two, vault)["running"], 20, "rest")
        hostile = Hostile(self, two)
        self.known(two, hostile)
        one.kill()
        mh.wait_until(lambda: two.get(f"/api/v1/nodes/{one.id}").json["connected"] is False, 20, "its end")
        two.expect.append("none is there now")
        for _ in range(3):
            try:
                reply = two.download(vault, "/f")
                self.assertNotEqual(reply.body, data)
                self.assertEqual(reply.status, 503)
            except OSError:
                pass  # the answer had begun, and broke off
        self.assertGreater(hostile.tell("counts")["block"], 0)
        self.assertIn("other bytes", self.suspect(two, hostile)["why"])
        reply = two.post(f"/api/v1/vaults/{vault}/cache/f")
        self.assertEqual(reply.status, 503)
        one.start()
        self.connected(two, 2)
        mh.wait_until(lambda: two.download(vault, "/f").body == data, 20, "the file")

    def test_forges(self):
        """it says that it has the vault: it cannot show the key, so nothing of it is asked and nothing taken"""
        one, two = self.network(2)
        vault = one.vault()
        one.upload(vault, "/f", b"true")
        self.share(one, vault, two)
        self.same(vault, one, two)
        hostile = Hostile(self, one, vault)
        self.known(one, hostile)
        self.assertEqual(one.post("/api/v1/replicate-now").status, 204)
        mh.wait_until(lambda: hostile.tell("counts")["hello"] > 0, 20, "it to be asked")
        one.upload(vault, "/g", b"also true")
        self.assertEqual(set(self.same(vault, one, two)), {"/f", "/g"})
        for daemon in (one, two):
            self.assertNotIn(hostile.id, self.state(daemon, vault)["peers"])
        self.assertEqual(hostile.tell("counts")["block"], 0)

    def test_names_in_vain(self):
        """with the key, it names versions without an end and gives none: it is blamed, and costs a bounded number of questions"""
        one, two = self.network(2)
        vault = one.vault()
        one.upload(vault, "/f", b"true")
        self.share(one, vault, two)
        self.same(vault, one, two)
        key = test_sync.payload(one.get(f"/api/v1/vaults/{vault}/share-url").json["url"])["k"]
        hostile = Hostile(self, one, vault, base64.urlsafe_b64decode(key + "=" * (-len(key) % 4)).hex())
        self.known(one, hostile)

        def left_out():
            self.assertEqual(one.post("/api/v1/replicate-now").status, 204)
            return (self.suspect(one, hostile) or {"left_out_ms": 0})["left_out_ms"] > 0
        mh.wait_until(left_out, 60, "it to be left out")
        suspect = self.suspect(one, hostile)
        self.assertIn("names versions and gives none of them", suspect["why"])
        one.upload(vault, "/g", b"also true")
        self.assertEqual(set(self.same(vault, one, two, seconds=60)), {"/f", "/g"})
        counts = hostile.tell("counts")
        rounds = counts["hello"]  # of both machines
        self.assertGreaterEqual(rounds, 3)
        self.assertLessEqual(counts["sums"], rounds)
        self.assertLessEqual(counts["entries"], rounds * 51)
        self.assertLessEqual(counts["records"], rounds * 51)

    def test_replays(self):
        """what others said long ago changes nothing when it is said again"""
        one, two = self.network(2)
        hostile = Hostile(self, one)
        self.known(one, hostile)
        vault = one.vault()

        def vaults_of(daemon, other):
            return [v["id"] for v in daemon.get(f"/api/v1/nodes/{other.id}").json["vaults"]]

        mh.wait_until(lambda: vault in vaults_of(two, one), 30, "the new record")
        self.assertGreater(hostile.tell("replay hostile twice")["records"], 1)
        for daemon, other in ((two, one), (one, two)):
            mh.wait_until(lambda daemon=daemon: daemon.get(f"/api/v1/nodes/{hostile.id}").json["display_name"] == "hostile twice", 30, "its last word")
            self.assertEqual(vault in vaults_of(daemon, other), other is one)

    def test_floods(self):
        """hundreds of conversations and thousands of vaults that there are not: work goes on, and memory does not grow"""
        one, two = self.network(2)
        vault = one.vault()
        self.share(one, vault, two)
        hostile = Hostile(self, one)
        for daemon in (one, two):
            self.known(daemon, hostile)
        before = max(d.memory_kib("VmRSS") for d in (one, two))
        said = []
        flood = threading.Thread(target=lambda: said.extend((hostile.tell("gossip 50"), hostile.tell("flood 300"))))
        flood.start()
        files = copies.contents(40, 50_000)
        self.put(one, vault, files)
        self.same(vault, one, two, seconds=60)
        self.complete(vault, two, seconds=60)
        self.readable(two, vault, files)
        flood.join()
        self.assertGreater(said[1]["open"], 100)
        self.put(two, vault, {"/after": b"the flood"})
        mh.wait_until(lambda: "/after" in self.tree(one, vault), 60, "what came after it")
        self.assertLess(max(d.memory_kib("VmRSS") for d in (one, two)), before + 64 * 1024)


if __name__ == "__main__":
    tap.main()
