#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Searching by name over HTTP."""

import contextlib
import pathlib
import sqlite3
import sys
import unittest
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import mh  # noqa: E402
import tap  # noqa: E402

V = "/api/v1/vaults"


class Search(unittest.TestCase):
    def setUp(self):
        self.daemon = self.enterContext(mh.Daemon())
        self.vault = self.daemon.vault()

    def search(self, q, **more):
        query = urllib.parse.urlencode({"q": q, **more})
        return self.daemon.get(f"{V}/{self.vault}/search?{query}")

    def found(self, q):
        reply = self.search(q).json
        self.assertEqual((reply["complete"], reply["cursor"]), (True, None))
        return [f["path"] for f in reply["files"]]

    def test_as_you_type(self):
        for path in ("/2024/Straßenfest München.jpg", "/2024/munich map.pdf", "/old/Munchkin.txt", "/🦊/fox 🦊.png"):
            self.daemon.upload(self.vault, path, b"x")
        for typed, count in (("mu", 3), ("mun", 3), ("munc", 2), ("munch", 2), ("münchen", 1), ("strassenfest mün", 1), ("STRASSE", 1),
                             ("ext:pdf", 1), ("mun ext:pdf", 1), ("🦊", 1), ("zzz", 0)):
            self.assertEqual(len(self.found(typed)), count, typed)
        self.assertEqual(self.found("mun"), ["/2024/munich map.pdf", "/old/Munchkin.txt", "/2024/Straßenfest München.jpg"])

    def test_follows_changes(self):
        self.daemon.upload(self.vault, "/a/needle.txt", b"x")
        self.assertEqual(self.found("needle"), ["/a/needle.txt"])
        self.daemon.stop()  # a restart finds what is not in the table yet
        self.daemon.start()
        self.assertEqual(self.found("needle"), ["/a/needle.txt"])
        self.daemon.post(f"{V}/{self.vault}/move", {"from": "/a/needle.txt", "to": "/b/pin.txt"})
        self.assertEqual((self.found("needle"), self.found("pin")), ([], ["/b/pin.txt"]))
        self.daemon.post(f"{V}/{self.vault}/copy", {"from": "/b/pin.txt", "to": "/c/pin.txt"})
        self.assertEqual(self.found("pin"), ["/b/pin.txt", "/c/pin.txt"])
        self.daemon.post(f"{V}/{self.vault}/delete", {"paths": ["/b"]})
        self.assertEqual(self.found("pin"), ["/c/pin.txt"])

    def test_the_table_is_filled(self):
        """Soon after an upload the daemon writes the name down; what is found then is the same."""
        for index in range(5):
            self.daemon.upload(self.vault, f"/needle {index}", b"x")
        before = self.found("needle")

        def filled():
            with contextlib.closing(sqlite3.connect(f"file:{self.daemon.home}/metadata/index.db?mode=ro", uri=True)) as index:
                return index.execute("SELECT 1 FROM state WHERE key = 'named' AND value = (SELECT max(ref) FROM files)").fetchone()

        mh.wait_until(filled, what="the table of names being filled")
        self.assertEqual(self.found("needle"), before)
        self.assertEqual(len(before), 5)

    def test_pages(self):
        for index in range(25):
            self.daemon.upload(self.vault, f"/{index % 3}/page {index:02}", b"x")
        paths, cursor = [], None
        while True:
            page = self.search("page", limit=10, **({"cursor": cursor} if cursor else {})).json
            self.assertLessEqual(len(page["files"]), 10)
            paths += [f["path"] for f in page["files"]]
            cursor = page["cursor"]
            if cursor is None:
                break
        self.assertEqual(paths, sorted(f"/{index % 3}/page {index:02}" for index in range(25)))

    def test_refusals(self):
        for q, word in (("", "q"), (" ", "q"), ("...", "q"), ("x" * 501, "q")):
            reply = self.search(q)
            self.assertEqual((reply.status, word in reply.json["error"]), (400, True), q)
        self.assertEqual(self.search("xx", cursor="nonsense").status, 400)
        self.assertEqual(self.search("xx", cursor="czE6").status, 200)
        self.assertEqual(self.search("xx", limit=0).status, 400)
        self.assertEqual(self.daemon.get(f"{V}/{self.vault}/search").status, 400)
        for q in ('"', "a\"b", "a' OR 1", "NEAR(a b)", "a*", "^abc", "-abc", "text:abc", "a AND b", "(abc", "{abc}"):
            self.assertEqual(self.search(q + " xyz").json["files"], [], q)


if __name__ == "__main__":
    tap.main()
