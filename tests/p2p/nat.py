#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two peers behind separate NATs: over our relay, then directly. All of it in namespaces of the test's own.

           public network 11.22.33.0/24, without any route to the networks behind the routers
        relay .1          router-a .2                router-b .3
                          a 10.1.0.2                 b 10.2.0.2
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent / "lib"))
import interop  # noqa: E402
import mh  # noqa: E402
import tap  # noqa: E402

NAMES = ("public", "relay", "router-a", "router-b", "a", "b")


def run(*words, **more):
    done = subprocess.run(words, check=False, capture_output=True, text=True, **more)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(words)}: {done.stderr}")
    return done


class Lab:
    """The namespaces; those of a test that runs at the same time have other names."""

    def __init__(self):
        self.prefix = f"mh{os.getpid()}-"

    def __enter__(self):
        try:
            self.make()
        except BaseException:
            self.__exit__()
            raise
        return self

    def make(self):
        for name in NAMES:
            run("ip", "netns", "add", self.prefix + name)
            self.do(name, "ip", "link", "set", "lo", "up")
        self.do("public", "ip", "link", "add", "bridge", "type", "bridge")
        self.do("public", "ip", "link", "set", "bridge", "up")
        for name, address in (("relay", "11.22.33.1"), ("router-a", "11.22.33.2"), ("router-b", "11.22.33.3")):
            self.plug(name, f"{address}/24")
        for letter, net in (("a", "10.1.0"), ("b", "10.2.0")):
            self.behind(letter, f"router-{letter}", net)

    def __exit__(self, *problem):
        for name in NAMES:
            subprocess.run(["ip", "netns", "del", self.prefix + name], check=False, capture_output=True)

    def do(self, name, *words, **more):
        return run("ip", "netns", "exec", self.prefix + name, *words, **more)

    def wire(self, one, end, two, other):
        run("ip", "link", "add", end, "netns", self.prefix + one, "type", "veth", "peer", "name", other, "netns", self.prefix + two)
        self.do(one, "ip", "link", "set", end, "up")
        self.do(two, "ip", "link", "set", other, "up")

    def plug(self, name, address):
        self.wire(name, "out", "public", f"to-{name}")
        self.do("public", "ip", "link", "set", f"to-{name}", "master", "bridge")
        self.do(name, "ip", "addr", "add", address, "dev", "out")

    def behind(self, name, router, net):
        self.wire(router, "in", name, "home")
        self.do(router, "ip", "addr", "add", f"{net}.1/24", "dev", "in")
        self.do(name, "ip", "addr", "add", f"{net}.2/24", "dev", "home")
        self.do(name, "ip", "route", "add", "default", "via", f"{net}.1")
        self.do(router, "sysctl", "-qw", "net.ipv4.ip_forward=1")
        # a home router: what goes out is masqueraded, what was not asked for does not come in
        self.do(router, "nft", "-f", "-", input="""
            table ip nat {
              chain post { type nat hook postrouting priority 100
                oifname "out" masquerade
              }
            }
            table ip filter {
              chain forward { type filter hook forward priority 0; policy drop;
                ct state established,related accept
                iifname "in" oifname "out" accept
              }
              chain input { type filter hook input priority 0; policy accept;
                iifname "out" ct state != { established, related } drop
              }
            }
            """)


def is_possible():
    probe = f"mh{os.getpid()}-probe"
    if os.geteuid() != 0 or not shutil.which("nft") or subprocess.run(["ip", "netns", "add", probe], check=False, capture_output=True).returncode:
        return False
    subprocess.run(["ip", "netns", "del", probe], check=False)
    return True


class Case(unittest.TestCase):
    def setUp(self):
        self.lab = self.enterContext(Lab())
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="mh-nat-"))
        self.addCleanup(shutil.rmtree, self.folder)
        (self.folder / "key").write_text(interop.KEY, encoding="ascii")

    def peer(self, where, *options, port=4001):
        peer = interop.Peer(["ip", "netns", "exec", self.lab.prefix + where, str(interop.BUILD / "tests/tools/p2p-peer"),
                             "--psk", str(self.folder / "key"), "--serve-echo", "--listen", f"/ip4/0.0.0.0/tcp/{port}", *options],
                            folder=self.folder)
        peer.ask = lambda *words, answer, **wanted: interop.Ours.ask(peer, *words, answer=answer, **wanted)
        self.addCleanup(peer.end)
        return peer


class Nat(Case):
    def test_over_the_relay_and_then_directly(self):
        relay = self.peer("relay", "--relay")
        where = next(a for a in relay.addrs if "/11.22.33.1/" in a)
        a, b = self.peer("a"), self.peer("b")
        for peer in (a, b):
            self.assertEqual(peer.ask("dial", where, answer="dialled")["event"], "dialled")
            peer.wait("identified", peer=relay.id)
        self.assertEqual(a.ask("dial", f"/ip4/11.22.33.3/tcp/4001/p2p/{b.id}", answer="dialled")["event"], "error")
        b.ask("use-relay", relay.id, answer=None)

        def over():
            found = b.ask("addresses", answer="addresses")["addrs"]
            return next((one for one in found if "11.22.33.1" in one and "/p2p-circuit" in one), None)
        address = mh.wait_until(over, 30, "a place at the relay")
        self.assertEqual(a.ask("dial", address, answer="dialled")["event"], "dialled")
        self.assertTrue(a.ask("echo", b.id, 100_000, answer="echo")["ok"])

        def direct():
            rows = [row for row in a.ask("connections", answer="connections")["connections"] if row["peer"] == b.id]
            return next((row for row in rows if not row["relayed"]), None)
        row = mh.wait_until(direct, 30, "a direct connection")
        self.assertIn("11.22.33.3", row["addr"])
        relay.end()  # what goes on does so without it
        self.assertTrue(a.ask("echo", b.id, 1_000_000, answer="echo")["ok"])
        self.assertTrue(b.ask("echo", a.id, 1_000_000, answer="echo")["ok"])

    def test_who_can_be_reached(self):
        """a peer behind a router knows that nobody can dial it, one without a router that everybody can"""
        relay = self.peer("relay")
        where = next(a for a in relay.addrs if "/11.22.33.1/" in a)
        a, b = self.peer("a"), self.peer("b")
        for peer in (a, b):
            self.assertEqual(peer.ask("dial", where, answer="dialled")["event"], "dialled")
        for peer, reach in ((a, "private"), (b, "private"), (relay, "public")):
            self.assertEqual(peer.wait("reach")["reach"], reach)
        self.assertGreaterEqual(relay.ask("reach", answer="reach")["confidence"], 1)


if __name__ == "__main__":
    if not is_possible():
        print("1..0 # SKIP needs root, ip and nft to make network namespaces")
        sys.exit(0)
    tap.main()
