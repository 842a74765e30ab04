#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Vaults on several machines: daemons on loopback that keep them the same."""

import base64
import contextlib
import json
import os
import pathlib
import random
import shutil
import sqlite3
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import folders  # noqa: E402
import mh  # noqa: E402
import tap  # noqa: E402

UNRELIABLE = mh.LONELY + "  reliable: false\n"


def payload(url):
    text = url.rsplit("/", 1)[1]
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def url_of(members):
    return "meshhold://vault/" + base64.urlsafe_b64encode(json.dumps(members).encode()).decode().rstrip("=")


class Case(unittest.TestCase):
    def daemon(self, **options):
        daemon = self.enterContext(mh.Daemon(**options))
        daemon.id = daemon.get("/api/v1/whoami").json["node_id"]
        return daemon

    def network(self, count, configs=None):
        """So many daemons that are in one network."""
        daemons = [self.daemon(config=(configs or {}).get(i)) for i in range(count)]
        self.join(*daemons)
        return daemons

    def join(self, first, *others):
        """Makes a network of them."""
        first.post("/api/v1/networks/create", {"name": "home"})
        url = first.get("/api/v1/system/share").json["connect_url"]
        for daemon in others:
            self.assertEqual(daemon.post("/api/v1/networks", {"url": url}).status, 200)
        for daemon in (first, *others):
            self.connected(daemon, len(others))

    def connected(self, daemon, others):
        def look():
            reply = daemon.get("/api/v1/nodes")
            return reply.status == 200 and sum(n["connected"] and not n["self"] for n in reply.json["nodes"]) >= others
        mh.wait_until(look, 30, f"{others} connections")

    def told(self, vault, *daemons):
        """Waits until each knows of each other one that it has the vault."""
        def look():
            return all(vault in [v["id"] for v in d.get(f"/api/v1/nodes/{o.id}").json["vaults"]] for d in daemons for o in daemons if o is not d)
        mh.wait_until(look, 90, "all to say that they have the vault")

    @staticmethod
    def damage(daemon, first, step):
        """Flips one bit of the segments every @step bytes."""
        for segment in (daemon.home / "blocks").glob("*.seg"):
            stored = bytearray(segment.read_bytes())
            for at in range(first, len(stored), step):
                stored[at] ^= 1
            segment.write_bytes(stored)

    def share(self, daemon, vault, *others, **more):
        url = daemon.get(f"/api/v1/vaults/{vault}/share-url").json["url"]
        for other in others:
            reply = other.post("/api/v1/vaults/join", {"url": url, **more})
            self.assertEqual((reply.status, reply.json.get("id")), (200, vault), reply)

    @staticmethod
    def tree(daemon, vault):
        """What the vault looks like: paths with the hashes of their contents."""
        reply = daemon.get(f"/api/v1/vaults/{vault}/files?limit=1000")
        return {f["path"]: (f["content_hash"], f["conflict"]) for f in reply.json["files"]}

    def same(self, vault, *daemons, seconds=30):
        mh.wait_until(lambda: len({json.dumps(self.tree(d, vault), sort_keys=True) for d in daemons}) == 1, seconds, "the same files")
        return self.tree(daemons[0], vault)

    @staticmethod
    def state(daemon, vault):
        return next(v for v in daemon.get("/api/v1/sync").json["vaults"] if v["vault_id"] == vault)

    def complete(self, vault, *daemons, seconds=60):
        for daemon in daemons:
            mh.wait_until(lambda daemon=daemon: self.state(daemon, vault)["missing_blocks"] == 0 and not self.state(daemon, vault)["running"],
                          seconds, "all blocks")


class Share(Case):
    def test_urls(self):
        """a vault goes by URL to another machine; what is wrong with a URL is said, and nothing is kept"""
        one, two = self.daemon(), self.daemon()
        vault = one.vault("photos")
        url = one.get(f"/api/v1/vaults/{vault}/share-url").json["url"]
        good = payload(url)
        self.assertEqual((good["v"], good["id"], good["n"], good["rf"]), (1, vault, "photos", 2))
        cases = {"x": "does not begin", "meshhold://vault/": "damaged", url_of({**good, "v": 2}): "another version",
                 url_of({**good, "k": "AAAA"}): "no key", url_of({**good, "id": "a"}): "names no vault",
                 "meshhold://vault/" + "A" * 5000: "longer than", url_of({**good, "n": " x "}): "name"}
        for bad, why in cases.items():
            reply = two.post("/api/v1/vaults/join", {"url": bad})
            self.assertEqual((reply.status, why in reply.json["error"]), (400, True), (bad, reply))
        self.assertEqual(two.get("/api/v1/vaults").json["vaults"], [])
        self.assertEqual(two.post("/api/v1/vaults/join", {"url": url, "name": "theirs"}).json["name"], "theirs")
        self.assertEqual(two.post("/api/v1/vaults/join", {"url": url}).status, 409)
        self.assertEqual(one.get("/api/v1/vaults/aaaaaaaaaaaaaaaaaaaaaaaaaa/share-url").status, 404)

    def test_a_deleted_one_again(self):
        """a vault that was deleted here can be joined again, and stays over a restart"""
        one, two = self.network(2)
        vault = one.vault()
        one.upload(vault, "/a", b"content")
        self.share(one, vault, two)
        self.same(vault, one, two)
        self.assertEqual(two.request("DELETE", f"/api/v1/vaults/{vault}").status, 204)
        self.share(one, vault, two)
        self.same(vault, one, two)
        self.complete(vault, two)
        two.stop()
        two.start()
        two.login()
        self.assertEqual(two.download(vault, "/a").body, b"content")

    def test_with_a_password(self):
        """the key of a vault with a password is of no use without it"""
        one, two = self.network(2)
        vault = one.vault()
        reply = one.request("PUT", f"/api/v1/vaults/{vault}/password", {"password": "correct horse"})
        self.assertLess(reply.status, 300, reply)
        one.upload(vault, "/a", b"secret")
        self.share(one, vault, two)
        self.assertEqual(two.get(f"/api/v1/vaults/{vault}").json["key_state"], "locked")
        self.assertEqual(two.download(vault, "/a").status, 403)
        self.assertEqual(two.post("/api/v1/vaults/unlock", {"password": "correct horse"}).json["unlocked"], [vault])
        self.same(vault, one, two)
        self.complete(vault, two)
        self.assertEqual(two.download(vault, "/a").body, b"secret")


class Sync(Case):
    def test_there_and_back(self):
        """changes of each side come to the other, once, and soon"""
        one, two = self.network(2)
        vault = one.vault()
        big = random.Random(1).randbytes(9_000_000)
        one.upload(vault, "/big", big)
        one.upload(vault, "/folder/ü.txt", b"from one")
        self.share(one, vault, two)
        self.same(vault, one, two)
        self.complete(vault, two)
        self.assertEqual(two.download(vault, "/big").body, big)
        with one.events() as events:
            two.upload(vault, "/folder/ü.txt", b"from two")
            event = events.next("file_changed")
            self.assertEqual((event["path"], event["op"]), ("/folder/ü.txt", "sync"))
        mh.wait_until(lambda: one.download(vault, "/folder/ü.txt").body == b"from two", 10, "the change")
        self.assertEqual(one.post(f"/api/v1/vaults/{vault}/move", {"from": "/folder", "to": "/moved"}).status, 200)
        self.assertEqual(two.request("DELETE", f"/api/v1/vaults/{vault}/files/big").status, 204)
        mh.wait_until(lambda: set(self.tree(one, vault)) == {"/moved/ü.txt"} == set(self.tree(two, vault)), 20, "move and deletion")
        before = self.state(two, vault)["versions_in"]
        one.upload(vault, "/new", b"x")
        self.same(vault, one, two)
        mh.wait_until(lambda: self.state(two, vault)["versions_in"] > before and not self.state(two, vault)["running"], 10, "the end of it")
        self.assertEqual(self.state(two, vault)["versions_in"], before + 1)
        self.assertEqual(self.state(one, vault)["peers"], [two.id])

    def test_apart(self):
        """what was done while they were apart comes together; two edits of one file are a conflict on both"""
        one, two = self.network(2)
        vault = one.vault()
        one.upload(vault, "/both", b"0")
        self.share(one, vault, two)
        self.same(vault, one, two)
        self.assertEqual(two.post("/api/v1/networks/disconnect").status, 204)
        one.upload(vault, "/both", b"of one")
        two.upload(vault, "/both", b"of two")
        one.upload(vault, "/one", b"1")
        two.upload(vault, "/two", b"2")
        network = two.get("/api/v1/networks").json["networks"][0]["id"]
        self.assertEqual(two.post(f"/api/v1/networks/{network}/connect").status, 204)
        tree = self.same(vault, one, two, seconds=60)
        self.assertEqual({path: row[1] for path, row in tree.items()}, {"/both": True, "/one": False, "/two": False})
        self.complete(vault, one, two)
        self.assertEqual(one.download(vault, "/both").body, two.download(vault, "/both").body)
        self.assertEqual(one.download(vault, "/two").body, b"2")

    def test_wanted_copies(self):
        """how many copies are wanted is agreed on: what was said last counts on all machines, whoever was away"""
        one, two, three = self.network(3, dict.fromkeys(range(3), mh.LONELY))
        vault = one.vault()
        self.share(one, vault, two, three)
        one.upload(vault, "/f", os.urandom(3_000_000))
        self.same(vault, one, two, three)

        def wanted(daemon):
            return daemon.get(f"/api/v1/vaults/{vault}").json["replication_factor"]

        def want(daemon, copies):
            reply = daemon.request("PATCH", f"/api/v1/vaults/{vault}", {"replication_factor": copies})
            self.assertEqual((reply.status, reply.json["replication_factor"]), (200, copies))

        def agreed(copies, *daemons):
            mh.wait_until(lambda: [wanted(d) for d in daemons] == [copies] * len(daemons), 20, f"{copies} copies to be wanted by all")

        agreed(2, one, two, three)
        with three.events() as events:
            want(two, 3)
            self.assertEqual(events.next("vault_changed")["op"], "change")
        agreed(3, one, two, three)
        self.complete(vault, one, two, three)

        self.assertEqual(three.post("/api/v1/networks/disconnect").status, 204)
        want(three, 4)
        want(one, 5)  # later
        agreed(5, one, two)
        self.assertEqual(wanted(three), 4)
        three.stop()
        three.start()
        network = three.get("/api/v1/networks").json["networks"][0]["id"]
        self.assertIn(three.post(f"/api/v1/networks/{network}/connect").status, (204, 409))
        agreed(5, one, two, three)

        self.assertEqual(three.post("/api/v1/networks/disconnect").status, 204)
        want(one, 2)
        want(three, 1)  # later, and it comes to those who hear of it from somebody else
        self.assertEqual(three.post(f"/api/v1/networks/{network}/connect").status, 204)
        agreed(1, one, two, three)

    def test_a_wrong_clock(self):
        """copies that were wanted by a clock that was days ahead give way to what is wanted elsewhere, and here, since"""
        configs = {i: folders.with_port() for i in range(2)}
        one, two = self.network(2, configs)
        vault = one.vault()
        self.share(one, vault, two)

        def agreed(copies, daemons):
            mh.wait_until(lambda: all(d.get(f"/api/v1/vaults/{vault}").json["replication_factor"] == copies for d in daemons),
                          90, f"{copies} copies to be wanted by all")

        for changer, copies in ((one, 5), (two, 6)):
            two.stop()
            with contextlib.closing(sqlite3.connect(two.home / "metadata/meshhold.db")) as db, db:
                db.execute("UPDATE vaults SET copies = 9, copies_set_ms = ?", (int(time.time() + 30 * 3600) * 1000,))
            two.start()
            two.login()
            reply = changer.request("PATCH", f"/api/v1/vaults/{vault}", {"replication_factor": copies})
            self.assertEqual((reply.status, reply.json["replication_factor"]), (200, copies))
            agreed(copies, (one, two))

    def test_a_chain(self):
        """a machine that never meets the author gets it from another"""
        one, two = self.network(2)
        vault = one.vault()
        data = random.Random(2).randbytes(3_000_000)
        one.upload(vault, "/f", data)
        self.share(one, vault, two)
        self.same(vault, one, two)
        self.complete(vault, two)
        url = one.get(f"/api/v1/vaults/{vault}/share-url").json["url"]
        join = two.get("/api/v1/system/share").json["connect_url"]
        one.stop()
        three = self.daemon()
        self.assertEqual(three.post("/api/v1/networks", {"url": join}).status, 200)
        self.assertEqual(three.post("/api/v1/vaults/join", {"url": url}).status, 200)
        self.same(vault, two, three)
        self.assertEqual(three.download(vault, "/f").body, data)

    def test_no_key(self):
        """a machine without the key gets neither versions nor blocks, and who has another key of that id neither"""
        one, two, three = self.network(3)
        vault = one.vault()
        one.upload(vault, "/f", b"a secret content")
        url = one.get(f"/api/v1/vaults/{vault}/share-url").json["url"]
        wrong = url_of({**payload(url), "k": base64.urlsafe_b64encode(bytes(32)).decode().rstrip("=")})
        self.assertEqual(two.post("/api/v1/vaults/join", {"url": wrong}).status, 200)
        self.share(one, vault, three)
        self.same(vault, one, three)
        self.assertEqual(two.post("/api/v1/replicate-now").status, 204)
        mh.wait_until(lambda: not self.state(two, vault)["running"], 20, "the end of the try")
        self.assertEqual(self.tree(two, vault), {})
        self.assertEqual((self.state(two, vault)["peers"], self.state(one, vault)["peers"]), ([], [three.id]))


class Copies(Case):
    def test_a_lost_machine(self):
        """with two copies wanted, everything is still there when one of three machines is lost with its disk"""
        one, two, three = self.network(3)
        vault = one.vault()
        contents = {f"/f{i}": random.Random(i).randbytes(200_000) for i in range(20)}
        self.share(one, vault, two, three)
        mh.wait_until(lambda: all(len(self.state(d, vault)["peers"]) == 2 for d in (one, two, three)), 30, "all to know each other")
        self.told(vault, one, two, three)
        for path, data in contents.items():
            self.assertEqual(one.upload(vault, path, data).status, 200)
        self.same(vault, one, two, three)
        mh.wait_until(lambda: all(not self.state(d, vault)["running"] for d in (two, three)), 30, "rest")
        held = [20 - self.state(d, vault)["missing_blocks"] for d in (two, three)]
        mh.wait_until(lambda: sum(20 - self.state(d, vault)["missing_blocks"] for d in (two, three)) >= 20, 30, "a second copy")
        self.assertLess(max(20 - self.state(d, vault)["missing_blocks"] for d in (two, three)), 20, held)
        one.kill()
        shutil.rmtree(one.home / "blocks")
        for path, data in contents.items():
            self.assertEqual(three.download(vault, path).body, data, path)

    def test_read_through(self):
        """a machine that keeps nothing reads everything, also parts of it, and says so when nobody is there"""
        one, two = self.network(2, {1: UNRELIABLE})
        vault = one.vault()
        data = random.Random(3).randbytes(20_000_000)
        one.upload(vault, "/video", data)
        self.share(one, vault, two)
        self.same(vault, one, two)
        mh.wait_until(lambda: self.state(two, vault)["synced_ms"] and not self.state(two, vault)["running"], 20, "rest")
        missing = self.state(two, vault)["missing_blocks"]
        self.assertGreater(missing, 10)
        self.assertEqual(two.get(f"/api/v1/vaults/{vault}/locality/video").json, {"local": False, "holders": [one.id]})
        reply = two.download(vault, "/video", headers={"Range": "bytes=15000000-15000999"})
        self.assertEqual((reply.status, reply.body), (206, data[15_000_000:15_001_000]))
        self.assertEqual(two.download(vault, "/video").body, data)
        self.assertEqual(self.state(two, vault)["missing_blocks"], missing)
        one.kill()
        mh.wait_until(lambda: two.get(f"/api/v1/nodes/{one.id}").json["connected"] is False, 20, "its end")
        reply = two.request("HEAD", f"/api/v1/vaults/{vault}/stream/video")
        self.assertEqual(reply.status, 200)
        self.assertNotIn("damaged", json.dumps(two.get("/api/v1/system/status").json))

    def test_where_a_file_is(self):
        """a machine that keeps nothing says who has a file, has it here when told to, and says why not"""
        one, two = self.network(2, {1: UNRELIABLE})
        vault = one.vault()
        for path in ("/a", "/b"):
            one.upload(vault, path, random.Random(path).randbytes(9_000_000))
        self.assertEqual(one.get(f"/api/v1/vaults/{vault}").json["peers"], 0)
        self.share(one, vault, two)
        self.same(vault, one, two)
        mh.wait_until(lambda: [d.get(f"/api/v1/vaults/{vault}").json["peers"] for d in (one, two)] == [1, 1], 20, "the other")

        def replicas(daemon, path):
            return {r["peer_id"]: (r["local"], bool(r["display_name"])) for r in daemon.get(f"/api/v1/vaults/{vault}/info{path}").json["replicas"]}

        for daemon in (one, two):
            self.assertEqual(replicas(daemon, "/a"), {one.id: ("full", True), two.id: ("none", True)})
        def listed(daemon):
            return {f["path"]: f["local"] for f in daemon.get(f"/api/v1/vaults/{vault}/files").json["files"]}

        self.assertEqual((listed(one), listed(two)), ({"/a": "full", "/b": "full"}, {"/a": "none", "/b": "none"}))
        self.assertEqual(two.download(vault, "/b", headers={"Range": "bytes=0-9"}).status, 206)
        self.assertEqual(two.post(f"/api/v1/vaults/{vault}/cache/a").json, {"local": True, "missing_blocks": 0})
        for daemon, order in ((one, [one.id, two.id]), (two, [two.id, one.id])):
            self.assertEqual(replicas(daemon, "/a"), {one.id: ("full", True), two.id: ("full", True)})
            self.assertEqual(daemon.get(f"/api/v1/vaults/{vault}/locality/a").json, {"local": True, "holders": order})
        self.assertEqual(listed(two), {"/a": "full", "/b": "none"})
        one.kill()
        mh.wait_until(lambda: two.get(f"/api/v1/nodes/{one.id}").json["connected"] is False, 20, "its end")
        self.assertEqual(two.download(vault, "/a").body, random.Random("/a").randbytes(9_000_000))
        reply = two.post(f"/api/v1/vaults/{vault}/cache/b")
        self.assertEqual((reply.status, "not there now" in reply.json["error"]), (503, True))
        self.assertEqual(replicas(two, "/b"), {two.id: ("none", True)})

    def test_damage_is_healed(self):
        """what the disk of a machine damages is read from another one, and comes back from there"""
        one, two = self.network(2)
        two.expect.append("damaged here came from another machine")
        vault = one.vault()
        data = random.Random(4).randbytes(9_000_000)
        one.upload(vault, "/f", data)
        self.share(one, vault, two)
        self.same(vault, one, two)
        mh.wait_until(lambda: self.state(two, vault)["synced_ms"] and not self.state(two, vault)["missing_blocks"], 20, "all blocks")
        two.stop()
        self.damage(two, 500_000, 1_000_000)
        two.start()
        self.connected(two, 1)
        self.assertEqual(two.download(vault, "/f").body, data)
        self.assertIn("damaged here came from another machine", two.log_text())
        self.assertEqual(two.post("/api/v1/replicate-now").status, 204)
        mh.wait_until(lambda: self.state(two, vault)["missing_blocks"] == 0, 20, "the blocks")
        one.kill()
        mh.wait_until(lambda: two.get(f"/api/v1/nodes/{one.id}").json["connected"] is False, 20, "its end")
        self.assertEqual(two.download(vault, "/f").body, data)

    def test_damage_is_not_passed_on(self):
        """what the disk of a machine damages is given to nobody, and nobody blames the machine for it"""
        one, two = self.network(2)
        for daemon in (one, two):
            daemon.expect.append("damaged")
        vault = one.vault()
        data = random.Random(6).randbytes(30_000_000)
        one.upload(vault, "/f", data)
        one.stop()
        self.damage(one, 9_500_000, 10_000_000)  # three blocks
        one.start()
        self.connected(one, 1)
        self.share(one, vault, two)
        mh.wait_until(lambda: self.state(two, vault)["synced_ms"] and self.state(two, vault)["missing_blocks"] <= 3, 30, "the other blocks")
        for _ in range(4):  # more often than a machine may be wrong
            self.assertEqual(two.post("/api/v1/replicate-now").status, 204)
            mh.wait_until(lambda: not self.state(two, vault)["running"], 20, "the end of a round")
        self.assertEqual(self.state(two, vault)["missing_blocks"], 3)
        self.assertEqual(two.get("/api/v1/sync").json["suspects"], [])

    def test_more_damage_than_is_noted_at_once(self):
        """of a disk that is damaged nearly everywhere nothing wrong is taken, nobody blames its machine, and another one has it all"""
        one, two, three = self.network(3, {0: UNRELIABLE})
        for daemon in (one, two):
            daemon.expect.append("damaged")
        vault = one.vault()
        # in one conversation 1,024 blocks are noted as wrong
        files = {f"/{i}": random.Random(i).randbytes(3000) for i in range(2500)}
        for path, data in files.items():
            self.assertEqual(one.upload(vault, path, data).status, 200)
        self.share(one, vault, three)
        self.complete(vault, three, seconds=60)
        three.stop()
        one.stop()
        self.damage(one, 5000, 2000)  # most blocks, and some of what is between them
        one.start()
        self.connected(one, 1)
        self.share(one, vault, two)
        mh.wait_until(lambda: self.state(two, vault)["synced_ms"], 30, "a round")
        for _ in range(4):  # more often than a machine may be wrong
            self.assertEqual(two.post("/api/v1/replicate-now").status, 204)
            mh.wait_until(lambda: not self.state(two, vault)["running"], 60, "the end of a round")
        self.assertGreater(self.state(two, vault)["missing_blocks"], 1100)
        self.assertEqual(two.get("/api/v1/sync").json["suspects"], [])
        three.start()
        self.connected(two, 2)
        self.complete(vault, two, seconds=60)
        one.kill()
        three.kill()
        for path in list(files)[::50]:
            self.assertEqual(two.download(vault, path).body, files[path])

    @staticmethod
    def received(daemon):
        """Bytes that came, once those of now are counted, which is done every ten seconds."""
        def samples():
            return daemon.get("/api/v1/stats/throughput").json["samples"]
        last = max((s["ts_ms"] for s in samples()), default=0)
        mh.wait_until(lambda: max((s["ts_ms"] for s in samples()), default=0) > last, 15, "the next sample")
        return sum(s["in_bps"] * 10 for s in samples())

    def test_quota(self):
        """a machine whose quota is full says so, keeps the files of the vault in view, and does not ask for their blocks again and again"""
        one, two = self.network(2)
        vault = one.vault()
        self.share(one, vault, two)
        self.assertEqual(two.request("PATCH", f"/api/v1/vaults/{vault}", {"hard_quota": 3_000_000}).status, 200)
        one.upload(vault, "/f", os.urandom(6_000_000))
        self.same(vault, one, two)
        mh.wait_until(lambda: self.state(two, vault)["error"], 20, "the error")
        self.assertIn("quota", self.state(two, vault)["error"])
        stored = next(v for v in two.get("/api/v1/vaults").json["vaults"] if v["id"] == vault)["stored_bytes"]
        self.assertTrue(1_000_000 < stored <= 3_000_000, stored)  # what there is room for is there
        before = self.received(two)
        for i in range(12):
            one.upload(vault, "/small", os.urandom(100 + i))
            self.same(vault, one, two)
            self.assertEqual(two.post("/api/v1/replicate-now").status, 204)
        self.assertLess(self.received(two) - before, 1_000_000)
        self.assertIn("quota", self.state(two, vault)["error"])
        self.assertGreater(self.state(two, vault)["health"]["under"], 0)  # and it counts on
        self.assertEqual(two.request("PATCH", f"/api/v1/vaults/{vault}", {"hard_quota": 0}).status, 200)
        self.complete(vault, two)
        self.assertIsNone(self.state(two, vault)["error"])

    def test_read_only(self):
        """a vault that is read only on a machine follows what others do"""
        one, two = self.network(2)
        vault = one.vault()
        self.share(one, vault, two)
        self.assertEqual(two.request("PATCH", f"/api/v1/vaults/{vault}", {"roles": ["store", "read_only"]}).status, 200)
        one.upload(vault, "/f", b"first")
        self.same(vault, one, two)
        self.complete(vault, two)
        one.upload(vault, "/f", b"second")
        one.upload(vault, "/gone", b"x")
        self.assertEqual(one.request("DELETE", f"/api/v1/vaults/{vault}/files/gone").status, 204)
        mh.wait_until(lambda: two.download(vault, "/f").body == b"second", 20, "the change")
        self.same(vault, one, two)
        self.assertEqual(two.upload(vault, "/f", b"third").status, 403)
        self.assertIsNone(self.state(two, vault)["error"])


if __name__ == "__main__":
    tap.main()
