#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who has a file, its graph of versions, and conflicts, which a program of ours makes as another machine would."""

import os
import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import mh  # noqa: E402
import tap  # noqa: E402

V = "/api/v1/vaults"
MAKE_FORK = mh.BUILD / "tests/daemon/modules/store/make-fork"


class Versions(unittest.TestCase):
    def setUp(self):
        self.daemon = self.enterContext(mh.Daemon())
        self.vault = self.daemon.vault()

    def url(self, verb, path):
        return f"{V}/{self.vault}/{verb}{mh.quote(path)}"

    def get(self, verb, path):
        return self.daemon.get(self.url(verb, path)).json

    def fork(self, path, like, lost=0):
        """Stops the daemon, and gives @path one more newest version with the content of @like."""
        self.daemon.stop()
        subprocess.run([MAKE_FORK, self.daemon.home, self.vault, path, like, str(lost)], check=True)
        self.daemon.start()

    def test_info(self):
        for text in (b"1", b"2"):
            self.daemon.upload(self.vault, "/a ü/f", text)
        info = self.get("info", "/a ü/f")
        me = self.daemon.get("/api/v1/whoami").json["node_id"]
        self.assertEqual((info["file"]["path"], info["file"]["local"]), ("/a ü/f", "full"))
        self.assertEqual([(r["peer_id"], r["local"], bool(r["display_name"])) for r in info["replicas"]], [(me, "full", True)])
        self.assertEqual(info["versions"], self.get("history", "/a ü/f")["versions"])
        self.assertEqual([(v["head"], v["current"]) for v in info["versions"]], [(True, True), (False, False)])
        self.assertEqual(info["versions"][0]["parents"], [info["versions"][1]["version_hash"]])
        self.assertEqual(self.get("locality", "/a ü/f"), {"local": True, "holders": [me]})
        self.assertEqual(self.daemon.post(self.url("cache", "/a ü/f")).json, {"local": True, "missing_blocks": 0})
        for verb in ("info", "locality"):
            self.assertEqual(self.daemon.get(self.url(verb, "/none")).status, 404)
            self.assertEqual(self.daemon.get(self.url(verb, "/a ü/f/")).status, 400)
        self.assertEqual(self.daemon.post(self.url("cache", "/none")).status, 404)

    def test_the_name_of_this_machine(self):
        self.daemon.stop()
        (self.daemon.home / "config.yaml").write_text("node:\n  display_name: Büro\n", encoding="utf-8")
        self.daemon.start()
        self.daemon.upload(self.vault, "/f", b"x")
        self.assertEqual(self.get("info", "/f")["replicas"][0]["display_name"], "Büro")

    def test_conflict(self):
        for path, text in (("/f", b"base"), ("/f", b"ours"), ("/theirs", b"theirs!")):
            self.daemon.upload(self.vault, path, text)
        self.fork("/f", "/theirs")
        shown = self.get("files", "/f")
        versions = self.get("info", "/f")["versions"]
        self.assertEqual((shown["conflict"], len(shown["conflicts"]), shown["version_count"]), (True, 1, 3))
        self.assertEqual([v["head"] for v in versions], [True, True, False])
        self.assertEqual({v["parents"][0] for v in versions[:2]}, {versions[2]["version_hash"]})
        self.assertEqual({v["version_hash"] for v in versions if v["head"] and not v["current"]}, set(shown["conflicts"]))
        listed = {f["path"]: f["conflict"] for f in self.daemon.get(f"{V}/{self.vault}/files").json["files"]}
        self.assertEqual(listed, {"/f": True, "/theirs": False})
        ours = next(v for v in versions if v["author"] == self.daemon.get("/api/v1/whoami").json["node_id"] and v["head"])
        for body, status in (({"version_hash": "0" * 64}, 404), ({"content_hash": versions[2]["content_hash"]}, 404),
                             ({"version_hash": versions[2]["version_hash"]}, 404), ({}, 400), ({"version_hash": "x" * 64}, 400)):
            self.assertEqual(self.daemon.post(self.url("resolve-conflict", "/f"), body).status, status, body)
        solved = self.daemon.post(self.url("resolve-conflict", "/f"), {"content_hash": ours["content_hash"]})
        self.assertEqual((solved.status, solved.json["conflict"], solved.json["version_count"]), (200, False, 4))
        self.assertEqual(self.daemon.download(self.vault, "/f").body, b"ours")
        after = self.get("history", "/f")["versions"]
        self.assertEqual(set(after[0]["parents"]), {v["version_hash"] for v in versions[:2]})
        self.assertEqual([v["head"] for v in after], [True, False, False, False])
        self.assertEqual(self.get("files", "/f")["conflicts"], [])
        again = self.daemon.post(self.url("resolve-conflict", "/f"), {"content_hash": ours["content_hash"]})
        self.assertEqual((again.status, "no conflict" in again.json["error"]), (409, True))
        self.assertIn("file.resolve", [e["type"] for e in self.daemon.get("/api/v1/audit").json["events"]])
        # theirs can still be had
        theirs = next(v for v in versions[:2] if v is not ours)
        self.assertEqual(self.daemon.get(self.url("version", "/f") + f"?content_hash={theirs['content_hash']}").body, b"theirs!")

    def test_missing_blocks(self):
        self.daemon.upload(self.vault, "/large", os.urandom(9_000_000))
        self.daemon.upload(self.vault, "/f", b"base")
        blocks = len(self.get("files", "/large")["blocks"])
        self.assertGreater(blocks, 3)
        for lost, local in ((1, "partial"), (blocks, "none")):
            self.fork("/f", "/large", lost)
            self.assertEqual(self.get("files", "/f")["local"], local)
            self.assertEqual(self.get("info", "/f")["replicas"][0]["local"], local)
            for listed in (f"{V}/{self.vault}/files", f"{V}/{self.vault}/files?shallow=true", f"{V}/{self.vault}/search?q=f"):
                found = {f["path"]: f["local"] for f in self.daemon.get(listed).json["files"]}
                self.assertEqual(found.pop("/f"), local, listed)
                self.assertLessEqual(set(found.items()), {("/large", "full")}, listed)
            self.assertEqual(self.get("locality", "/f"), {"local": False, "holders": []})
            self.assertEqual(self.daemon.post(self.url("cache", "/f")).status, 503)
        self.assertEqual(self.get("files", "/large")["local"], "full")

    def test_damage_that_was_found(self):
        """What a read has found to be damaged is missing from then on, and back when it is stored again."""
        self.daemon.expect.append("cannot be read")
        data = os.urandom(9_000_000)
        self.daemon.upload(self.vault, "/f", data)
        self.daemon.stop()
        segment = next((self.daemon.home / "blocks").glob("*.seg"))
        stored = bytearray(segment.read_bytes())
        stored[4_000_000] ^= 1
        segment.write_bytes(stored)
        self.daemon.start()
        with self.assertRaises(Exception):
            self.daemon.download(self.vault, "/f")
        mh.wait_until(lambda: self.get("files", "/f")["local"] == "partial", what="the damage being noted")
        self.assertEqual(self.daemon.post(self.url("cache", "/f")).status, 503)
        self.daemon.upload(self.vault, "/again", data)
        self.assertEqual(self.get("files", "/f")["local"], "full")
        self.assertTrue(self.daemon.download(self.vault, "/f").body == data)

    def test_put(self):
        put = lambda path, data, **options: self.daemon.request("PUT", self.url("files", path), data, **options)
        made = put("/a ü/f", b"first")
        self.assertEqual((made.status, made.json["path"], made.json["size"]), (200, "/a ü/f", 5))
        self.assertEqual(put("/a ü/f", b"second", headers={"If-None-Match": "*"}).status, 412)
        self.assertEqual(put("/a ü/f", b"second").json["version_count"], 2)
        self.assertEqual(put("/a ü", b"x").status, 409)
        self.assertEqual(put("/a//b", b"x").status, 400)
        timed = self.daemon.request("PUT", self.url("files", "/t") + "?mtime_ms=1234567890123", b"x")
        self.assertEqual(timed.json["mtime_ms"], 1234567890123)
        self.assertEqual(self.daemon.download(self.vault, "/a ü/f").body, b"second")


if __name__ == "__main__":
    tap.main()
