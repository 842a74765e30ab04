#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Vaults and files over HTTP: what goes in comes out, in whole, in ranges, in versions."""

import base64
import ctypes
import ctypes.util
import http.client
import os
import pathlib
import random
import sqlite3
import sys
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import mh  # noqa: E402
import tap  # noqa: E402

NAMES = ["plain.txt", "with space.txt", "umlaut äöü ß.txt", "emoji 🦊🎉.bin", "percent %2F.txt", "a%2Fb", "plus+and&amp;=?.txt",
         "#hash;semi,comma", "quote'\"\\back", "-rf", "ﬁ ligature", "日本語.txt", "tab\there", "new\nline", "é" * 127, "x" * 255,
         ".hidden", "...", "trailing.", "trailing ", "CON", "a:b|c*d<e>"]


class Vaults(unittest.TestCase):
    def test_life(self):
        with mh.Daemon() as daemon:
            self.assertEqual(daemon.get("/api/v1/vaults").json, {"vaults": []})
            made = daemon.post("/api/v1/vaults", {"name": "Photos ä"}).json
            self.assertEqual((made["name"], made["trusted"], made["files"], made["replication_factor"]), ("Photos ä", True, 0, 2))
            self.assertEqual(daemon.post("/api/v1/vaults", {"name": "Photos ä"}).status, 409)
            other = daemon.post("/api/v1/vaults", {"name": "Other", "replication_factor": 16}).json
            path = f"/api/v1/vaults/{made['id']}"
            self.assertEqual(daemon.request("PATCH", path, {"name": "Other"}).status, 409)
            self.assertEqual(daemon.request("PATCH", path, {}).status, 400)
            self.assertEqual(daemon.request("PATCH", path, {"name": "Pictures"}).json["name"], "Pictures")
            self.assertEqual(daemon.request("PATCH", path, {"replication_factor": 3}).json["replication_factor"], 3)
            daemon.stop()
            daemon.start()
            self.assertEqual(daemon.get(path).json["name"], "Pictures")
            self.assertEqual({v["id"] for v in daemon.get("/api/v1/vaults").json["vaults"]}, {made["id"], other["id"]})
            self.assertEqual(daemon.request("DELETE", path).status, 204)
            self.assertEqual(daemon.get(path).status, 404)
            self.assertEqual(daemon.request("DELETE", path).status, 404)
            types = [e["type"] for e in daemon.get("/api/v1/audit?types=vault.*").json["events"]]
            self.assertEqual(types[0], "vault.delete")
            self.assertIn("vault.create", types)

    def test_another_vault_reads_nothing(self):
        """the same path in another vault is not there, and equal content shares no block between keys"""
        with mh.Daemon() as daemon:
            one, two = daemon.vault("one"), daemon.vault("two")
            data = os.urandom(300_000)
            daemon.upload(one, "/secret", data)
            self.assertEqual(daemon.download(two, "/secret").status, 404)
            daemon.upload(two, "/copy", data)
            blocks = lambda vault, path: {b["id"] for b in daemon.get(f"/api/v1/vaults/{vault}/files{path}").json["blocks"]}
            self.assertTrue(blocks(one, "/secret").isdisjoint(blocks(two, "/copy")))


class RoundTrip(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = mh.Daemon()
        cls.daemon.__enter__()
        cls.vault = cls.daemon.vault()

    @classmethod
    def tearDownClass(cls):
        cls.daemon.__exit__(None, None, None)

    def url(self, kind, path):
        return f"/api/v1/vaults/{self.vault}/{kind}{mh.quote(path)}"

    def test_names(self):
        for folder in ("/names", "/deep/ä b/%2F"):
            for name in NAMES:
                path = f"{folder}/{name}"
                made = self.daemon.upload(self.vault, path, path.encode())
                self.assertEqual(made.status, 200, path)
                self.assertEqual((made.json["path"], made.json["name"]), (path, name))
                self.assertEqual(self.daemon.download(self.vault, path).body, path.encode(), path)
                self.assertEqual(self.daemon.get(self.url("files", path)).json["path"], path)
            listed = self.daemon.get(f"/api/v1/vaults/{self.vault}/files?path={mh.quote(folder)}&shallow=1&limit=1000").json
            self.assertEqual({f["name"] for f in listed["files"]}, set(NAMES))

    def test_bad_paths(self):
        for path in ("/", "//a", "/a//b", "/a/", "/" + "x" * 256, "/a" * 2049):
            reply = self.daemon.upload(self.vault, path, b"x")
            self.assertEqual(reply.status, 400, path)
        for path in ("/a%2F%2e%2e%2Fb", "/a%2F..%2Fb", "/a%2F.", "/..%2Fa", "/a%2F%2Fb"):
            reply = self.daemon.post(f"/api/v1/vaults/{self.vault}/upload{path}", b"x")
            self.assertEqual(reply.status, 400, path)
        # segments that are dots are resolved before the path is read, as RFC 3986 §5.2.4 has it
        for path in ("/.", "/a/..", "/../a", "/%2e%2e/a", "/%2E/a/%2e%2e", "/../../../../../../etc/passwd"):
            reply = self.daemon.post(f"/api/v1/vaults/{self.vault}/upload{path}", b"x")
            self.assertIn(reply.status, (400, 404), path)
        self.assertEqual(self.daemon.upload(self.vault, "/taken/file", b"x").status, 200)
        self.assertEqual(self.daemon.upload(self.vault, "/taken", b"x").status, 409)
        self.assertEqual(self.daemon.upload(self.vault, "/taken/file/below", b"x").status, 409)

    def test_sizes(self):
        source = random.Random(1)
        for size in (0, 1, 2, 65535, 65536, 262143, 262144, 262145, 1048576, 3 * 1048576 + 17, 20_000_000):
            data = source.randbytes(size)
            made = self.daemon.upload(self.vault, "/size", data).json
            self.assertEqual((made["size"], made["content_hash"]), (size, mh.content_hash(data)))
            reply = self.daemon.download(self.vault, "/size")
            self.assertEqual((reply.status, int(reply.headers["Content-Length"])), (200, size))
            self.assertTrue(reply.body == data, size)

    def test_chunked_upload(self):
        data = os.urandom(1_500_000)
        pieces = (data[i : i + 10_000] for i in range(0, len(data), 10_000))
        made = self.daemon.upload(self.vault, "/chunked", pieces, headers={"Transfer-Encoding": "chunked"})
        self.assertEqual((made.status, made.json["size"]), (200, len(data)))
        self.assertTrue(self.daemon.download(self.vault, "/chunked").body == data)

    def test_ranges(self):
        source = random.Random(2)
        data = source.randbytes(9_000_000)
        tag = f'"{self.daemon.upload(self.vault, "/ranged", data).json["content_hash"]}"'
        get = lambda **headers: self.daemon.download(self.vault, "/ranged", headers={k.replace("_", "-"): v for k, v in headers.items()})
        for _ in range(60):
            first = source.randrange(len(data))
            last = min(len(data) - 1, first + source.choice((0, 1, 1000, 300_000, 5_000_000)))
            reply = get(Range=f"bytes={first}-{last}")
            self.assertEqual(reply.status, 206)
            self.assertEqual(reply.headers["Content-Range"], f"bytes {first}-{last}/{len(data)}")
            self.assertTrue(reply.body == data[first : last + 1], (first, last))
        self.assertTrue(get(Range="bytes=-77").body == data[-77:])
        self.assertTrue(get(Range="bytes=8999999-").body == data[-1:])
        beyond = get(Range="bytes=9000000-")
        self.assertEqual((beyond.status, beyond.headers["Content-Range"]), (416, "bytes */9000000"))
        self.assertIn("9000000 bytes", beyond.json["error"])
        self.assertEqual(get(Range="bytes=99999999999999999999-").status, 416)
        self.assertTrue(get(Range="bytes=8999990-99999999999999999999").body == data[-10:])
        self.assertEqual(get(Range="bytes=0-1", If_Range=tag).status, 206)
        self.assertEqual(get(Range="bytes=0-1", If_Range='"old"').status, 200)
        self.assertEqual(get(If_None_Match=tag).status, 304)
        changed = get(If_Match='"old"')
        self.assertEqual((changed.status, "If-Match" in changed.json["error"]), (412, True))
        self.assertEqual(get(If_Match=f"W/{tag}").status, 412)
        self.assertEqual(get(Range="bytes=0-1", If_Range=f"W/{tag}").status, 200)
        self.assertEqual(get().headers["ETag"], tag)

    def test_head(self):
        self.daemon.upload(self.vault, "/head.txt", b"x" * 1000)
        for kind in ("stream", "download"):
            reply = self.daemon.request("HEAD", self.url(kind, "/head.txt"))
            self.assertEqual((reply.status, reply.headers["Content-Length"], reply.body), (200, "1000", b""))
            self.assertEqual(reply.headers["Accept-Ranges"], "bytes")
            self.assertIsNotNone(reply.headers["Last-Modified"])
            for ranges in ("bytes=0-1", "bytes=5000-"):  # RFC 9110 §14.2: of no meaning but for GET
                reply = self.daemon.request("HEAD", self.url(kind, "/head.txt"), headers={"Range": ranges})
                self.assertEqual((reply.status, reply.headers["Content-Length"]), (200, "1000"))
            reply = self.daemon.request("HEAD", self.url(kind, "/head.txt"), headers={"If-Match": '"old"'})
            self.assertEqual((reply.status, reply.body), (412, b""))

    def test_download_is_an_attachment_and_nothing_runs(self):
        self.daemon.upload(self.vault, "/evil ü.html", b"<script>alert(1)</script>")
        saved = self.daemon.get(self.url("download", "/evil ü.html")).headers
        self.assertIn("attachment; filename=\"evil __.html\"; filename*=UTF-8''evil%20%C3%BC.html", saved["Content-Disposition"])
        shown = self.daemon.download(self.vault, "/evil ü.html").headers
        self.assertTrue(shown["Content-Disposition"].startswith("inline"))
        for headers in (saved, shown):
            self.assertIn("sandbox", headers["Content-Security-Policy"])
            self.assertEqual(headers["X-Content-Type-Options"], "nosniff")

    def test_conditions_on_upload(self):
        path = "/conditional"
        self.assertEqual(self.daemon.upload(self.vault, path, b"1", headers={"If-None-Match": "*"}).status, 200)
        self.assertEqual(self.daemon.upload(self.vault, path, b"2", headers={"If-None-Match": "*"}).status, 412)
        self.assertEqual(self.daemon.upload(self.vault, path, b"2", headers={"If-Match": '"' + "0" * 64 + '"'}).status, 412)
        tag = self.daemon.get(self.url("files", path)).json["content_hash"]
        self.assertEqual(self.daemon.upload(self.vault, path, b"2", headers={"If-Match": f'W/"{tag}"'}).status, 412)
        self.assertEqual(self.daemon.upload(self.vault, "/none", b"2", headers={"If-Match": "*"}).status, 412)
        self.assertEqual(self.daemon.upload(self.vault, path, b"2", headers={"If-Match": f'"x", "{tag}"'}).status, 200)
        self.assertEqual(self.daemon.download(self.vault, path).body, b"2")

    def test_mtime(self):
        made = self.daemon.post(self.url("upload", "/mtime") + "?mtime_ms=1234567890123", b"x")
        self.assertEqual(made.json["mtime_ms"], 1234567890123)

    def test_versions(self):
        path, hashes = "/versioned.txt", []
        for text in (b"one", b"two", b"three"):
            hashes.append(self.daemon.upload(self.vault, path, text).json["content_hash"])
        history = self.daemon.get(self.url("history", path)).json["versions"]
        self.assertEqual([v["content_hash"] for v in history], hashes[::-1])
        self.assertEqual([v["current"] for v in history], [True, False, False])
        self.assertEqual(history[0]["parents"], [history[1]["version_hash"]])
        old = self.daemon.get(self.url("version", path) + f"?content_hash={hashes[0]}")
        self.assertEqual((old.status, old.body), (200, b"one"))
        restored = self.daemon.post(self.url("restore", path), {"content_hash": hashes[1]})
        self.assertEqual((restored.json["content_hash"], restored.json["version_count"]), (hashes[1], 4))
        self.assertEqual(self.daemon.download(self.vault, path).body, b"two")
        self.assertEqual(self.daemon.post(self.url("restore", path), {"content_hash": "0" * 64}).status, 404)

    def test_delete_and_restore(self):
        path = "/gone/file.txt"
        tag = self.daemon.upload(self.vault, path, b"back").json["content_hash"]
        self.assertEqual(self.daemon.request("DELETE", self.url("files", path)).status, 204)
        self.assertEqual(self.daemon.download(self.vault, path).status, 404)
        self.assertEqual(self.daemon.request("DELETE", self.url("files", path)).status, 404)
        listing = lambda query: self.daemon.get(f"/api/v1/vaults/{self.vault}/files?path=/gone{query}").json["files"]
        self.assertEqual(listing(""), [])
        self.assertEqual([(f["path"], f["deleted"]) for f in listing("&include_deleted=1")], [(path, True)])
        self.assertEqual(self.daemon.post(self.url("restore", path), {"content_hash": tag}).json["deleted"], False)
        self.assertEqual(self.daemon.download(self.vault, path).body, b"back")

    def test_move(self):
        for name in ("a", "b/c", "b/d"):
            self.daemon.upload(self.vault, f"/from/{name}", name.encode())
        before = self.daemon.get(self.url("files", "/from/a")).json["file_id"]
        move = lambda source, target: self.daemon.post(f"/api/v1/vaults/{self.vault}/move", {"from": source, "to": target})
        self.assertEqual(move("/from/a", "/to/a").json, {"moved": 1})
        self.assertEqual(self.daemon.get(self.url("files", "/to/a")).json["file_id"], before)
        self.assertEqual(self.daemon.get(self.url("files", "/from/a")).status, 404)
        self.assertEqual(move("/from/b", "/to/B").json, {"moved": 2})
        self.assertEqual(self.daemon.download(self.vault, "/to/B/c").body, b"b/c")
        self.assertEqual(move("/to/B/c", "/to/a").status, 409)
        self.assertEqual(move("/to", "/to/inside").status in (400, 409), True)
        self.assertEqual(move("/nothing", "/x").status, 404)
        self.assertEqual(move("/to/a", "no slash").status, 400)
        self.assertEqual(len(self.daemon.get(self.url("history", "/to/a")).json["versions"]), 2)

    def test_listing_pages(self):
        paths = [f"/pages/{folder}/{index:03}" for folder in ("p", "q") for index in range(35)] + ["/pages/z"]
        for path in paths:
            self.daemon.upload(self.vault, path, b"x")
        found, cursor = [], ""
        while cursor is not None:
            page = self.daemon.get(f"/api/v1/vaults/{self.vault}/files?path=/pages&limit=10" + (f"&cursor={cursor}" if cursor else "")).json
            self.assertLessEqual(len(page["files"]), 10)
            found += [f["path"] for f in page["files"]]
            cursor = page["cursor"] and mh.quote(page["cursor"])
        self.assertEqual(sorted(found), sorted(paths))
        self.assertEqual(len(found), len(set(found)))
        shallow = self.daemon.get(f"/api/v1/vaults/{self.vault}/files?path=/pages&shallow=1").json
        self.assertEqual([(f["name"], f["files"], f["bytes"]) for f in shallow["folders"]], [("p", 35, 35), ("q", 35, 35)])
        self.assertEqual([f["name"] for f in shallow["files"]], ["z"])
        self.assertEqual(self.daemon.get(f"/api/v1/vaults/{self.vault}/files?cursor=nonsense").status, 400)

    def test_same_content_is_stored_once(self):
        data = os.urandom(5_000_000)
        vault = f"/api/v1/vaults/{self.vault}"
        self.daemon.upload(self.vault, "/dup/1", data)
        before = self.daemon.get(vault).json["stored_bytes"]
        self.daemon.upload(self.vault, "/dup/2", data)
        self.assertLess(self.daemon.get(vault).json["stored_bytes"] - before, len(data) / 100)

    def test_aborted_upload_leaves_nothing(self):
        token = self.daemon.token or self.daemon.login()
        connection = http.client.HTTPConnection("127.0.0.1", self.daemon.port)
        connection.putrequest("POST", self.url("upload", "/aborted"))
        connection.putheader("Authorization", f"Bearer {token}")
        connection.putheader("Content-Length", "10000000")
        connection.endheaders(b"x" * 3_000_000)
        connection.close()
        self.assertEqual(self.daemon.get(self.url("files", "/aborted")).status, 404)
        self.assertEqual(self.daemon.upload(self.vault, "/aborted", b"whole").status, 200)

    def test_many_at_once(self):
        """forty uploads of one name at a time each become a version, and none is mixed up"""
        replies = []

        def work(index):
            data = bytes([index]) * (100_000 + index)
            replies.append((self.daemon.upload(self.vault, "/race", data), data))

        threads = [threading.Thread(target=work, args=(index,)) for index in range(40)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual({r.status for r, _ in replies}, {200})
        versions = self.daemon.get(self.url("history", "/race")).json["versions"]
        self.assertEqual(len(versions), 40)
        self.assertEqual({v["content_hash"] for v in versions}, {mh.content_hash(d) for _, d in replies})
        for index in range(39):
            self.assertEqual(versions[index]["parents"], [versions[index + 1]["version_hash"]])

    def test_too_large_by_configuration(self):
        with mh.Daemon(config="api:\n  max_upload_bytes: 1MiB\n") as daemon:
            vault = daemon.vault()
            self.assertEqual(daemon.upload(vault, "/fits", b"x" * 1048576).status, 200)
            self.assertEqual(daemon.upload(vault, "/large", b"x" * 1048577).status, 413)
            pieces = (b"x" * 65536 for _ in range(20))
            reply = daemon.upload(vault, "/large", pieces, headers={"Transfer-Encoding": "chunked"})
            self.assertEqual(reply.status, 413)
            self.assertEqual(daemon.get(f"/api/v1/vaults/{vault}/files/large").status, 404)


class Secrecy(unittest.TestCase):
    def test_no_plaintext_of_contents_or_keys_on_disk(self):
        marker = b"MARKER-" + os.urandom(8).hex().encode() + b"-REKRAM"
        with mh.Daemon() as daemon:
            vault = daemon.vault()
            daemon.upload(vault, "/small", marker)
            daemon.upload(vault, "/text", marker * 50_000)
            daemon.upload(vault, "/mixed", os.urandom(700_000) + marker + os.urandom(700_000))
            for path in ("/small", "/text", "/mixed"):
                self.assertIn(marker, daemon.download(vault, path).body)
            self.search(daemon, marker)
            daemon.stop()
            self.search(daemon, marker)

    def secrets(self, daemon):
        """Every key that is sealed on the disk, opened with the master key."""
        master = (daemon.home / "metadata/master.key").read_bytes()
        with sqlite3.connect(f"file:{daemon.home}/metadata/meshhold.db?mode=ro", uri=True) as db:
            boxes = [(b"vault-key/" + vault.encode(), box) for vault, box in db.execute("SELECT id, sealed_key FROM vaults")]
            boxes += [(b"mh1/jwt", box) for (box,) in db.execute("SELECT sealed FROM auth_keys WHERE name = 'jwt'")]
        db.close()
        keys = [self.open_box(master, aad, box) for aad, box in boxes]
        self.assertEqual([len(key) for key in keys], [32, 32])
        return [master, *keys]

    def open_box(self, key, aad, box):
        """XChaCha20-Poly1305 by libsodium: 24 bytes of nonce, then the ciphertext."""
        sodium = ctypes.CDLL(ctypes.util.find_library("sodium"))
        plain, size = ctypes.create_string_buffer(len(box)), ctypes.c_ulonglong()
        status = sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(
            plain, ctypes.byref(size), None, box[24:], ctypes.c_ulonglong(len(box) - 24), aad,
            ctypes.c_ulonglong(len(aad)), box[:24], key)
        self.assertEqual(status, 0)
        return plain.raw[: size.value]

    def search(self, daemon, marker):
        seen = 0
        secrets = self.secrets(daemon)
        for path in daemon.home.rglob("*"):
            if path.is_file():
                data = path.read_bytes()
                seen += len(data)
                self.assertNotIn(marker, data, path)
                for secret in secrets:
                    for form in (secret, secret.hex().encode(), base64.b64encode(secret)[:-2]):
                        self.assertTrue(path.name == "master.key" or form not in data, path)
        self.assertGreater(seen, 1_400_000)


if __name__ == "__main__":
    tap.main()
