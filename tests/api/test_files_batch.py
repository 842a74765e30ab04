#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many files at once over HTTP: copies, deleting, undoing."""

import os
import pathlib
import random
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import mh  # noqa: E402
import tap  # noqa: E402

V = "/api/v1/vaults"


class Batch(unittest.TestCase):
    def setUp(self):
        self.daemon = self.enterContext(mh.Daemon())
        self.vault = self.daemon.vault()
        self.url = f"{V}/{self.vault}"

    def put(self, path, data):
        self.assertEqual(self.daemon.upload(self.vault, path, data).status, 200)

    def read(self, path):
        reply = self.daemon.download(self.vault, path)
        return reply.body if reply.status == 200 else reply.status

    def call(self, verb, **body):
        return self.daemon.post(f"{self.url}/{verb}", body)

    def audited(self):
        return [(e["type"], e["target"] + e["detail"]) for e in self.daemon.get("/api/v1/audit").json["events"]]

    def test_copy(self):
        big = os.urandom(6_000_000)
        self.put("/a/big ü🦊", big)
        self.put("/a/b/small", b"small")
        stored = self.daemon.get(self.url).json["stored_bytes"]
        self.assertEqual(self.call("copy", **{"from": "/a", "to": "/copy of a"}).json, {"copied": 2, "skipped": 0, "to": "/copy of a"})
        self.assertEqual(self.daemon.get(self.url).json["stored_bytes"], stored)
        self.assertTrue(self.read("/copy of a/big ü🦊") == big)
        detail = lambda path: self.daemon.get(f"{self.url}/files{mh.quote(path)}").json
        one, two = detail("/a/big ü🦊"), detail("/copy of a/big ü🦊")
        self.assertEqual(one["blocks"], two["blocks"])
        self.assertNotEqual(one["file_id"], two["file_id"])
        self.assertEqual(len(self.daemon.get(f"{self.url}/history{mh.quote(two['path'])}").json["versions"]), 1)
        # each lives on without the other
        self.call("delete", paths=["/a"])
        self.daemon.post(f"{self.url}/trash/purge", {})
        self.assertTrue(self.read("/copy of a/big ü🦊") == big)
        self.put("/copy of a/b/small", b"changed")
        self.assertEqual(self.read("/a/b/small"), 404)

    def test_copy_refusals(self):
        self.put("/a/1", b"1")
        self.put("/b/1", b"2")
        for body, status, word in (
                ({"from": "/a", "to": "/b"}, 409, "/b/1 exists"), ({"from": "/a", "to": "/a/x"}, 409, "/a/x lies in /a"),
                ({"from": "/none", "to": "/b"}, 404, "/none"), ({"from": "/a/1", "to": "/a/1"}, 409, "the same"),
                ({"from": "/a", "to": "xx"}, 400, "path xx"), ({"from": "/a", "to": "/c/../d"}, 400, "/c/../d"),
                ({"from": "/a", "to": "/c", "existing": "perhaps"}, 400, "existing")):
            reply = self.daemon.post(f"{self.url}/copy", body)
            self.assertEqual((reply.status, word in reply.json["error"]), (status, True), (body, reply))
        self.assertEqual(self.call("copy", **{"from": "/a", "to": "/b", "existing": "skip"}).json["skipped"], 1)
        self.assertEqual(self.read("/b/1"), b"2")
        self.assertEqual(self.call("copy", **{"from": "/a", "to": "/b", "existing": "replace"}).json["copied"], 1)
        self.assertEqual(self.read("/b/1"), b"1")
        self.assertEqual(self.call("copy", **{"from": "/a", "to": "/a", "existing": "rename"}).json["to"], "/a (2)")
        self.assertEqual(self.read("/a (2)/1"), b"1")

    def test_delete_and_undo(self):
        for path in ("/a/1", "/a/2", "/a/b/3", "/c", "/kept"):
            self.put(path, path.encode())
        self.call("delete", paths=["/a/2"])
        done = self.call("delete", paths=["/a", "/nothing", "/c", "bad", "/a/1"]).json
        self.assertEqual((done["files"], done["bytes"]), (3, len("/a/1/a/b/3/c")))
        self.assertEqual([f["path"] for f in done["failures"]], ["/nothing", "bad"])
        self.assertIn("/nothing", done["failures"][0]["error"])
        listing = lambda: [f["path"] for f in self.daemon.get(f"{self.url}/files").json["files"]]
        self.assertEqual(listing(), ["/kept"])
        back = self.call("undelete", paths=["/a", "/c", "/kept"], since_ms=done["at_ms"]).json
        self.assertEqual((back["files"], [f["path"] for f in back["failures"]]), (3, ["/kept"]))
        self.assertEqual(listing(), ["/a/1", "/a/b/3", "/c", "/kept"])
        self.assertEqual(self.read("/a/b/3"), b"/a/b/3")
        self.assertEqual(self.call("undelete", paths=["/a"]).json["files"], 1)
        self.assertEqual(listing(), ["/a/1", "/a/2", "/a/b/3", "/c", "/kept"])
        self.assertIn("file.delete", [kind for kind, _ in self.audited()])
        self.assertIn("file.restore", [kind for kind, _ in self.audited()])
        self.assertTrue(any("/a and 4 more" in detail for _, detail in self.audited()), self.audited())

    def test_survives_a_crash(self):
        for index in range(300):
            self.put(f"/d{index % 3}/{index}", b"%d" % index)
        self.call("copy", **{"from": "/d0", "to": "/copy"})
        done = self.call("delete", paths=["/d0", "/d1"]).json
        self.assertEqual((done["files"], done["failures"]), (200, []))
        self.daemon.kill()
        for path in (self.daemon.home / "metadata").glob("index.db*"):
            path.unlink()
        self.daemon.start()
        self.assertEqual(self.daemon.get(self.url).json["files"], 200)
        self.assertEqual(self.read("/copy/3"), b"3")
        self.assertEqual(self.read("/d0/3"), 404)
        self.assertEqual(self.call("undelete", paths=["/d0"]).json["files"], 100)
        self.assertEqual(self.read("/d0/3"), b"3")

    def test_the_most(self):
        self.put("/x", b"x")
        paths = [f"/{i}" for i in range(9_999)] + ["/x"]
        done = self.call("delete", paths=paths).json
        self.assertEqual((done["files"], len(done["failures"])), (1, 9_999))
        self.assertEqual(self.call("delete", paths=["/x"] * 10_001).status, 400)
        self.assertEqual(self.call("delete", paths=[]).json["files"], 0)

    def test_events(self):
        self.put("/a/1", b"1")
        with self.daemon.events() as events:
            self.call("copy", **{"from": "/a", "to": "/b"})
            self.call("delete", paths=["/a", "/b/1"])
            self.call("undelete", paths=["/a"])
            seen = [events.next("file_changed") for _ in range(4)]
        self.assertEqual([(e["path"], e["op"]) for e in seen], [("/b", "copy"), ("/a", "delete"), ("/b/1", "delete"), ("/a", "restore")])


class Properties(unittest.TestCase):
    def test_any_history(self):
        """Random operations against a model: content, history, ranges and sums are always what they should be."""
        source = random.Random(int(os.environ.get("MESHHOLD_TEST_SEED", "7")))
        daemon = self.enterContext(mh.Daemon())
        vault = daemon.vault()
        url = f"{V}/{vault}"
        names = [f"/{folder}/{name}" for folder in ("a", "b ü") for name in ("1", "2", "3 🦊")]
        files, versions = {}, {}
        for _ in range(150):
            path = source.choice(names)
            action = source.choice(("put", "put", "delete", "undelete", "restore", "copy", "range"))
            if action == "put":
                data = source.randbytes(source.choice((0, 1, 5_000, 70_000, 1_500_000)))
                made = daemon.upload(vault, path, data).json
                files[path] = data
                versions.setdefault(made["file_id"], {})[made["content_hash"]] = data
            elif action == "delete":
                done = daemon.post(f"{url}/delete", {"paths": [path]}).json
                self.assertEqual(done["files"], 1 if path in files else 0)
                files.pop(path, None)
            elif action == "undelete" and path not in files:
                done = daemon.post(f"{url}/undelete", {"paths": [path]}).json
                if done["files"]:
                    files[path] = self.newest(daemon, url, path, versions)
            elif action == "restore" and path in files:
                made = daemon.get(f"{url}/files{mh.quote(path)}").json
                known = versions.get(made["file_id"], {})
                wanted = source.choice(sorted(known))
                self.assertEqual(daemon.post(f"{url}/restore{mh.quote(path)}", {"content_hash": wanted}).json["content_hash"], wanted)
                files[path] = known[wanted]
            elif action == "copy" and path in files:
                to = source.choice(names)
                reply = daemon.post(f"{url}/copy", {"from": path, "to": to, "existing": "replace"})
                self.assertEqual(reply.status, 409 if to == path else 200, reply)
                made = daemon.get(f"{url}/files{mh.quote(to)}").json
                files[to] = files[path]
                versions.setdefault(made["file_id"], {})[made["content_hash"]] = files[path]
            elif action == "range" and files.get(path):
                data = files[path]
                first = source.randrange(len(data))
                last = source.randrange(first, len(data))
                reply = daemon.download(vault, path, headers={"Range": f"bytes={first}-{last}"})
                self.assertTrue(reply.body == data[first : last + 1], (path, first, last))
        listed = {f["path"]: f["size"] for f in daemon.get(f"{url}/files").json["files"]}
        self.assertEqual(listed, {path: len(data) for path, data in files.items()})
        for path, data in files.items():
            self.assertTrue(daemon.download(vault, path).body == data, path)
            self.newest(daemon, url, path, versions)

    def newest(self, daemon, url, path, versions):
        """Checks that the history is consistent; gives the content of the newest version."""
        made = daemon.get(f"{url}/files{mh.quote(path)}").json
        history = daemon.get(f"{url}/history{mh.quote(path)}").json["versions"]
        self.assertEqual(len(history), made["version_count"])
        self.assertEqual([v["current"] for v in history], [True] + [False] * (len(history) - 1))
        self.assertEqual(history[0]["content_hash"], made["content_hash"])
        for one, two in zip(history, history[1:]):
            self.assertEqual(one["parents"], [two["version_hash"]])
        self.assertEqual(history[-1]["parents"], [])
        known = versions[made["file_id"]]
        for version in history:
            if version["op"] != "delete":
                body = daemon.get(f"{url}/version{mh.quote(path)}?content_hash={version['content_hash']}").body
                self.assertTrue(body == known[version["content_hash"]])
        return known[made["content_hash"]]


if __name__ == "__main__":
    tap.main()
