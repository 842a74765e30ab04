#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Killed daemons, full disks and flipped bits: no acknowledged file is lost, every fault is named."""

import hashlib
import http.client
import os
import pathlib
import random
import select
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import mh  # noqa: E402
import tap  # noqa: E402

KILLS = int(os.environ.get("MESHHOLD_TEST_KILLS", "50"))


class Killed(unittest.TestCase):
    def upload_until_dead(self, daemon, vault, source, round_number, acknowledged):
        """Uploads files of random sizes; notes a file before it is sent and again when it is acknowledged."""
        token = daemon.token
        connection = daemon.connection(timeout=20)
        index = 0
        while True:
            size = source.choice((0, 1, 500, 70_000, 300_000, 2_500_000))
            data = source.randbytes(size)
            path = f"/{round_number}/{source.randrange(10**9)}-{index}"
            index += 1
            try:
                reply = daemon.upload(vault, path, data, token=token, connection=connection)
            except (http.client.HTTPException, OSError):
                return
            if reply.status == 200:
                acknowledged[path] = reply.json["content_hash"], hashlib.sha256(data).digest()

    def test_fifty_random_kills(self):
        seed = random.randrange(2**32)
        print(f"# seed {seed}")
        source = random.Random(seed)
        acknowledged = {}
        with mh.Daemon() as daemon:
            vault = daemon.vault()
            for round_number in range(KILLS):
                workers = [threading.Thread(target=self.upload_until_dead, args=(
                    daemon, vault, random.Random(source.random()), round_number, acknowledged)) for _ in range(3)]
                for worker in workers:
                    worker.start()
                select.select([], [], [], source.uniform(0.01, 0.4))  # the random moment
                daemon.kill()
                for worker in workers:
                    worker.join()
                daemon.start()
                self.check(daemon, vault, round_number, acknowledged)
            self.assertGreater(len(acknowledged), KILLS)
            self.check_all(daemon, vault, acknowledged)

    def check(self, daemon, vault, round_number, acknowledged):
        """Everything of the last round reads back, what is listed without an acknowledgement is whole,
        and of the rounds before every file is listed as it was acknowledged."""
        everything = self.list(daemon, vault, "/")
        self.assertEqual({p: everything.get(p) for p in acknowledged}, {p: h for p, (h, _) in acknowledged.items()})
        listed = {p: h for p, h in everything.items() if p.startswith(f"/{round_number}/")}
        mine = {p: h for p, h in acknowledged.items() if p.startswith(f"/{round_number}/")}
        self.assertLessEqual(set(mine), set(listed))
        for path, content_hash in listed.items():
            body = daemon.download(vault, path).body
            if path in mine:
                self.assertEqual(hashlib.sha256(body).digest(), mine[path][1], path)
            else:
                self.assertEqual(mh.content_hash(body), content_hash, path)

    def list(self, daemon, vault, folder):
        found, cursor = {}, ""
        while cursor is not None:
            reply = daemon.get(f"/api/v1/vaults/{vault}/files?path={folder}&limit=1000{cursor}")
            if reply.status == 404:  # nothing of this round had arrived
                return found
            page = reply.json
            found |= {f["path"]: f["content_hash"] for f in page["files"]}
            cursor = f"&cursor={mh.quote(page['cursor'])}" if page["cursor"] else None
        return found

    def check_all(self, daemon, vault, acknowledged):
        connection = daemon.connection()
        for path, (_, digest) in acknowledged.items():
            body = daemon.download(vault, path, connection=connection).body
            self.assertEqual(hashlib.sha256(body).digest(), digest, path)


class Flipped(unittest.TestCase):
    def test_a_flipped_byte_is_named_and_others_read(self):
        source = random.Random(3)
        with mh.Daemon(expect=[r"damaged|corrupt|does not|/bad|/large"]) as daemon:
            vault = daemon.vault()
            files = {f"/file-{n}": source.randbytes(40_000) for n in range(20)}
            files["/large"] = source.randbytes(6_000_000)
            for path, data in files.items():
                daemon.upload(vault, path, data)
            daemon.stop()
            segment = max((daemon.home / "blocks").glob("*.seg"), key=lambda p: p.stat().st_size)
            for _ in range(3):
                self.flip(segment, source)
            daemon.start()
            broken = 0
            for path, data in files.items():
                try:
                    reply = daemon.download(vault, path)
                except (http.client.IncompleteRead, ConnectionError):
                    broken += 1  # the fault came after the headers: the connection breaks off
                    continue
                if reply.status == 200:
                    self.assertTrue(reply.body == data, path)
                else:
                    broken += 1
                    self.assertEqual(reply.status, 500)
                    self.assertIn(path, reply.json["error"])
            self.assertTrue(1 <= broken <= 3, broken)
            self.assertEqual(daemon.upload(vault, "/after", b"fine").status, 200)
            self.assertEqual(daemon.download(vault, "/after").body, b"fine")
            self.assertEqual(daemon.ipc("status")["state"], "attention")

    def flip(self, segment, source):
        """Flips a byte in the first 5 MB, where the blocks are."""
        with segment.open("r+b") as file:
            position = source.randrange(100_000, 5_000_000)
            file.seek(position)
            byte = file.read(1)[0]
            file.seek(position)
            file.write(bytes([byte ^ 0x10]))

    def test_every_block_of_a_small_file(self):
        """a byte flipped anywhere in the stored block of one file is found when it is read"""
        with mh.Daemon(expect=[r"/one"]) as daemon:
            vault = daemon.vault()
            daemon.upload(vault, "/one", b"A" * 10 + os.urandom(90))
            daemon.stop()
            segment = next((daemon.home / "blocks").glob("*.seg"))
            whole = segment.read_bytes()
            first = 64
            for position in range(first, min(len(whole), first + 160), 13):
                damaged = bytearray(whole)
                damaged[position] ^= 1
                segment.write_bytes(damaged)
                daemon.start()
                reply = daemon.download(vault, "/one")
                if reply.status == 200:
                    self.assertEqual(mh.content_hash(reply.body), reply.headers["ETag"].strip('"'), position)
                else:
                    self.assertEqual((reply.status, "/one" in reply.json["error"]), (500, True), position)
                daemon.stop()
            segment.write_bytes(whole)
            daemon.start()
            self.assertEqual(daemon.download(vault, "/one").status, 200)


@unittest.skipUnless(os.geteuid() == 0, "mounting a small file system needs root")
class Full(unittest.TestCase):
    def setUp(self):
        self.mount = pathlib.Path(tempfile.mkdtemp(prefix="mh-full-"))
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(self.mount)], check=True)

    def tearDown(self):
        subprocess.run(["umount", "-l", str(self.mount)], check=True)
        shutil.rmtree(self.mount, ignore_errors=True)

    def fill(self):
        """To the last byte."""
        with (self.mount / "ballast").open("wb", buffering=0) as ballast:
            for size in (65536, 4096, 1):
                try:
                    while ballast.write(b"\0" * size) == size:
                        pass
                except OSError:
                    pass

    def test_a_full_disk(self):
        with mh.Daemon(home=self.mount / "home", expect=[r"full|space"]) as daemon:
            vault = daemon.vault()
            keep = {f"/keep-{n}": os.urandom(1_000_000) for n in range(10)}
            for path, data in keep.items():
                self.assertEqual(daemon.upload(vault, path, data).status, 200)
            for attempt in range(3):
                reply = daemon.upload(vault, "/huge", os.urandom(80_000_000))
                self.assertIn(reply.status, (500, 507))
                self.assertRegex(reply.json["error"], "full|space")
                self.assertEqual(daemon.get(f"/api/v1/vaults/{vault}/files/huge").status, 404)
            for path, data in keep.items():
                self.assertTrue(daemon.download(vault, path).body == data, path)
            self.assertEqual(daemon.upload(vault, "/next", b"fits").status, 200)
            daemon.stop()
            daemon.start()
            for path, data in {**keep, "/next": b"fits"}.items():
                self.assertTrue(daemon.download(vault, path).body == data, path)

    def test_a_disk_filled_by_somebody_else(self):
        with mh.Daemon(home=self.mount / "home", expect=[r"full|space|SQL"]) as daemon:
            vault = daemon.vault()
            self.assertEqual(daemon.upload(vault, "/first", b"1" * 100_000).status, 200)
            self.fill()
            reply = daemon.upload(vault, "/second", os.urandom(1_000_000))
            self.assertIn(reply.status, (500, 507))
            self.assertRegex(reply.json["error"], "full|space")
            self.assertEqual(daemon.download(vault, "/first").status, 200)
            (self.mount / "ballast").unlink()
            self.assertEqual(daemon.upload(vault, "/second", b"2").status, 200)
            self.assertEqual(daemon.download(vault, "/second").body, b"2")


    def test_every_change_on_a_full_disk(self):
        """each is refused with 507 and has not happened, now or after a restart; reading goes on"""
        with mh.Daemon(home=self.mount / "home", expect=[r"full|space|SQL"]) as daemon:
            vault = daemon.vault("kept")
            self.assertEqual(daemon.upload(vault, "/kept", b"kept").status, 200)
            spare, doomed = daemon.ipc("token")["token"], daemon.login()
            self.fill()
            one, post = f"/api/v1/vaults/{vault}", daemon.post
            for reply in (
                    daemon.upload(vault, "/more", b"x"), post("/api/v1/vaults", {"name": "more"}),
                    daemon.request("PATCH", one, {"name": "other"}), post("/api/v1/auth/logout", token=doomed),
                    post("/api/v1/system/setup", {"swarm_key": "/key/swarm/psk/1.0.0/\n/base16/\n" + "0f" * 32 + "\n"},
                         token=spare)):
                self.assertEqual((reply.status, "full" in reply.json["error"]), (507, True), reply)
            self.assertEqual(daemon.get("/api/v1/whoami", token=doomed).status, 401)
            self.assertEqual(daemon.download(vault, "/kept", token=spare).body, b"kept")
            (self.mount / "ballast").unlink()
            daemon.stop()
            daemon.start()
            daemon.login()
            self.assertEqual([v["name"] for v in daemon.get("/api/v1/vaults").json["vaults"]], ["kept"])
            self.assertEqual([f["path"] for f in daemon.get(f"{one}/files").json["files"]], ["/kept"])
            self.assertTrue(daemon.get("/api/v1/system/status").json["setup_required"])


class Memory(unittest.TestCase):
    def test_a_gibibyte_up_and_down_in_little_memory(self):
        """1 GiB here; the 10 GiB of the soak run uses the same code"""
        gibibytes = int(os.environ.get("MESHHOLD_TEST_GIB", "1"))
        piece = os.urandom(1 << 20)
        # meson has malloc fill what it gives, and so touch memory that the daemon never does
        with mh.Daemon(environment={"MALLOC_PERTURB_": "0"}) as daemon:
            vault = daemon.vault()
            digest = hashlib.sha256()

            def body():
                for number in range(gibibytes * 1024):
                    data = number.to_bytes(8, "big") + piece[8:]
                    digest.update(data)
                    yield data

            made = daemon.upload(vault, "/big", body(), headers={"Content-Length": str(gibibytes << 30)})
            self.assertEqual((made.status, made.json["size"]), (200, gibibytes << 30))
            connection = daemon.connection()
            connection.request("GET", f"/api/v1/vaults/{vault}/stream/big", headers={"Authorization": f"Bearer {daemon.token}"})
            response, back = connection.getresponse(), hashlib.sha256()
            while data := response.read(1 << 20):
                back.update(data)
            self.assertEqual(back.hexdigest(), digest.hexdigest())
            if "ASAN_OPTIONS" not in os.environ:
                print(f"# most memory: {daemon.memory_kib() // 1024} MiB")
                self.assertLess(daemon.memory_kib(), 100 * 1024)


if __name__ == "__main__":
    tap.main()
