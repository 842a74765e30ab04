#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Vaults with passwords, their roles, aliases, health and analytics."""

import os
import pathlib
import sqlite3
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import mh  # noqa: E402
import tap  # noqa: E402

PASSWORD, OTHER = "correct horse", "battery staple"


class Case(unittest.TestCase):
    EXPECT = ()

    def setUp(self):
        self.daemon = mh.Daemon(expect=self.EXPECT)
        self.enterContext(self.daemon)

    def create(self, name, **options):
        reply = self.daemon.post("/api/v1/vaults", {"name": name, **options})
        self.assertEqual(reply.status, 200, reply)
        return reply.json["id"]

    def vault(self, vault):
        return self.daemon.get(f"/api/v1/vaults/{vault}").json

    def unlock(self, password):
        return self.daemon.post("/api/v1/vaults/unlock", {"password": password})

    def set_password(self, vault, password, **current):
        return self.daemon.request("PUT", f"/api/v1/vaults/{vault}/password", {"password": password, **current})

    def restart(self):
        self.daemon.stop()
        self.daemon.start()
        self.daemon.login()


class Passwords(Case):
    def test_lock_and_unlock(self):
        """locked, nothing of a vault can be used; the password, and no other, opens it again"""
        vault, free = self.create("secret", password=PASSWORD), self.create("free")
        self.assertEqual(self.daemon.upload(vault, "/a", b"data").status, 200)
        value = self.vault(vault)
        self.assertEqual((value["protected"], value["locked"], value["key_state"]), (True, False, "held"))
        self.assertEqual(self.daemon.post(f"/api/v1/vaults/{vault}/lock").status, 204)
        value = self.vault(vault)
        self.assertEqual((value["protected"], value["locked"], value["key_state"]), (True, True, "locked"))
        for method, path in (("GET", "files"), ("GET", "files/a"), ("GET", "stream/a"), ("DELETE", "files/a"),
                             ("POST", "upload/b"), ("GET", "history/a"), ("GET", "analytics"), ("GET", "trash")):
            reply = self.daemon.request(method, f"/api/v1/vaults/{vault}/{path}", b"x" if method == "POST" else None)
            self.assertEqual((reply.status, "locked" in reply.json["error"]), (403, True), (method, path, reply))
        self.assertEqual(self.unlock(OTHER).status, 403)
        self.assertTrue(self.vault(vault)["locked"])
        self.assertEqual(self.unlock(PASSWORD).json, {"unlocked": [vault]})
        self.assertEqual(self.daemon.download(vault, "/a").body, b"data")
        self.assertEqual(self.unlock(PASSWORD).json, {"unlocked": []})
        self.assertEqual(self.daemon.post(f"/api/v1/vaults/{free}/lock").status, 400)
        self.assertEqual(self.daemon.upload(free, "/still", b"open").status, 200)

    def test_one_password_opens_all_that_have_it(self):
        one, two, three = (self.create(name, password=word) for name, word in
                           (("one", PASSWORD), ("two", OTHER), ("three", PASSWORD)))
        self.restart()
        self.assertTrue(all(self.vault(vault)["locked"] for vault in (one, two, three)))
        self.assertEqual(set(self.unlock(PASSWORD).json["unlocked"]), {one, three})
        self.assertEqual(self.unlock(OTHER).json["unlocked"], [two])

    def test_it_is_locked_after_a_restart(self):
        vault = self.create("secret", password=PASSWORD)
        data = os.urandom(3_000_000)
        self.daemon.upload(vault, "/large", data)
        self.restart()
        self.assertEqual(self.daemon.download(vault, "/large").status, 403)
        self.assertEqual(self.unlock(PASSWORD).status, 200)
        self.assertEqual(self.daemon.download(vault, "/large").body, data)

    def test_the_password_can_be_set_changed_and_removed(self):
        vault = self.create("plain")
        self.daemon.upload(vault, "/a", b"data")
        self.assertEqual(self.set_password(vault, "short").status, 400)
        self.assertEqual(self.set_password(vault, PASSWORD).json["protected"], True)
        self.assertEqual(self.set_password(vault, OTHER).status, 403)
        self.assertEqual(self.set_password(vault, OTHER, current="wrong one").status, 403)
        self.assertEqual(self.set_password(vault, OTHER, current=PASSWORD).status, 200)
        self.restart()
        self.assertEqual(self.unlock(PASSWORD).status, 403)
        self.assertEqual(self.unlock(OTHER).status, 200)
        self.assertEqual(self.set_password(vault, "", current=OTHER).json["protected"], False)
        self.restart()
        self.assertEqual(self.daemon.download(vault, "/a").body, b"data")

    def test_the_key_is_not_in_the_home(self):
        """the box under the master key holds another box: the master key alone opens nothing"""
        vault = self.create("secret", password=PASSWORD)
        with sqlite3.connect(self.daemon.home / "metadata/meshhold.db") as database:
            sealed, salt = database.execute("SELECT sealed_key, key_salt FROM vaults WHERE id = ?", (vault,)).fetchone()
        self.assertEqual((len(sealed), len(salt)), (32 + 40 + 40, 16))

    def test_wrong_passwords_use_up_the_budget_of_the_login(self):
        vault = self.create("secret", password=PASSWORD)
        self.daemon.post(f"/api/v1/vaults/{vault}/lock")
        for _ in range(15):
            self.assertEqual(self.unlock("wrong word").status, 403)
        refused = self.unlock(PASSWORD)
        self.assertEqual(refused.status, 429)
        self.assertGreater(int(refused.headers["Retry-After"]), 0)
        self.assertEqual(self.daemon.post("/api/v1/auth/login", {"password": "x"}, token=None).status, 429)

    def test_what_happens_is_on_record(self):
        vault = self.create("secret", password=PASSWORD)
        self.daemon.post(f"/api/v1/vaults/{vault}/lock")
        self.unlock(PASSWORD)
        types = [event["type"] for event in self.daemon.get("/api/v1/audit").json["events"]]
        self.assertLess(types.index("vault.unlock"), types.index("vault.lock"))
        self.assertNotIn(PASSWORD, self.daemon.get("/api/v1/audit").body.decode())


class Settings(Case):
    def test_roles(self):
        vault = self.create("one")
        self.assertEqual(self.vault(vault)["roles"], ["store", "scan"])
        self.daemon.upload(vault, "/a", b"data")
        reply = self.daemon.request("PATCH", f"/api/v1/vaults/{vault}", {"roles": ["store", "read_only"]})
        self.assertEqual(reply.json["roles"], ["store", "read_only"])
        url = f"/api/v1/vaults/{vault}/"
        for method, path, body in (("POST", "upload/b", b"x"), ("DELETE", "files/a", None),
                                   ("POST", "move", {"from": "/a", "to": "/b"})):
            reply = self.daemon.request(method, url + path, body)
            self.assertEqual((reply.status, "read only" in reply.json["error"]), (403, True), (path, reply))
        self.assertEqual(self.daemon.download(vault, "/a").body, b"data")
        self.restart()
        self.assertEqual(self.daemon.upload(vault, "/b", b"x").status, 403)
        self.assertEqual(self.daemon.request("PATCH", f"/api/v1/vaults/{vault}", {"roles": ["store"]}).status, 200)
        self.assertEqual(self.daemon.upload(vault, "/b", b"x").status, 200)
        wrong = self.daemon.request("PATCH", f"/api/v1/vaults/{vault}", {"roles": ["king"]})
        self.assertEqual((wrong.status, "roles" in wrong.json["error"]), (400, True))

    def test_alias(self):
        one, two = self.create("one"), self.create("two")
        put = lambda vault, alias: self.daemon.request("PUT", f"/api/v1/vaults/{vault}/s3-alias", {"alias": alias})
        self.assertEqual(put(one, "my-bucket").json["s3_alias"], "my-bucket")
        self.assertEqual(put(two, "my-bucket").status, 409)
        for alias in ("ab", "UPPER", "-x-", "a..b", "with space", "ä-bucket"):
            reply = put(two, alias)
            self.assertEqual((reply.status, "alias" in reply.json["error"]), (400, True), alias)
        self.assertIsNone(put(one, "").json["s3_alias"])
        self.assertEqual(put(two, "my-bucket").status, 200)


class Numbers(Case):
    EXPECT = (r"/bad",)

    def test_info(self):
        """the health of the blocks, also when one of them is damaged"""
        vault = self.create("one", replication_factor=1)
        self.daemon.upload(vault, "/good", os.urandom(100_000))
        self.daemon.upload(vault, "/bad", b"B" * 7 + os.urandom(100_000))
        info = self.daemon.get(f"/api/v1/vaults/{vault}/info").json
        health = info["replica_health"]
        self.assertEqual((health["blocks"], health["ok"], health["under"], health["lost"]), (2, 2, 0, 0))
        self.assertEqual((health["bytes"], info["vault"]["id"]), (info["vault"]["stored_bytes"], vault))
        self.daemon.request("PATCH", f"/api/v1/vaults/{vault}", {"replication_factor": 2})
        self.assertEqual(self.daemon.get(f"/api/v1/vaults/{vault}/info").json["replica_health"]["under"], 2)

    def test_analytics(self):
        vault = self.create("one")
        sizes = {"/a/one.JPG": 5000, "/a/two.jpg": 3000, "/b/c/film.mp4": 90_000, "/b/.hidden": 10, "/none": 20, "/x.tar.gz": 7}
        for path, size in sizes.items():
            self.daemon.upload(vault, path, os.urandom(size))
        self.daemon.upload(vault, "/gone.mp4", b"x" * 100_000)
        self.daemon.request("DELETE", f"/api/v1/vaults/{vault}/files/gone.mp4")
        value = self.daemon.get(f"/api/v1/vaults/{vault}/analytics").json
        self.assertEqual([(t["ext"], t["count"], t["bytes"]) for t in value["types"]],
                         [("mp4", 1, 90_000), ("jpg", 2, 8000), ("", 2, 30), ("gz", 1, 7)])
        self.assertEqual([(c["path"], c["bytes"]) for c in value["consumers"]],
                         sorted(sizes.items(), key=lambda item: -item[1]))
        self.assertEqual([(f["path"], f["files"], f["bytes"]) for f in value["folders"]],
                         [("/b", 2, 90_010), ("/a", 2, 8000)])
        self.assertEqual([(d["files"], d["bytes"]) for d in value["history"]], [(6, sum(sizes.values()))])
        limited = self.daemon.get(f"/api/v1/vaults/{vault}/analytics?limit=2").json
        self.assertEqual([len(limited[name]) for name in ("types", "consumers", "folders")], [2, 2, 2])
        self.assertEqual(limited["consumers"], value["consumers"][:2])

    def test_scan_status(self):
        vault = self.create("one")
        status = self.daemon.get(f"/api/v1/vaults/{vault}/scan-status").json
        self.assertEqual((status["active"], status["walked"], status["started_ms"]), (False, 0, None))
        source = self.daemon.home.parent / f"{self.daemon.home.name}-source"
        source.mkdir()
        self.addCleanup(lambda: [path.unlink() for path in source.iterdir()] and source.rmdir())
        for number in range(3):
            (source / str(number)).write_bytes(b"x")
        name = self.daemon.post(f"/api/v1/vaults/{vault}/import", {"host_path": str(source)}).json["id"]
        mh.wait_until(lambda: self.daemon.get(f"/api/v1/transfers/{name}").json["state"] == "done", 30, "the import")
        status = self.daemon.get(f"/api/v1/vaults/{vault}/scan-status").json
        self.assertEqual((status["active"], status["walked"], status["ingested"], status["errors"]), (False, 3, 3, 0))


if __name__ == "__main__":
    tap.main()
