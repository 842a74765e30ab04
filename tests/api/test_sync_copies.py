#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Copies of blocks on several machines: with and without the key, when machines are lost, full, or come new."""

import pathlib
import random
import shutil
import sqlite3
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import mh  # noqa: E402
import netns  # noqa: E402
import tap  # noqa: E402
import test_sync  # noqa: E402

HOLDS = "  hold: 1GiB\n"
SOON = "  absent_after: 4s\n  surplus_after: 0s\n"
NAME = "Zwetschgenkuchen"
CONTENT = b"Streusel-und-Sahne-0815 "


def contents(count, size=200_000):
    """Files of which the names and some of the bytes are marks that can be looked for."""
    out = {}
    for i in range(count):
        data = random.Random(i).randbytes(size)
        out[f"/{NAME}/{NAME}-{i}.txt"] = CONTENT * 40 + data if i % 2 else CONTENT * 500
    return out


class Case(test_sync.Case):
    def health(self, daemon, vault):
        return self.state(daemon, vault)["health"]

    def healthy(self, vault, *daemons, blocks, seconds=40):
        """Waits until every block has as many copies as wanted, neither more nor fewer."""
        for daemon in daemons:
            def look(daemon=daemon):
                self.last = self.health(daemon, vault)
                return (self.last["ok"], self.last["under"], self.last["over"], self.last["lost"]) == (blocks, 0, 0, 0)
            try:
                mh.wait_until(look, seconds, "healthy copies")
            except AssertionError as error:
                raise AssertionError(f"{error}: {self.last}, wanted {blocks}") from error

    def blocks(self, daemon, vault):
        return daemon.get(f"/api/v1/vaults/{vault}/info").json["replica_health"]["blocks"]

    @staticmethod
    def held(daemon, vault):
        """Blocks that are kept for others because somebody wants it."""
        return next((h["blocks"] - h["unwanted_blocks"] for h in daemon.get("/api/v1/sync").json["held"] if h["vault_id"] == vault), 0)

    def put(self, daemon, vault, files):
        for path, data in files.items():
            self.assertEqual(daemon.upload(vault, path, data).status, 200)

    def readable(self, daemon, vault, files):
        for path, data in files.items():
            reply = daemon.download(vault, path)
            self.assertEqual((reply.status, reply.body == data), (200, True), (path, reply.body[:200]))

    def readable_after_damage(self, daemon, vault, files):
        """What is damaged here comes from who keeps it, which is one machine."""
        daemon.expect.append("damaged here came from another machine|is damaged")
        daemon.stop()
        self.damage(daemon, 300_000, 400_000)
        daemon.start()
        self.connected(daemon, 1)
        self.readable(daemon, vault, files)


def marks_on(home):
    """Files below that have one of the marks in them, or in their names."""
    words = [NAME.encode(), CONTENT, NAME.encode("utf-16-le"), b"secret vault name"]
    found = []
    for path in pathlib.Path(home).rglob("*"):
        if NAME in path.name or (path.is_file() and not path.is_socket() and any(word in path.read_bytes() for word in words)):
            found.append(str(path))
    return found


@unittest.skipUnless(netns.is_possible(), "needs network namespaces")
class Hosts(Case):
    def test_three_machines(self):
        """a machine is lost with its disk; one without the key has made up for it, and knows nothing of what it keeps"""
        hosts = self.enterContext(netns.Hosts(3))
        one, stranger, three = (self.enterContext(netns.Daemon(hosts, n, more + SOON)) for n, more in ((1, ""), (2, HOLDS), (3, "")))
        for daemon in (one, stranger, three):
            daemon.id = daemon.get("/api/v1/whoami").json["node_id"]
        self.join(one, stranger, three)
        vault = one.vault("secret vault name")
        self.share(one, vault, three)
        files = contents(24)
        self.put(one, vault, files)
        self.same(vault, one, three)
        blocks = self.blocks(one, vault)
        self.healthy(vault, one, three, blocks=blocks)
        self.assertEqual(stranger.post("/api/v1/replicate-now").status, 204)
        mh.wait_until(lambda: self.held(stranger, vault) == 0, 20, "two with the key to be enough")

        one.kill()
        shutil.rmtree(one.home)
        mh.wait_until(lambda: self.held(stranger, vault) == blocks, 60, "the copies")
        self.healthy(vault, three, blocks=blocks)
        self.readable(three, vault, files)

        seen = stranger.get("/api/v1/vaults").json["vaults"]
        self.assertEqual([(v["id"], v["name"], v["trusted"], v["locked"], v["key_state"], v["peers"]) for v in seen], [(vault, "", False, False, "none", 1)])
        self.assertEqual(stranger.get(f"/api/v1/vaults/{vault}").status, 404)
        self.assertEqual(marks_on(stranger.home), [])
        self.assertNotEqual(marks_on(three.home), [])  # they can be found at all
        index = sqlite3.connect(stranger.home / "metadata/index.db")
        self.assertEqual([index.execute(f"SELECT count (*) FROM {table}").fetchone()[0] for table in ("versions", "files")], [0, 0])
        index.close()

        # what the other disk then damages comes from the machine that cannot read it
        self.readable_after_damage(three, vault, files)


class Copies(Case):
    def test_surplus(self):
        """what more machines have than should is given up, block by block, and stays readable everywhere"""
        one, two, three = self.network(3, dict.fromkeys(range(3), mh.LONELY + SOON))
        vault = one.vault()
        self.share(one, vault, two, three)
        mh.wait_until(lambda: all(len(self.state(d, vault)["peers"]) == 2 for d in (one, two, three)), 30, "all to know each other")
        files = contents(30)
        self.put(one, vault, files)
        self.same(vault, one, two, three)
        blocks = self.blocks(one, vault)
        self.healthy(vault, one, two, three, blocks=blocks)
        missing = [self.state(d, vault)["missing_blocks"] for d in (one, two, three)]
        self.assertEqual(sum(missing), blocks, missing)  # two of three have each
        self.assertGreater(self.health(one, vault)["evicted"], 0)
        for daemon in (one, two, three):
            self.readable(daemon, vault, files)

    def test_only_what_is_shown(self):
        """nothing is given up to a machine whose index says more than its disk has"""
        one, two = self.network(2, dict.fromkeys(range(2), mh.LONELY + SOON))
        two.expect.append(".")
        vault = one.vault()
        self.share(one, vault, two)
        files = contents(20)
        self.put(one, vault, files)
        self.same(vault, one, two)
        self.healthy(vault, one, two, blocks=self.blocks(one, vault))
        two.stop()
        for segment in (two.home / "blocks").glob("*.seg"):
            with segment.open("r+b") as stored:
                size = segment.stat().st_size
                stored.seek(4096)
                stored.write(bytes(size - 4096))
        two.start()
        self.connected(two, 1)
        for daemon in (one, two):
            self.assertEqual(daemon.request("PATCH", f"/api/v1/vaults/{vault}", {"replication_factor": 1}).status, 200)
        counts = set()

        def counted():
            one.post("/api/v1/replicate-now")
            counts.add(self.health(one, vault)["checked_ms"])
            return len(counts) > 5
        mh.wait_until(counted, 60, "some counts of copies")
        self.readable(one, vault, files)
        self.assertEqual(self.state(one, vault)["missing_blocks"], 0)

    def test_pinned(self):
        """a machine that pins a vault has all of it and gives nothing up"""
        one, two, three = self.network(3, dict.fromkeys(range(3), mh.LONELY + SOON))
        vault = one.vault()
        self.assertEqual(one.request("PATCH", f"/api/v1/vaults/{vault}", {"roles": ["store", "pin"]}).status, 200)
        self.share(one, vault, two, three)
        mh.wait_until(lambda: all(len(self.state(d, vault)["peers"]) == 2 for d in (one, two, three)), 30, "all to know each other")
        files = contents(80)  # which of them are for whom is random
        self.put(two, vault, files)
        self.same(vault, one, two, three)
        blocks = self.blocks(one, vault)
        mh.wait_until(lambda: self.health(two, vault)["evicted"] > 0 and self.health(two, vault)["under"] == 0, 40, "the surplus to go")
        # what is for the two others, the first has beyond that; of the rest, one of them has none
        mh.wait_until(lambda: sum(self.state(d, vault)["missing_blocks"] for d in (two, three)) + self.health(one, vault)["over"] == blocks, 40, "all of the surplus to go")
        self.assertGreater(self.health(one, vault)["over"], 0)
        self.complete(vault, one)
        self.assertEqual((self.health(one, vault)["evicted"], self.state(one, vault)["missing_blocks"]), (0, 0))

    def test_a_viewer(self):
        """a machine that is not to store a vault counts for no copies of it, and the others know"""
        one, two, three = self.network(3, dict.fromkeys(range(3), mh.LONELY + SOON))
        vault = one.vault()
        self.share(one, vault, two, three)
        self.assertEqual(three.request("PATCH", f"/api/v1/vaults/{vault}", {"roles": ["scan"]}).status, 200)
        mh.wait_until(lambda: all(len(self.state(d, vault)["peers"]) == 2 for d in (one, two, three)), 30, "all to know each other")
        files = contents(20)
        self.put(one, vault, files)
        self.same(vault, one, two, three)
        blocks = self.blocks(one, vault)
        self.healthy(vault, one, two, blocks=blocks)
        self.assertEqual([self.state(d, vault)["missing_blocks"] for d in (one, two)], [0, 0])
        self.readable(three, vault, files)

    def test_a_machine_without_the_key(self):
        """one machine alone has its copies with another that has not the key, and has them back after its disk is damaged"""
        one, two = self.network(2, {0: mh.LONELY + SOON, 1: mh.LONELY + HOLDS + SOON})
        vault = one.vault("secret vault name")
        files = contents(20)
        self.put(one, vault, files)
        blocks = self.blocks(one, vault)
        self.healthy(vault, one, blocks=blocks)
        self.assertEqual(self.held(two, vault), blocks)
        self.assertEqual(marks_on(two.home), [])
        self.assertEqual({r["peer_id"] for r in one.get(f"/api/v1/vaults/{vault}/info/{NAME}/{NAME}-1.txt").json["replicas"]}, {one.id, two.id})

        two.stop()
        two.start()
        self.connected(two, 1)
        self.assertEqual(self.held(two, vault), blocks)

        # with the key, they are blocks of the vault
        self.share(one, vault, two)
        self.same(vault, one, two)
        self.complete(vault, two)
        self.assertEqual(two.post("/api/v1/replicate-now").status, 204)
        mh.wait_until(lambda: two.post("/api/v1/replicate-now").status == 204 and self.held(two, vault) == 0, 40, "nothing to be kept for others")
        one.kill()
        self.readable(two, vault, files)

    def test_no_more_than_allowed(self):
        """a machine keeps no more for others than it was told, and says how much"""
        one, two = self.network(2, {0: mh.LONELY + SOON, 1: mh.LONELY + "  hold: 1MiB\n" + SOON})
        vault = one.vault()
        self.put(one, vault, contents(30))
        mh.wait_until(lambda: "keeping blocks" in two.log_text(), 30, "its end")
        sync = two.get("/api/v1/sync").json
        self.assertLessEqual(sum(h["bytes"] for h in sync["held"]), 1 << 20)
        self.assertEqual(sync["hold_limit"], 1 << 20)
        mh.wait_until(lambda: self.health(one, vault)["under"] > 0 and self.health(one, vault)["ok"] > 0, 20, "the count of copies")

    def test_newcomers(self):
        """machines that are new have half of what is kept for others, all together, and after a week as much as there is room for"""
        one, two, three = self.network(3, {0: mh.LONELY + SOON, 1: mh.LONELY + "  hold: 8MiB\n" + SOON, 2: mh.LONELY + SOON})
        vault = one.vault()
        self.put(one, vault, contents(60))
        blocks = self.blocks(one, vault)
        mh.wait_until(lambda: "machines that are new here" in two.log_text(), 30, "its end")
        more = three.vault()
        self.put(three, more, {f"/{i}": random.Random(i).randbytes(300_000) for i in range(3)})  # no block fits into what is left
        few = self.blocks(three, more)
        mh.wait_until(lambda: self.health(three, more)["under"] == few, 30, "a count")
        sync = two.get("/api/v1/sync").json
        self.assertEqual((sync["newcomers"]["limit"], sync["newcomers"]["machines"]), (4 << 20, 1))
        self.assertEqual([h["vault_id"] for h in sync["held"]], [vault])
        self.assertLessEqual(sync["newcomers"]["bytes"], 4 << 20)
        self.assertGreater(sync["held"][0]["bytes"], 0)
        self.assertLessEqual(sync["held"][0]["bytes"], sync["newcomers"]["bytes"])

        two.stop()
        with sqlite3.connect(two.home / "metadata/meshhold.db") as db:
            db.execute("UPDATE sync_askers SET since_ms = since_ms - 7 * 86400000 WHERE peer_id = ?", (one.id,))
        db.close()
        two.start()
        self.healthy(vault, one, blocks=blocks)
        self.healthy(more, three, blocks=few)
        self.assertEqual(two.get("/api/v1/sync").json["newcomers"]["machines"], 1)

    def test_newcomers_spill(self):
        """what is more than the share of one that is new, another machine keeps meanwhile, also while the first has room for others"""
        one, two, three = self.network(3, {0: mh.LONELY + SOON, 1: mh.LONELY + "  hold: 40MiB\n" + SOON, 2: mh.LONELY + HOLDS + SOON})
        vault = one.vault()
        self.put(one, vault, {f"/{i}": random.Random(i).randbytes(1_000_000) for i in range(64)})
        blocks = self.blocks(one, vault)
        self.healthy(vault, one, blocks=blocks, seconds=60)
        sync = two.get("/api/v1/sync").json
        self.assertLess((sync["newcomers"]["limit"] - sync["newcomers"]["bytes"]), 1 << 20)  # its share is used up
        self.assertGreater(sync["hold_limit"] - sum(h["bytes"] for h in sync["held"]), 16 << 20)  # and it has room
        self.assertEqual(self.held(two, vault) + self.held(three, vault), blocks)

    def test_spared(self):
        """what nobody has asked for in 30 days goes, if there are copies enough, and not before"""
        one, two, three = self.network(3, {0: mh.LONELY + SOON, 1: mh.LONELY + HOLDS + SOON, 2: mh.LONELY + SOON})
        vault = one.vault()
        files = contents(20)
        self.put(one, vault, files)
        blocks = self.blocks(one, vault)
        self.healthy(vault, one, blocks=blocks)
        self.assertEqual(self.held(two, vault), blocks)
        self.share(one, vault, three)
        self.same(vault, one, three)

        def unwanted():
            self.assertEqual(two.post("/api/v1/replicate-now").status, 204)
            return [(h["blocks"], h["unwanted_blocks"]) for h in two.get("/api/v1/sync").json["held"]] == [(blocks, blocks)]
        mh.wait_until(unwanted, 60, "nobody to ask for it any more")

        # some of them have not been asked for in 31 days, the others in 29
        two.stop()
        with sqlite3.connect(two.home / "metadata/index.db") as db:
            old = [row[0] for row in db.execute("SELECT id FROM held ORDER BY id")][:blocks // 3]
            db.execute("UPDATE held SET unwanted_ms = unwanted_ms - 29 * 86400000")
            db.executemany("UPDATE held SET unwanted_ms = unwanted_ms - 2 * 86400000 WHERE id = ?", [(block,) for block in old])
        db.close()
        two.start()
        self.connected(two, 2)

        def kept(count):
            self.assertEqual(two.post("/api/v1/replicate-now").status, 204)
            return [h["blocks"] for h in two.get("/api/v1/sync").json["held"]] == [count]
        mh.wait_until(lambda: kept(blocks - len(old)), 60, "the old ones to go")
        counted = self.health(one, vault)["checked_ms"]
        self.assertEqual(one.post("/api/v1/replicate-now").status, 204)
        mh.wait_until(lambda: kept(blocks - len(old)) and self.health(one, vault)["checked_ms"] != counted, 30, "another count")
        self.assertTrue(kept(blocks - len(old)))
        two.stop()
        self.healthy(vault, one, three, blocks=blocks)
        self.readable(three, vault, files)

    def test_given_up(self):
        """what is kept for a vault goes when the owner of the machine says so, and comes again when it is asked for"""
        one, two = self.network(2, {0: mh.LONELY + SOON, 1: mh.LONELY + HOLDS + SOON})
        vault = one.vault()
        self.put(one, vault, contents(10))
        blocks = self.blocks(one, vault)
        self.healthy(vault, one, blocks=blocks)
        one.stop()
        size = two.get("/api/v1/sync").json["held"][0]["bytes"]
        self.assertEqual(two.get("/api/v1/sync").json["newcomers"]["bytes"], size)
        reply = two.request("DELETE", f"/api/v1/sync/held/{vault}")
        self.assertEqual((reply.status, reply.json), (200, {"blocks": blocks, "bytes": size}))
        sync = two.get("/api/v1/sync").json
        self.assertEqual((sync["held"], sync["newcomers"]["machines"], sync["newcomers"]["bytes"]), ([], 1, 0))  # its share is there again
        reply = two.request("DELETE", f"/api/v1/sync/held/{vault}")
        self.assertEqual((reply.status, vault in reply.json["error"]), (404, True))
        events = two.get("/api/v1/audit?category=sync").json
        self.assertIn("sync.drop_held", str(events))
        one.start()
        self.connected(one, 1)
        self.healthy(vault, one, blocks=blocks)
        self.assertEqual(self.held(two, vault), blocks)

    def test_spilled(self):
        """what one machine without the key has no room for, another one keeps, and no more of it"""
        one, two, three = self.network(3, {0: mh.LONELY + SOON, 1: mh.LONELY + "  hold: 1MiB\n" + SOON, 2: mh.LONELY + HOLDS + SOON})
        vault = one.vault()
        files = contents(40)
        self.put(one, vault, files)
        blocks = self.blocks(one, vault)
        self.healthy(vault, one, blocks=blocks, seconds=60)
        kept = [self.held(d, vault) for d in (two, three)]
        self.assertEqual(sum(kept), blocks, kept)
        self.assertGreater(kept[0], 0)
        self.assertTrue(all(h["bytes"] <= 1 << 20 for h in two.get("/api/v1/sync").json["held"]))

        # what it has stays where it is when it is asked again
        self.assertEqual(three.post("/api/v1/replicate-now").status, 204)
        counted = self.health(one, vault)["checked_ms"]
        self.assertEqual(one.post("/api/v1/replicate-now").status, 204)
        mh.wait_until(lambda: self.health(one, vault)["checked_ms"] != counted, 30, "another count")
        self.healthy(vault, one, blocks=blocks)
        self.assertEqual([self.held(d, vault) for d in (two, three)], kept)

    def test_back_from_one_that_takes_no_more(self):
        """what only a machine has that was told to keep nothing for others comes back from it"""
        one, two = self.network(2, {0: mh.LONELY + SOON, 1: mh.LONELY + HOLDS + SOON})
        one.expect.append("damaged|quarantine")
        vault = one.vault()
        files = contents(12)
        self.put(one, vault, files)
        blocks = self.blocks(one, vault)
        self.healthy(vault, one, blocks=blocks)
        self.assertEqual(two.request("PATCH", "/api/v1/sync/settings", {"hold": 0}).status, 200)
        mh.wait_until(lambda: self.health(one, vault)["under"] == blocks, 30, "it to count no more")
        one.stop()
        self.damage(one, 300_000, 400_000)
        one.start()
        self.connected(one, 1)
        self.assertEqual(one.post("/api/v1/storage/scrub", {"action": "start"}).status, 200)
        mh.wait_until(lambda: self.health(one, vault)["repaired"] > 0, 60, "the damaged blocks")
        mh.wait_until(lambda: self.health(one, vault)["lost"] == 0 and self.state(one, vault)["missing_blocks"] == 0, 30, "all of them")
        two.stop()
        self.readable(one, vault, files)

    def test_full(self):
        """what a full machine cannot take goes to another one, and nothing is said to be well that is not"""
        full = mh.LONELY + "  min_free: 1000TiB\n" + SOON
        one, two, three = self.network(3, {0: mh.LONELY + SOON, 1: full, 2: mh.LONELY + SOON})
        vault = one.vault()
        self.share(one, vault, two, three)
        mh.wait_until(lambda: all(len(self.state(d, vault)["peers"]) == 2 for d in (one, three)), 30, "all to know each other")
        files = contents(20)
        self.put(one, vault, files)
        mh.wait_until(lambda: set(self.tree(three, vault)) == set(files), 30, "the files")
        blocks = self.blocks(one, vault)
        self.healthy(vault, one, three, blocks=blocks)
        self.complete(vault, three)
        self.assertEqual(self.state(one, vault)["missing_blocks"], 0)


class Limits(Case):
    def test_metered(self):
        """where the line costs by the byte, files are known but their blocks come only when somebody wants them"""
        one, two = self.network(2, {1: mh.LONELY + "  metered: true\n"})
        vault = one.vault()
        files = contents(8)
        self.put(one, vault, files)
        self.share(one, vault, two)
        self.same(vault, one, two)
        mh.wait_until(lambda: self.state(two, vault)["synced_ms"] and not self.state(two, vault)["running"], 20, "rest")
        mh.wait_until(lambda: self.health(two, vault)["checked_ms"], 20, "a count of copies")
        self.assertGreater(self.state(two, vault)["missing_blocks"], 3)
        self.assertTrue(two.get("/api/v1/sync").json["metered"])
        path = next(iter(files))
        self.assertEqual(two.download(vault, path).body, files[path])
        self.assertGreater(self.state(two, vault)["missing_blocks"], 3)
        self.assertEqual(two.post("/api/v1/replicate-now").status, 204)
        self.complete(vault, two)

    def test_rates(self):
        """blocks go no faster than they may; who waits for one does not wait for the others"""
        one, two = self.network(2, {0: mh.LONELY + "sync:\n  upload_rate: 1MiB\n"})
        vault = one.vault()
        self.share(one, vault, two)
        mh.wait_until(lambda: self.state(one, vault)["peers"], 20, "the other")
        big, small = random.Random(7).randbytes(12 << 20), random.Random(8).randbytes(300_000)
        begin = time.monotonic()
        self.assertEqual(one.upload(vault, "/big", big).status, 200)
        mh.wait_until(lambda: "/big" in self.tree(two, vault), 20, "the file")
        self.assertEqual(one.upload(vault, "/small", small).status, 200)
        mh.wait_until(lambda: "/small" in self.tree(two, vault), 20, "the other file")
        self.assertEqual(two.download(vault, "/small").body, small)
        self.assertGreater(self.state(two, vault)["missing_blocks"], 0)
        self.complete(vault, two)
        self.assertGreater(time.monotonic() - begin, 9)
        self.assertEqual(two.download(vault, "/big").body, big)


if __name__ == "__main__":
    tap.main()
