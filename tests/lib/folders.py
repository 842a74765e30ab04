# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of mirrored folders share."""

import os
import pathlib
import shutil
import socket
import stat
import tempfile
import unittest

import mh

OLD = 1_600_000_000_000_000_000  # ns: written long ago, so that nothing waits for it to settle


def tree(folder):
    """What is in a folder, ours apart: path to content, permission bits and time in ms."""
    found = {}
    for top, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".meshhold-")]
        for name in names:
            path = os.path.join(top, name)
            try:
                status = os.lstat(path)
                if stat.S_ISREG(status.st_mode) and not name.startswith(".meshhold-"):
                    with open(path, "rb") as file:
                        found[os.path.relpath(path, folder)] = (file.read(), status.st_mode & 0o777, status.st_mtime_ns // 1_000_000)
            except FileNotFoundError:
                pass  # it was there a moment ago
    return found


def write(path, data, mode=0o644, mtime=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    path.chmod(mode)
    if mtime is not None:
        os.utime(path, ns=(mtime, mtime))


def with_port():
    """A configuration with a port that stays the same over restarts, so that others find the machine again."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return mh.LONELY.replace("/tcp/0", f"/tcp/{free.getsockname()[1]}")


class Case(unittest.TestCase):
    EXPECT = ()

    def daemon(self, **options):
        daemon = self.enterContext(mh.Daemon(expect=self.EXPECT, **options))
        daemon.id = daemon.get("/api/v1/whoami").json["node_id"]
        return daemon

    def folder(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="mh-folder-"))
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        return folder

    def mirror(self, daemon, vault, folder, **more):
        reply = daemon.request("PUT", f"/api/v1/vaults/{vault}/folder", {"path": str(folder), **more})
        self.assertEqual(reply.status, 200, reply)
        return folder

    @staticmethod
    def state(daemon, vault):
        return daemon.get(f"/api/v1/vaults/{vault}/folder").json

    def act(self, daemon, vault, verb, status=204):
        self.assertEqual(daemon.post(f"/api/v1/vaults/{vault}/folder/{verb}").status, status)

    @staticmethod
    def files(daemon, vault):
        """What the vault has: path to content hash."""
        found, cursor = {}, ""
        while cursor is not None:
            reply = daemon.get(f"/api/v1/vaults/{vault}/files?limit=1000" + (f"&cursor={cursor}" if cursor else "")).json
            found.update({f["path"][1:]: f["content_hash"] for f in reply["files"]})
            cursor = reply["cursor"]
        return found

    def in_vault(self, daemon, vault, folder, seconds=30):
        """Waits until the vault has what the folder has."""
        def same():
            return self.files(daemon, vault) == {p: mh.content_hash(row[0]) for p, row in tree(folder).items()}
        mh.wait_until(same, seconds, "the vault to be as the folder")

    def network(self, count=2):
        daemons = [self.daemon(config=with_port()) for _ in range(count)]
        daemons[0].post("/api/v1/networks/create", {"name": "home"})
        url = daemons[0].get("/api/v1/system/share").json["connect_url"]
        for daemon in daemons[1:]:
            self.assertEqual(daemon.post("/api/v1/networks", {"url": url}).status, 200)
        for daemon in daemons:
            mh.wait_until(lambda daemon=daemon: sum(n["connected"] for n in daemon.get("/api/v1/nodes").json["nodes"]) >= count - 1, 30)
        return daemons

    def pair(self):
        """Two machines, and a folder of each that mirror one vault."""
        one, two = self.network()
        vault = one.vault("shared")
        url = one.get(f"/api/v1/vaults/{vault}/share-url").json["url"]
        self.assertEqual(two.post("/api/v1/vaults/join", {"url": url}).status, 200)
        here, there = self.folder(), self.folder()
        self.mirror(one, vault, here)
        self.mirror(two, vault, there)
        return one, two, vault, here, there

    def same(self, here, there, seconds=60):
        try:
            mh.wait_until(lambda: tree(here) == tree(there), seconds, "the same folders")
        except AssertionError as error:
            a, b = tree(here), tree(there)
            rows = [(p, a[p][1:] if p in a else None, b[p][1:] if p in b else None) for p in a.keys() | b.keys() if a.get(p) != b.get(p)]
            raise AssertionError(f"{error}: {len(rows)} differ: {rows[:10]}") from None
