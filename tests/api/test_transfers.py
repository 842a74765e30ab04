#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Imports and exports of whole folders."""

import os
import pathlib
import random
import shutil
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import mh  # noqa: E402
import tap  # noqa: E402

NAMES = ["plain.txt", "with space", "umlaut-äöü", "emoji-🗂️", "a%2Fb", "x" * 255, "-dash", "quote'\"", "line\\back"]


def tree(folder):
    """What is in a folder: relative path to content and time of change in ms."""
    return {str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns // 1_000_000)
            for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink()}


def transfer(daemon, vault, kind, body, state="done"):
    reply = daemon.post(f"/api/v1/vaults/{vault}/{kind}", body)
    if reply.status != 200:
        raise AssertionError(reply)
    return finish(daemon, reply.json["id"], state)


def finish(daemon, name, state="done"):
    def ended():
        value = daemon.get(f"/api/v1/transfers/{name}").json
        return value if value["state"] not in ("waiting", "running") else None
    value = mh.wait_until(ended, 120, "the end of the transfer")
    if value["state"] != state:
        raise AssertionError(f"{value} is not {state}")
    return value


class Case(unittest.TestCase):
    EXPECT = ()

    def setUp(self):
        self.daemon = mh.Daemon(expect=self.EXPECT)
        self.enterContext(self.daemon)
        self.vault = self.daemon.vault()
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="mh-transfer-"))
        self.addCleanup(shutil.rmtree, self.dir)
        self.source, self.target = self.dir / "source", self.dir / "target"

    def fill(self, count=40, seed=1):
        source = random.Random(seed)
        for number in range(count):
            folder = self.source / "/".join(source.choices(["a", "b ü", "c"], k=source.randrange(4)))
            folder.mkdir(parents=True, exist_ok=True)
            path = folder / (NAMES[number] if number < len(NAMES) else f"file-{number}")
            path.write_bytes(source.randbytes(source.choice([0, 1, 1000, 70_000, 300_000])))
            os.utime(path, ns=(0, source.randrange(10**18, 2 * 10**18)))
        (self.source / "large").write_bytes(source.randbytes(20_000_017))  # past the page cache

    def bring(self, **options):
        return transfer(self.daemon, self.vault, "import", {"host_path": str(self.source), **options})


class Copies(Case):
    def test_there_and_back(self):
        """every byte, name and time comes back; again, nothing is copied; nobody sees that the files were read"""
        self.fill()
        first = self.bring()
        self.assertEqual({p.stat().st_atime_ns for p in self.source.rglob("*") if p.is_file() and p.name != "large"}, {0})
        self.assertEqual((first["files"], first["files_done"], first["files_skipped"], first["files_failed"]), (41, 41, 0, 0))
        self.assertEqual(first["bytes"], sum(len(data) for data, _ in tree(self.source).values()))
        self.assertEqual((first["bytes_done"], first["counted"]), (first["bytes"], True))
        back = transfer(self.daemon, self.vault, "export", {"host_path": str(self.target)})
        self.assertEqual((back["files_done"], back["files_failed"]), (41, 0))
        self.assertEqual(tree(self.target), tree(self.source))
        self.assertEqual([p for p in self.target.rglob(".meshhold-*")], [])
        again = self.bring()
        self.assertEqual((again["files_skipped"], again["bytes_done"]), (41, again["bytes"]))
        again = transfer(self.daemon, self.vault, "export", {"host_path": str(self.target)})
        self.assertEqual(again["files_skipped"], 41)

    def test_only_what_changed(self):
        """a file that changed gets a new version, others none; skip leaves all that exist alone"""
        self.fill(12)
        self.bring()
        changed = self.source / "large"
        changed.write_bytes(b"other")
        (self.source / "new").write_bytes(b"new")
        skipped = self.bring(existing="skip")
        self.assertEqual(skipped["files_skipped"], skipped["files"] - 1)
        self.assertEqual(self.daemon.get(f"/api/v1/vaults/{self.vault}/files/large").json["version_count"], 1)
        replaced = self.bring()
        self.assertEqual(replaced["files_skipped"], replaced["files"] - 1)
        self.assertEqual(self.daemon.get(f"/api/v1/vaults/{self.vault}/files/large").json["version_count"], 2)
        self.assertEqual(self.daemon.download(self.vault, "/large").body, b"other")

    def test_files_without_a_size(self):
        """what has more bytes than its size says, as files of the kernel have, is told and not taken for empty"""
        folder = pathlib.Path("/proc/sys/kernel/keys")
        result = transfer(self.daemon, self.vault, "import", {"host_path": str(folder)})
        self.assertEqual(result["files_failed"], len(list(folder.iterdir())))
        self.assertIn("changed while it was being read", result["failures"][0]["error"])
        self.assertEqual(self.daemon.get(f"/api/v1/vaults/{self.vault}").json["files"], 0)

    def test_an_export_replaces_nothing_unless_told(self):
        self.fill(5)
        self.bring()
        self.target.mkdir()
        (self.target / "large").write_bytes(b"mine")
        transfer(self.daemon, self.vault, "export", {"host_path": str(self.target)})
        self.assertEqual((self.target / "large").read_bytes(), b"mine")
        transfer(self.daemon, self.vault, "export", {"host_path": str(self.target), "existing": "replace"})
        self.assertEqual(tree(self.target), tree(self.source))

    def test_part_of_a_vault(self):
        """into a folder, and of a folder or a single file"""
        self.fill(5)
        self.bring(vault_path="/in/here")
        self.assertEqual(self.daemon.download(self.vault, "/in/here/large").status, 200)
        transfer(self.daemon, self.vault, "export", {"host_path": str(self.target), "vault_path": "/in/here"})
        self.assertEqual(tree(self.target), tree(self.source))
        one = self.dir / "one"
        done = transfer(self.daemon, self.vault, "export", {"host_path": str(one), "vault_path": "/in/here/large"})
        self.assertEqual((done["files"], list(tree(one))), (1, ["large"]))
        single = transfer(self.daemon, self.vault, "import", {"host_path": str(one / "large"), "vault_path": "/again"})
        self.assertEqual(single["files"], 1)
        self.assertEqual(self.daemon.download(self.vault, "/again/large").body, (one / "large").read_bytes())

    def test_what_cannot_be_copied_is_named(self):
        """links and pipes are skipped, bad names and clashes fail by name, the rest is copied"""
        self.source.mkdir()
        (self.source / "good").write_bytes(b"good")
        (self.source / "link").symlink_to("good")
        os.mkfifo(self.source / "pipe")
        with open(os.fsencode(self.source) + b"/bad-\xff", "wb"):
            pass
        (self.source / "taken").mkdir()
        (self.source / "taken" / "below").write_bytes(b"x")
        self.daemon.upload(self.vault, "/taken", b"a file where a folder would have to be")
        done = self.bring()
        self.assertEqual((done["files_skipped"], done["files_failed"], done["files_done"]), (2, 2, 5))
        failures = {failure["path"].rsplit("/", 1)[1]: failure["error"] for failure in done["failures"]}
        self.assertIn("UTF-8", failures["bad-�"])
        self.assertIn("not a folder", failures["below"])
        self.assertEqual(self.daemon.download(self.vault, "/good").body, b"good")

    def test_events_tell_the_progress(self):
        self.fill(5)
        token = self.daemon.login()
        connection = self.daemon.connection()
        connection.request("GET", "/api/v1/events/stream", headers={"Authorization": f"Bearer {token}"})
        stream = connection.getresponse()
        done = self.bring()
        seen = []
        while f'"id":"{done["id"]}"' not in (seen[-1] if seen else "") or '"state":"done"' not in seen[-1]:
            line = stream.readline().decode()
            self.assertTrue(line, "the stream ended")
            if line.startswith("data:") and "transfer_changed" in line:
                seen.append(line)
        self.assertIn('"state":"running"', seen[0])
        connection.close()


class Refusals(Case):
    def test_paths(self):
        self.fill(1)
        url = f"/api/v1/vaults/{self.vault}/"
        cases = [
            ("import", {"host_path": "relative"}, 400, "host_path"),
            ("import", {"host_path": str(self.dir / "missing")}, 404, "host_path"),
            ("import", {"host_path": "/dev/null"}, 400, "host_path"),
            ("import", {"host_path": str(self.daemon.home / "blocks")}, 403, "MeshHold"),
            ("export", {"host_path": str(self.daemon.home / "x")}, 403, "MeshHold"),
            ("export", {"host_path": str(self.source / "large")}, 400, "host_path"),
            ("export", {"host_path": str(self.target), "vault_path": "/none"}, 404, "vault_path"),
            ("import", {"host_path": str(self.source), "vault_path": "/a/../b"}, 400, "vault_path"),
            ("import", {"host_path": str(self.source), "existing": "perhaps"}, 400, "existing"),
            ("import", {}, 400, "host_path"),
        ]
        for kind, body, status, word in cases:
            reply = self.daemon.post(url + kind, body)
            self.assertEqual((reply.status, word in reply.json["error"]), (status, True), (kind, body, reply))
        self.assertEqual(self.daemon.get("/api/v1/transfers").json, {"transfers": []})
        self.assertEqual(self.daemon.get("/api/v1/transfers/none").status, 404)

    def test_the_home_inside_the_folder_is_left_out(self):
        home = self.daemon.home
        (home.parent / f"{home.name}-beside").write_bytes(b"x")
        self.addCleanup((home.parent / f"{home.name}-beside").unlink)
        inside = self.dir / "inside"
        inside.mkdir()
        daemon = mh.Daemon(home=inside / "home")
        with daemon:
            vault = daemon.vault()
            (inside / "file").write_bytes(b"x")
            done = transfer(daemon, vault, "import", {"host_path": str(inside)})
            self.assertEqual((done["files_done"], done["files_skipped"]), (2, 1))
            self.assertEqual(daemon.get(f"/api/v1/vaults/{vault}").json["files"], 1)


class Stopped(Case):
    EXPECT = (r"full|space",)

    def large(self, count=6):
        self.source.mkdir(exist_ok=True)
        for number in range(count):
            with open(self.source / f"large-{number}", "wb") as file:
                for _ in range(100):
                    file.write(os.urandom(1 << 20))

    def begin(self):
        name = self.daemon.post(f"/api/v1/vaults/{self.vault}/import", {"host_path": str(self.source)}).json["id"]
        mh.wait_until(lambda: self.daemon.get(f"/api/v1/transfers/{name}").json["bytes_done"] > 0, 60, "the first byte")
        return name

    def test_cancel_resume_and_forget(self):
        self.large()
        name = self.begin()
        self.assertEqual(self.daemon.post(f"/api/v1/vaults/{self.vault}/import", {"host_path": str(self.source)}).status, 409)
        self.assertEqual(self.daemon.request("DELETE", f"/api/v1/transfers/{name}").status, 204)
        stopped = finish(self.daemon, name, "cancelled")
        self.assertLess(stopped["files_done"], 6)
        again = self.daemon.post(f"/api/v1/transfers/{name}/resume").json
        done = finish(self.daemon, again["id"])
        self.assertEqual((done["files_done"], done["files_skipped"]), (6, stopped["files_done"]))
        self.assertEqual(self.daemon.get(f"/api/v1/transfers/{name}").status, 404)
        self.assertEqual(self.daemon.request("DELETE", f"/api/v1/transfers/{again['id']}").status, 204)
        self.assertEqual(self.daemon.get("/api/v1/transfers").json, {"transfers": []})

    def test_it_goes_on_after_a_crash_and_after_an_end(self):
        """kill -9 in the middle, then SIGTERM in the middle: the same transfer ends well"""
        self.large()
        name = self.begin()
        self.daemon.kill()
        self.daemon.start()
        self.daemon.login()
        mh.wait_until(lambda: self.daemon.get(f"/api/v1/transfers/{name}").json["bytes_done"] > 0, 60, "going on")
        self.daemon.stop()
        self.daemon.start()
        self.daemon.login()
        self.assertEqual(finish(self.daemon, name)["files_done"], 6)
        transfer(self.daemon, self.vault, "export", {"host_path": str(self.target)})
        self.assertEqual(tree(self.target), tree(self.source))
        self.assertEqual(self.daemon.get(f"/api/v1/vaults/{self.vault}/files/large-0").json["version_count"], 1)

    def test_a_vault_that_goes_away(self):
        self.large(3)
        name = self.begin()
        self.assertEqual(self.daemon.request("DELETE", f"/api/v1/vaults/{self.vault}").status, 204)
        ended = mh.wait_until(lambda: (lambda value: value if value["state"] not in ("waiting", "running") else None)(
            self.daemon.get(f"/api/v1/transfers/{name}").json), 60, "the end")
        self.assertTrue(ended["state"] == "failed" or ended["files_failed"] > 0, ended)


if __name__ == "__main__":
    tap.main()
