#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two or three daemons that do random things to one vault, while they are killed, lose their disks and leave the network, and while
the network between them fails. In the end all have the same versions and files, and nothing that was acknowledged is lost. Each
daemon is in a namespace, where those can be made; without them the network does not fail. MESHHOLD_TEST_SEEDS (from:count) and
MESHHOLD_TEST_OPERATIONS make it longer."""

import collections
import contextlib
import hashlib
import os
import pathlib
import random
import shutil
import socket
import sqlite3
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import mh  # noqa: E402
import netns  # noqa: E402
import tap  # noqa: E402
from test_sync import Case  # noqa: E402

FIRST, SEEDS = (int(n) for n in os.environ.get("MESHHOLD_TEST_SEEDS", "13:2").split(":"))
OPERATIONS = int(os.environ.get("MESHHOLD_TEST_OPERATIONS", "80"))
PATHS = [f"{folder}/{name}" for folder in ("", "/a", "/a/b", "/ä") for name in ("1", "2", "3", "4", "5")]
REFUSED = (404, 409)  # what the vault does not have, or has already
PORT = 4001  # a daemon is where it was after each start, so that others find it again
EPISODE = 100  # after so many operations the network heals, all find each other, and a disk may be lost
ALONE = 80  # of an episode; from then on one machine is alone, and knows it


def with_port():
    """The same without namespaces."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return mh.LONELY.replace("tcp/0", f"tcp/{probe.getsockname()[1]}")


class History:
    """What was done and acknowledged."""

    def __init__(self, case, stack, seed):
        self.case, self.random = case, random.Random(seed)
        count = 2 + seed % 2  # of three, what one has not got from another the third may bring
        self.hosts = stack.enter_context(netns.Hosts(count)) if netns.is_possible() else None
        self.daemons = [stack.enter_context(self.daemon(number)) for number in range(1, count + 1)]
        case.join(*self.daemons)
        self.network = self.daemons[0].get("/api/v1/networks").json["networks"][0]["id"]
        self.vault = self.daemons[0].vault()
        self.url = f"/api/v1/vaults/{self.vault}"
        case.share(self.daemons[0], self.vault, *self.daemons[1:])
        self.kills = 3 if seed % 4 < 2 else 0  # after a kill everything is compared, which hides what was left out before
        self.contents = {}  # content hash: SHA-256 of the bytes
        self.apart = set()  # daemons that have left the network
        self.counts = collections.Counter()

    def daemon(self, number):
        return netns.Daemon(self.hosts, number, port=PORT) if self.hosts else mh.Daemon(config=with_port())

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
                self.counts["conflict resolved"] += 1
                return

    # what goes wrong

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

    def cut(self, daemon):
        """The cable of one machine is out."""
        self.hosts.cut(self.daemons.index(daemon) + 1)

    def split(self, daemon):
        """Two machines do not reach each other, others may reach both."""
        one, two = self.pair(daemon)
        self.hosts.lose(one, two)
        self.hosts.lose(two, one)

    def deafen(self, daemon):
        """One machine hears nothing of another one, which hears it."""
        self.hosts.lose(*self.pair(daemon))

    def forget(self, daemon):
        self.counts["connection forgotten"] += self.hosts.forget(self.daemons.index(daemon) + 1)

    def heal(self, daemon):
        self.hosts.heal()

    def pair(self, daemon):
        one = self.daemons.index(daemon) + 1
        return self.random.choice([n for n in range(1, len(self.daemons) + 1) if n != one]), one

    def isolate(self):
        """One machine of those that are connected hears the others no more, and may be heard by them or not, until it has noticed."""
        self.gather()
        daemon = self.random.choice(self.daemons)
        number = self.daemons.index(daemon) + 1
        way = self.random.choice((self.hosts.cut, self.hosts.lose, None))
        for other in set(range(1, len(self.daemons) + 1)) - {number}:
            self.hosts.lose(other, number)
            if way == self.hosts.lose:
                self.hosts.lose(number, other)
        if way == self.hosts.cut:
            self.hosts.cut(number)
        mh.wait_until(lambda: self.links(daemon) == 0, 120, "the end of the connections")
        self.counts["alone"] += 1

    # and how it goes on

    def gather(self):
        """All reach all, and have the same versions."""
        if self.hosts:
            self.hosts.heal()
        for daemon in list(self.apart):
            self.join(daemon)
        for daemon in self.daemons:  # a connection that nothing came over is given up after half a minute, then others are tried
            mh.wait_until(lambda daemon=daemon: self.links(daemon) == len(self.daemons) - 1, 180, "connections to all")
        for daemon in self.daemons:
            self.ask(daemon, "POST", "/api/v1/replicate-now")
        mh.wait_until(lambda: len({frozenset(self.versions(d)) for d in self.daemons}) == 1, 180, "the same versions")

    def links(self, daemon):
        reply = self.ask(daemon, "GET", "/api/v1/nodes", allowed=(503,))  # it has left the network
        return sum(n["connected"] and not n["self"] for n in reply.json["nodes"]) if reply.status == 200 else 0

    def lose_disk(self):
        """One machine loses all that it stored as soon as others have it, but not its key, nor what it knows of the others."""
        daemon = self.random.choice(self.daemons)
        others = [d for d in self.daemons if d is not daemon]
        mh.wait_until(lambda: self.blocks(daemon) <= set().union(*map(self.blocks, others)), 90, "copies of all blocks")
        daemon.kill()
        shutil.rmtree(daemon.home / "blocks")
        for path in (daemon.home / "metadata").glob("index.db*"):
            path.unlink()
        daemon.start()
        daemon.login()
        self.counts["disk lost"] += 1

    def run(self):
        kinds = {self.put: 40, self.delete: 12, self.move: 12, self.copy: 4, self.undelete: 8, self.resolve: 4, self.kill: self.kills, self.part: 4}
        if self.hosts:
            kinds |= {self.cut: 2, self.split: 2, self.deafen: 2, self.forget: 1, self.heal: 5}
        for number in range(1, OPERATIONS + 1):
            operation = self.random.choices(list(kinds), list(kinds.values()))[0]
            operation(self.random.choice(self.daemons))
            self.counts[operation.__name__] += 1
            if number % EPISODE == ALONE < OPERATIONS and self.hosts:
                self.isolate()
            if number % EPISODE == 0:
                self.gather()
                if self.kills:
                    self.lose_disk()

    def versions(self, daemon):
        """Of the index: what the API shows of files that were moved away and deleted depends on paths."""
        return set(self.rows(daemon, "SELECT lower(hex(hash)), lower(hex(content_hash)), is_head FROM versions"))

    def blocks(self, daemon):
        return {row[0] for row in self.rows(daemon, "SELECT id FROM blocks WHERE refs > 0 AND bad = 0")}

    @staticmethod
    def rows(daemon, sql):
        with contextlib.closing(sqlite3.connect(f"file:{daemon.home}/metadata/index.db?mode=ro", uri=True)) as index:
            return index.execute(sql).fetchall()

    def check(self):
        self.gather()
        tree = self.case.same(self.vault, *self.daemons)
        lost = self.contents.keys() - {content for _, content, _ in self.versions(self.daemons[0])}
        self.case.assertEqual(lost, set(), "acknowledged, and lost")
        for path, (content, _) in tree.items():
            for daemon in self.daemons:
                reply = daemon.download(self.vault, path)
                self.case.assertEqual((reply.status, hashlib.sha256(reply.body).digest()), (200, self.contents[content]), path)
        self.counts |= {"files": len(tree), "versions": len(self.versions(self.daemons[0]))}


class Random(Case):
    def test_converges(self):
        """all end with the same versions and files, and nothing acknowledged is lost"""
        for seed in range(FIRST, FIRST + SEEDS):
            begin = time.monotonic()
            with self.subTest(seed=seed), contextlib.ExitStack() as stack:
                history = History(self, stack, seed)
                try:
                    history.run()
                    history.check()
                finally:
                    print(f"# seed {seed}, {time.monotonic() - begin:.0f} s:", ", ".join(f"{n} {what}" for what, n in history.counts.items()))


if __name__ == "__main__":
    tap.main()
