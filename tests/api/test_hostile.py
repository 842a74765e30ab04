#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Malformed, oversized, slow and many connections: others are still served."""

import os
import pathlib
import random
import re
import socket
import struct
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import mh  # noqa: E402
import tap  # noqa: E402


def send(daemon, data, shut=False):
    """Sends raw bytes and returns all that comes back until the daemon closes or 5 s pass."""
    with socket.create_connection(("127.0.0.1", daemon.port), timeout=5) as connection:
        try:
            connection.sendall(data)
            if shut:
                connection.shutdown(socket.SHUT_WR)
            answer = b""
            while piece := connection.recv(65536):
                answer += piece
                if b"\r\n\r\n" in answer and b"onnection: close" not in answer:
                    break
            return answer
        except (ConnectionResetError, BrokenPipeError, TimeoutError):
            return b""


# libsoup 3.2.3 leaks the path of a request whose Transfer-Encoding it does not know (mended upstream).
NO_LEAK_CHECK = {"ASAN_OPTIONS": os.environ["ASAN_OPTIONS"] + ":detect_leaks=0"} if "ASAN_OPTIONS" in os.environ else None


class Malformed(unittest.TestCase):
    def test_nonsense_gets_no_success(self):
        lines = [
            b"\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\x00\x01\x02\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n",
            b"GET http://%zz/ HTTP/1.1\r\nHost: x\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
            b"POST /api/v1/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n",
            b"POST /api/v1/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999999999\r\n\r\n",
            b"POST /api/v1/auth/login HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip\r\n\r\n",
            b"POST /api/v1/auth/login HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            b"CONNECT evil:80 HTTP/1.1\r\nHost: localhost\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 200,
        ]
        with mh.Daemon(environment=NO_LEAK_CHECK) as daemon:
            for line in lines:
                answer = send(daemon, line, shut=True)
                self.assertNotRegex(answer[:12], rb"HTTP/1.1 2", line)
                self.assertEqual(daemon.get("/api/v1/version", token=None).status, 200, line)

    def test_random_bytes(self):
        seed = random.randrange(2**32)
        print(f"# seed {seed}")
        source = random.Random(seed)
        good = b"POST /api/v1/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
        with mh.Daemon(environment=NO_LEAK_CHECK) as daemon:
            for _ in range(300):
                data = bytearray(good)
                for _ in range(source.randrange(1, 6)):
                    data[source.randrange(len(data))] = source.randrange(256)
                answer = send(daemon, bytes(data), shut=True)
                self.assertNotRegex(answer[:12], rb"HTTP/1.1 5", bytes(data))
            self.assertEqual(daemon.get("/api/v1/version", token=None).status, 200)

    def test_what_may_stand_once_only(self):
        """two lengths, two hosts, two tokens or another machine in the target: refused, and the connection ends"""
        with mh.Daemon() as daemon:
            vault = daemon.vault()
            bearer = f"Authorization: Bearer {daemon.token}\r\n"
            cases = {
                "Host: localhost\r\nHost: evil.example\r\n": (400, "Host"),
                "Host: evil.example\r\nHost: localhost\r\n": (400, "Host"),
                f"Host: localhost\r\nAuthorization: Bearer x\r\n{bearer}": (400, "Authorization"),
                f"Host: localhost\r\n{bearer}Content-Length: 5\r\nContent-Length: 6\r\n": (400, "Content-Length"),
                f"Host: localhost\r\n{bearer}Content-Length: +5\r\n": (400, "Content-Length"),
                f"Host: localhost\r\n{bearer}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n": (400, "both"),
            }
            for headers, (status, word) in cases.items():
                answer = send(daemon, f"POST /api/v1/vaults/{vault}/upload/x HTTP/1.1\r\n{headers}\r\nhello!".encode())
                self.assertEqual(answer[9:12], b"%d" % status, headers)
                self.assertIn(b"Connection: close", answer, headers)
                self.assertIn(word.encode(), answer.rsplit(b"\r\n\r\n", 1)[1], headers)
            for target, status in (("http://evil.example/api/v1/version", b"403"), ("http://localhost/api/v1/version", b"200"),
                                   (f"http://[::1]:{daemon.port}/api/v1/version", b"200")):
                answer = send(daemon, f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
                self.assertEqual(answer[9:12], status, target)
            self.assertEqual(daemon.get(f"/api/v1/vaults/{vault}/files").json["files"], [])

    def test_chunks_that_break_off_or_are_none(self):
        """a body in chunks is whole only after the last one: nothing of it is stored or done before"""
        with mh.Daemon() as daemon:
            vault = daemon.vault()
            head = f"Host: localhost\r\nAuthorization: Bearer {daemon.token}\r\nTransfer-Encoding: chunked\r\n"
            for body in (b"", b"3", b"3\r\nab", b"3\r\nabc", b"3\r\nabc\r\n", b"3\r\nabc\r\n0\r\n", b"zz\r\nabc\r\n0\r\n\r\n",
                         b"3\r\nabc\r\nffffffffffffffffff\r\nabc", b"3\r\nabcd\r\n0\r\n\r\n", b"-1\r\n\r\n"):
                answer = send(daemon, f"POST /api/v1/vaults/{vault}/upload/x HTTP/1.1\r\n{head}\r\n".encode() + body, shut=True)
                self.assertNotRegex(answer[:12], rb"HTTP/1.1 2", body)
                answer = send(daemon, f"POST /api/v1/auth/logout HTTP/1.1\r\n{head}\r\n".encode() + body, shut=True)
                self.assertNotRegex(answer[:12], rb"HTTP/1.1 2", body)
            self.assertEqual(daemon.get(f"/api/v1/vaults/{vault}/files").json["files"], [])

    def read_answer(self, connection):
        """One answer, by its Content-Length."""
        answer = b""
        while True:
            head, _, body = answer.partition(b"\r\n\r\n")
            length = re.search(rb"Content-Length: (\d+)", head)
            if length and len(body) >= int(length[1]):
                return answer
            piece = connection.recv(65536)
            self.assertTrue(piece, answer)
            answer += piece

    def test_connections_live_on_after_bodies_of_every_kind(self):
        """on one connection: chunks, a length, none, and a body that was refused before it was sent"""
        with mh.Daemon() as daemon:
            vault = daemon.vault()
            host = "Host: localhost\r\n"
            mine = f"{host}Authorization: Bearer {daemon.token}\r\n"
            upload = f"POST /api/v1/vaults/{vault}/upload/x HTTP/1.1\r\n"
            turns = [
                (f"{upload}{mine}Transfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nTrailer: 1\r\n\r\n", b"200"),
                (f"{upload}{mine}Content-Length: 3\r\n\r\nabc", b"200"),
                (f"GET /api/v1/version HTTP/1.1\r\n{host}\r\n", b"200"),
                (f"{upload}{host}Expect: 100-continue\r\nContent-Length: 30\r\n\r\n", b"401"),
                (f"{upload}{host}Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n", b"401"),
                (f"{upload}{mine}Transfer-Encoding: chunked\r\n\r\n3\r\nxyz\r\n0\r\n\r\n", b"200"),
                (f"GET /api/v1/vaults/{vault}/download/x HTTP/1.1\r\n{mine}\r\n", b"200"),
            ]
            with socket.create_connection(("127.0.0.1", daemon.port), timeout=5) as connection:
                for request, status in turns:
                    connection.sendall(request.encode())
                    answer = self.read_answer(connection)
                    self.assertEqual(answer[9:12], status, request)
                self.assertTrue(answer.endswith(b"xyz"), answer)

    def test_oversized_headers(self):
        with mh.Daemon() as daemon:
            for size, statuses in ((17_000, (b"431",)), (60_000, (b"431",)), (1_000_000, (b"400", b""))):
                head = b"GET /api/v1/version HTTP/1.1\r\nHost: localhost\r\nX-Long: " + b"a" * size + b"\r\n\r\n"
                self.assertIn(send(daemon, head)[9:12], statuses, size)
            reply = daemon.get("/api/v1/version", headers={"X-Long": "a" * 15_000})
            self.assertEqual(reply.status, 200)
            many = b"".join(b"X-%d: a\r\n" % i for i in range(3000))
            self.assertIn(send(daemon, b"GET / HTTP/1.1\r\nHost: localhost\r\n" + many + b"\r\n")[9:12], (b"431", b"400"))
            self.assertLess(daemon.memory_kib("VmRSS"), 100 * 1024)

    def test_refused_upload_is_not_read(self):
        """a stranger's upload of 1 GiB is answered at once, not after a gibibyte"""
        with mh.Daemon() as daemon:
            with socket.create_connection(("127.0.0.1", daemon.port), timeout=10) as connection:
                connection.sendall(b"POST /api/v1/vaults/" + b"a" * 26 + b"/upload/x HTTP/1.1\r\nHost: localhost\r\n"
                                   b"Content-Length: 1073741824\r\n\r\n" + b"x" * 100_000)
                self.assertIn(connection.recv(65536)[9:12], (b"401", b"404"))

    def test_a_pipelined_second_request_is_answered(self):
        with mh.Daemon() as daemon:
            one = b"GET /api/v1/version HTTP/1.1\r\nHost: localhost\r\n\r\n"
            with socket.create_connection(("127.0.0.1", daemon.port), timeout=5) as connection:
                connection.sendall(one + one)
                answer = b""
                while answer.count(b'"version"') < 2:
                    piece = connection.recv(65536)
                    self.assertTrue(piece, answer)
                    answer += piece


class Leaks(unittest.TestCase):
    """Every way a connection can end gives its file descriptor back."""

    def fds(self, daemon):
        """Descriptors of connections; databases may open one more when they please."""
        names = []
        for path in pathlib.Path(f"/proc/{daemon.process.pid}/fd").iterdir():
            try:
                names.append(os.readlink(path))
            except FileNotFoundError:
                continue  # closed meanwhile
        return sum(1 for name in names if name.startswith("socket:"))

    def test_connections_give_back_their_descriptors(self):
        get = b"GET /api/v1/version HTTP/1.1\r\nHost: localhost\r\n\r\n"
        ways = {
            "after an answer": get, "reset after an answer": get, "without a word": b"", "within the headers": get[:20], "two answers": get + get,
            "asked to close": get.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"),
            "refused": b"GET / HTTP/1.1\r\nHost: evil\r\n\r\n", "malformed": b"nonsense\r\n\r\n",
            "within a body": b"POST /api/v1/auth/logout HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nabc",
            "large and refused": b"POST /api/v1/vaults HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9999999\r\n\r\nabc",
        }
        with mh.Daemon() as daemon:
            mh.wait_until(lambda: daemon.get("/api/v1/system/metrics").json["samples"])
            for name, data in ways.items():
                before = self.fds(daemon)
                for _ in range(30):
                    with socket.create_connection(("127.0.0.1", daemon.port), timeout=5) as connection:
                        connection.sendall(data)
                        if name.startswith("reset"):
                            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                        if name not in ("without a word", "within the headers", "within a body"):
                            connection.recv(65536)
                mh.wait_until(lambda: self.fds(daemon) <= before, 10, f"descriptors come back: {name}")


class Slow(unittest.TestCase):
    def quick(self, daemon):
        before = time.monotonic()
        self.assertEqual(daemon.get("/api/v1/version", token=None).status, 200)
        return time.monotonic() - before

    def test_five_hundred_idle_connections_and_slow_headers(self):
        with mh.Daemon(config="api:\n  idle_timeout: 2s\n") as daemon:
            connections = [socket.create_connection(("127.0.0.1", daemon.port)) for _ in range(500)]
            for connection in connections[::2]:
                connection.sendall(b"GET / HTTP/1.1\r\nHost: local")
            self.assertLess(max(self.quick(daemon) for _ in range(20)), 1)
            # one more byte a second does not keep a slow client alive
            closed = set()

            def drip():
                for connection in connections[::2]:
                    if connection in closed:
                        continue
                    try:
                        connection.sendall(b"h")
                        connection.setblocking(False)
                        if connection.recv(1) == b"":
                            closed.add(connection)
                    except BlockingIOError:
                        pass
                    except OSError:
                        closed.add(connection)
                    finally:
                        connection.setblocking(True)
                return len(closed) == 250

            mh.wait_until(drip, 15, "slow clients are hung up on")
            self.assertLess(self.quick(daemon), 1)
            for connection in connections:
                connection.close()

    def test_slow_bodies_do_not_take_the_workers(self):
        with mh.Daemon() as daemon:
            head = (b"POST /api/v1/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                    b"Content-Length: 100\r\n\r\n{")
            connections = [socket.create_connection(("127.0.0.1", daemon.port)) for _ in range(100)]
            for connection in connections:
                connection.sendall(head)
            self.assertLess(max(self.quick(daemon) for _ in range(20)), 1)
            for connection in connections:
                connection.close()

    def test_at_the_limit_the_oldest_idle_connection_goes(self):
        with mh.Daemon(config="api:\n  max_conns: 64\n") as daemon:
            connections = [socket.create_connection(("127.0.0.1", daemon.port)) for _ in range(200)]
            self.assertLess(self.quick(daemon), 1)
            alive = 0
            for connection in connections:
                connection.settimeout(0.01)
                try:
                    alive += connection.recv(1) != b""
                except TimeoutError:
                    alive += 1
                except ConnectionResetError:
                    pass
                connection.close()
            self.assertLessEqual(alive, 64)
            self.assertGreater(alive, 0)

    def test_clients_that_do_not_read(self):
        """a download nobody reads holds neither the others nor memory"""
        with mh.Daemon() as daemon:
            token = daemon.login()
            request = (f"GET /api/openapi.json HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n").encode()
            connections = []
            for _ in range(50):
                connection = socket.socket()
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
                connection.connect(("127.0.0.1", daemon.port))
                connection.sendall(request * 20)
                connections.append(connection)
            self.assertLess(max(self.quick(daemon) for _ in range(20)), 1)
            self.assertLess(daemon.memory_kib("VmRSS"), 100 * 1024)
            for connection in connections:
                connection.close()


if __name__ == "__main__":
    tap.main()
