#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Uploads that come in pieces: they survive a restart, a kill, a client that leaves, and come out as they went in."""

import os
import pathlib
import random
import socket
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import mh  # noqa: E402
import tap  # noqa: E402

V = "/api/v1/vaults"
MIB = 1 << 20


class Sessions(unittest.TestCase):
    def setUp(self):
        self.daemon = self.enterContext(mh.Daemon())
        self.vault = self.daemon.vault()
        self.url = f"{V}/{self.vault}/upload-sessions"

    def begin(self, path, size, **fields):
        made = self.daemon.post(self.url, {"path": path, "size": size, **fields})
        self.assertEqual(made.status, 200, made)
        self.assertEqual((made.json["offset"], made.json["size"], made.json["path"]), (0, size, path))
        return made.json["id"]

    def send(self, session, offset, data, method="PATCH", **options):
        finish = "&finish=1" if options.pop("finish", False) else ""
        return self.daemon.request(method, f"{self.url}/{session}?offset={offset}{finish}", data, **options)

    def offset(self, session):
        return self.daemon.get(f"{self.url}/{session}").json["offset"]

    def finish(self, session):
        return self.daemon.post(f"{self.url}/{session}/finish")

    def check(self, path, data):
        self.assertTrue(self.daemon.download(self.vault, path).body == data)

    def test_pieces(self):
        source = random.Random(3)
        for number, size in enumerate((0, 1, 5_000, 9_000_000)):
            data, path = source.randbytes(size), f"/ü🦊/{number}"
            session = self.begin(path, size, mtime_ms=1234567890123)
            at = 0
            while at < size:
                piece = data[at : at + source.choice((1, 4_000, 1_000_000, 3_000_000))]
                reply = self.send(session, at, piece, method=source.choice(("PATCH", "PUT"))).json
                at += len(piece)
                self.assertEqual((reply["offset"], reply["file"]), (at, None))
            made = self.finish(session).json
            self.assertEqual((made["path"], made["size"], made["mtime_ms"]), (path, size, 1234567890123))
            self.assertEqual(made["content_hash"], mh.content_hash(data))
            self.assertEqual(self.daemon.get(f"{self.url}/{session}").status, 404)
            self.check(path, data)
        self.assertEqual(self.daemon.get(self.url).json, {"sessions": []})

    def test_one_request(self):
        data = os.urandom(3_000_000)
        session = self.begin("/f", len(data))
        reply = self.send(session, 0, (data[i : i + 100_000] for i in range(0, len(data), 100_000)), finish=True,
                          headers={"Transfer-Encoding": "chunked"}).json
        self.assertEqual((reply["offset"], reply["file"]["content_hash"]), (len(data), mh.content_hash(data)))
        self.check("/f", data)
        self.assertEqual(self.send(session, 0, b"").status, 404)

    def test_restart_and_kill(self):
        data = os.urandom(12 * MIB)
        session = self.begin("/f", len(data))
        at = 0
        for index in range(12):
            at = self.send(session, at, data[at : at + MIB + index * 1000]).json["offset"]
            if index % 3 == 1:
                self.daemon.kill()
                self.daemon.start()
            elif index % 3 == 2:
                self.daemon.stop()
                self.daemon.start()
            self.assertEqual(self.offset(session), at)
            if at == len(data):
                break
        self.send(session, at, data[at:], finish=True)
        self.check("/f", data)

    def raw(self, session, offset, length, data):
        """Begins a request of @length bytes and sends some of them."""
        connection = socket.create_connection(("127.0.0.1", self.daemon.port))
        head = (f"PATCH {self.url}/{session}?offset={offset} HTTP/1.1\r\nHost: 127.0.0.1:{self.daemon.port}\r\n"
                f"Authorization: Bearer {self.daemon.token}\r\nContent-Length: {length}\r\n\r\n")
        connection.sendall(head.encode() + data)
        return connection

    def test_kill_within_a_request(self):
        """What a request has brought is kept every 64 MiB; a kill loses no more, and nothing that was acknowledged."""
        piece = os.urandom(MIB)
        data = b"".join(piece[i:] + piece[:i] for i in range(140))
        session = self.begin("/f", len(data))
        self.assertEqual(self.send(session, 0, data[:1000]).json["offset"], 1000)
        connection = self.raw(session, 1000, len(data) - 1000, data[1000 : 100 * MIB])
        mh.wait_until(lambda: self.offset(session) > 1000, what="a part of the request kept")
        self.daemon.kill()
        connection.close()
        self.daemon.start()
        at = self.offset(session)
        self.assertGreater(at, 60 * MIB)
        self.assertLessEqual(at, 100 * MIB)
        made = self.send(session, at, data[at:], finish=True).json["file"]
        self.assertEqual(made["content_hash"], mh.content_hash(data))
        self.check("/f", data)

    def test_client_leaves(self):
        data = os.urandom(6 * MIB)
        session = self.begin("/f", len(data))
        connection = self.raw(session, 0, len(data), data[: 5 * MIB])
        mh.wait_until(lambda: self.send(session, 0, b"").status == 409, what="the request holding the session")
        connection.close()
        at = mh.wait_until(lambda: self.offset(session), what="what arrived being kept")
        self.assertLessEqual(at, 5 * MIB)
        mh.wait_until(lambda: self.send(session, at, b"").status == 200, what="the session free again")
        self.send(session, at, data[at:], finish=True)
        self.check("/f", data)

    def test_two_writers(self):
        data = os.urandom(2 * MIB)
        session = self.begin("/f", len(data))
        connection = self.raw(session, 0, len(data), data[:MIB])
        mh.wait_until(lambda: self.daemon.get(f"{self.url}/{session}").json["busy"], what="the first writer")
        busy = self.send(session, 0, b"")
        self.assertEqual(busy.status, 409)
        self.assertIn("somebody else", busy.json["error"])
        self.assertNotIn("offset", busy.json)
        self.assertEqual(self.daemon.request("DELETE", f"{self.url}/{session}").status, 409)
        self.assertEqual(self.finish(session).status, 409)
        connection.sendall(data[MIB:])
        self.assertIn(b"200 OK", connection.recv(1000))
        connection.close()
        self.assertEqual(self.finish(session).status, 200)
        self.check("/f", data)

    def test_wrong_offsets(self):
        session = self.begin("/f", 1000)
        self.send(session, 0, b"x" * 400)
        for offset in (0, 399, 401, 1000, 5000):
            reply = self.send(session, offset, b"y" * 10)
            self.assertEqual((reply.status, reply.json["offset"]), (409, 400), offset)
            self.assertIn("offset", reply.json["error"])
        early = self.finish(session)
        self.assertEqual((early.status, early.json["offset"], "600 of the 1000" in early.json["error"]), (409, 400, True))
        more = self.send(session, 400, b"y" * 601)
        self.assertEqual((more.status, "size" in more.json["error"]), (400, True))
        self.assertEqual(self.offset(session), 400)
        self.assertEqual(self.send(session, 400, b"y" * 600, finish=True).json["file"]["size"], 1000)
        self.check("/f", b"x" * 400 + b"y" * 600)

    def test_refused_at_the_beginning(self):
        self.daemon.upload(self.vault, "/a/b", b"x")
        begin = lambda **body: self.daemon.post(self.url, body)
        for body, status, word in (({"path": "/a", "size": 1}, 409, "/a is a folder"), ({"path": "/a/b/c", "size": 1}, 409, "/a/b"),
                                   ({"path": "ab", "size": 1}, 400, "path ab"), ({"path": "/a/../b", "size": 1}, 400, "path"),
                                   ({"path": "/a/b", "size": 1, "if_none_match": "*"}, 412, "exists"),
                                   ({"path": "/new", "size": 1, "if_match": "*"}, 412, "changed"),
                                   ({"path": "/a/b", "size": -1}, 400, "size")):
            reply = begin(**body)
            self.assertEqual((reply.status, word in reply.json["error"]), (status, True), (body, reply))
        self.assertEqual(self.daemon.get(self.url).json, {"sessions": []})

    def test_conditions_at_the_end(self):
        session = self.begin("/f", 3, if_none_match="*")
        self.daemon.upload(self.vault, "/f", b"first")
        late = self.send(session, 0, b"abc", finish=True)
        self.assertEqual((late.status, self.offset(session)), (412, 3))
        self.assertEqual(self.finish(session).status, 412)
        self.check("/f", b"first")
        tag = self.daemon.get(f"{V}/{self.vault}/files/f").json["content_hash"]
        match = self.begin("/f", 3, if_match=tag)
        self.assertEqual(self.send(match, 0, b"abc", finish=True).json["file"]["version_count"], 2)
        self.check("/f", b"abc")

    def test_quota(self):
        self.daemon.request("PATCH", f"{V}/{self.vault}", {"hard_quota": 3 * MIB})
        refused = self.daemon.post(self.url, {"path": "/f", "size": 4 * MIB})
        self.assertEqual((refused.status, refused.json["hard_quota"]), (507, 3 * MIB))
        self.daemon.request("PATCH", f"{V}/{self.vault}", {"hard_quota": 0})
        data = os.urandom(4 * MIB)
        session = self.begin("/f", len(data))
        at = self.send(session, 0, data[: 2 * MIB]).json["offset"]
        self.daemon.request("PATCH", f"{V}/{self.vault}", {"hard_quota": 3 * MIB})
        full = self.send(session, at, data[at:])
        self.assertEqual((full.status, full.json["vault_id"], self.offset(session)), (507, self.vault, at))
        self.assertGreater(full.json["would_be_size"], 3 * MIB)
        self.assertGreater(self.daemon.get(f"{V}/{self.vault}").json["stored_bytes"], 2 * MIB)
        self.daemon.request("PATCH", f"{V}/{self.vault}", {"hard_quota": 0})
        self.send(session, at, data[at:], finish=True)
        self.check("/f", data)

    def test_give_up(self):
        session = self.begin("/f", 5 * MIB)
        self.send(session, 0, os.urandom(4 * MIB))
        self.assertEqual([s["id"] for s in self.daemon.get(self.url).json["sessions"]], [session])
        self.assertEqual(self.daemon.request("DELETE", f"{self.url}/{session}").status, 204)
        self.assertEqual(self.daemon.request("DELETE", f"{self.url}/{session}").status, 404)
        self.assertEqual(self.send(session, 0, b"").status, 404)
        self.assertEqual(self.daemon.get(f"{V}/{self.vault}").json["stored_bytes"], 0)

    def test_another_vault(self):
        session = self.begin("/f", 10)
        self.send(session, 0, b"12345")
        other = f"{V}/{self.daemon.vault('other')}/upload-sessions/{session}"
        self.assertEqual(self.daemon.get(other).status, 404)
        self.assertEqual(self.daemon.request("PATCH", f"{other}?offset=5", b"x").status, 404)
        self.assertEqual(self.daemon.request("DELETE", other).status, 404)
        self.assertEqual(self.offset(session), 5)

    def test_disk_full(self):
        self.daemon.stop()
        (self.daemon.home / "config.yaml").write_text("node:\n  min_free: 1000000TiB\n", encoding="utf-8")
        self.daemon.start()
        session = self.begin("/f", 10)
        full = self.send(session, 0, b"1234567890")
        self.assertEqual((full.status, "disk is full" in full.json["error"], self.offset(session)), (507, True, 0))
        self.daemon.stop()
        (self.daemon.home / "config.yaml").unlink()
        self.daemon.start()
        self.send(session, 0, b"1234567890", finish=True)
        self.check("/f", b"1234567890")

    def test_events(self):
        with self.daemon.events() as events:
            session = self.begin("/f", 3)
            self.send(session, 0, b"abc")
            self.finish(session)
            event = events.next("file_changed")
        self.assertEqual((event["path"], event["op"]), ("/f", "put"))


if __name__ == "__main__":
    tap.main()
