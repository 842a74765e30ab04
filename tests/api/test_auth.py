#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Accounts over HTTP: password, ticket, bearer, lockout, Host check, tokens in queries."""

import concurrent.futures
import pathlib
import stat
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import mh  # noqa: E402
import tap  # noqa: E402

LOGIN = "/api/v1/auth/login"
EXCHANGE = "/api/v1/auth/bootstrap-exchange"
SET_PASSWORD = "/api/v1/auth/admin/set-password"
EXPECTED = [r"auth login failed"]


def set_password(daemon, password):
    secret = (daemon.home / "metadata/cli-admin.token").read_text()
    return daemon.post(SET_PASSWORD, {"password": password}, token=None,
                       headers={"X-MeshHold-Admin-Token": secret})


class Password(unittest.TestCase):
    def test_login_needs_a_password_to_be_set(self):
        with mh.Daemon() as daemon:
            reply = daemon.post(LOGIN, {"password": "anything"}, token=None)
            self.assertEqual(reply.status, 503)
            self.assertIn("meshhold passwd", reply.json["error"])

    def test_set_login_and_use(self):
        with mh.Daemon(expect=EXPECTED) as daemon:
            path = daemon.home / "metadata/cli-admin.token"
            self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
            self.assertEqual(set_password(daemon, "correct horse").status, 204)

            before = time.monotonic()
            self.assertEqual(daemon.post(LOGIN, {"password": "wrong horse"}, token=None).status, 401)
            self.assertGreaterEqual(time.monotonic() - before, 0.1)

            reply = daemon.post(LOGIN, {"password": "correct horse"}, token=None)
            self.assertEqual(reply.status, 200)
            day = reply.json["expires_at_ms"] - time.time() * 1000
            self.assertAlmostEqual(day, 24 * 3600 * 1000, delta=60_000)
            self.assertEqual(daemon.get("/api/v1/whoami", token=reply.json["token"]).status, 200)

    def test_a_new_password_ends_the_sessions(self):
        with mh.Daemon() as daemon:
            token = daemon.login()
            self.assertEqual(set_password(daemon, "12345678").status, 204)
            self.assertEqual(daemon.get("/api/v1/whoami", token=token).status, 401)

    def test_admin_token_is_checked(self):
        with mh.Daemon(expect=EXPECTED) as daemon:
            for headers in ({}, {"X-MeshHold-Admin-Token": "0" * 64}):
                reply = daemon.post(SET_PASSWORD, {"password": "12345678"}, token=None, headers=headers)
                self.assertEqual(reply.status, 401)
            self.assertFalse(daemon.get("/api/v1/system/status", token=None).json["password_set"])

    def test_short_password_is_named(self):
        with mh.Daemon() as daemon:
            reply = set_password(daemon, "1234567")
            self.assertEqual((reply.status, "password" in reply.json["error"]), (400, True))


class Lockout(unittest.TestCase):
    def test_fifteen_failures_lock_the_address_before_hashing(self):
        with mh.Daemon(expect=EXPECTED) as daemon:
            set_password(daemon, "correct horse")
            for attempt in range(15):
                reply = daemon.post(LOGIN, {"password": "wrong horse"}, token=None)
                self.assertEqual(reply.status, 401, attempt)
                self.assertEqual(reply.headers["X-Attempts-Left"], str(14 - attempt))

            hashing = daemon.cpu_seconds()
            for _ in range(15):
                reply = daemon.post(LOGIN, {"password": "correct horse"}, token=None)
                self.assertEqual(reply.status, 429)
            refusing = daemon.cpu_seconds() - hashing
            self.assertLess(refusing, hashing / 5, "a refused attempt costs a hash")
            self.assertEqual(daemon.get("/api/v1/system/status", token=None).status, 200)
            self.assertGreater(int(reply.headers["Retry-After"]), 14 * 60)
            self.assertLessEqual(int(reply.headers["Retry-After"]), 15 * 60)
            # the budget is shared with tickets
            ticket = daemon.ipc("ticket")["ticket"]
            self.assertEqual(daemon.post(EXCHANGE, {"ticket": ticket}, token=None).status, 429)
            # who is in stays in
            self.assertEqual(daemon.get("/api/v1/whoami").status, 200)

    def test_attempts_at_once_get_no_more_tries(self):
        with mh.Daemon(expect=EXPECTED) as daemon:
            set_password(daemon, "correct horse")
            with concurrent.futures.ThreadPoolExecutor(40) as pool:
                replies = list(pool.map(lambda _: daemon.post(LOGIN, {"password": "wrong horse"}, token=None), range(40)))
            self.assertEqual(sorted(reply.status for reply in replies), [401] * 15 + [429] * 25)
            self.assertTrue(all(int(r.headers["Retry-After"]) > 0 for r in replies if r.status == 429))

    def test_logins_hold_up_nothing_else(self):
        """as many wrong passwords at once as there are workers: what needs no password is answered before them"""
        config = "api:\n  auth:\n    login_max_attempts: 100\n"
        with mh.Daemon(config=config, expect=EXPECTED) as daemon:
            set_password(daemon, "correct horse")
            with concurrent.futures.ThreadPoolExecutor(24) as pool:
                logins = [pool.submit(daemon.post, LOGIN, {"password": f"wrong horse {i}"}, token=None) for i in range(24)]
                mh.wait_until(lambda: any(login.done() for login in logins))
                for _ in range(5):
                    self.assertEqual(daemon.get("/api/v1/vaults").status, 200)
                waiting = sum(not login.done() for login in logins)
            self.assertGreaterEqual(waiting, 12)
            self.assertEqual([login.result().status for login in logins], [401] * 24)

    def test_lock_ends(self):
        config = "api:\n  auth:\n    login_max_attempts: 2\n    login_lockout: 1s\n"
        with mh.Daemon(config=config, expect=EXPECTED) as daemon:
            set_password(daemon, "correct horse")
            for _ in range(2):
                daemon.post(LOGIN, {"password": "wrong horse"}, token=None)
            self.assertEqual(daemon.post(LOGIN, {"password": "correct horse"}, token=None).status, 429)
            mh.wait_until(lambda: daemon.post(LOGIN, {"password": "correct horse"}, token=None).status == 200)


class Ticket(unittest.TestCase):
    def test_works_once(self):
        with mh.Daemon(expect=EXPECTED) as daemon:
            answer = daemon.ipc("ticket")
            self.assertAlmostEqual(answer["expires_at_ms"], time.time() * 1000 + 60_000, delta=5_000)
            self.assertEqual(answer["url"], f"{daemon.url}?bootstrap={answer['ticket']}")
            first = daemon.post(EXCHANGE, {"ticket": answer["ticket"]}, token=None)
            second = daemon.post(EXCHANGE, {"ticket": answer["ticket"]}, token=None)
            self.assertEqual((first.status, second.status), (200, 401))
            self.assertEqual(daemon.get("/api/v1/whoami", token=first.json["token"]).status, 200)

    def test_at_most_eight_are_outstanding(self):
        with mh.Daemon(expect=EXPECTED) as daemon:
            tickets = [daemon.ipc("ticket")["ticket"] for _ in range(9)]
            statuses = [daemon.post(EXCHANGE, {"ticket": t}, token=None).status for t in tickets]
            self.assertEqual(statuses, [401] + [200] * 8)


class Bearer(unittest.TestCase):
    def test_survives_a_restart_but_not_a_logout(self):
        with mh.Daemon() as daemon:
            token = daemon.login()
            daemon.stop()
            daemon.start()
            self.assertEqual(daemon.get("/api/v1/whoami", token=token).status, 200)
            self.assertEqual(daemon.post("/api/v1/auth/logout", token=token).status, 204)
            self.assertEqual(daemon.get("/api/v1/whoami", token=token).status, 401)
            self.assertEqual(daemon.post("/api/v1/auth/logout", token=token).status, 204)
            self.assertEqual(daemon.post("/api/v1/auth/logout", token=None).status, 204)

    def test_database_holds_no_token(self):
        with mh.Daemon() as daemon:
            token = daemon.login()
            daemon.stop()
            for path in daemon.home.rglob("*"):
                if path.is_file():
                    self.assertNotIn(token.encode(), path.read_bytes(), path)

    def test_odd_credentials_are_refused(self):
        with mh.Daemon() as daemon:
            token = daemon.login()
            for header in ("Basic b3duZXI6", "Bearer", f"Bearer {token}0", f"Bearer {token[:-1]}", "Bearer a.b.c",
                           "Bearer quaz_abc", "Bearer mhk_abc", "Bearer " + "A" * 43, f"Token {token}"):
                reply = daemon.get("/api/v1/whoami", token=None, headers={"Authorization": header})
                self.assertEqual(reply.status, 401, header)
                self.assertEqual(reply.headers["WWW-Authenticate"], "Bearer")

    def test_bad_header_does_not_fall_back_to_the_query(self):
        with mh.Daemon() as daemon:
            token = daemon.login()
            reply = daemon.get(f"/api/v1/audit/export?token={token}", token="0" * 64)
            self.assertEqual(reply.status, 401)


class Host(unittest.TestCase):
    def test_wrong_host_is_refused_everywhere(self):
        with mh.Daemon() as daemon:
            for path in ("/", "/api/v1/version", "/api/v1/whoami", "/api/openapi.json"):
                for host in ("evil.example", f"evil.example:{daemon.port}", "127.0.0.1.evil.example", "10.0.0.1"):
                    reply = daemon.get(path, headers={"Host": host})
                    self.assertEqual(reply.status, 403, (path, host))
                    reply = daemon.post(path, {"password": "x"}, headers={"Host": host})
                    self.assertEqual(reply.status, 403, (path, host))

    def test_loopback_names_pass(self):
        with mh.Daemon() as daemon:
            for host in ("localhost", f"LOCALHOST:{daemon.port}", "127.0.0.1", "127.8.9.1:1", "[::1]:80", "a.localhost"):
                self.assertEqual(daemon.get("/api/v1/version", headers={"Host": host}).status, 200, host)

    def test_configured_name_passes(self):
        with mh.Daemon(config="api:\n  allowed_hosts: [cloud.example]\n") as daemon:
            self.assertEqual(daemon.get("/api/v1/version", headers={"Host": "cloud.example:8080"}).status, 200)
            self.assertEqual(daemon.get("/api/v1/version", headers={"Host": "x.cloud.example"}).status, 403)


if __name__ == "__main__":
    tap.main()
