#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Folders of the host that mirror a vault, on one machine and on two."""

import concurrent.futures
import contextlib
import json
import os
import pathlib
import random
import shutil
import sqlite3
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import mh  # noqa: E402
import tap  # noqa: E402
from folders import OLD, Case, tree, write  # noqa: E402


class One(Case):
    """A folder of one machine."""

    def setUp(self):
        self.one = self.daemon()
        self.vault = self.one.vault()
        self.here = self.folder()

    def test_what_is_there_comes_together(self):
        """files of both sides come to the other; one that is on both is not copied, or becomes two"""
        data = random.Random(1).randbytes(3_000_000)
        write(self.here / "only here/ü.txt", b"here", 0o755, OLD)
        write(self.here / "same", data, 0o600, OLD)
        write(self.here / "differs.txt", b"mine", mtime=OLD)
        for path, content in (("/only there", b"there"), ("/same", data), ("/differs.txt", b"theirs")):
            self.assertEqual(self.one.upload(self.vault, path, content).status, 200)
        self.mirror(self.one, self.vault, self.here)
        self.in_vault(self.one, self.vault, self.here)
        found = tree(self.here)
        self.assertEqual((found["only there"][0], found["differs.txt"][0], found["same"][0]), (b"there", b"theirs", data))
        aside = [p for p in found if p.startswith("differs (conflict ") and p.endswith(").txt")]
        self.assertEqual([found[p][0] for p in aside], [b"mine"])
        self.assertEqual(len(found), 5)
        self.assertEqual(self.one.get(f"/api/v1/vaults/{self.vault}/files/same").json["version_count"], 1)
        self.assertEqual([p.name for p in self.here.rglob("*.part")], [])

    def test_changes_go_both_ways(self):
        """create, change, rename, delete, mode and time, on either side; a rename keeps the history"""
        self.mirror(self.one, self.vault, self.here)
        write(self.here / "a/b/c.txt", b"1")
        self.in_vault(self.one, self.vault, self.here)
        write(self.here / "a/b/c.txt", b"22")
        self.in_vault(self.one, self.vault, self.here)
        os.rename(self.here / "a", self.here / "z")
        self.in_vault(self.one, self.vault, self.here)
        info = self.one.get(f"/api/v1/vaults/{self.vault}/files/z/b/c.txt").json
        self.assertEqual(info["version_count"], 3)
        self.assertEqual(self.one.upload(self.vault, "/z/b/c.txt", b"333").status, 200)
        mh.wait_until(lambda: (self.here / "z/b/c.txt").read_bytes() == b"333", 20, "the change")
        inode = (self.here / "z/b/c.txt").stat().st_ino
        self.assertEqual(self.one.post(f"/api/v1/vaults/{self.vault}/move", {"from": "/z", "to": "/y"}).status, 200)
        mh.wait_until(lambda: (self.here / "y/b/c.txt").exists(), 20, "the rename")
        self.assertEqual((self.here / "y/b/c.txt").stat().st_ino, inode)
        mh.wait_until(lambda: not (self.here / "z").exists(), 20, "the end of the empty folder")
        self.assertEqual(self.one.request("DELETE", f"/api/v1/vaults/{self.vault}/files/y/b/c.txt").status, 204)
        mh.wait_until(lambda: not (self.here / "y").exists(), 20, "the deletion")
        write(self.here / "saved", b"first")
        self.in_vault(self.one, self.vault, self.here)
        write(self.here / ".saved.new", b"second")
        os.rename(self.here / ".saved.new", self.here / "saved")
        self.in_vault(self.one, self.vault, self.here)
        self.assertEqual(self.one.get(f"/api/v1/vaults/{self.vault}/files/saved").json["version_count"], 2)
        (self.here / "saved").unlink()
        self.in_vault(self.one, self.vault, self.here)

    def test_left_out(self):
        """links, pipes, bad names and what the rules name stay here, are listed, and are never followed"""
        outside = self.folder()
        write(outside / "secret", b"secret")
        (self.here / "link").symlink_to(outside / "secret")
        (self.here / "folder-link").symlink_to(outside)
        os.mkfifo(self.here / "pipe")
        with open(os.fsencode(self.here) + b"/bad-\xff", "wb"):
            pass
        write(self.here / ".mhignore", b"*.log\n!keep.log\n/build/\n", mtime=OLD)
        for name in ("x.log", "keep.log", "build/x", "src/build/x", "film.part"):
            write(self.here / name, b"x", mtime=OLD)
        self.mirror(self.one, self.vault, self.here)
        wanted = {".mhignore", "keep.log", "src/build/x"}
        mh.wait_until(lambda: set(self.files(self.one, self.vault)) == wanted, 20, "what is not left out")
        state = mh.wait_until(lambda: (s := self.state(self.one, self.vault))["state"] == "idle" and s, 20)
        self.assertEqual((state["skipped"], {row["path"] for row in state["skipped_paths"]}),
                         (4, {"link", "folder-link", "pipe", "bad-�"}))
        self.assertEqual(self.one.upload(self.vault, "/link", b"new").status, 200)
        self.assertEqual(self.one.upload(self.vault, "/folder-link/x", b"new").status, 200)
        self.assertEqual(self.one.upload(self.vault, "/y.log", b"new").status, 200)
        self.assertEqual(self.one.upload(self.vault, "/z", b"new").status, 200)
        mh.wait_until(lambda: (self.here / "z").exists(), 20, "another file")
        self.act(self.one, self.vault, "rescan")
        mh.wait_until(lambda: self.state(self.one, self.vault)["state"] == "idle", 20)
        self.assertEqual((sorted(os.listdir(outside)), (outside / "secret").read_bytes()), (["secret"], b"secret"))
        self.assertFalse((self.here / "y.log").exists())
        write(self.here / ".mhignore", b"/build/\n", mtime=OLD)
        mh.wait_until(lambda: "x.log" in self.files(self.one, self.vault) and (self.here / "y.log").exists(), 20, "other rules")

    def test_one_that_is_written_holds_nobody(self):
        """a file that is being written does not go to the vault in parts, and keeps no other waiting"""
        self.mirror(self.one, self.vault, self.here)
        mh.wait_until(lambda: self.state(self.one, self.vault)["state"] == "idle", 20)
        write(self.here / "other", b"done")
        with open(self.here / "growing", "wb") as growing:
            def grow():
                growing.write(b"x" * 1000)
                growing.flush()
                files = self.files(self.one, self.vault)
                self.assertNotIn("growing", files)
                return "other" in files
            mh.wait_until(grow, 20, "the other file")
        self.in_vault(self.one, self.vault, self.here)
        self.assertEqual(self.one.get(f"/api/v1/vaults/{self.vault}/files/growing").json["version_count"], 1)

    def test_no_disk(self):
        """a root that is renamed away, an empty one in its place, an unreadable folder: nothing is deleted"""
        for number in range(20):
            write(self.here / f"{number % 3}/{number}", b"%d" % number, mtime=OLD)
        self.mirror(self.one, self.vault, self.here)
        self.in_vault(self.one, self.vault, self.here)
        before = self.files(self.one, self.vault)
        away = self.here.with_name(self.here.name + "-away")
        os.rename(self.here, away)
        self.addCleanup(shutil.rmtree, away, ignore_errors=True)
        self.act(self.one, self.vault, "rescan")
        state = mh.wait_until(lambda: (s := self.state(self.one, self.vault))["state"] == "unavailable" and s, 20)
        self.assertIn(str(self.here), state["error"])
        self.here.mkdir()
        self.act(self.one, self.vault, "rescan")
        mh.wait_until(lambda: "marker" in (e := self.state(self.one, self.vault)["error"]) or ".meshhold-folder" in e, 20)
        self.one.upload(self.vault, "/new", b"new")
        self.one.stop()
        self.one.start()
        self.one.login()
        mh.wait_until(lambda: self.state(self.one, self.vault)["state"] == "unavailable", 20)
        self.assertEqual((self.files(self.one, self.vault).keys() - {"new"}, os.listdir(self.here)), (before.keys(), []))
        self.here.rmdir()
        os.rename(away, self.here)
        mh.wait_until(lambda: (self.here / "new").exists(), 20, "the folder to be found again")
        self.in_vault(self.one, self.vault, self.here)

    def lose(self, damage):
        """Takes the index away, and all segments; or damages them."""
        self.one.stop()
        for path in (self.one.home / "metadata").glob("index.db*"):
            path.unlink()
        for path in (self.one.home / "blocks").glob("*.seg"):
            data = bytearray(path.read_bytes())
            if not damage:
                path.unlink()
                continue
            for at in range(5000, len(data), 3000):
                data[at] ^= 1
            path.write_bytes(data)
        self.one.start()
        self.one.login()

    def check_lost(self, damage):
        for number in range(30):
            write(self.here / f"d/{number}", random.Random(number).randbytes(30_000 if number % 2 else 400), mtime=OLD)
        self.mirror(self.one, self.vault, self.here)
        self.in_vault(self.one, self.vault, self.here)
        (self.here / "d/0").unlink()
        self.in_vault(self.one, self.vault, self.here)
        mh.wait_until(lambda: self.state(self.one, self.vault)["files"] == 29, 20)
        before = tree(self.here)
        self.lose(damage)
        self.in_vault(self.one, self.vault, self.here, 60)
        self.assertEqual(sorted(before.items() ^ tree(self.here).items()), [])
        self.assertEqual(self.one.request("DELETE", f"/api/v1/vaults/{self.vault}/files/d/1").status, 204)
        mh.wait_until(lambda: not (self.here / "d/1").exists(), 20, "a deletion that is one")

    def test_lost(self):
        """files that the store has lost stay in the folder, and are uploaded anew"""
        self.check_lost(False)

    def test_damaged(self):
        """so do those of damaged segments, when the index is gone, too"""
        self.check_lost(True)

    @unittest.skipUnless(os.geteuid() == 0, "mounting needs root")
    def test_unmounted(self):
        """a file system that is unmounted, as the root or below it, is no deletion"""
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(self.here)], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", str(self.here)], stderr=subprocess.DEVNULL)
        for name in ("a", "b/c"):
            write(self.here / name, name.encode(), mtime=OLD)
        self.mirror(self.one, self.vault, self.here)
        self.in_vault(self.one, self.vault, self.here)
        below = self.here / "b"
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(below)], check=True)
        write(below / "hidden", b"x", mtime=OLD)
        self.act(self.one, self.vault, "rescan")
        state = mh.wait_until(lambda: (s := self.state(self.one, self.vault))["skipped"] == 1 and s, 20)
        self.assertEqual((state["skipped_paths"][0]["path"], set(self.files(self.one, self.vault))), ("b", {"a", "b/c"}))
        subprocess.run(["umount", str(below)], check=True)
        subprocess.run(["umount", "-l", str(self.here)], check=True)
        self.act(self.one, self.vault, "rescan")
        mh.wait_until(lambda: self.state(self.one, self.vault)["state"] == "unavailable", 20)
        self.assertEqual(set(self.files(self.one, self.vault)), {"a", "b/c"})
        self.assertEqual(os.listdir(self.here), [])

    @unittest.skipUnless(os.geteuid() == 0, "mounting needs root")
    def test_mounted_below(self):
        """what is mounted below the folder, another file system or a part of the same, is left out in passes over parts, too"""
        source = self.folder()
        write(source / "theirs", b"x", mtime=OLD)
        write(self.here / "a", b"a", mtime=OLD)
        for name, mount in (("tmpfs", ["-t", "tmpfs", "none"]), ("bind", ["--bind", str(source)])):
            below = self.here / name
            below.mkdir()
            subprocess.run(["mount", *mount, str(below)], check=True)
            self.addCleanup(subprocess.run, ["umount", "-l", str(below)], stderr=subprocess.DEVNULL)
        self.mirror(self.one, self.vault, self.here)
        state = mh.wait_until(lambda: (s := self.state(self.one, self.vault))["files"] == 1 and s, 20)
        self.assertEqual({row["path"] for row in state["skipped_paths"]}, {"tmpfs", "bind"})
        wanted = {"a", "tmpfs/new", "bind/new", "last"}
        for name in ("tmpfs/new", "bind/new", "last"):
            self.assertEqual(self.one.upload(self.vault, f"/{name}", b"from elsewhere").status, 200)
        mh.wait_until(lambda: (self.here / "last").exists(), 20, "what is not below them")
        self.assertEqual((os.listdir(self.here / "tmpfs"), os.listdir(source)), ([], ["theirs"]))
        for name in ("tmpfs", "bind"):
            subprocess.run(["umount", str(self.here / name)], check=True)
        self.act(self.one, self.vault, "rescan")
        mh.wait_until(lambda: set(tree(self.here)) == wanted, 20, "what the vault has to be there then")
        self.assertEqual(set(self.files(self.one, self.vault)), wanted)

    def test_pause_and_end(self):
        """a paused folder rests; ending it leaves the files, and it can begin anew"""
        self.mirror(self.one, self.vault, self.here)
        self.act(self.one, self.vault, "pause")
        mh.wait_until(lambda: self.state(self.one, self.vault)["state"] == "paused", 20)
        write(self.here / "a", b"a", mtime=OLD)
        self.one.stop()
        self.one.start()
        self.one.login()
        self.act(self.one, self.vault, "rescan")
        self.assertEqual((self.files(self.one, self.vault), self.state(self.one, self.vault)["state"]), ({}, "paused"))
        self.act(self.one, self.vault, "resume")
        self.in_vault(self.one, self.vault, self.here)
        self.assertEqual(self.one.request("DELETE", f"/api/v1/vaults/{self.vault}/folder").status, 204)
        self.assertEqual(self.one.get(f"/api/v1/vaults/{self.vault}/folder").status, 404)
        self.assertEqual((os.listdir(self.here), set(self.files(self.one, self.vault))), (["a"], {"a"}))
        write(self.here / "b", b"b", mtime=OLD)
        self.mirror(self.one, self.vault, self.here)
        self.in_vault(self.one, self.vault, self.here)
        other = self.one.vault("other")
        self.assertEqual(self.one.request("DELETE", f"/api/v1/vaults/{self.vault}", {"confirm": "delete"}).status, 204)
        mh.wait_until(lambda: self.one.get("/api/v1/folders").json["folders"] == [], 20, "the end of a deleted vault's folder")
        self.assertEqual(sorted(os.listdir(self.here)), ["a", "b"])
        self.mirror(self.one, other, self.here)
        self.in_vault(self.one, other, self.here)

    def test_deleted_and_killed(self):
        """a folder whose vault was deleted is ended by the next start, where the daemon was killed before it came to that"""
        self.mirror(self.one, self.vault, self.here)
        write(self.here / "a", b"a", mtime=OLD)
        self.in_vault(self.one, self.vault, self.here)
        other = self.one.vault("other")
        self.one.kill()
        with contextlib.closing(sqlite3.connect(self.one.home / "metadata/meshhold.db")) as db, db:
            db.execute("DELETE FROM vaults WHERE id = ?", (self.vault,))
            db.execute("INSERT INTO vaults_deleted (id) VALUES (?)", (self.vault,))
        self.one.start()
        self.one.login()
        self.assertEqual(self.one.get("/api/v1/folders").json["folders"], [])
        self.assertEqual(os.listdir(self.here), ["a"])
        self.mirror(self.one, other, self.here)
        self.in_vault(self.one, other, self.here)

    def test_other_ways_in(self):
        """what an import brings comes to the folder, too; a full quota is said, and keeps nothing of the vault away"""
        self.mirror(self.one, self.vault, self.here)
        source = self.folder()
        write(source / "imported/file", b"x", mtime=OLD)
        self.assertEqual(self.one.post(f"/api/v1/vaults/{self.vault}/import", {"host_path": str(source)}).status, 200)
        mh.wait_until(lambda: (self.here / "imported/file").exists(), 20, "the import")
        self.assertEqual(self.one.request("PATCH", f"/api/v1/vaults/{self.vault}", {"hard_quota": 100_000}).status, 200)
        write(self.here / "large", random.Random(1).randbytes(500_000), mtime=OLD)
        state = mh.wait_until(lambda: (s := self.state(self.one, self.vault))["error"] and s, 20)
        self.assertIn("quota", state["error"])
        self.assertEqual(self.one.upload(self.vault, "/small", b"x").status, 200)
        self.act(self.one, self.vault, "rescan")
        mh.wait_until(lambda: (self.here / "small").exists(), 20, "a change of the vault")
        self.assertEqual(self.one.request("PATCH", f"/api/v1/vaults/{self.vault}", {"hard_quota": 0}).status, 200)
        self.in_vault(self.one, self.vault, self.here)

    def test_locked(self):
        """a vault that is locked is said, loses nothing, and goes on when it is unlocked; a read-only one takes nothing"""
        write(self.here / "a", b"a", mtime=OLD)
        self.mirror(self.one, self.vault, self.here)
        self.in_vault(self.one, self.vault, self.here)
        self.assertLess(self.one.request("PUT", f"/api/v1/vaults/{self.vault}/password", {"password": "correct horse"}).status, 300)
        self.assertEqual(self.one.post(f"/api/v1/vaults/{self.vault}/lock").status, 204)
        write(self.here / "b", b"b", mtime=OLD)
        mh.wait_until(lambda: self.state(self.one, self.vault)["state"] == "unavailable", 20)
        self.assertEqual(self.one.post("/api/v1/vaults/unlock", {"password": "correct horse"}).json["unlocked"], [self.vault])
        self.in_vault(self.one, self.vault, self.here)
        self.assertEqual(self.one.request("PATCH", f"/api/v1/vaults/{self.vault}", {"roles": ["store", "read_only"]}).status, 200)
        (self.here / "a").unlink()
        write(self.here / "c", b"c", mtime=OLD)
        mh.wait_until(lambda: self.state(self.one, self.vault)["state"] == "idle", 20)
        self.act(self.one, self.vault, "rescan")
        mh.wait_until(lambda: (s := self.state(self.one, self.vault)["scan"])["walked"] == 2 and not s["active"], 20)
        self.assertEqual(set(self.files(self.one, self.vault)), {"a", "b"})

    def test_refused(self):
        """a path that is none, is taken, or belongs to the daemon is refused with the name of the field"""
        def put(vault, path, **more):
            reply = self.one.request("PUT", f"/api/v1/vaults/{vault}/folder", {"path": str(path), **more})
            return reply.status, "path" in (reply.json.get("error") or "")
        other = self.one.vault("other")
        write(self.here / "file", b"")
        (self.here / "in").mkdir()
        for path in ("relative", self.here / "file", self.here / "missing"):
            self.assertEqual(put(self.vault, path), (400, True), path)
        for path in (self.one.home, self.one.home / "blocks", self.one.home.parent):
            self.assertEqual(put(self.vault, path), (409, True), path)
        self.assertEqual(put("a" * 26, self.here)[0], 404)
        self.mirror(self.one, self.vault, self.here)
        for path in (self.here, self.here / "in", self.here.parent):
            self.assertEqual(put(other, path), (409, True), path)
        self.assertEqual(put(self.vault, self.folder()), (409, True))
        self.assertEqual(put(self.vault, self.here, guard_percent=50, guard_files=7)[0], 200)
        state = self.state(self.one, self.vault)
        self.assertEqual((state["guard_percent"], state["guard_files"]), (50, 7))
        self.act(self.one, self.vault, "release", 409)
        self.act(self.one, self.vault, "rollback", 409)
        marked = self.folder()
        shutil.copy(self.here / ".meshhold-folder", marked)
        self.assertEqual(put(other, marked), (409, True))

    def test_at_once(self):
        """of folders in each other that several ask for at once, one comes to be"""
        vaults = [self.one.vault(str(number)) for number in range(8)]
        for turn in range(5):
            paths = [self.here / str(turn) / "/".join("x" * number) for number in range(len(vaults))]
            paths[-1].mkdir(parents=True)

            def put(vault, path):
                return self.one.request("PUT", f"/api/v1/vaults/{vault}/folder", {"path": str(path)}).status
            with concurrent.futures.ThreadPoolExecutor(len(vaults)) as pool:
                replies = list(pool.map(put, vaults, paths))
            self.assertEqual(sorted(replies), [200] + [409] * (len(vaults) - 1))
            for vault, status in zip(vaults, replies):
                if status == 200:
                    self.assertEqual(self.one.request("DELETE", f"/api/v1/vaults/{vault}/folder").status, 204)

    def test_scan_status(self):
        """the route of scans tells of the folder"""
        for number in range(30):
            write(self.here / str(number), b"x", mtime=OLD)
        self.mirror(self.one, self.vault, self.here)
        self.in_vault(self.one, self.vault, self.here)
        self.act(self.one, self.vault, "rescan")
        mh.wait_until(lambda: (s := self.one.get(f"/api/v1/vaults/{self.vault}/scan-status").json)["walked"] == 30 and not s["active"], 20)

    def test_killed(self):
        """killed in the middle, again and again, both sides come to the same, and nothing is taken for deleted"""
        source = random.Random(5)
        self.mirror(self.one, self.vault, self.here, guard_percent=100)
        for round_ in range(4):
            for number in range(300):
                if source.random() < 0.6:
                    write(self.here / f"{number % 7}/{number}", source.randbytes(source.randrange(5000)), mtime=OLD + round_ * 10**9)
                elif (self.here / f"{number % 7}/{number}").exists() and source.random() < 0.3:
                    (self.here / f"{number % 7}/{number}").unlink()
                if number % 10 == 0:
                    self.one.upload(self.vault, f"/there/{round_}/{number}", source.randbytes(3000))
            mh.wait_until(lambda: self.state(self.one, self.vault)["scan"]["active"], 20, "a pass")
            self.one.kill()
            self.one.start()
            self.one.login()
            # A file that is changed again before it was looked at could not be told from one that both sides changed.
            mh.wait_until(lambda: (s := self.state(self.one, self.vault))["scan"]["ended_ms"] and s["state"] == "idle", 60)
        self.in_vault(self.one, self.vault, self.here, 60)
        self.assertEqual(len([p for p in tree(self.here) if p.startswith("there/")]), 120)
        self.assertEqual([p for p in tree(self.here) if "conflict" in p], [])


class Unreadable(Case):
    """A daemon that may not read everything: root may, so it is somebody else then."""

    def test_left_alone(self):
        """what is in a folder that cannot be read is left alone on both sides, and comes back with the permission"""
        home, here = self.folder(), self.folder()
        wrapper = ()
        if os.geteuid() == 0:
            wrapper = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
            os.chown(home, 65534, 65534)
            os.chown(here, 65534, 65534)
        write(here / "a/b", b"x", mtime=OLD)
        write(here / "file", b"x", mtime=OLD)
        write(here / "c", b"x", mtime=OLD)
        one = self.enterContext(mh.Daemon(home=home, wrapper=wrapper))
        ask = ("import socket; s = socket.socket(socket.AF_UNIX); s.connect('ipc.sock'); s.sendall(b'{\"op\":\"token\"}\\n');"
               "print(s.makefile().readline())")  # the daemon talks to its own user only
        said = subprocess.run([*wrapper, "/usr/bin/python3", "-c", ask], cwd=home, capture_output=True, check=True).stdout
        one.token = json.loads(said)["token"]
        vault = one.vault()
        self.mirror(one, vault, here)
        self.in_vault(one, vault, here)
        (here / "a").chmod(0)
        (here / "file").chmod(0)
        (here / "c").unlink()
        self.assertEqual(one.request("DELETE", f"/api/v1/vaults/{vault}/files/a/b").status, 204)
        self.act(one, vault, "rescan")
        mh.wait_until(lambda: "c" not in self.files(one, vault), 20)
        state = mh.wait_until(lambda: (s := self.state(one, vault))["skipped"] == 1 and s["state"] == "idle" and s, 20)
        self.assertEqual((state["skipped_paths"][0]["path"], state["failures"][0]["path"]), ("a", "file"))
        self.assertEqual((set(self.files(one, vault)), os.path.exists(here / "a")), ({"file"}, True))
        (here / "file").chmod(0o644)
        (here / "a").chmod(0o777)  # so that whoever it is may delete there
        self.assertEqual((here / "a/b").read_bytes(), b"x")
        mh.wait_until(lambda: tree(here).keys() == {"file"}, 20, "the deletion of the vault")


class Two(Case):
    """Folders of two machines."""

    def test_there_and_back(self):
        """what is done in either folder comes to the other: contents, names, modes, times"""
        one, two, vault, here, there = self.pair()
        write(here / "script", b"#!/bin/sh\n", 0o755, OLD)
        write(here / "private/key", b"key", 0o600, OLD + 5_000_000)
        write(here / "large", random.Random(1).randbytes(9_000_000), 0o444, OLD)
        self.same(here, there)
        self.assertEqual(tree(there)["script"][1:], (0o755, OLD // 1_000_000))
        write(there / "script", b"#!/bin/sh\necho\n", 0o755)
        os.rename(there / "private", there / "renamed")
        (there / "large").unlink()
        write(there / "new", b"new", 0o640)
        self.same(here, there)
        self.assertEqual(set(tree(here)), {"script", "renamed/key", "new"})
        (here / "script").chmod(0o700)
        os.utime(here / "new", ns=(OLD, OLD))
        self.same(here, there)
        self.assertEqual((tree(there)["script"][1], tree(there)["new"][2]), (0o700, OLD // 1_000_000))

    def test_conflict(self):
        """two edits of one file while the machines are apart: both contents are on both, under two names"""
        one, two, vault, here, there = self.pair()
        write(here / "text.txt", b"0", mtime=OLD)
        self.same(here, there)
        self.assertEqual(two.post("/api/v1/networks/disconnect").status, 204)
        write(here / "text.txt", b"of one")
        write(there / "text.txt", b"of two!")
        write(here / "new.txt", b"new of one")
        write(there / "new.txt", b"new of two!")
        self.in_vault(one, vault, here)
        self.in_vault(two, vault, there)
        network = two.get("/api/v1/networks").json["networks"][0]["id"]
        self.assertEqual(two.post(f"/api/v1/networks/{network}/connect").status, 204)
        mh.wait_until(lambda: len(tree(here)) == 4 and tree(here) == tree(there), 60, "both contents on both")
        self.assertEqual({row[0] for row in tree(here).values()}, {b"of one", b"of two!", b"new of one", b"new of two!"})
        self.assertEqual(sorted(p.split(" (conflict ")[0] for p in tree(here)), ["new", "new.txt", "text", "text.txt"])

    def test_the_same_already(self):
        """two folders that are the same before they are mirrored come together, and no file is there twice"""
        one, two, vault, here, there = self.pair()
        self.assertEqual(two.post("/api/v1/networks/disconnect").status, 204)
        for number in range(50):
            for folder in (here, there):
                write(folder / f"{number % 3}/{number}.txt", b"of both %d" % number, mtime=OLD)
        write(here / "differs.txt", b"of one", mtime=OLD)
        write(there / "differs.txt", b"of two!", mtime=OLD)
        self.in_vault(one, vault, here)
        self.in_vault(two, vault, there)
        network = two.get("/api/v1/networks").json["networks"][0]["id"]
        self.assertEqual(two.post(f"/api/v1/networks/{network}/connect").status, 204)
        mh.wait_until(lambda: len(tree(here)) == 52 and tree(here) == tree(there), 60, "each file once, and both that differ")
        self.in_vault(one, vault, here)
        self.in_vault(two, vault, there)
        self.assertEqual(len([p for p in tree(here) if "conflict" in p]), 1)


if __name__ == "__main__":
    tap.main()
