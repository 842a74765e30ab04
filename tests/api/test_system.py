#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""System, events and audit over HTTP, and how the daemon starts and stops."""

import hashlib
import json
import os
import pathlib
import socket
import sqlite3
import stat
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import mh  # noqa: E402
import tap  # noqa: E402

SWARM_KEY = "/key/swarm/psk/1.0.0/\n/base16/\n" + "0123456789abcdef" * 4 + "\n"


class Stream:
    """A client of server-sent events."""

    def __init__(self, daemon, last_id=None, token=None):
        token = token or daemon.token or daemon.login()
        self.connection = daemon.connection(timeout=30)
        self.connection.request("GET", f"/api/v1/events/stream?token={token}",
                                headers={"Last-Event-ID": last_id} if last_id else {})
        self.response = self.connection.getresponse()

    def block(self):
        """The lines up to the next empty one; [] at the end."""
        lines = []
        while line := self.response.readline().decode().rstrip("\n"):
            lines.append(line)
        return lines

    def event(self):
        while True:
            lines = self.block()
            if not lines:
                return None
            fields = dict(line.split(": ", 1) for line in lines if not line.startswith(":"))
            if fields:
                data = json.loads(fields["data"])
                assert fields["event"] == data["type"], lines
                return fields.get("id"), data

    def close(self):
        self.connection.close()


def make_audit(daemon, count=1):
    """Each logout leaves one audit record and so one event."""
    for _ in range(count):
        daemon.post("/api/v1/auth/logout", token=daemon.ipc("token")["token"])


class System(unittest.TestCase):
    def test_identity_is_kept_and_sealed(self):
        with mh.Daemon() as daemon:
            first = daemon.get("/api/v1/whoami").json["node_id"]
            daemon.stop()
            for path in (daemon.home / "metadata").iterdir():
                self.assertEqual(stat.S_IMODE(path.stat().st_mode) & 0o077, 0, path)
            daemon.start()
            self.assertEqual(daemon.get("/api/v1/whoami").json["node_id"], first)
            self.assertEqual(daemon.get("/api/v1/system/status", token=None).json["peer_id"], first)

    def test_wrong_master_key_is_said(self):
        with mh.Daemon() as daemon:
            daemon.stop()
            (daemon.home / "metadata/master.key").write_bytes(b"\x01" * 32)
            result = subprocess.run([str(mh.BUILD / "daemon/meshholdd"), "--home", str(daemon.home), "--listen", "127.0.0.1:0"],
                                    capture_output=True, text=True, timeout=20)
            self.assertEqual(result.returncode, 1)
            self.assertIn("identity.key", result.stderr)

    def test_second_daemon_on_one_home_is_refused(self):
        with mh.Daemon() as daemon:
            result = subprocess.run([str(mh.BUILD / "daemon/meshholdd"), "--home", str(daemon.home), "--listen", "127.0.0.1:0"],
                                    capture_output=True, text=True, timeout=20)
            self.assertEqual(result.returncode, 1)
            self.assertIn("another daemon", result.stderr)
            self.assertEqual(daemon.get("/api/v1/version").status, 200)

    def test_bad_configuration_names_file_line_and_key(self):
        cases = {"api:\n  lisen_addr: x\n": ("line 2", "api.listen_addr"), "api: [1]\n": ("line 1", "api"),
                 "api:\n  max_conns: many\n": ("line 2", "api.max_conns"), "a: [\n": ("line", "config.yaml"),
                 "swarm_key: abc\n": ("swarm_key", "three lines"), "log:\n  level: loud\n": ("log.level", "debug")}
        for text, wanted in cases.items():
            with self.subTest(text):
                home = pathlib.Path(os.environ.get("TMPDIR", "/tmp")) / f"mh-config-{os.getpid()}"
                home.mkdir(exist_ok=True)
                (home / "config.yaml").write_text(text)
                result = subprocess.run([str(mh.BUILD / "daemon/meshholdd"), "--home", str(home), "--listen", "127.0.0.1:0"],
                                        capture_output=True, text=True, timeout=20)
                (home / "config.yaml").unlink()
                home.rmdir()
                self.assertEqual(result.returncode, 1)
                for word in wanted:
                    self.assertIn(word, result.stderr)

    def test_setup_once(self):
        with mh.Daemon(config="# mine\n" + mh.LONELY) as daemon:
            self.assertTrue(daemon.get("/api/v1/system/status").json["setup_required"])
            bad = SWARM_KEY.replace("base16", "base99")
            reply = daemon.post("/api/v1/system/setup", {"swarm_key": bad})
            self.assertEqual((reply.status, "swarm_key" in reply.json["error"]), (400, True))
            peers = ["/ip4/127.0.0.1/tcp/1/p2p/12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp"]
            for wrong in (": \"x\"", peers[0].split("/p2p")[0]):
                reply = daemon.post("/api/v1/system/setup", {"swarm_key": SWARM_KEY, "bootstrap_peers": [wrong]})
                self.assertEqual((reply.status, "bootstrap_peers" in reply.json["error"]), (400, True))
            self.assertTrue(daemon.get("/api/v1/system/status").json["setup_required"])
            self.assertEqual(daemon.post("/api/v1/system/setup", {"swarm_key": SWARM_KEY, "bootstrap_peers": peers}).status, 204)
            self.assertFalse(daemon.get("/api/v1/system/status").json["setup_required"])
            self.assertEqual(daemon.post("/api/v1/system/setup", {"swarm_key": SWARM_KEY}).status, 409)
            text = (daemon.home / "config.yaml").read_text()
            self.assertTrue(text.startswith("# mine\n" + mh.LONELY))
            self.assertIn(peers[0], text)
            self.assertEqual(stat.S_IMODE((daemon.home / "config.yaml").stat().st_mode), 0o600)
            daemon.stop()
            daemon.start()
            self.assertTrue(daemon.get("/api/v1/system/status").json["has_swarm_key"])
            mh.wait_until(lambda: daemon.ipc("status")["state"] == "ready", what="the network")

    def test_setup_with_a_password(self):
        """the first password comes along and ends no session; a second is refused before anything is written"""
        with mh.Daemon() as daemon:
            login = lambda password: daemon.post("/api/v1/auth/login", {"password": password}, token=None).status
            reply = daemon.post("/api/v1/system/setup", {"swarm_key": SWARM_KEY, "password": "short"})
            self.assertEqual((reply.status, "password" in reply.json["error"]), (400, True))
            self.assertTrue(daemon.get("/api/v1/system/status").json["setup_required"])
            reply = daemon.post("/api/v1/system/setup", {"swarm_key": SWARM_KEY, "password": "correct horse"})
            self.assertEqual((reply.status, login("correct horse")), (204, 200))
            self.assertEqual(daemon.get("/api/v1/whoami").status, 200)
            types = [event["type"] for event in daemon.get("/api/v1/audit").json["events"]]
            self.assertLessEqual({"config.change", "auth.password_set"}, set(types))
        with mh.Daemon() as daemon:
            secret = (daemon.home / "metadata/cli-admin.token").read_text()
            daemon.post("/api/v1/auth/admin/set-password", {"password": "12345678"}, token=None,
                        headers={"X-MeshHold-Admin-Token": secret})
            daemon.login()
            reply = daemon.post("/api/v1/system/setup", {"swarm_key": SWARM_KEY, "password": "correct horse"})
            self.assertEqual((reply.status, "password" in reply.json["error"]), (409, True))
            self.assertTrue(daemon.get("/api/v1/system/status").json["setup_required"])
            self.assertEqual((daemon.home / "config.yaml").read_text(), mh.LONELY)

    def test_metrics_have_a_sample_from_the_start(self):
        with mh.Daemon() as daemon:
            samples = mh.wait_until(lambda: daemon.get("/api/v1/system/metrics").json["samples"])
            self.assertGreater(samples[0]["rss_bytes"], 1_000_000)
            self.assertGreater(samples[0]["disk_free_bytes"], 0)
            self.assertEqual(daemon.get(f"/api/v1/system/metrics?from={samples[0]['ts_ms'] + 1}").json["samples"], [])
            self.assertEqual(len(daemon.get(f"/api/v1/system/metrics?to={samples[0]['ts_ms']}").json["samples"]), 1)

    def test_metrics_ring_keeps_a_day(self):
        with mh.Daemon() as daemon:
            now = mh.wait_until(lambda: daemon.get("/api/v1/system/metrics").json["samples"])[0]["ts_ms"]
            daemon.stop()
            with sqlite3.connect(daemon.home / "metadata/meshhold.db") as db:
                for minute in range(1, 3000):
                    ts = now - minute * 60_000
                    db.execute("INSERT OR IGNORE INTO metrics VALUES (?, ?, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1)", (ts // 60_000 % 1440, ts))
            db.close()
            daemon.start()
            samples = daemon.get("/api/v1/system/metrics").json["samples"]
            self.assertTrue(1439 <= len(samples) <= 1440)
            self.assertEqual([s["ts_ms"] for s in samples], sorted(s["ts_ms"] for s in samples))

    def test_browse(self):
        with mh.Daemon() as daemon:
            for name in ("b", "a ü", ".hidden"):
                (daemon.home / "pick" / name).mkdir(parents=True)
            (daemon.home / "pick/file").write_text("x")
            reply = daemon.get(f"/api/v1/system/browse?path={mh.quote(str(daemon.home / 'pick'))}")
            self.assertEqual([d["name"] for d in reply.json["dirs"]], ["a ü", "b"])
            self.assertEqual(reply.json["parent"], str(daemon.home))
            self.assertTrue(all(d["writable"] for d in reply.json["dirs"]))
            self.assertEqual(daemon.get("/api/v1/system/browse?path=relative").status, 400)
            self.assertEqual(daemon.get("/api/v1/system/browse?path=/no/such/folder").status, 404)
            self.assertEqual(daemon.get(f"/api/v1/system/browse?path={daemon.home}/pick/file").status, 400)
            self.assertEqual(daemon.get("/api/v1/system/browse?path=/").json["parent"], None)


class Stop(unittest.TestCase):
    def test_ends_at_once_whatever_is_under_way(self):
        """SIGTERM with half uploads, unread downloads, event streams and half requests"""
        with mh.Daemon() as daemon:
            vault = daemon.vault()
            daemon.upload(vault, "/big", os.urandom(30_000_000))
            head = f"Host: localhost\r\nAuthorization: Bearer {daemon.token}\r\n"
            requests = [
                f"POST /api/v1/vaults/{vault}/upload/half HTTP/1.1\r\n{head}Content-Length: 9000000\r\n\r\n" + "y" * 3_000_000,
                f"GET /api/v1/vaults/{vault}/download/big HTTP/1.1\r\n{head}\r\n",
                f"GET /api/v1/events/stream HTTP/1.1\r\n{head}\r\n",
                f"POST /api/v1/vaults HTTP/1.1\r\n{head}Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{{",
            ]
            connections = []
            for request in requests * 3:
                connection = socket.create_connection(("127.0.0.1", daemon.port))
                connection.sendall(request.encode())
                connections.append(connection)
            for connection in connections[1::4] + connections[2::4]:
                self.assertTrue(connection.recv(10))
            daemon.stop()
            for connection in connections:
                connection.close()
            daemon.start()
            self.assertEqual(daemon.get(f"/api/v1/vaults/{vault}/files/half").status, 404)


class Events(unittest.TestCase):
    def test_stream_begins_with_a_comment_and_carries_events(self):
        with mh.Daemon() as daemon:
            stream = Stream(daemon)
            self.assertEqual(stream.response.headers["Content-Type"], "text/event-stream")
            self.assertEqual(stream.block(), [": connected"])
            make_audit(daemon)
            identity, event = stream.event()
            self.assertEqual((event["type"], event["audit_type"]), ("audit", "auth.logout"))
            self.assertTrue(identity.endswith(f"-{event['seq']}"))
            stream.close()

    def test_replay(self):
        with mh.Daemon() as daemon:
            stream = Stream(daemon)
            make_audit(daemon, 5)
            seen = [stream.event() for _ in range(5)]
            stream.close()
            again = Stream(daemon, last_id=seen[1][0])
            self.assertEqual([again.event() for _ in range(3)], seen[2:])
            make_audit(daemon)
            self.assertEqual(again.event()[1]["seq"], seen[-1][1]["seq"] + 1)
            again.close()

    def test_what_is_forgotten_is_said(self):
        with mh.Daemon() as daemon:
            make_audit(daemon, 2)
            for last_id in ("0000000000000000-1", "nonsense", "x-99999"):
                stream = Stream(daemon, last_id=last_id)
                self.assertEqual(stream.event()[1]["type"], "reset", last_id)
                stream.close()
            stream = Stream(daemon)
            make_audit(daemon)
            epoch = stream.event()[0].rsplit("-", 1)[0]
            stream.close()
            daemon.stop()
            daemon.start()
            stream = Stream(daemon, last_id=f"{epoch}-1")
            self.assertEqual(stream.event()[1]["type"], "reset")
            stream.close()

    def test_keepalive_and_end_of_session(self):
        """a comment every 20 s; a stream whose session has ended is closed with the next event"""
        with mh.Daemon() as daemon:
            daemon.login()
            token = daemon.ipc("token")["token"]
            doomed, other = Stream(daemon, token=token), Stream(daemon)
            self.assertEqual([doomed.block(), other.block()], [[": connected"]] * 2)
            daemon.post("/api/v1/auth/logout", token=token)
            self.assertIsNone(doomed.event())
            self.assertEqual(other.event()[1]["audit_type"], "auth.logout")
            self.assertEqual(other.block(), [": keepalive"])
            other.close()

    def test_at_most_sixty_four_streams(self):
        with mh.Daemon() as daemon:
            streams = [Stream(daemon) for _ in range(65)]
            self.assertEqual([s.response.status for s in streams], [200] * 64 + [503])
            for stream in streams:
                stream.close()
            mh.wait_until(lambda: (make_audit(daemon), self.opens(daemon))[1], what="a stream that ended makes room")

    def opens(self, daemon):
        stream = Stream(daemon)
        stream.close()
        return stream.response.status == 200


class Audit(unittest.TestCase):
    def test_chain_can_be_checked_from_the_export_alone(self):
        with mh.Daemon() as daemon:
            make_audit(daemon, 40)
            lines = daemon.get("/api/v1/audit/export").body.decode().splitlines()
            self.assertEqual(len(lines), 40)
            previous = bytes(32)
            for line in lines:
                head, own = line.rsplit(',"hash":"', 1)
                self.assertEqual(json.loads(line)["prev"], previous.hex())
                previous = hashlib.sha256(previous + (head + "}").encode()).digest()
                self.assertEqual(own, previous.hex() + '"}')

    def test_list_pages_and_filters(self):
        with mh.Daemon(expect=[r"auth login failed"]) as daemon:
            make_audit(daemon, 7)
            daemon.post("/api/v1/auth/bootstrap-exchange", {"ticket": "x"}, token=None)
            first = daemon.get("/api/v1/audit?limit=3").json
            self.assertEqual([e["seq"] for e in first["events"]], [8, 7, 6])
            rest = daemon.get(f"/api/v1/audit?limit=100&before={first['next_before']}").json
            self.assertEqual(([e["seq"] for e in rest["events"]], rest["next_before"]), ([5, 4, 3, 2, 1], None))
            types = lambda query: [e["type"] for e in daemon.get(f"/api/v1/audit?types={query}").json["events"]]
            self.assertEqual(types("auth.fail"), ["auth.fail"])
            self.assertEqual(len(types("auth.*")), 8)
            self.assertEqual(types("vault.*"), [])
            since = first["events"][0]["ts_ms"]
            self.assertGreaterEqual(len(daemon.get(f"/api/v1/audit?since={since}").json["events"]), 1)
            self.assertEqual(daemon.get(f"/api/v1/audit?since={since + 10_000}").json["events"], [])
            self.assertEqual(first["events"][0]["ip"], "127.0.0.1")

    def test_a_forged_record_shows(self):
        for statement in ("UPDATE audit SET detail = 'x' WHERE seq = 3", "DELETE FROM audit WHERE seq = 3"):
            with mh.Daemon() as daemon:
                make_audit(daemon, 5)
                self.assertTrue(daemon.get("/api/v1/audit").json["verified"])
                daemon.stop()
                with sqlite3.connect(daemon.home / "metadata/meshhold.db") as db:
                    db.execute(statement)
                db.close()
                daemon.start()
                self.assertFalse(daemon.get("/api/v1/audit").json["verified"], statement)


if __name__ == "__main__":
    tap.main()
