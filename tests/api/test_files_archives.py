#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Folders as zip and tar, read back by programs that we did not write."""

import http.client
import io
import os
import pathlib
import random
import socket
import subprocess
import sys
import tarfile
import tempfile
import unittest
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import mh  # noqa: E402
import tap  # noqa: E402

V = "/api/v1/vaults"
MIB = 1 << 20
NAMES = ["plain.txt", "umlaut äöü ß.txt", "emoji 🦊🎉.bin", "é" * 127, "x" * 255, "日本語.txt", "new\nline", "back\\slash", "a:b|c*d<e>",
         "-rf", "trailing ", "...", "photo.jpg", "🦊" * 63]


class Archives(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = mh.Daemon()
        cls.daemon.__enter__()
        cls.vault = cls.daemon.vault("Vault ü")
        cls.url = f"{V}/{cls.vault}/archive"
        source = random.Random(5)
        cls.files = {f"/folder ü/{name}": source.randbytes(source.choice((0, 1, 3000, 400_000))) for name in NAMES}
        cls.files |= {"/folder ü/deep/er/text.txt": b"so it goes\n" * 50_000, "/folder ü/deep/big.bin": source.randbytes(9_000_000),
                      "/other/plain.txt": b"another", "/top": b"top"}
        for path, data in cls.files.items():
            made = cls.daemon.post(f"{V}/{cls.vault}/upload{mh.quote(path)}?mtime_ms=1600000000500", data)
            assert made.status == 200, made

    @classmethod
    def tearDownClass(cls):
        cls.daemon.__exit__(None, None, None)

    def ticket(self, *paths, **fields):
        reply = self.daemon.post(self.url, {"paths": list(paths), **fields})
        self.assertEqual(reply.status, 200, reply)
        return reply.json["url"]

    def fetch(self, *paths, **fields):
        return self.daemon.get(self.ticket(*paths, **fields), token=None)

    def below(self, folder):
        above = folder.rstrip("/").rsplit("/", 1)[0] + "/"
        return {path[len(above):]: data for path, data in self.files.items() if path.startswith(folder.rstrip("/") + "/")}

    def test_zip(self):
        reply = self.fetch("/folder ü")
        self.assertEqual(reply.headers["Content-Type"], "application/zip")
        self.assertIn("filename*=UTF-8''folder%20%C3%BC.zip", reply.headers["Content-Disposition"])
        self.assertTrue(reply.headers["Content-Disposition"].startswith("attachment"))
        archive = zipfile.ZipFile(io.BytesIO(reply.body))
        wanted = self.below("/folder ü")
        self.assertIsNone(archive.testzip())
        # orig_filename: what stands in the archive, before zipfile turns it into a path of this system
        self.assertEqual({info.orig_filename for info in archive.infolist()}, set(wanted))
        for info in archive.infolist():
            self.assertTrue(archive.read(info) == wanted[info.orig_filename], info)
            self.assertEqual(info.date_time[:3], (2020, 9, 13))
            if not info.orig_filename.isascii():
                self.assertTrue(info.flag_bits & 0x800, "the name is marked as UTF-8")
        self.assertLess(len(reply.body), sum(map(len, wanted.values())) - 500_000)  # text shrinks
        kinds = {info.orig_filename.rsplit("/", 1)[1]: info.compress_type for info in archive.infolist()}
        self.assertEqual((kinds["photo.jpg"], kinds["text.txt"]), (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))

    def test_zip_by_unzip(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "a.zip"
            path.write_bytes(self.fetch("/folder ü").body)
            result = subprocess.run(["unzip", "-t", str(path)], capture_output=True)
            self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
            self.assertIn(b"No errors detected", result.stdout)

    def check_tar(self, data):
        wanted, seen = self.below("/folder ü"), {}
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            for info in archive:
                self.assertEqual((info.type, info.mode, int(info.mtime)), (tarfile.REGTYPE, 0o644, 1600000000))
                seen[info.name] = archive.extractfile(info).read()
        self.assertEqual(set(seen), set(wanted))
        for name, content in wanted.items():
            self.assertTrue(seen[name] == content, name)

    def test_tar(self):
        reply = self.fetch("/folder ü", format="tar", name="mine/ü")
        self.assertEqual(reply.headers["Content-Type"], "application/x-tar")
        self.assertIn("UTF-8''mine_%C3%BC.tar", reply.headers["Content-Disposition"])
        self.check_tar(reply.body)

    def test_tar_zst(self):
        reply = self.fetch("/folder ü", format="tar.zst")
        self.check_tar(subprocess.run(["zstd", "-dc"], input=reply.body, capture_output=True, check=True).stdout)

    def test_several_and_everything(self):
        archive = zipfile.ZipFile(io.BytesIO(self.fetch("/top", "/other", "/folder ü/plain.txt", "/other/plain.txt").body))
        self.assertEqual({i.filename: archive.read(i) for i in archive.infolist()},
                         {"top": b"top", "other/plain.txt": b"another", "plain.txt": self.files["/folder ü/plain.txt"], "plain (2).txt": b"another"})
        archive = zipfile.ZipFile(io.BytesIO(self.fetch("/").body))
        self.assertEqual({"/" + i.orig_filename for i in archive.infolist()}, set(self.files))
        empty = self.daemon.vault("empty")
        url = self.daemon.post(f"{V}/{empty}/archive", {"paths": ["/"], "format": "tar"}).json["url"]
        with tarfile.open(fileobj=io.BytesIO(self.daemon.get(url, token=None).body)) as archive:
            self.assertEqual(archive.getnames(), [])

    def test_tickets(self):
        url = self.ticket("/top")
        self.assertEqual(self.daemon.get(url, token=None).status, 200)
        again = self.daemon.get(url, token=None)
        self.assertEqual((again.status, "once" in again.json["error"]), (404, True))
        for wrong in ("0" * 64, "x", url.rsplit("/", 1)[1][:-1] + "g", "%00"):
            self.assertIn(self.daemon.get(f"/api/v1/archives/{wrong}", token=None).status, (400, 404))
        self.assertEqual(len(url), len("/api/v1/archives/") + 64)

    def test_refusals(self):
        for body, status, word in (({"paths": []}, 400, "paths"), ({"paths": ["/top", "/nothing"]}, 404, "/nothing"),
                                   ({"paths": ["top"]}, 400, "top"), ({"paths": ["/top"], "format": "rar"}, 400, "format"),
                                   ({"paths": ["/folder ü/deep/none"]}, 404, "none"), ({"paths": ["/top"], "name": ""}, 400, "name")):
            reply = self.daemon.post(self.url, body)
            self.assertEqual((reply.status, word in reply.json["error"]), (status, True), (body, reply))

    def test_what_is_gone_meanwhile(self):
        """A file deleted from a folder is left out; one that was asked for by name is missed."""
        for name in ("a", "b"):
            self.daemon.upload(self.vault, f"/brief/{name}", name.encode())
        folder, file = self.ticket("/brief"), self.ticket("/brief/a")
        self.daemon.request("DELETE", f"{V}/{self.vault}/files/brief/a")
        self.assertEqual(zipfile.ZipFile(io.BytesIO(self.daemon.get(folder, token=None).body)).namelist(), ["brief/b"])
        self.assertEqual(self.daemon.get(file, token=None).status, 404)
        self.daemon.request("DELETE", f"{V}/{self.vault}/files/brief/b")


class Breaks(unittest.TestCase):
    def test_damage_breaks_the_connection_off(self):
        """An archive that cannot be whole does not look whole."""
        with mh.Daemon(expect=[r"cannot be read", r"is damaged"]) as daemon:
            vault = daemon.vault()
            first, second = os.urandom(6 * MIB), os.urandom(6 * MIB)
            daemon.upload(vault, "/f/1", first)
            daemon.upload(vault, "/f/2", second)
            daemon.stop()
            segment = next((daemon.home / "blocks").glob("*.seg"))
            data = bytearray(segment.read_bytes())
            data[len(data) - 2 * MIB] ^= 1
            segment.write_bytes(data)
            daemon.start()
            for kind in ("zip", "tar"):
                url = daemon.post(f"{V}/{vault}/archive", {"paths": ["/f"], "format": kind}).json["url"]
                with self.assertRaises((http.client.IncompleteRead, ConnectionError)) as caught:
                    daemon.get(url, token=None)
                if isinstance(caught.exception, http.client.IncompleteRead):
                    with self.assertRaises(zipfile.BadZipFile):
                        zipfile.ZipFile(io.BytesIO(caught.exception.partial))
            self.assertEqual(daemon.download(vault, "/f/1").body, first)

    def test_clients_that_leave(self):
        """what packs a file is given back when the client leaves in the middle of it"""
        with mh.Daemon() as daemon:
            vault = daemon.vault()
            daemon.upload(vault, "/f/1", os.urandom(30 * MIB))

            def leave(count):
                for _ in range(count):
                    url = daemon.post(f"{V}/{vault}/archive", {"paths": ["/f"], "format": "zip"}).json["url"]
                    with socket.create_connection(("127.0.0.1", daemon.port)) as connection:
                        connection.sendall(f"GET {url} HTTP/1.1\r\nHost: 127.0.0.1:{daemon.port}\r\n\r\n".encode())
                        self.assertIn(b"200 OK", connection.recv(100))

            def grows():
                """zlib has 264 KiB for each, and the last ones may not have noticed yet"""
                before = daemon.memory_kib("VmRSS")
                leave(200)
                try:
                    mh.wait_until(lambda: daemon.memory_kib("VmRSS") - before < 20 * 1024, 10, "the memory to be given back")
                except AssertionError:
                    return True
                return False
            leave(200)
            # what malloc() keeps of as many at a time as there were is no leak; a leak is there each time
            self.assertFalse(all(grows() for _ in range(4)))

    def test_memory_and_a_client_that_leaves(self):
        """300 MiB cost no more memory than 3: each archive has a few blocks of 4 MiB at hand, however slowly it is read."""
        with mh.Daemon() as daemon:
            vault = daemon.vault()
            piece = os.urandom(MIB)
            for index in range(10):
                daemon.upload(vault, f"/f/{index}", b"".join(piece[i:] + piece[:i] for i in range(index * 30, index * 30 + 30)))
            ticket = lambda kind="tar": daemon.post(f"{V}/{vault}/archive", {"paths": ["/f"], "format": kind}).json["url"]
            daemon.get(ticket(), token=None)
            before = daemon.memory_kib("VmRSS")
            slow = []
            for kind in ("zip", "tar", "tar.zst", "zip"):
                connection = socket.create_connection(("127.0.0.1", daemon.port))
                connection.sendall(f"GET {ticket(kind)} HTTP/1.1\r\nHost: 127.0.0.1:{daemon.port}\r\n\r\n".encode())
                self.assertIn(b"200 OK", connection.recv(100))
                slow.append(connection)
            size = len(daemon.get(ticket(), token=None).body)
            self.assertGreater(size, 300 * MIB)
            self.assertLess(daemon.memory_kib("VmRSS") - before, 100 * 1024)
            for connection in slow:
                connection.close()
            self.assertEqual(daemon.get(f"{V}/{vault}").status, 200)


class Large(unittest.TestCase):
    def test_zip64(self):
        """More than 4 GiB in one file, and behind it another; takes a minute, so only when it is asked for."""
        if "MESHHOLD_TEST_GIB" not in os.environ:
            self.skipTest("a long run")
        with mh.Daemon() as daemon, tempfile.TemporaryDirectory() as folder:
            vault = daemon.vault()
            piece = os.urandom(MIB)
            daemon.upload(vault, "/f/large.zip", (piece for _ in range(4100)), headers={"Transfer-Encoding": "chunked"})
            daemon.upload(vault, "/f/tail", b"tail")
            path = pathlib.Path(folder) / "a.zip"
            connection = daemon.connection()
            connection.request("GET", daemon.post(f"{V}/{vault}/archive", {"paths": ["/f"]}).json["url"])
            response = connection.getresponse()
            with path.open("wb") as out:
                while data := response.read(MIB):
                    out.write(data)
            archive = zipfile.ZipFile(path)
            self.assertIsNone(archive.testzip())
            self.assertEqual([(i.filename, i.file_size) for i in archive.infolist()], [("f/large.zip", 4100 * MIB), ("f/tail", 4)])
            self.assertEqual(subprocess.run(["unzip", "-tqq", str(path)]).returncode, 0)


if __name__ == "__main__":
    tap.main()
