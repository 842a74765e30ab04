#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Vaults: their life, their names, their keys."""

import pathlib
import sqlite3
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import mh  # noqa: E402
import tap  # noqa: E402

V = "/api/v1/vaults"


class Vaults(unittest.TestCase):
    def setUp(self):
        self.daemon = self.enterContext(mh.Daemon())

    def names(self):
        return [vault["name"] for vault in self.daemon.get(V).json["vaults"]]

    def test_life(self):
        self.assertEqual(self.names(), [])
        made = self.daemon.post(V, {"name": "photos"}).json
        self.assertEqual((made["name"], made["replication_factor"], made["key_state"]), ("photos", 2, "held"))
        self.daemon.post(V, {"name": "Ärzte 🩺", "replication_factor": 16})
        self.assertEqual(self.names(), ["photos", "Ärzte 🩺"])
        one = f"{V}/{made['id']}"
        changed = self.daemon.request("PATCH", one, {"name": "pictures", "replication_factor": 3})
        self.assertEqual((changed.status, changed.json["name"], changed.json["replication_factor"]), (200, "pictures", 3))
        self.assertEqual(self.daemon.request("PATCH", one, {"replication_factor": 4}).json["name"], "pictures")
        self.assertEqual(self.daemon.get(one).json["created_ms"], made["created_ms"])
        self.assertEqual(self.daemon.request("DELETE", one).status, 204)
        for method, body in (("GET", None), ("DELETE", None), ("PATCH", {"name": "x"})):
            self.assertEqual(self.daemon.request(method, one, body).status, 404)
        self.assertEqual(self.daemon.get(f"{one}/files").status, 404)
        self.assertEqual(self.daemon.upload(made["id"], "/x", b"x").status, 404)

    def test_names(self):
        self.daemon.vault("taken")
        other = self.daemon.vault("other")
        self.assertEqual(self.daemon.post(V, {"name": "taken"}).status, 409)
        self.assertEqual(self.daemon.request("PATCH", f"{V}/{other}", {"name": "taken"}).status, 409)
        self.assertEqual(self.daemon.request("PATCH", f"{V}/{other}", {"name": "other"}).status, 200)
        for name in ("", " x", "x ", "a\nb", "x" * 129, "é" * 65):
            reply = self.daemon.post(V, {"name": name})
            self.assertEqual(reply.status, 400, name)
            self.assertIn("name", reply.json["error"])
        self.assertEqual(self.daemon.post(V, {"name": "x" * 128}).status, 200)
        self.assertEqual(sorted(self.names()), ["other", "taken", "x" * 128])

    def test_sums(self):
        vault = self.daemon.vault()
        self.daemon.upload(vault, "/a/one", b"1" * 1000)
        self.daemon.upload(vault, "/two", b"2" * 500)
        self.daemon.upload(vault, "/two", b"3" * 50)
        seen = self.daemon.get(f"{V}/{vault}").json
        self.assertEqual((seen["files"], seen["bytes"]), (2, 1050))
        self.assertGreater(seen["stored_bytes"], 0)
        self.daemon.request("DELETE", f"{V}/{vault}/files/a/one")
        seen = self.daemon.get(f"{V}/{vault}").json
        self.assertEqual((seen["files"], seen["bytes"]), (1, 50))

    def test_survives_a_restart(self):
        vault = self.daemon.vault()
        self.daemon.upload(vault, "/f", b"content")
        gone = self.daemon.vault("gone")
        self.daemon.upload(gone, "/f", b"content")
        self.daemon.request("DELETE", f"{V}/{gone}")
        self.daemon.stop()
        self.daemon.start()
        self.assertEqual(self.names(), ["test"])
        self.assertEqual(self.daemon.download(vault, "/f").body, b"content")

    def test_is_told(self):
        vault = self.daemon.vault("told")
        self.daemon.request("PATCH", f"{V}/{vault}", {"name": "renamed"})
        self.daemon.request("DELETE", f"{V}/{vault}")
        types = [event["type"] for event in self.daemon.get("/api/v1/audit").json["events"]]
        for wanted in ("vault.create", "vault.rename", "vault.delete"):
            self.assertIn(wanted, types)

    def test_two_at_once(self):
        """Of many that ask for one name at a time, exactly one gets it."""
        import concurrent.futures
        self.daemon.login()
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            replies = list(pool.map(lambda _: self.daemon.post(V, {"name": "one"}).status, range(16)))
        self.assertEqual(sorted(replies), [200] + [409] * 15)


class Keys(unittest.TestCase):
    def test_a_key_belongs_to_its_vault(self):
        """A key moved to another row opens nothing; its vault is locked and the others work."""
        with mh.Daemon(expect=["opening vault"]) as daemon:
            one, two, three = (daemon.vault(name) for name in ("one", "two", "three"))
            for vault in (one, two, three):
                daemon.upload(vault, "/f", vault.encode())
            daemon.stop()
            with sqlite3.connect(daemon.home / "metadata/meshhold.db") as db:
                keys = dict(db.execute("SELECT id, sealed_key FROM vaults"))
                db.execute("UPDATE vaults SET sealed_key = ? WHERE id = ?", (keys[one], two))
            db.close()
            daemon.start()
            seen = daemon.get(f"{V}/{two}").json
            self.assertEqual((seen["locked"], seen["key_state"]), (True, "none"))
            self.assertEqual(daemon.download(two, "/f").status, 403)
            self.assertEqual(daemon.upload(two, "/g", b"x").status, 403)
            self.assertEqual(daemon.download(one, "/f").body, one.encode())
            self.assertEqual(daemon.download(three, "/f").body, three.encode())
            self.assertEqual(daemon.ipc("status")["state"], "attention")


if __name__ == "__main__":
    tap.main()
