#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line against the real daemon. MESHHOLD_BUILD_DIR is the build directory."""

import json
import os
import pathlib
import pty
import re
import select
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import mh  # noqa: E402
import tap  # noqa: E402

CLI = str(mh.BUILD / "app/meshhold")
OK, FAILED, USAGE, UNREACHABLE, AUTH, NOT_FOUND = range(6)
PASSWORD = "a password of some length"


def environment(**more):
    clean = {name: value for name, value in os.environ.items()
             if name not in ("MESHHOLD_HOME", "MESHHOLD_TOKEN", "LANGUAGE")}
    return {**clean, "LC_ALL": "C.UTF-8", **more}


def run(*args, code=OK, data=None, **more):
    """Runs the program, checks its exit code and returns what it printed."""
    result = subprocess.run([CLI, *map(str, args)], input=data, capture_output=True, timeout=120,
                            check=False, env=environment(**more),
                            stdin=subprocess.DEVNULL if data is None else None)
    if result.returncode != code:
        raise AssertionError(f"{args} ended with {result.returncode}: {result.stderr.decode()}")
    if code != OK and not result.stderr.startswith(b"meshhold: "):
        raise AssertionError(f"{args} does not say what is wrong: {result.stderr}")
    return result


class Case(unittest.TestCase):
    """A daemon and a folder for one test."""

    EXPECT = ()

    def setUp(self):
        self.daemon = mh.Daemon(environment=environment(), expect=self.EXPECT)
        self.enterContext(self.daemon)
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="mh-cli-"))
        self.addCleanup(shutil.rmtree, self.dir)

    def run_at(self, *args, **more):
        return run("--home", self.daemon.home, *args, **more)

    def text(self, *args, **more):
        return self.run_at(*args, **more).stdout.decode()

    def json(self, *args, **more):
        return json.loads(self.text("--json", *args, **more))

    def write(self, name, data):
        path = self.dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path


class Usage(unittest.TestCase):
    def test_wrong_use_is_2(self):
        for args in ((), ("dance",), ("vault",), ("vault", "dance"), ("--dance",), ("token", "x"),
                     ("api", "GET"), ("file", "put", "x"), ("vault", "create"), ("help", "dance"),
                     ("vault", "rm", "x"), ("file", "ls", "--dance", "x"),
                     ("--api", "http://example.org/", "vault", "list")):
            with self.subTest(args):
                run(*args, code=USAGE, MESHHOLD_HOME="/nowhere")

    def test_no_daemon_is_3(self):
        for args in (("status",), ("token",), ("quit",), ("vault", "list"), ("passwd",),
                     ("api", "GET", "/api/v1/version")):
            with self.subTest(args):
                run(*args, code=UNREACHABLE, MESHHOLD_HOME="/nowhere", data=b"")

    def test_a_closed_port_is_3(self):
        run("--api", "http://127.0.0.1:1/", "vault", "list", code=UNREACHABLE, MESHHOLD_TOKEN="x")

    def test_help_and_version(self):
        self.assertRegex(run("--version").stdout, rb"^meshhold \d+\.\d+\.\d+\n$")
        self.assertIn(b"COMMAND", run("--help").stdout)
        self.assertIn(b"--recursive", run("help", "file", "put").stdout)
        self.assertIn(b"--recursive", run("file", "put", "--help").stdout)

    def test_output_that_cannot_be_written_is_1(self):
        with open("/dev/full", "wb") as full:
            result = subprocess.run([CLI, "help"], stdout=full, stderr=subprocess.PIPE, check=False,
                                    env=environment())
        self.assertEqual(result.returncode, FAILED)


class Access(Case):
    EXPECT = ("auth login failed",)

    def test_login_url_works_once(self):
        url = self.text("login-url").strip()
        self.assertRegex(url, r"^http://127\.0\.0\.1:\d+/\?bootstrap=[0-9a-f]{64}$")
        body = {"ticket": url.partition("=")[2]}
        exchange = "/api/v1/auth/bootstrap-exchange"
        self.assertEqual(self.daemon.post(exchange, body, token=None).status, 200)
        self.assertEqual(self.daemon.post(exchange, body, token=None).status, 401)

    def test_token_is_a_bearer(self):
        token = self.text("token").strip()
        self.assertEqual(self.daemon.get("/api/v1/whoami", token=token).status, 200)
        self.assertEqual(self.json("token").keys(), {"token", "expires_at_ms"})

    def test_token_of_the_environment(self):
        token = self.text("token").strip()
        route = ("--api", self.daemon.url, "api", "GET", "/api/v1/whoami")
        self.assertIn(b"node_id", run(*route, MESHHOLD_TOKEN=token).stdout)
        run(*route, code=AUTH, MESHHOLD_TOKEN="0" * 64)

    def login(self, password):
        return self.daemon.post("/api/v1/auth/login", {"password": password}, token=None).status

    def test_passwd_from_a_pipe(self):
        self.assertEqual(self.login(PASSWORD), 503)
        self.run_at("passwd", data=PASSWORD.encode() + b"\n")
        self.assertEqual(self.login(PASSWORD), 200)
        self.run_at("passwd", data=b"", code=USAGE)
        self.run_at("passwd", data=b"short\n", code=FAILED)
        self.assertEqual(self.login(PASSWORD), 200)

    def type_passwords(self, *lines):
        """Types at the prompts; returns the exit code and what the terminal showed."""
        pid, terminal = pty.fork()
        if pid == 0:
            os.execve(CLI, [CLI, "--home", str(self.daemon.home), "passwd"], environment())
        shown = b""
        for line in lines:
            count = shown.count(b": ")
            while shown.count(b": ") == count:
                self.assertTrue(select.select([terminal], [], [], 20)[0], shown)
                shown += os.read(terminal, 1024)
            os.write(terminal, line.encode() + b"\n")
        while True:
            try:
                more = os.read(terminal, 1024)
            except OSError:
                break
            if not more:
                break
            shown += more
        os.close(terminal)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown.decode()

    def test_passwd_at_a_terminal(self):
        code, shown = self.type_passwords(PASSWORD, PASSWORD)
        self.assertEqual(code, OK, shown)
        self.assertNotIn(PASSWORD, shown)
        self.assertEqual(self.login(PASSWORD), 200)
        code, shown = self.type_passwords(PASSWORD + "1", PASSWORD + "2")
        self.assertEqual(code, USAGE, shown)
        self.assertEqual(self.login(PASSWORD), 200)


class State(Case):
    def test_status(self):
        self.assertIn(self.daemon.url, self.text("status"))
        status = self.json("status")
        self.assertEqual(status["pid"], self.daemon.process.pid)
        self.assertIn(status["state"], ("ready", "offline"))

    def test_home_of_the_environment(self):
        self.assertIn(self.daemon.url.encode(),
                      run("status", MESHHOLD_HOME=str(self.daemon.home)).stdout)

    def test_quit_ends_the_daemon(self):
        self.run_at("quit")
        self.assertEqual(self.daemon.process.wait(10), 0)
        self.run_at("status", code=UNREACHABLE)

    def test_api(self):
        self.assertRegex(json.loads(self.text("api", "get", "/api/v1/version"))["version"], r"^\d")
        missing = self.run_at("api", "GET", "/api/v1/nothing", code=NOT_FOUND)
        self.assertIn(b"404", missing.stderr)
        self.assertEqual(missing.stdout, b"")
        self.run_at("api", "POST", "/api/v1/system/setup", "{}", code=FAILED)
        self.run_at("api", "GET", "api/v1/version", code=USAGE)

    def test_audit(self):
        self.run_at("passwd", data=PASSWORD.encode() + b"\n")
        self.assertIn("auth.password_set", self.text("audit"))
        lines = self.text("--json", "audit", "-n", "1").splitlines()
        self.assertEqual(len(lines), 1)
        self.assertEqual(json.loads(lines[0])["type"], "auth.password_set")

    def test_audit_follows(self):
        follower = subprocess.Popen([CLI, "--home", self.daemon.home, "audit", "--follow"],
                                    stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                    env=environment())
        self.addCleanup(follower.stdout.close)
        self.addCleanup(follower.wait)
        self.addCleanup(follower.kill)
        # Whatever comes first, the stream or the event, the event is printed.
        token = self.daemon.login()
        self.daemon.post("/api/v1/auth/logout", token=token)
        self.assertTrue(select.select([follower.stdout], [], [], 20)[0])
        self.assertIn(b"auth.logout", follower.stdout.readline())


class Mirrors(Case):
    def test_folders(self):
        """a folder is added, shown, paused and removed; what is held is shown, and rolled back or released"""
        folder = self.dir / "a folder"
        folder.mkdir()
        for number in range(30):
            (folder / f"{number}").write_bytes(b"%d" % number)
        os.symlink("0", folder / "link")
        self.run_at("vault", "create", "documents")
        self.run_at("folder", "status", "documents", code=NOT_FOUND)
        self.run_at("folder", "add", folder / "0", "documents", code=FAILED)
        self.run_at("folder", "add", folder, "nothing", code=NOT_FOUND)
        self.run_at("folder", "add", folder, "documents", "--guard-files", "10")
        mh.wait_until(lambda: "up to date, 30 files" in self.text("folder", "status", "documents"), 30)
        self.assertIn("link: it is a link", self.text("folder", "status", "documents"))
        self.assertEqual(self.text("folder", "list"), f"{folder}  documents  up to date\n")
        self.run_at("folder", "release", "documents", code=FAILED)
        for verb, left in (("rollback", 30), ("release", 10)):
            for number in range(20):
                (folder / f"{number}").unlink()
            text = mh.wait_until(lambda: "Held back: " in (t := self.text("folder", "status", "documents")) and t, 30)
            self.assertIn("0 files changed, 20 deleted, 0 new, 0 renamed", text)
            self.run_at("folder", verb, "documents")
            mh.wait_until(lambda left=left: f"up to date, {left} files" in self.text("folder", "status", "documents"), 30)
            self.assertEqual(len([name for name in os.listdir(folder) if name.isdigit()]), left)
        self.run_at("folder", "pause", "documents")
        mh.wait_until(lambda: "paused" in self.text("folder", "list"), 30)
        self.run_at("folder", "resume", "documents")
        self.run_at("folder", "rescan", "documents")
        self.assertEqual(len(self.json("folder", "list")["folders"]), 1)
        self.run_at("folder", "remove", "documents")
        self.assertEqual(self.text("folder", "list"), "")
        self.assertEqual(self.text("help", "folder").count("  folder "), 9)


class Settings(Case):
    def test_settings(self):
        """settings are shown and changed, and count; what is wrong is named, and changes nothing"""
        self.assertEqual(self.text("settings").splitlines()[0].split(":")[1].strip(), "nothing")
        for text, shown in (("5GB", "4.7\xa0GiB"), ("500 kB", "488.3\xa0KiB"), ("1\xa0MiB", "1.0\xa0MiB"), ("2g", "2.0\xa0GiB")):
            self.assertIn(shown, self.text("settings", "--hold", text))
        for text in ("5GX", "GB", "-1GB", "5 0", "99999999999GB", "1  GB", ""):
            self.assertIn(text.encode(), self.run_at("settings", "--hold", text, code=USAGE).stderr)
        text = self.text("settings", "--hold", "5GiB", "--upload-rate", "512K", "--surplus-after", "7d", "--metered", "yes")
        self.assertEqual([line.split(":")[1].strip() for line in text.splitlines()], ["5.0\xa0GiB", "yes", "no limit", "512.0\xa0KiB", "10m", "7d"])
        self.assertEqual(self.json("settings"), {"hold": 5 << 30, "metered": True, "download_rate": 0, "upload_rate": 512 << 10,
                                                 "absent_after_ms": 600_000, "surplus_after_ms": 7 * 86_400_000})
        before = (self.daemon.home / "config.yaml").read_bytes()
        self.assertIn(b"  hold: 5GiB\n", before)
        for options in (("--hold", "much"), ("--upload-rate", "5Mb"), ("--metered", "perhaps"), ("--absent-after", "10"), ("--absent-after", "-1m"), ("--surplus-after", "1w")):
            self.assertIn(f"{options[0]}: “{options[1]}”".encode(), self.run_at("settings", "--hold", "1GiB", *options, code=USAGE).stderr)
        wrong = self.run_at("settings", "--hold", "1GiB", "--absent-after", "2d", code=FAILED)
        self.assertIn(b"absent_after_ms", wrong.stderr)
        self.assertEqual((self.daemon.home / "config.yaml").read_bytes(), before)
        self.run_at("settings", "--hold", "none", "--metered", "no", "--upload-rate", "none")
        self.assertEqual([self.json("settings")[name] for name in ("hold", "metered", "upload_rate")], [0, False, 0])


class Networks(Case):
    def test_networks_and_machines(self):
        """networks are made, joined, left and forgotten; machines and vaults are shared by URL"""
        self.run_at("network", "invite", code=FAILED)
        self.run_at("node", "list", code=FAILED)
        line = self.text("network", "create", "home")
        self.assertRegex(line, r"^[0-9a-f]{16}  online +home\n$")
        url = self.text("network", "invite").strip()
        self.assertTrue(url.startswith("meshhold://join/"))
        self.run_at("network", "join", url, code=FAILED)
        self.run_at("network", "join", "nonsense", code=FAILED)
        self.assertIn("this one", self.text("node", "list"))
        self.run_at("node", "speedtest", "12D3KooW", code=NOT_FOUND)
        self.run_at("network", "rm", "home", code=FAILED)
        self.run_at("network", "disconnect")
        self.assertIn("offline", self.text("network", "list"))
        self.run_at("network", "connect", "home")
        self.run_at("network", "connect", "nowhere", code=NOT_FOUND)
        vault = self.text("vault", "create", "photos").strip()
        self.assertTrue(self.text("vault", "share", "photos").startswith("meshhold://vault/"))
        self.run_at("vault", "join", self.text("vault", "share", "photos").strip(), code=FAILED)
        self.assertIn(vault, self.text("sync", "--now"))
        self.assertEqual(self.json("sync")["vaults"][0]["missing_blocks"], 0)
        self.run_at("network", "disconnect")
        self.run_at("network", "rm", line.split()[0])
        self.assertEqual(self.json("network", "list"), {"networks": []})


    def test_who_may_connect(self):
        """a machine is shown by its name, kept out and let in again, whatever the list is of"""
        other = self.enterContext(mh.Daemon(config="node:\n  display_name: Attic\n"))
        self.run_at("network", "create", "home")
        other.post("/api/v1/networks", {"url": self.text("network", "invite").strip()})
        peer = other.get("/api/v1/whoami").json["node_id"]
        mh.wait_until(lambda: "Attic" in self.text("node", "list"), 30)
        text, again = (re.sub(r"Last seen: .*\n", "", self.text("node", "show", who)) for who in ("Attic", peer))
        self.assertIn(f"Id: {peer}\n", text)
        self.assertIn("Connection: direct\n", text)
        self.assertEqual(again, text)
        self.run_at("node", "show", "Cellar", code=NOT_FOUND)
        self.assertIn(" ms there and back", self.text("node", "speedtest", "Attic"))
        self.assertEqual(self.text("node", "access"), "All machines of the network may connect.\n")
        self.run_at("node", "access", "closed", code=FAILED)

        def connected():
            return next(n["connected"] for n in self.json("node", "list")["nodes"] if n["node_id"] == peer)
        self.assertEqual(self.text("node", "block", "Attic"), f"All but these machines may connect:\n{peer}\n")
        mh.wait_until(lambda: not connected(), 20)
        self.assertEqual(self.text("node", "allow", "Attic"), "All but these machines may connect:\n")
        mh.wait_until(connected, 60)
        self.assertIn(b"no machine could connect", self.run_at("node", "access", "allow", code=USAGE).stderr)
        self.assertTrue(connected())
        self.assertEqual(self.text("node", "access", "allow", "--yes"), "Only these machines may connect:\n")
        mh.wait_until(lambda: not connected(), 20)
        self.assertEqual(self.json("node", "allow", "Attic"), {"mode": "allow", "peers": [peer]})
        mh.wait_until(connected, 60)
        self.assertEqual(self.text("node", "block", peer), "Only these machines may connect:\n")

    def test_kept_for_others(self):
        """what is kept for others is listed, and given up only when that is meant"""
        other = self.enterContext(mh.Daemon(config=mh.LONELY))
        self.assertEqual(self.text("kept", "list"), "")
        self.run_at("settings", "--hold", "1GiB")
        self.run_at("network", "create", "home")
        other.post("/api/v1/networks", {"url": self.text("network", "invite").strip()})
        vault = other.vault("papers")
        self.assertEqual(other.upload(vault, "/f", os.urandom(1 << 20)).status, 200)
        mh.wait_until(lambda: vault in self.text("kept", "list"), 60)
        other.stop()
        self.assertRegex(self.text("kept", "list"), rf"^{vault}  1\.0.MiB, blocks: \d, of which nobody asks for: 0\n$")
        self.assertIn(b"--yes", self.run_at("kept", "rm", vault, code=USAGE).stderr)
        self.run_at("kept", "rm", "a/../b", "--yes", code=NOT_FOUND)
        self.assertEqual(len(self.json("sync")["held"]), 1)
        self.assertEqual(self.json("kept", "rm", vault, "--yes")["bytes"] >> 20, 1)
        self.assertEqual(self.text("kept", "list"), "")
        self.run_at("kept", "rm", vault, "--yes", code=NOT_FOUND)

    def test_keys_and_addresses(self):
        """the key of a network is printed and changed, its first addresses are shown and changed, the router is told of"""
        other = self.enterContext(mh.Daemon())
        name = self.text("network", "create", "home").split()[0]
        other.post("/api/v1/networks", {"url": self.text("network", "invite").strip()})
        peer = other.get("/api/v1/whoami").json["node_id"]
        mh.wait_until(lambda: peer in self.text("node", "list"), 30)
        key = self.text("network", "key", "home")
        self.assertRegex(key, r"^/key/swarm/psk/1.0.0/\n/base16/\n[0-9a-f]{64}\n+$")
        self.run_at("network", "key", "nowhere", code=NOT_FOUND)

        addr = f"/ip4/192.0.2.1/tcp/4001/p2p/{peer}"
        self.assertEqual(self.text("network", "bootstrap", "home", "--add", addr).splitlines()[-1], addr)
        self.assertIn(addr, self.text("network", "bootstrap", "home"))
        self.assertIn(addr, self.json("network", "bootstrap", name)["bootstrap"])
        self.run_at("network", "bootstrap", "home", "--add", "nonsense", code=FAILED)
        self.assertNotIn(addr, self.text("network", "bootstrap", "home", "--remove", addr))
        self.assertIn(addr.encode(), self.run_at("network", "bootstrap", "home", "--remove", addr, code=NOT_FOUND).stderr)

        text = self.text("network", "rotate", "home")
        self.assertIn("; 1 machine has the key.\n", text)
        self.assertNotIn(name, text)
        self.assertNotEqual(self.text("network", "key", "home"), key)
        mh.wait_until(lambda: any(n["connected"] and not n["self"] for n in self.json("node", "list")["nodes"]), 60)
        # who is not here would be left behind, and that is asked first
        other.stop()
        mh.wait_until(lambda: not any(n["online"] and not n["self"] for n in self.json("node", "list")["nodes"]), 60)
        key = self.text("network", "key", "home")
        self.assertRegex(self.run_at("network", "rotate", "home", code=USAGE).stderr.decode(), rf"not here.*: .* \({peer}\); .*--yes")
        self.run_at("network", "disconnect")
        self.assertIn(b"not connected", self.run_at("network", "rotate", "home", code=USAGE).stderr)
        self.assertEqual(self.text("network", "key", "home"), key)
        self.assertIn(f"{peer} does not have it", self.text("network", "rotate", "home", "--yes"))
        self.assertNotEqual(self.text("network", "key", "home"), key)
        self.assertEqual(self.json("network", "list")["networks"][0]["rotated"]["absent"], [peer])
        self.run_at("network", "connect", "home")
        self.assertRegex(self.text("nat"), r"^(Others reach|It is not known yet whether others reach) this machine")

    def test_a_key_that_was_changed_without_it(self):
        """a machine that missed a new key is told how to enter the network that it joins again; two of one name are told apart"""
        other = self.enterContext(mh.Daemon())

        def at(*args, **more):
            return run("--home", other.home, *args, **more)
        self.run_at("network", "create", "home")
        at("network", "join", self.text("network", "invite").strip())
        peer = other.get("/api/v1/whoami").json["node_id"]
        mh.wait_until(lambda: peer in self.text("node", "list"), 30)
        other.stop()
        self.run_at("network", "rotate", "home", "--yes")
        new = self.json("network", "list")["networks"][0]["id"]
        self.assertEqual(self.text("network", "list"), f"{new}  online    home\n")
        other.start()
        old = json.loads(at("--json", "network", "list").stdout)["networks"][0]["id"]
        joined = at("network", "join", self.text("network", "invite", "home").strip())
        self.assertEqual(joined.stdout.decode(), f"{new}  saved     home ({new[:4]})\n")
        self.assertRegex(joined.stderr.decode(), rf"“home \({old[:4]}\)”.*: meshhold network connect {new}\n$")
        lines = at("network", "list").stdout.decode().splitlines()
        self.assertEqual({line.split("  ")[0]: line.split()[-1] for line in lines}, {old: f"({old[:4]})", new: f"({new[:4]})"})
        again = at("network", "join", self.text("network", "invite").strip(), code=FAILED).stderr
        self.assertIn(f"home ({new})".encode(), again)
        which = at("network", "connect", "home", code=USAGE).stderr.decode()
        self.assertIn(old, which)
        self.assertIn(new, which)
        at("network", "connect", new[:3], code=NOT_FOUND)
        at("network", "connect", new[:8])
        mh.wait_until(lambda: any(n["connected"] and n["node_id"] == peer for n in self.json("node", "list")["nodes"]), 60)

    def test_join_and_connect(self):
        """a network is entered as it is joined, when that is wanted; the invitation to one that is not connected can be had"""
        other = self.enterContext(mh.Daemon())
        self.run_at("network", "create", "home")
        other.post("/api/v1/networks/create", {"name": "elsewhere"})
        self.run_at("network", "disconnect")
        self.run_at("network", "invite", "nowhere", code=NOT_FOUND)
        url = self.text("network", "invite", "home").strip()
        self.assertEqual(self.json("network", "invite", "home"), {"url": url})
        self.run_at("network", "connect", "home")
        joined = json.loads(run("--home", other.home, "--json", "network", "join", "--connect", url).stdout)
        self.assertEqual((joined["name"], joined["active"], joined["state"]), ("home", True, "online"))

    def test_files_on_other_machines(self):
        """where a file is, and having it here; a conflict is shown and ended"""
        other = self.enterContext(mh.Daemon())
        self.run_at("network", "create", "home")
        other.post("/api/v1/networks", {"url": self.text("network", "invite").strip()})
        vault = self.text("vault", "create", "photos").strip()
        self.run_at("file", "put", self.write("f", b"from here"), "photos:/f")
        mh.wait_until(lambda: other.post("/api/v1/vaults/join", {"url": self.text("vault", "share", "photos").strip()}).status == 200, 30)
        peer = other.get("/api/v1/whoami").json["node_id"]
        mh.wait_until(lambda: peer in self.text("file", "where", "photos:/f"), 60)
        self.assertRegex(self.text("file", "where", "photos:/f"), rf"^12D3KooW\w+  this one\n{peer}  \S|^{peer}  \S+\n12D3KooW\w+  this one\n$")
        self.run_at("file", "fetch", "photos:/f")
        self.assertEqual(self.json("file", "fetch", "photos:/f"), {"local": True, "missing_blocks": 0})
        self.run_at("file", "where", "photos:/nothing", code=NOT_FOUND)

        for daemon in (other, self.daemon):
            daemon.post("/api/v1/networks/disconnect")
        other.upload(vault, "/f", b"from there")
        self.run_at("file", "put", self.write("f", b"from here again"), "photos:/f")
        for daemon in (self.daemon, other):
            daemon.post(f"/api/v1/networks/{daemon.get('/api/v1/networks').json['networks'][0]['id']}/connect")
        mh.wait_until(lambda: self.text("file", "resolve", "photos:/f").count("\n") == 2, 60)
        self.assertIn("/f (conflict: see", self.text("file", "ls", "--conflicts", "photos"))
        self.assertIn("f (conflict: see", self.text("file", "ls", "photos"))
        self.run_at("file", "put", self.write("g", b"nobody else has it"), "photos:/g")
        self.assertEqual([f["path"] for f in self.json("file", "ls", "--conflicts", "photos")["files"]], ["/f"])
        self.run_at("file", "rm", "photos:/g")
        theirs = next(line for line in self.text("file", "resolve", "photos:/f").splitlines() if peer in line)
        self.run_at("file", "resolve", "photos:/f", "zz", code=NOT_FOUND)
        self.run_at("file", "resolve", "photos:/f", theirs[2:14])
        self.assertEqual(self.run_at("file", "get", "photos:/f", "-").stdout, b"from there")
        self.assertEqual(self.text("file", "resolve", "photos:/f").count("\n"), 1)
        self.assertEqual(self.text("file", "ls", "--conflicts", "photos"), "")

        # what has too few copies is not in sync
        mh.wait_until(lambda: self.text("sync", "--now").endswith("in sync\n"), 60)
        info = self.text("vault", "info", "photos")
        self.assertRegex(info, r"Name: photos\nId: [a-z2-7]{26}\nFiles: 1, 10 bytes\nOther machines that have it: 1\nWanted copies, on all machines: 2\n")
        self.assertRegex(info, rf"\nMachine that has it: {peer}\nCopies counted last: [-\d]+ [:\d]+\nBlocks with")
        self.assertRegex(info, r"Blocks with as many copies as wanted: \d+\n  with more: 0\n  with fewer: 0\n  lost: 0\n$")
        self.run_at("vault", "set", "photos", "--copies", "3")
        mh.wait_until(lambda: "blocks with too few copies: " in self.text("sync", "--now"), 60)
        self.assertRegex(self.text("vault", "info", "photos"), r"as wanted: 0\n  with more: 0\n  with fewer: \d+\n")
        self.assertEqual(self.json("vault", "info", "photos")["vault"]["replication_factor"], 3)


class Files(Case):
    NAMES = ("plain.txt", "with space", "grün 😀", "a%2Fb", "#?&+;=", "-dash", "x" * 255, "tab\tnl\n")

    def setUp(self):
        super().setUp()
        self.vault = self.text("vault", "create", "photos").strip()

    def paths(self):
        page = self.json("file", "ls", "-r", "photos")
        return sorted(file["path"] for file in page["files"])

    def test_vaults(self):
        self.assertRegex(self.vault, r"^[a-z2-7]{26}$")
        self.run_at("vault", "create", "photos", code=FAILED)
        self.assertIn(self.vault, self.text("vault", "list"))
        self.run_at("vault", "rename", "photos", "pictures")
        self.assertEqual([v["name"] for v in self.json("vault", "list")["vaults"]], ["pictures"])
        self.run_at("vault", "rm", "pictures", code=USAGE)
        self.assertIn("vault inform", self.run_at("vault", "inform", "pictures", code=USAGE).stderr.decode())
        self.assertIn(b"a command is missing", self.run_at("vault", code=USAGE).stderr)
        self.run_at("vault", "rm", self.vault, "--yes")
        self.assertEqual(self.json("vault", "list")["vaults"], [])
        self.run_at("vault", "rm", "-y", "pictures", code=NOT_FOUND)

    def test_bytes_come_back(self):
        for size in (0, 1, 65536, 3 << 20):
            with self.subTest(size):
                data = os.urandom(size)
                source = self.write("source", data)
                self.run_at("file", "put", source, f"photos:/deep/er/{size}")
                target = self.dir / "target"
                self.run_at("file", "get", f"photos:/deep/er/{size}", target)
                self.assertEqual(target.read_bytes(), data)
                self.assertEqual(target.stat().st_mtime_ns // 10**9, source.stat().st_mtime_ns // 10**9)

    def test_names(self):
        names = [name for name in self.NAMES if "\n" not in name]
        for name in names:
            self.write(f"in/{name}", name.encode())
        self.run_at("file", "put", "-r", self.dir / "in", "photos:/")
        self.assertEqual(self.paths(), sorted(f"/in/{name}" for name in names))
        (self.dir / "out").mkdir()
        self.run_at("file", "get", "-r", "photos:/in", self.dir / "out")
        for name in names:
            self.assertEqual((self.dir / "out/in" / name).read_bytes(), name.encode())
        self.assertNotIn("\t", self.text("file", "ls", "photos:/in").replace("  ", ""))

    def test_targets(self):
        one, two = self.write("one", b"1"), self.write("two", b"2")
        self.run_at("file", "put", one, "photos:")
        self.run_at("file", "put", one, "photos:docs/")
        self.run_at("file", "put", two, "photos:/docs")
        self.run_at("file", "put", one, two, f"{self.vault}:both")
        self.run_at("file", "put", one, "photos:/renamed")
        self.assertEqual(self.paths(), ["/both/one", "/both/two", "/docs/one", "/docs/two", "/one",
                                        "/renamed"])
        self.run_at("file", "put", self.dir, "photos:/", code=USAGE)
        self.run_at("file", "put", self.dir / "none", "photos:/", code=FAILED)
        self.run_at("file", "put", one, "nowhere:/", code=NOT_FOUND)
        self.run_at("file", "get", "photos:/one", "photos:/renamed", self.dir / "none", code=USAGE)
        self.run_at("file", "get", "photos:/none", self.dir, code=NOT_FOUND)

    def test_pipes(self):
        data = os.urandom(300000)
        self.run_at("file", "put", "-", "photos:/piped", data=data)
        self.assertEqual(self.run_at("file", "get", "photos:/piped", "-").stdout, data)
        self.run_at("file", "put", "-", "photos:/", data=b"", code=USAGE)
        self.run_at("api", "POST", f"/api/v1/vaults/{self.vault}/upload/raw", "@-", data=data)
        raw = self.run_at("api", "GET", f"/api/v1/vaults/{self.vault}/download/raw").stdout
        self.assertEqual(raw, data)

    def test_no_clobber(self):
        self.run_at("file", "put", self.write("a", b"old"), "photos:/")
        new = [self.write("a", b"new"), self.write("b", b"new")]
        self.run_at("file", "put", "-n", *new, "photos:/")
        self.assertEqual(self.run_at("file", "get", "photos:/a", "-").stdout, b"old")
        self.assertEqual(self.run_at("file", "get", "photos:/b", "-").stdout, b"new")

    def test_a_failed_get_keeps_the_old_file(self):
        self.run_at("file", "put", self.write("a", os.urandom(3 << 20)), "photos:/a")
        old = self.write("old", b"old")
        segment = max((self.daemon.home / "blocks").glob("*.seg"), key=lambda p: p.stat().st_size)
        self.daemon.expect.append("/a|damaged|corrupt")
        with open(segment, "r+b") as file:
            file.seek(segment.stat().st_size // 2)
            byte = file.read(1)
            file.seek(-1, os.SEEK_CUR)
            file.write(bytes([byte[0] ^ 1]))
        self.daemon.stop()
        self.daemon.start()
        result = subprocess.run([CLI, "--home", self.daemon.home, "file", "get", "photos:/a", old],
                                capture_output=True, check=False, env=environment())
        self.assertEqual((result.returncode != 0, old.read_bytes()), (True, b"old"), result.stderr)
        self.assertEqual([p.name for p in self.dir.iterdir() if p.name.startswith(".")], [])

    def test_symbolic_links_are_left_out(self):
        self.write("in/file", b"x")
        (self.dir / "in/loop").symlink_to(self.dir / "in")
        result = self.run_at("file", "put", "-r", self.dir / "in", "photos:/")
        self.assertIn(b"loop: left out", result.stderr)
        self.assertEqual(self.paths(), ["/in/file"])

    def test_history_and_restore(self):
        for text in (b"first", b"second"):
            self.run_at("file", "put", self.write("a", text), "photos:/a")
        versions = self.json("file", "history", "photos:/a")["versions"]
        self.assertEqual([v["op"] for v in versions], ["put", "put"])
        self.assertEqual(self.text("file", "history", "photos:/a").count("\n"), 2)
        self.run_at("file", "restore", "photos:/a", versions[1]["content_hash"][:10])
        self.assertEqual(self.run_at("file", "get", "photos:/a", "-").stdout, b"first")
        self.run_at("file", "restore", "photos:/a", "zz", code=NOT_FOUND)
        self.run_at("file", "rm", "photos:/a")
        self.assertEqual(self.paths(), [])
        self.assertIn("(deleted)", self.text("file", "ls", "--deleted", "photos"))
        self.run_at("file", "restore", "photos:/a", versions[0]["content_hash"])
        self.assertEqual(self.run_at("file", "get", "photos:/a", "-").stdout, b"second")

    def test_move_and_remove(self):
        for name in ("in/a", "in/b/c"):
            self.write(name, name.encode())
        self.run_at("file", "put", "-r", self.dir / "in", "photos:/")
        self.run_at("file", "mv", "photos:/in", "/moved")
        self.run_at("file", "mv", "photos:/moved/a", "photos:/moved/b/")
        self.assertEqual(self.paths(), ["/moved/b/a", "/moved/b/c"])
        self.run_at("file", "mv", "photos:/none", "/x", code=NOT_FOUND)
        other = self.text("vault", "create", "other").strip()
        self.run_at("file", "mv", "photos:/moved/b/a", f"{other}:/x", code=USAGE)
        self.run_at("file", "rm", "photos:/moved", code=NOT_FOUND)
        self.run_at("file", "rm", "-r", "photos:/moved")
        self.assertEqual(self.paths(), [])

    def test_copy(self):
        for name in ("in/a", "in/b/c"):
            self.write(name, name.encode())
        self.run_at("file", "put", "-r", self.dir / "in", "photos:/")
        self.run_at("file", "cp", "photos:/in", "/copy")
        self.assertEqual(self.paths(), ["/copy/a", "/copy/b/c", "/in/a", "/in/b/c"])
        self.run_at("file", "cp", "photos:/in/a", f"{self.vault}:/copy/b/")
        self.assertEqual(self.run_at("file", "get", "photos:/copy/b/a", "-").stdout, b"in/a")
        self.run_at("file", "put", self.write("new", b"new"), "photos:/in/a")
        self.assertIn("/copy/a", self.run_at("file", "cp", "photos:/in/a", "/copy/a", code=FAILED).stderr.decode())
        self.run_at("file", "cp", "-n", "photos:/in/a", "/copy/a")
        self.assertEqual(self.run_at("file", "get", "photos:/copy/a", "-").stdout, b"in/a")
        self.assertEqual(self.json("file", "cp", "--replace", "photos:/in/a", "/copy/a"), {"copied": 1, "skipped": 0, "to": "/copy/a"})
        self.assertEqual(self.run_at("file", "get", "photos:/copy/a", "-").stdout, b"new")
        self.run_at("file", "cp", "photos:/none", "/x", code=NOT_FOUND)
        other = self.text("vault", "create", "other").strip()
        self.run_at("file", "cp", "photos:/in/a", f"{other}:/x", code=USAGE)

    def test_search(self):
        for path in ("/2024/Straßenfest.jpg", "/strasse/plan.pdf", "/b/fest plan\x1b.txt"):
            self.run_at("file", "put", self.write("x", b"x"), f"photos:{path}")
        self.assertEqual(self.text("file", "search", "photos", "STRASSE").split()[-1], "/2024/Straßenfest.jpg")
        self.assertEqual([f["path"] for f in self.json("file", "search", self.vault, "plan", "fest")["files"]], ["/b/fest plan\x1b.txt"])
        self.assertNotIn("\x1b", self.text("file", "search", "photos", "plan", "fest"))
        self.assertEqual(len(self.text("file", "search", "photos", "plan").splitlines()), 2)
        self.assertEqual(self.text("file", "search", "photos", "ext:pdf").split()[-1], "/strasse/plan.pdf")
        self.assertEqual(self.text("file", "search", "photos", "nothing & more?"), "")
        self.run_at("file", "search", "nowhere", "x", code=NOT_FOUND)
        self.run_at("file", "search", "photos", "...", code=FAILED)
        self.run_at("file", "search", "photos", code=USAGE)

    def test_listing_is_sorted_out_for_people(self):
        self.run_at("file", "put", self.write("a", b"x" * 1500), "photos:/f/a")
        self.assertRegex(self.text("file", "ls", "photos"), r"1\.5.kB  .* f/\n")
        self.assertRegex(self.text("file", "ls", "photos:/f"), r"1\.5.kB  [-\d]+ [:\d]+  a\n")

    def test_json_of_uploads(self):
        one, two = self.write("one", b"1"), self.write("two", b"2")
        lines = self.text("--json", "file", "put", one, two, "photos:/").splitlines()
        self.assertEqual({json.loads(line)["path"] for line in lines}, {"/one", "/two"})

    def test_progress_is_shown_on_a_terminal(self):
        source = self.write("source", os.urandom(8 << 20))
        pid, terminal = pty.fork()
        if pid == 0:
            os.execve(CLI, [CLI, "--home", str(self.daemon.home), "file", "put", str(source),
                            "photos:/"], environment())
        shown = b""
        try:
            while more := os.read(terminal, 4096):
                shown += more
        except OSError:
            pass  # how a terminal says that the program is gone
        os.close(terminal)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), OK, shown)
        last = re.split(rb"[\r\n]+", shown.strip())[-1]
        self.assertRegex(last.decode(), r"\[#{20}\] 100%  .*/s .*source")

    def test_many_files_fail_one_by_one(self):
        self.write("in/a", b"a")
        self.write("in/b", b"b")
        self.run_at("file", "put", self.dir / "in/a", "photos:/in/a/blocks")
        result = self.run_at("file", "put", "-r", self.dir / "in", "photos:/", code=FAILED)
        self.assertIn(b"in/a: ", result.stderr)
        self.assertIn(b"1 file failed", result.stderr)
        self.assertIn("/in/b", self.paths())


class Vaults(Case):
    """settings and passwords of vaults"""

    def vault(self):
        return json.loads(self.text("--json", "vault", "list"))["vaults"][0]

    def test_settings(self):
        self.run_at("vault", "create", "photos")
        self.run_at("vault", "set", "photos", "--quota", "500GiB", "--copies", "3", "--keep-versions", "5", "--keep-days", "7")
        vault = self.vault()
        self.assertEqual((vault["hard_quota"], vault["replication_factor"], vault["history_keep_versions"],
                          vault["history_keep_days"]), (500 << 30, 3, 5, 7))
        self.run_at("vault", "set", "photos", "--quota", "none")
        self.assertEqual(self.vault()["hard_quota"], 0)
        for size, value in (("5GB", 5 * 10**9), ("1.5 TB", 15 * 10**11), ("2\xa0MB", 2 * 10**6), ("7kb", 7000), ("3gib", 3 << 30), ("1.5G", 3 << 29), ("900B", 900)):
            self.run_at("vault", "set", "photos", "--quota", size)
            self.assertEqual(self.vault()["hard_quota"], value, size)
        for size in ("", "many", "5X", "99999999P", "5G B", "5Gb", "5Gib", "-5GB", "1.5", "1.GB", "5iB"):
            self.assertIn(b"--quota: ", self.run_at("vault", "set", "photos", f"--quota={size}", code=USAGE).stderr, size)
        self.run_at("vault", "set", "photos", code=FAILED)

    def test_passwords(self):
        self.run_at("vault", "create", "photos")
        self.run_at("vault", "lock", "photos", code=FAILED)
        self.run_at("vault", "passwd", "photos", data=b"first password\n")
        self.run_at("vault", "lock", "photos")
        self.assertTrue(self.vault()["locked"])
        self.run_at("vault", "unlock", data=b"wrong password\n", code=AUTH)
        self.assertEqual(self.text("vault", "unlock", data=b"first password\n").strip(), self.vault()["id"])
        self.run_at("vault", "passwd", "photos", data=b"first password\nsecond password\n")
        self.run_at("vault", "lock", "photos")
        self.run_at("vault", "unlock", data=b"second password\n")
        self.run_at("vault", "passwd", "photos", "--remove", data=b"second password\n")
        self.assertFalse(self.vault()["protected"])
        self.run_at("vault", "unlock", data=b"", code=USAGE)


class Folders(Case):
    """import and export"""

    def fill(self):
        source = self.dir / "source"
        (source / "below").mkdir(parents=True)
        (source / "one").write_bytes(b"1" * 5000)
        (source / "below" / "zwei ü").write_bytes(b"2")
        return source

    def test_there_and_back(self):
        source, target = self.fill(), self.dir / "target"
        self.run_at("vault", "create", "photos")
        self.assertEqual(self.text("import", source, "photos:/in"), "2 files, 5.0\u00a0kB; 0 were there already\n")
        self.assertEqual(self.text("import", source, "photos:/in"), "2 files, 5.0\u00a0kB; 2 were there already\n")
        self.text("export", "photos:/in", target)
        self.assertEqual((target / "below" / "zwei ü").read_bytes(), b"2")
        (target / "one").write_bytes(b"mine")
        self.text("export", "photos:/in", target)
        self.assertEqual((target / "one").read_bytes(), b"mine")
        self.text("export", "--replace", "photos:/in", target)
        self.assertEqual((target / "one").read_bytes(), b"1" * 5000)

    def test_for_programs(self):
        self.run_at("vault", "create", "photos")
        done = json.loads(self.text("--json", "import", self.fill(), "photos"))
        self.assertEqual((done["state"], done["files_done"], done["bytes_done"]), ("done", 2, 5001))
        name = self.text("import", "--detach", self.dir / "source", "photos:/again").strip()
        self.assertEqual(self.daemon.get(f"/api/v1/transfers/{name}").status, 200)

    def test_failures_are_named(self):
        source = self.fill()
        with open(os.fsencode(source) + b"/\xff", "wb"):
            pass
        self.run_at("vault", "create", "photos")
        result = self.run_at("import", source, "photos", code=FAILED)
        self.assertIn(b"UTF-8", result.stderr)
        self.assertIn(b"1 file failed", result.stderr)
        self.run_at("import", self.dir / "missing", "photos", code=NOT_FOUND)
        self.run_at("import", source, "no such vault", code=NOT_FOUND)
        self.run_at("import", source, code=USAGE)

    def test_the_bar_and_ctrl_c(self):
        """on a terminal the progress is drawn, and Ctrl-C stops the copying"""
        source = self.fill()
        with open(source / "large", "wb") as file:
            for _ in range(400):
                file.write(os.urandom(1 << 20))
        self.run_at("vault", "create", "photos")
        controller, terminal = pty.openpty()
        process = subprocess.Popen([CLI, "--home", str(self.daemon.home), "import", str(source), "photos"],
                                   stdin=terminal, stdout=terminal, stderr=terminal, env=environment(TERM="xterm"),
                                   start_new_session=True, preexec_fn=lambda: __import__("fcntl").ioctl(0, 0x540E, 0))
        os.close(terminal)
        shown = b""
        while b"/s" not in shown:
            shown += os.read(controller, 4096)
        os.write(controller, b"\x03")
        try:
            while piece := os.read(controller, 4096):
                shown += piece
        except OSError:
            pass  # how Linux says that nobody has the terminal open any more
        self.assertEqual(process.wait(timeout=60), FAILED)
        os.close(controller)
        self.assertIn("stopped; the same command goes on from here", shown.decode())
        self.assertEqual([t["state"] for t in self.daemon.get("/api/v1/transfers").json["transfers"]], ["cancelled"])


if __name__ == "__main__":
    tap.main()
