#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Quotas, the trash, retention, and what happens when the disk has little space."""

import concurrent.futures
import contextlib
import os
import pathlib
import sqlite3
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import mh  # noqa: E402
import tap  # noqa: E402

V = "/api/v1/vaults"


class Space(unittest.TestCase):
    def setUp(self):
        self.daemon = self.enterContext(mh.Daemon())
        self.vault = self.daemon.vault()
        self.url = f"{V}/{self.vault}"

    def change(self, **fields):
        return self.daemon.request("PATCH", self.url, fields)

    def stored(self):
        return self.daemon.get(self.url).json["stored_bytes"]

    def trash(self, limit=200):
        entries, cursor = [], ""
        while cursor is not None:
            page = self.daemon.get(f"{self.url}/trash?limit={limit}" + (f"&cursor={cursor}" if cursor else "")).json
            entries += page["entries"]
            cursor = page["cursor"]
        return entries

    def audited(self):
        return [event["type"] for event in self.daemon.get("/api/v1/audit").json["events"]]

    def test_limits_are_kept(self):
        made = self.daemon.get(self.url).json
        self.assertEqual((made["hard_quota"], made["history_keep_versions"], made["history_keep_days"]), (0, 30, 90))
        changed = self.change(hard_quota=12345, history_keep_versions=1, history_keep_days=0).json
        self.assertEqual((changed["hard_quota"], changed["history_keep_versions"], changed["history_keep_days"]), (12345, 1, 0))
        self.assertEqual(self.change(name="other").json["hard_quota"], 12345)
        for bad in ({"hard_quota": -1}, {"history_keep_versions": 0}, {"history_keep_days": -1}, {"hard_quota": "x"}):
            self.assertEqual(self.change(**bad).status, 400, bad)
        self.daemon.stop()
        self.daemon.start()
        self.assertEqual(self.daemon.get(self.url).json["hard_quota"], 12345)
        self.assertEqual(self.daemon.upload(self.vault, "/f", os.urandom(20000)).status, 507)
        self.assertEqual(self.change(hard_quota=0).json["hard_quota"], 0)
        self.assertEqual(self.daemon.upload(self.vault, "/f", os.urandom(20000)).status, 200)

    def test_quota(self):
        self.daemon.upload(self.vault, "/first", os.urandom(60000))
        stored = self.stored()
        self.change(hard_quota=100000)
        refused = self.daemon.upload(self.vault, "/second", b"x" * 50000)
        self.assertEqual(refused.status, 507)
        self.assertEqual({k: v for k, v in refused.json.items() if k != "error"},
                         {"vault_id": self.vault, "hard_quota": 100000, "would_be_size": stored + 50000})
        self.assertIn("quota", refused.json["error"])
        # nothing announced: what is stored decides
        chunked = self.daemon.upload(self.vault, "/second", iter([os.urandom(50000)]), headers={"Transfer-Encoding": "chunked"})
        self.assertEqual((chunked.status, chunked.json["would_be_size"] > 100000), (507, True))
        self.assertEqual(self.stored(), stored)
        self.assertEqual(self.daemon.upload(self.vault, "/second", os.urandom(30000)).status, 200)
        self.assertEqual(self.daemon.post(f"{self.url}/move", {"from": "/first", "to": "/moved"}).status, 200)

    def test_quota_under_concurrency(self):
        self.daemon.login()
        self.change(hard_quota=500000)
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            replies = list(pool.map(lambda i: self.daemon.upload(self.vault, f"/{i}", os.urandom(50000)).status, range(24)))
        self.assertEqual(sorted(set(replies)), [200, 507])
        self.assertEqual(replies.count(200), 9)
        self.assertLessEqual(self.stored(), 500000)

    def test_trash(self):
        for name, content in (("a", b"1"), ("a", b"2"), ("b", b"3"), ("c", b"4"), ("kept", b"3")):
            self.daemon.upload(self.vault, f"/{name}", content * 3000)
        self.assertEqual(self.trash(), [])
        for name in "abc":
            self.daemon.request("DELETE", f"{self.url}/files/{name}")
        entries = self.trash(limit=1)
        self.assertEqual([(e["path"], e["versions"]) for e in entries], [("/c", 1), ("/b", 1), ("/a", 2)])
        self.assertEqual([e["freed_bytes"] > 0 for e in entries], [True, False, True])
        before = self.stored()
        purged = self.daemon.post(f"{self.url}/trash/purge", {"paths": ["/a"]}).json
        self.assertEqual((purged["files"], purged["versions"]), (1, 2))
        self.assertEqual(self.stored(), before - purged["bytes"])
        self.assertEqual(purged["bytes"], entries[2]["freed_bytes"])
        self.assertEqual(self.daemon.post(f"{self.url}/trash/purge", {"paths": ["/a"]}).status, 404)
        self.assertEqual(self.daemon.post(f"{self.url}/trash/purge", {"paths": ["/kept"]}).status, 404)
        self.assertEqual(self.daemon.post(f"{self.url}/restore/c", {"content_hash": entries[0]["content_hash"]}).status, 200)
        self.assertEqual(self.daemon.post(f"{self.url}/trash/purge", {"all": True}).json["files"], 1)
        self.assertEqual(self.daemon.post(f"{self.url}/trash/purge", {}).status, 400)
        self.assertEqual(self.trash(), [])
        self.assertEqual(self.daemon.download(self.vault, "/kept").body, b"3" * 3000)
        self.assertEqual(self.daemon.download(self.vault, "/c").body, b"4" * 3000)
        self.assertEqual(self.audited().count("trash.purge"), 2)
        self.assertEqual(self.daemon.get(f"{self.url}/trash?cursor=nonsense").status, 400)

    def test_purge_of_a_version(self):
        old = self.daemon.upload(self.vault, "/f", b"old").json["content_hash"]
        new = self.daemon.upload(self.vault, "/f", b"new").json["content_hash"]
        self.assertEqual(self.daemon.request("DELETE", f"{self.url}/version/f?content_hash={new}").status, 409)
        self.assertEqual(self.daemon.request("DELETE", f"{self.url}/version/f?content_hash={old}").json["versions"], 1)
        self.assertEqual(self.daemon.request("DELETE", f"{self.url}/version/f?content_hash={old}").status, 404)
        self.assertEqual(self.daemon.get(f"{self.url}/version/f?content_hash={old}").status, 404)
        self.assertEqual(len(self.daemon.get(f"{self.url}/history/f").json["versions"]), 1)
        self.assertIn("version.purge", self.audited())

    def test_purged_is_gone_without_the_index(self):
        self.daemon.upload(self.vault, "/f", os.urandom(100000))
        self.daemon.upload(self.vault, "/kept", b"kept")
        self.daemon.request("DELETE", f"{self.url}/files/f")
        self.daemon.post(f"{self.url}/trash/purge", {"all": True})
        gone = self.daemon.vault("gone")
        self.daemon.upload(gone, "/f", os.urandom(100000))
        self.daemon.request("DELETE", f"{V}/{gone}")
        self.daemon.kill()
        for path in (self.daemon.home / "metadata").glob("index.db*"):
            path.unlink()
        self.daemon.start()
        self.assertEqual(self.trash(), [])
        self.assertEqual(self.daemon.download(self.vault, "/f").status, 404)
        self.assertEqual(self.daemon.download(self.vault, "/kept").body, b"kept")
        mh.wait_until(lambda: self.indexed_vaults() == [self.vault], what="forgetting the deleted vault")

    def indexed_vaults(self):
        with contextlib.closing(sqlite3.connect(self.daemon.home / "metadata/index.db")) as index:
            return [row[0] for row in index.execute("SELECT id FROM vaults")]


class LittleSpace(unittest.TestCase):
    def test_min_free(self):
        """Below min_free uploads are refused with a sentence, the rest works, and it ends by itself."""
        with mh.Daemon() as daemon:
            vault = daemon.vault()
            daemon.upload(vault, "/f", b"content")
            self.assertIsNone(daemon.get("/api/v1/system/status").json["attention"])
            daemon.stop()
            (daemon.home / "config.yaml").write_text("node:\n  min_free: 1000000TiB\n", encoding="utf-8")
            daemon.start()
            refused = daemon.upload(vault, "/g", b"content!")
            self.assertEqual(refused.status, 507)
            self.assertIn("disk is full", refused.json["error"])
            self.assertNotIn("hard_quota", refused.json)
            mh.wait_until(lambda: daemon.ipc("status")["state"] == "attention")
            self.assertIn("disk is full", daemon.ipc("status")["detail"])
            self.assertIn("disk is full", daemon.get("/api/v1/system/status").json["attention"])
            self.assertEqual(daemon.download(vault, "/f").body, b"content")
            self.assertEqual(daemon.request("DELETE", f"{V}/{vault}/files/f").status, 204)
            self.assertEqual(daemon.post(f"{V}/{vault}/trash/purge", {"all": True}).json["files"], 1)
            daemon.stop()
            (daemon.home / "config.yaml").unlink()
            daemon.start()
            self.assertEqual(daemon.upload(vault, "/g", b"content!").status, 200)
            self.assertEqual(daemon.ipc("status")["state"], "ready")


if __name__ == "__main__":
    tap.main()
