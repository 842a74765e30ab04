#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Machines that have no row number of each other compare what they know: at the cost of the difference, not of the vault."""

import contextlib
import os
import pathlib
import random
import re
import sqlite3
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import mh  # noqa: E402
import tap  # noqa: E402
import test_sync  # noqa: E402

FILES = int(os.environ.get("MESHHOLD_TEST_FILES", "5000"))
LIST_BYTES = FILES * 33  # what all that a machine knows would be
TELLS = mh.LONELY + "log:\n  level: debug\n"
RECORD_HEADER = 96
COMPARED = re.compile(r"vault (\w+) and (\w+): compared in (\d+) questions, (\d+) bytes: (\d+) versions came(.*)")


class Walk:
    """One line of the log."""

    def __init__(self, match):
        self.vault, self.peer = match[1], match[2]
        self.questions, self.bytes, self.versions = int(match[3]), int(match[4]), int(match[5])
        self.left = bool(match[6])


class Case(test_sync.Case):
    def setUp(self):
        self.one, self.two = self.network(2, {0: TELLS, 1: TELLS})
        self.vault = self.one.vault()
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="mh-walk-")))
        for i in range(FILES):
            where = folder / f"{i // 100:04}"
            where.mkdir(exist_ok=True)
            (where / f"f{i}").write_bytes(random.Random(i).randbytes(200))
        self.assertIn(self.one.post(f"/api/v1/vaults/{self.vault}/import", {"host_path": str(folder)}).status, (200, 202))
        mh.wait_until(lambda: self.count(self.one) == FILES, 200, "the files")
        self.share(self.one, self.vault, self.two)
        mh.wait_until(lambda: self.count(self.two) == FILES, 200, "the files on the other one")
        self.complete(self.vault, self.two, seconds=200)
        self.rest()

    def count(self, daemon):
        return daemon.get(f"/api/v1/vaults/{self.vault}").json["files"]

    def rest(self):
        mh.wait_until(lambda: all(self.state(d, self.vault)["synced_ms"] and not self.state(d, self.vault)["running"] for d in (self.one, self.two)), 60, "rest")

    def walks(self, daemon, after=0):
        return [w for w in map(Walk, COMPARED.finditer(daemon.log_text()[after:])) if w.vault == self.vault]

    def again(self, daemon, change):
        """Ends the daemon, changes something of it, and starts it again. Returns: where in its log that is"""
        daemon.stop()
        change(daemon)
        at = len(daemon.log_text())
        daemon.start()
        daemon.login()
        for other in (self.one, self.two):
            self.connected(other, 1)
        return at

    @staticmethod
    def lose_marks(daemon):
        with contextlib.closing(sqlite3.connect(daemon.home / "metadata/meshhold.db")) as db:
            changed = db.execute("UPDATE sync_peers SET epoch = 0, after = 0, gone = 0").rowcount
            db.commit()
        assert changed == 1, changed

    @staticmethod
    def lose_index(daemon):
        for name in ("index.db", "index.db-wal", "index.db-shm"):
            (daemon.home / "metadata" / name).unlink(missing_ok=True)

    def walked(self, daemon, after, versions):
        """Waits until as many versions were found by a walk. Returns: all walks; two conversations may be under way side by side"""
        mh.wait_until(lambda: sum(w.versions for w in self.walks(daemon, after)) == versions and self.walks(daemon, after), 60, "a walk")
        self.rest()
        walks = self.walks(daemon, after)
        self.assertEqual(sum(w.versions for w in walks), versions)
        self.assertFalse(any(w.left for w in walks))
        return walks

    def cheap(self, walks):
        for walk in walks:
            self.assertLess(walk.bytes, LIST_BYTES / 20, vars(walk))
            self.assertLessEqual(walk.questions, 8, vars(walk))


class Marks(Case):
    def test_lost(self):
        """a machine that lost its marks, or whose index was made anew, finds the one new version for a small part of the list"""
        one, two, vault = self.one, self.two, self.vault
        first = self.walks(two)
        print(f"# {FILES} files: first contact took {[(w.questions, w.bytes, w.versions) for w in first]}", flush=True)
        self.assertEqual(sum(w.versions for w in first), FILES)
        self.assertGreater(max(w.bytes for w in first), FILES * 32)  # nothing is cheaper than a list of what is new

        def away(daemon):
            self.assertEqual(one.upload(vault, "/0003/f300", b"changed while it was away").status, 200)
            self.lose_marks(daemon)
        walks = self.walked(two, self.again(two, away), 1)
        print(f"# marks lost, one version new: {[(w.questions, w.bytes) for w in walks]} (a list: {LIST_BYTES})", flush=True)
        self.cheap(walks)
        mh.wait_until(lambda: two.download(vault, "/0003/f300").body == b"changed while it was away", 30, "the change")
        self.rest()

        # nothing is new: one question
        for walk in self.walked(two, self.again(two, self.lose_marks), 0):
            self.assertEqual(walk.questions, 1)
            self.assertLess(walk.bytes, 1000)

        # an index made anew: both have to compare
        def anew(daemon):
            self.assertEqual(one.upload(vault, "/0004/f400", b"changed again").status, 200)
            self.lose_index(daemon)
        before = len(one.log_text())
        self.cheap(self.walked(two, self.again(two, anew), 1))
        self.cheap(self.walked(one, before, 0))

        # and from then on by row numbers
        walks = len(self.walks(two)) + len(self.walks(one))
        before = self.state(two, vault)["versions_in"]
        one.upload(vault, "/last", b"x")
        mh.wait_until(lambda: self.state(two, vault)["versions_in"] > before, 20, "the last file")
        self.assertEqual(len(self.walks(two)) + len(self.walks(one)), walks)


class Damaged(Case):
    def test_for_good(self):
        """a record that is damaged for good costs a few questions in each round, and holds nothing else up"""
        one, two, vault = self.one, self.two, self.vault

        def damage(daemon):
            with contextlib.closing(sqlite3.connect(one.home / "metadata/index.db")) as db:
                last = db.execute("SELECT max(ref) FROM versions").fetchone()[0]
                self.assertEqual(one.upload(vault, "/damaged", b"what nobody will see").status, 200)
                segment, position, size = db.execute("SELECT segment, position, size FROM versions WHERE ref > ?", (last,)).fetchone()
            with open(one.home / "blocks" / f"{segment:016}.seg", "r+b") as file:
                file.seek(position + RECORD_HEADER + size // 2)
                byte = file.read(1)
                file.seek(-1, os.SEEK_CUR)
                file.write(bytes([byte[0] ^ 1]))
        at = self.again(two, damage)
        for i in range(4):
            walks, before = len(self.walks(two, at)), self.count(two)
            self.assertEqual(one.upload(vault, f"/after-{i}", b"%d" % i).status, 200)
            mh.wait_until(lambda before=before: self.count(two) == before + 1, 30, "what came after it")
            mh.wait_until(lambda walks=walks: len(self.walks(two, at)) > walks, 30, "a walk")
            self.rest()
        walks = self.walks(two, at)
        print(f"# one of {FILES} records is damaged: {[(w.questions, w.bytes) for w in walks]}", flush=True)
        self.assertGreaterEqual(len(walks), 4)
        self.assertTrue(all(w.left for w in walks))
        self.cheap(walks)
        self.assertNotIn("/damaged", self.tree(two, vault))
        self.assertEqual(two.get("/api/v1/sync").json["suspects"], [])


if __name__ == "__main__":
    tap.main()
