# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the real daemon for a test and talks to it; checks every answer against the contract."""

import hashlib
import http.client
import json
import os
import pathlib
import re
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.parse

import jsonschema

BUILD = pathlib.Path(os.environ.get("MESHHOLD_BUILD_DIR", pathlib.Path(__file__).resolve().parents[2] / "build"))
START_SECONDS = 30


def quote(path):
    """Percent-encodes each segment of a path by itself."""
    return "/".join(urllib.parse.quote(part, safe="") for part in path.split("/"))


class Contract:
    """openapi.json: finds the operation of an answer and checks the answer against its schema."""

    def __init__(self, path=BUILD / "daemon/contract/openapi.json"):
        self.data = json.loads(path.read_text(encoding="utf-8"))
        self.routes = []
        for template, item in self.data["paths"].items():
            pattern = re.sub(r"\\\{path\\\}$", r".*", re.escape(template))
            pattern = re.sub(r"\\\{\w+\\\}", r"[^/]+", pattern)
            literal = template.count("{")
            self.routes.append((literal, re.compile(pattern), template, item))
        self.routes.sort(key=lambda row: row[0])

    def check(self, method, path, status, content_type, body):
        path = path.split("?")[0]
        method = "get" if method == "HEAD" else method.lower()
        for _, pattern, template, item in self.routes:
            if pattern.fullmatch(path) and method in item:
                return self.check_response(f"{method} {template}", item[method], status, content_type, body)
        return None

    def check_response(self, where, operation, status, content_type, body):
        response = operation["responses"].get(str(status))
        if response is None and status not in (304, 405, 408, 412, 416, 421, 429, 431, 503):
            raise AssertionError(f"{where} answered {status}, which the contract does not have: {body[:300]}")
        if response is None or status == 204 or "json" not in (content_type or "") or "ndjson" in content_type:
            return
        content = response.get("content", {}).get("application/json")
        if content is None:
            return
        schema = {"components": self.data["components"], **content["schema"]}
        jsonschema.validate(json.loads(body), schema, cls=jsonschema.Draft202012Validator)


class Reply:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"<{self.status} {self.body[:200]!r}>"


GEAR = [int.from_bytes(hashlib.sha256(b"mh1/gear" + bytes([byte])).digest()[:8], "little") for byte in range(256)]


def cut(data):
    """Cuts a file into the blocks that the store makes of it: FastCDC of 256 KiB, 1 MiB and 4 MiB."""
    at = 0
    while at < len(data):
        begin, gear = at, 0
        at = min(begin + (1 << 18), len(data))
        for bits, size in ((22, 1 << 20), (18, 1 << 22)):
            below = 1 << (64 - bits)
            for byte in memoryview(data)[at : min(begin + size, len(data))]:
                gear = (gear << 1) + GEAR[byte] & 0xFFFFFFFFFFFFFFFF
                at += 1
                if gear < below:
                    break
            else:
                continue
            break
        yield data[begin:at]


def content_hash(data):
    """What the API says of a file with this content."""
    sha = hashlib.sha256(b"mh1/content\0")
    for block in cut(data):
        sha.update(hashlib.sha256(b"\0" + block).digest() + len(block).to_bytes(4, "little"))
    return sha.hexdigest()


# A daemon that neither takes ports that others may want nor talks to the network of this machine.
LONELY = "node:\n  listen_addrs: [/ip4/127.0.0.1/tcp/0]\n  mdns: false\n  upnp:\n    enabled: false\n"


class Daemon:
    """One meshholdd on a home of its own. Use with `with`; leaving it checks the log."""

    contract = None

    def __init__(self, home=None, config=None, expect=(), environment=None, wrapper=()):
        self.own_home = home is None
        self.home = pathlib.Path(home or tempfile.mkdtemp(prefix="mh-"))
        self.config, self.expect, self.wrapper = config, list(expect), list(wrapper)
        self.environment = {**os.environ, **(environment or {})}
        self.process = self.token = None
        self.log = tempfile.NamedTemporaryFile("w+b", prefix="mh-log-", delete=False)
        if Daemon.contract is None:
            Daemon.contract = Contract()

    def __enter__(self):
        self.home.mkdir(parents=True, exist_ok=True)
        if self.config is not None or not (self.home / "config.yaml").exists():
            (self.home / "config.yaml").write_text(LONELY if self.config is None else self.config, encoding="utf-8")
        self.start()
        return self

    def __exit__(self, kind, value, trace):
        try:
            if self.process is not None and self.process.poll() is None:
                self.stop()
            self.check_log()
        except AssertionError:
            if kind is None:
                raise
        finally:
            if kind is not None:
                print("# log:\n# " + "\n# ".join(self.log_text().splitlines()[-30:]))
            self.log.close()
            os.unlink(self.log.name)
            if self.own_home:
                shutil.rmtree(self.home, ignore_errors=True)

    def start(self):
        command = [*self.wrapper, str(BUILD / "daemon/meshholdd"), "--home", str(self.home), "--listen", "127.0.0.1:0"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.log, env=self.environment)
        line = self.read_line()
        if not line.startswith("ready http://"):
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"no ready line but {line!r}:\n{self.log_text()}")
        self.url = line.split()[1]
        self.port = int(self.url.rstrip("/").rsplit(":", 1)[1])
        return self

    def read_line(self):
        ready, _, _ = select.select([self.process.stdout], [], [], START_SECONDS)
        return self.process.stdout.readline().decode() if ready else ""

    def stop(self):
        """Asks politely; the daemon must be gone within 5 seconds (more under a sanitizer)."""
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(timeout=5 if "ASAN_OPTIONS" not in os.environ else 30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError("the daemon did not end within 5 s of SIGTERM")
        self.process.stdout.close()
        if code != 0:
            raise AssertionError(f"the daemon ended with {code}:\n{self.log_text()}")

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def log_text(self):
        self.log.flush()
        return pathlib.Path(self.log.name).read_text(encoding="utf-8", errors="replace")

    def check_log(self):
        """Any warning that the test did not announce fails it."""
        for line in self.log_text().splitlines():
            if re.search(r"\b(warn|error|CRITICAL|WARNING|Sanitizer)\b", line) and not any(
                    re.search(pattern, line) for pattern in self.expect):
                raise AssertionError(f"unexpected line in the log: {line}\n{self.log_text()[-3000:]}")

    def ipc(self, op, **members):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(10)
            connection.connect(str(self.home / "ipc.sock"))
            connection.sendall(json.dumps({"op": op, **members}).encode() + b"\n")
            return json.loads(connection.makefile().readline())

    def login(self):
        self.token = self.ipc("token")["token"]
        return self.token

    def connection(self, timeout=60):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def request(self, method, path, body=None, token=True, headers=None, connection=None):
        """One request. A dict becomes JSON; token True is the owner's, a string that one."""
        headers = dict(headers or {})
        if token is True:
            token = self.token or self.login()
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if isinstance(body, (dict, list)):
            body = json.dumps(body).encode()
            headers.setdefault("Content-Type", "application/json")
        own = connection is None
        connection = connection or self.connection()
        try:
            connection.request(method, path, body=body, headers=headers,
                               encode_chunked="Transfer-Encoding" in headers)
            response = connection.getresponse()
            reply = Reply(response.status, response.headers, response.read())
        finally:
            if own:
                connection.close()
        text = reply.body.decode("utf-8", "replace") if len(reply.body) < 10_000_000 else ""
        if path.startswith("/api/"):
            self.contract.check(method, path, reply.status, reply.headers.get("Content-Type"), text)
        return reply

    def get(self, path, **options):
        return self.request("GET", path, **options)

    def post(self, path, body=None, **options):
        return self.request("POST", path, body, **options)

    def vault(self, name="test"):
        return self.post("/api/v1/vaults", {"name": name}).json["id"]

    def upload(self, vault, path, data, **options):
        return self.post(f"/api/v1/vaults/{vault}/upload{quote(path)}", data, **options)

    def download(self, vault, path, **options):
        return self.get(f"/api/v1/vaults/{vault}/stream{quote(path)}", **options)

    def events(self):
        """The stream of events from now on: `with daemon.events() as events`."""
        return Events(self)

    def cpu_seconds(self):
        """What the daemon has used of the processors, in steps of 10 ms."""
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory_kib(self, name="VmHWM"):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"{name}:\s+(\d+)", status)[1])


class Events:
    """A client of the stream of events."""

    def __init__(self, daemon):
        self.connection = daemon.connection()
        self.connection.request("GET", f"/api/v1/events/stream?token={daemon.token or daemon.login()}")
        self.response = self.connection.getresponse()

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        self.connection.close()

    def next(self, kind):
        """The next event of a kind; others are passed over."""
        while line := self.response.readline():
            if line.startswith(b"data: "):
                event = json.loads(line[6:])
                if event["type"] == kind:
                    return event
        raise AssertionError(f"the stream ended without {kind}")


def wait_until(condition, seconds=20, what="the condition"):
    """Polls until the condition holds; the only kind of waiting a test may do."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        select.select([], [], [], 0.02)
    raise AssertionError(f"{what} did not come true within {seconds} s")
