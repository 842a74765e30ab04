#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mass changes of a mirrored folder are held, said, and released or rolled back."""

import os
import pathlib
import random
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import mh  # noqa: E402
import tap  # noqa: E402
from folders import OLD, Case, tree, write  # noqa: E402


class Guard(Case):
    """Very many changes at once."""

    FILES = 2000

    def setUp(self):
        self.one, self.two, self.vault, self.here, self.there = self.pair()
        source = random.Random(3)
        for number in range(self.FILES):
            write(self.here / f"{number % 40}/{number}.txt", source.randbytes(1 + number % 700), 0o644, OLD + number * 10**6)
        self.same(self.here, self.there, 120)
        self.before = tree(self.here)

    def held(self):
        return mh.wait_until(lambda: (s := self.state(self.one, self.vault))["held"] and s["state"] == "held" and s["held"], 30, "it to be held")

    def check_said(self):
        status = self.one.ipc("status")
        self.assertEqual((status["state"], str(self.here) in status["detail"], "held back" in status["detail"]), ("attention", True, True), status)
        self.assertEqual(self.one.get("/api/v1/system/status").json["attention"], status["detail"])

    def check_rolled_back(self):
        self.act(self.one, self.vault, "rollback")
        mh.wait_until(lambda: tree(self.here) == self.before, 60, "the folder to be as it was")
        mh.wait_until(lambda: self.state(self.one, self.vault)["state"] == "idle", 30)
        self.assertEqual((self.one.ipc("status")["state"], self.state(self.one, self.vault)["held"]), ("ready", None))
        self.assertEqual(tree(self.there), self.before)
        self.assertEqual({p: h for p, h in self.files(self.two, self.vault).items()}, {p: mh.content_hash(row[0]) for p, row in self.before.items()})
        self.assertEqual(self.one.get(f"/api/v1/vaults/{self.vault}/files/0/0.txt").json["version_count"], 1)

    def test_rewrite(self):
        """2,000 files that are rewritten under other names are held, said, and rolled back; nothing of it is lost"""
        for path in self.before:
            (self.here / path).write_bytes(b"encrypted" + self.before[path][0])
            os.rename(self.here / path, self.here / f"{path}.locked")
        write(self.here / "0/RANSOM.txt", b"pay")
        held = self.held()
        self.assertEqual((held["deleted"], held["changed"], held["created"], len(held["samples"])), (2000, 0, 2001, 20))
        self.check_said()
        self.assertEqual((tree(self.there), len(self.files(self.one, self.vault))), (self.before, self.FILES))
        self.two.upload(self.vault, "/from two", b"goes on")
        mh.wait_until(lambda: (self.here / "from two").exists(), 30, "changes of others to go on")
        (self.there / "from two").unlink(missing_ok=True)
        mh.wait_until(lambda: not (self.here / "from two").exists(), 30)
        self.check_rolled_back()
        kept = [p for p in self.here.glob(".meshhold-held/*/*/*") if p.is_file()]
        self.assertEqual((len(kept), len([p for p in kept if p.read_bytes().startswith(b"encrypted")])), (2001, 2000))

    def test_rewrite_in_place(self):
        """2,000 files that are rewritten in place are held over a restart, and released"""
        for path, row in self.before.items():
            (self.here / path).write_bytes(bytes(byte ^ 0x55 for byte in row[0]))
        self.assertEqual(self.held()["changed"], self.FILES)
        self.one.stop()
        self.one.start()
        self.one.login()
        self.assertEqual(self.held()["changed"], self.FILES)
        self.check_said()
        self.assertEqual(tree(self.there), self.before)
        self.act(self.one, self.vault, "release")
        self.same(self.here, self.there, 120)
        self.assertNotEqual(tree(self.there), self.before)
        self.assertEqual(self.one.ipc("status")["state"], "ready")

    def test_delete(self):
        """2,000 files that are deleted are held, said, and rolled back"""
        for number in range(40):
            shutil.rmtree(self.here / str(number))
        self.assertEqual(self.held()["deleted"], self.FILES)
        self.check_said()
        self.assertEqual((tree(self.there), len(self.files(self.one, self.vault))), (self.before, self.FILES))
        self.check_rolled_back()

    def test_renamed(self):
        """renaming a folder of 2,000 files is no mass change"""
        (self.here / "all").mkdir()
        for number in range(40):
            os.rename(self.here / str(number), self.here / "all" / str(number))
        self.same(self.here, self.there, 120)
        self.assertEqual((len(tree(self.there)), self.state(self.one, self.vault)["held"]), (self.FILES, None))
        self.assertEqual(self.one.get(f"/api/v1/vaults/{self.vault}/files/all/0/0.txt").json["version_count"], 2)


class Few(Case):
    """Few files, and small limits."""

    def setUp(self):
        self.one = self.daemon()
        self.vault = self.one.vault()
        self.here = self.folder()

    def fill(self, count, **limits):
        for number in range(count):
            write(self.here / f"f{number}", b"good %d" % number, mtime=OLD)
        self.mirror(self.one, self.vault, self.here, **limits)
        self.in_vault(self.one, self.vault, self.here)
        mh.wait_until(lambda: self.state(self.one, self.vault)["files"] == count, 20)
        return tree(self.here)

    def rewrite(self, numbers):
        """Encrypts files, of which it sees all at once however long it takes here."""
        self.act(self.one, self.vault, "pause")
        for number in numbers:
            write(self.here / f"f{number}", b"encrypted", mtime=OLD + number)
        self.act(self.one, self.vault, "resume")

    def is_held(self):
        return mh.wait_until(lambda: self.state(self.one, self.vault)["held"], 30, "it to be held")

    def test_goes_on(self):
        """what is written while a rollback is asked for does not slip into the vault, but is put away with the rest"""
        before = self.fill(12, guard_files=5)
        self.rewrite(range(8))
        self.is_held()
        for number in range(3):
            write(self.here / f"f{number}", b"encrypted again")
        self.act(self.one, self.vault, "rollback")
        mh.wait_until(lambda: (s := self.state(self.one, self.vault))["state"] == "idle" and not s["held"], 30)
        mh.wait_until(lambda: tree(self.here) == before, 20, "the folder to be as it was")
        self.assertEqual(self.one.get(f"/api/v1/vaults/{self.vault}/files/f0").json["version_count"], 1)
        self.assertEqual(sorted(p.read_bytes() for p in self.here.glob(".meshhold-held/*/*")),
                         [b"encrypted"] * 5 + [b"encrypted again"] * 3)

    def test_hour(self):
        """what was changed before a restart counts, too"""
        self.fill(12, guard_files=5)
        self.rewrite(range(4))
        self.in_vault(self.one, self.vault, self.here)
        self.one.stop()
        self.one.start()
        self.one.login()
        self.rewrite(range(4, 8))
        self.is_held()
        mh.wait_until(lambda: self.state(self.one, self.vault)["held"]["changed"] == 4, 30, "all of them to be held")
        self.assertEqual(self.one.get(f"/api/v1/vaults/{self.vault}/files/f4").json["version_count"], 1)
        self.act(self.one, self.vault, "release")
        self.in_vault(self.one, self.vault, self.here)

    def test_not_possible(self):
        """a rollback that is not possible lets nothing into the vault: it stays held, is said, and can be asked for again"""
        before = self.fill(12, guard_files=5)
        self.rewrite(range(8))
        self.is_held()
        write(self.here / ".meshhold-held", b"in the way")
        self.act(self.one, self.vault, "rollback")
        state = mh.wait_until(lambda: (s := self.state(self.one, self.vault))["failures"] and s["state"] == "held" and s, 30)
        self.assertEqual((state["held"]["changed"], self.one.get(f"/api/v1/vaults/{self.vault}/files/f0").json["version_count"]), (8, 1))
        (self.here / ".meshhold-held").unlink()
        self.act(self.one, self.vault, "rollback")
        mh.wait_until(lambda: (s := self.state(self.one, self.vault))["state"] == "idle" and not s["held"], 30)
        mh.wait_until(lambda: tree(self.here) == before, 20, "the folder to be as it was")


if __name__ == "__main__":
    tap.main()
