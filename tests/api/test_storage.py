#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The scrubber, fsck, and backups of the catalogue."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import mh  # noqa: E402
import tap  # noqa: E402

MARK = b"the bytes that will be damaged, and are found in no other place"


class Case(unittest.TestCase):
    EXPECT = (r"damaged|cannot be read|shorter|opening vault",)
    CONFIG = "node:\n  scrub_rate: 0\n"

    def setUp(self):
        self.daemon = mh.Daemon(expect=self.EXPECT, config=self.CONFIG)
        self.enterContext(self.daemon)
        self.vault = self.daemon.vault()

    def fill(self, count=10):
        files = {f"/file-{number}": os.urandom(20_000 + number) for number in range(count)}
        for path, data in files.items():
            self.assertEqual(self.daemon.upload(self.vault, path, data).status, 200)
        return files

    def segment(self):
        return sorted((self.daemon.home / "blocks").glob("*.seg"))[-1]

    def block_of(self, path):
        return self.daemon.get(f"/api/v1/vaults/{self.vault}/files{path}").json["blocks"][0]["id"]

    def damage(self, path):
        """Flips a bit in the middle of the only block of a file, which its id leads to."""
        name, data = bytes.fromhex(self.block_of(path)), self.segment().read_bytes()
        header = data.index(name) - 56
        with self.segment().open("r+b") as file:
            file.seek(header + 96 + 1000)
            byte = file.read(1)[0]
            file.seek(header + 96 + 1000)
            file.write(bytes([byte ^ 4]))

    def storage(self):
        return self.daemon.get("/api/v1/storage").json

    def scrub(self):
        before = self.storage()["scrub"]["ended_ms"] or 0
        reply = self.daemon.post("/api/v1/storage/scrub", {"action": "start"})
        self.assertEqual(reply.status, 200, reply)
        mh.wait_until(lambda: not self.storage()["scrub"]["running"], 60, "the end of the scrub")
        value = self.storage()
        self.assertGreaterEqual(value["scrub"]["ended_ms"], before)
        return value

    def fsck(self, *options, code=0):
        result = subprocess.run([str(mh.BUILD / "app/meshhold"), "--home", str(self.daemon.home), *options[:1], "fsck", *options[1:]]
                                if options[:1] == ("--json",) else
                                [str(mh.BUILD / "app/meshhold"), "--home", str(self.daemon.home), "fsck", *options],
                                capture_output=True, text=True, check=False)
        self.assertEqual(result.returncode, code, result)
        return result.stdout


class Scrub(Case):
    def test_whole(self):
        files = self.fill()
        value = self.scrub()
        self.assertEqual((value["scrub"]["damaged_records"], value["damaged"]), (0, []))
        self.assertEqual(value["scrub"]["records"], 2 * len(files))
        self.assertEqual(value["scrub"]["bytes"], value["live_bytes"])
        self.assertEqual(value["file_bytes"], sum(map(len, files.values())))
        self.assertGreater(value["stored_bytes"], value["file_bytes"])
        self.assertGreaterEqual(value["segment_bytes"], value["live_bytes"])
        self.assertGreater(value["free_bytes"], 0)

    def test_damage_is_named_and_healed_by_the_same_content(self):
        files = self.fill()
        self.damage("/file-3")
        value = self.scrub()
        self.assertEqual(value["scrub"]["damaged_records"], 1)
        self.assertEqual([(f["vault_id"], f["path"]) for f in value["damaged"]], [(self.vault, "/file-3")])
        self.assertEqual(self.daemon.download(self.vault, "/file-3").status, 500)
        for path in files.keys() - {"/file-3"}:
            self.assertEqual(self.daemon.download(self.vault, path).body, files[path])
        self.assertEqual(self.daemon.ipc("status")["state"], "attention")
        self.assertEqual(self.daemon.upload(self.vault, "/again", files["/file-3"]).status, 200)
        self.assertEqual(self.daemon.download(self.vault, "/file-3").body, files["/file-3"])
        value = self.scrub()
        self.assertEqual((value["scrub"]["damaged_records"], value["damaged"]), (0, []))

    def test_progress_and_stop(self):
        self.fill(3)
        connection = self.daemon.connection()
        connection.request("GET", "/api/v1/events/stream", headers={"Authorization": f"Bearer {self.daemon.token}"})
        stream = connection.getresponse()
        self.scrub()
        while not (line := stream.readline().decode()).startswith("event: storage_changed"):
            self.assertTrue(line, "the stream ended")
        connection.close()
        types = [event["type"] for event in self.daemon.get("/api/v1/audit").json["events"]]
        self.assertIn("storage.scrub", types)


class Slow(Case):
    CONFIG = "node:\n  scrub_rate: 100KiB\n"

    def test_it_can_be_stopped_and_goes_on_after_a_restart(self):
        self.fill(20)
        self.daemon.post("/api/v1/storage/scrub", {"action": "start"})
        mh.wait_until(lambda: self.storage()["scrub"]["records"] > 0, 30, "the first record")
        self.daemon.stop()
        self.daemon.start()
        self.daemon.login()
        value = self.storage()
        self.assertTrue(value["scrub"]["running"])
        stopped = self.daemon.post("/api/v1/storage/scrub", {"action": "stop"}).json
        self.assertFalse(stopped["scrub"]["running"])
        self.assertIsNone(stopped["scrub"]["ended_ms"])
        self.daemon.stop()
        self.daemon.start()
        self.daemon.login()
        self.assertFalse(self.storage()["scrub"]["running"])


class Fsck(Case):
    def test_a_whole_home(self):
        self.fill()
        self.fsck(code=6)
        self.daemon.stop()
        self.assertIn("everything is whole", self.fsck())
        verdict = json.loads(self.fsck("--json", "--quick"))
        self.assertEqual((verdict["clean"], verdict["records"]), (True, 0))
        self.daemon.start()

    def test_rebuild_restores_everything_else(self):
        files = self.fill()
        self.daemon.request("DELETE", f"/api/v1/vaults/{self.vault}/files/file-9")
        self.damage("/file-3")
        self.daemon.stop()
        verdict = json.loads(self.fsck("--json", "--rebuild", code=1))
        self.assertEqual((verdict["clean"], verdict["damaged_records"]), (False, 1))
        self.assertEqual(len(verdict["damaged"]), 1)
        self.assertIn("/file-3", verdict["damaged"][0])
        self.assertTrue((self.daemon.home / "metadata/index.db.old").exists())
        self.daemon.start()
        self.daemon.login()
        for path in files.keys() - {"/file-3", "/file-9"}:
            self.assertEqual(self.daemon.download(self.vault, path).body, files[path])
        self.assertEqual(self.daemon.download(self.vault, "/file-3").status, 500)
        self.assertEqual(self.daemon.download(self.vault, "/file-9").status, 404)

    def test_a_damaged_index(self):
        files = self.fill()
        self.daemon.stop()
        index = self.daemon.home / "metadata/index.db"
        data = bytearray(index.read_bytes())
        for position in range(20_000, len(data), 4096):
            data[position : position + 50] = os.urandom(50)
        index.write_bytes(data)
        self.fsck("--rebuild")
        self.daemon.start()
        self.daemon.login()
        for path, data in files.items():
            self.assertEqual(self.daemon.download(self.vault, path).body, data)

    def test_no_home(self):
        result = subprocess.run([str(mh.BUILD / "app/meshhold"), "--home", "/nonexistent", "fsck"], capture_output=True, text=True, check=False)
        self.assertEqual((result.returncode, "/nonexistent" in result.stderr), (2, True))


class Backup(Case):
    def test_a_copy_is_worth_something(self):
        """the catalogue is lost; the copy and the segments together have everything, also what came after it"""
        files = self.fill(5)
        made = self.daemon.post("/api/v1/storage/backup").json
        self.assertEqual(sorted(p.name for p in pathlib.Path(made["path"]).iterdir()), ["index.db", "meshhold.db"])
        self.assertEqual(made["bytes"], sum(p.stat().st_size for p in pathlib.Path(made["path"]).iterdir()))
        later = os.urandom(50_000)
        self.daemon.upload(self.vault, "/later", later)
        self.daemon.stop()
        metadata = self.daemon.home / "metadata"
        for suffix in ("", "-wal", "-shm"):
            (metadata / f"meshhold.db{suffix}").unlink(missing_ok=True)
        shutil.copy(pathlib.Path(made["path"]) / "meshhold.db", metadata / "meshhold.db")
        self.assertIn("everything is whole", self.fsck("--rebuild"))
        self.daemon.start()
        self.daemon.login()
        for path, data in {**files, "/later": later}.items():
            self.assertEqual(self.daemon.download(self.vault, path).body, data)

    def test_seven_are_kept_and_nothing_secret_is_in_them(self):
        folder = self.daemon.home / "metadata/backups"
        folder.mkdir()
        for day in range(1, 10):
            (folder / f"2026010{day}T000000").mkdir()
            (folder / f"2026010{day}T000000/meshhold.db").write_bytes(b"x")
        self.daemon.upload(self.vault, "/file", MARK)
        made = self.daemon.post("/api/v1/storage/backup").json
        names = sorted(path.name for path in folder.iterdir())
        self.assertEqual(len(names), 7)
        self.assertEqual((names[-1], names[0]), (pathlib.Path(made["path"]).name, "20260104T000000"))
        for path in pathlib.Path(made["path"]).iterdir():
            self.assertEqual(path.stat().st_mode & 0o077, 0)
            self.assertNotIn(MARK, path.read_bytes())
        self.assertEqual(self.storage()["backup"]["count"], 7)


if __name__ == "__main__":
    tap.main()
