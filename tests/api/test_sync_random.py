#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two or three daemons that do random things to one vault, while they are killed and leave the network. In the end all have the same
versions and files, and nothing that was acknowledged is lost. MESHHOLD_TEST_SEEDS (from:count) and MESHHOLD_TEST_OPERATIONS make
it longer."""

import hashlib
import os
import pathlib
import random
import socket
import sqlite3
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import mh  # noqa: E402
import tap  # noqa: E402
from test_sync import Case  # noqa: E402

FIRST, SEEDS = (int(n) for n in os.environ.get("MESHHOLD_TEST_SEEDS", "1:2").split(":"))
OPERATIONS = int(os.environ.get("MESHHOLD_TEST_OPERATIONS", "80"))
PATHS = [f"{folder}/{name}" for folder in ("", "/a", "/a/b", "/ä") for name in ("1", "2", "3", "4", "5")]
REFUSED = (404, 409)  # what the vault does not have, or has already


def with_port():
    """The configuration of a daemon that is where it was after each start, so that others find it again."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return mh.LONELY.replace("tcp/0", f"tcp/{probe.getsockname()[1]}")


class History:
    """What was done and acknowledged."""

    def __init__(self, case, seed):
        self.case, self.random = case, random.Random(seed)
        count = 2 + seed % 2  # of three, what one has not got from another the third may bring
        self.daemons = case.network(count, {i: with_port() for i in range(count)})
        self.network = self.daemons[0].get("/api/v1/networks").json["networks"][0]["id"]
        self.vault = self.daemons[0].vault()
        self.url = f"/api/v1/vaults/{self.vault}"
        case.share(self.daemons[0], self.vault, *self.daemons[1:])
        self.kills = 3 if seed % 4 < 2 else 0  # after a kill everything is compared, which hides what was left out before
        self.contents = {}  # content hash: SHA-256 of the bytes
        self.apart = set()  # daemons that have left the network

    def ask(self, daemon, method, path, body=None, allowed=REFUSED):
        reply = daemon.request(method, path, body)
        self.case.assertTrue(reply.status < 300 or reply.status in allowed, (method, path, reply))
        return reply

    def put(self, daemon):
        size = self.random.choice((0, 10, 1000, 70_000, 300_000))
        data = self.random.randbytes(size)
        reply = self.ask(daemon, "POST", f"{self.url}/upload{mh.quote(self.random.choice(PATHS))}", data)
        if reply.status < 300:
            self.contents[reply.json["content_hash"]] = hashlib.sha256(data).digest()

    def delete(self, daemon):
        self.ask(daemon, "DELETE", f"{self.url}/files{mh.quote(self.random.choice(PATHS))}")

    def move(self, daemon):
        source, target = self.random.sample([*PATHS, "/a", "/ä"], 2)
        self.ask(daemon, "POST", f"{self.url}/move", {"from": source, "to": target}, (*REFUSED, 400))

    def copy(self, daemon):
        source, target = self.random.sample(PATHS, 2)
        self.ask(daemon, "POST", f"{self.url}/copy", {"from": source, "to": target}, (*REFUSED, 400))

    def undelete(self, daemon):
        trash = self.ask(daemon, "GET", f"{self.url}/trash").json["entries"]
        if trash:
            self.ask(daemon, "POST", f"{self.url}/undelete", {"paths": [self.random.choice(trash)["path"]]})

    def resolve(self, daemon):
        for path, (_, conflict) in self.case.tree(daemon, self.vault).items():
            if conflict:
                versions = self.ask(daemon, "GET", f"{self.url}/history{mh.quote(path)}").json["versions"]
                head = self.random.choice([v for v in versions if v["head"]])
                self.ask(daemon, "POST", f"{self.url}/resolve-conflict{mh.quote(path)}", {"version_hash": head["version_hash"]})
                return

    def kill(self, daemon):
        daemon.kill()
        daemon.start()
        daemon.login()

    def part(self, daemon):
        if daemon in self.apart:
            self.join(daemon)
        else:
            self.ask(daemon, "POST", "/api/v1/networks/disconnect")
            self.apart.add(daemon)

    def join(self, daemon):
        self.ask(daemon, "POST", f"/api/v1/networks/{self.network}/connect")
        self.apart.discard(daemon)

    def run(self):
        kinds = {self.put: 40, self.delete: 12, self.move: 12, self.copy: 4, self.undelete: 8, self.resolve: 4, self.kill: self.kills, self.part: 6}
        for _ in range(OPERATIONS):
            self.random.choices(list(kinds), list(kinds.values()))[0](self.random.choice(self.daemons))
        for daemon in list(self.apart):
            self.join(daemon)

    def versions(self, daemon):
        """Of the index: what the API shows of files that were moved away and deleted depends on paths."""
        with sqlite3.connect(f"file:{daemon.home}/metadata/index.db?mode=ro", uri=True) as index:
            return set(index.execute("SELECT lower(hex(hash)), lower(hex(content_hash)), is_head FROM versions"))

    def check(self):
        for daemon in self.daemons:
            self.case.connected(daemon, len(self.daemons) - 1)
        for daemon in self.daemons:
            self.ask(daemon, "POST", "/api/v1/replicate-now")
        mh.wait_until(lambda: len({frozenset(self.versions(d)) for d in self.daemons}) == 1, 90, "the same versions")
        tree = self.case.same(self.vault, *self.daemons)
        lost = self.contents.keys() - {content for _, content, _ in self.versions(self.daemons[0])}
        self.case.assertEqual(lost, set(), "acknowledged, and lost")
        for path, (content, _) in tree.items():
            for daemon in self.daemons:
                reply = daemon.download(self.vault, path)
                self.case.assertEqual((reply.status, hashlib.sha256(reply.body).digest()), (200, self.contents[content]), path)


class Random(Case):
    def test_converges(self):
        """all end with the same versions and files, and nothing acknowledged is lost"""
        for seed in range(FIRST, FIRST + SEEDS):
            with self.subTest(seed=seed):
                history = History(self, seed)
                history.run()
                history.check()
                for daemon in history.daemons:
                    daemon.stop()


if __name__ == "__main__":
    tap.main()
