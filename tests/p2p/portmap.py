#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A peer behind a router that maps ports: miniupnpd, in namespaces of the test's own."""

import contextlib
import pathlib
import shutil
import signal
import subprocess
import sys
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent / "lib"))
import interop  # noqa: E402
import mh  # noqa: E402
import nat  # noqa: E402
import netns  # noqa: E402
import tap  # noqa: E402

PROGRAM = str(interop.BUILD / "daemon/portmap/meshhold-portmap")

# what miniupnpd writes its rules to
RULES = """
    table inet filter {
      chain miniupnpd { }
      chain forward { type filter hook forward priority 0; policy drop;
        ct state established,related accept
        iifname "in" oifname "out" accept
        jump miniupnpd
      }
      chain input { type filter hook input priority 0; policy accept;
        iifname "out" ct state != { established, related } drop
      }
      chain prerouting_miniupnpd { }
      chain prerouting { type nat hook prerouting priority -100; policy accept;
        jump prerouting_miniupnpd
      }
      chain postrouting_miniupnpd { }
      chain postrouting { type nat hook postrouting priority 100; policy accept;
        jump postrouting_miniupnpd
        oifname "out" masquerade
      }
    }
    """


class Portmap(nat.Case):
    def router(self, name, net, *denied):
        """Starts miniupnpd on a router of the lab."""
        where = self.folder / name
        where.mkdir(exist_ok=True)
        self.lab.do(name, "nft", "flush", "ruleset")
        self.lab.do(name, "nft", "-f", "-", input=RULES)
        (where / "conf").write_text("\n".join([
            "ext_ifname=out", f"listening_ip={net}.1/24", "http_port=5000", "enable_natpmp=no", "enable_upnp=yes", "secure_mode=yes",
            "upnp_table_name=filter", "upnp_nat_table_name=filter", "upnp_forward_chain=miniupnpd", "upnp_nat_chain=prerouting_miniupnpd",
            "upnp_nat_postrouting_chain=postrouting_miniupnpd", "uuid=2f1d4e2a-7c1b-4c3e-9a4e-2b6f0a9b1c55", "ipv6_disable=yes",
            *denied, f"allow 1024-65535 {net}.0/24 1024-65535", "deny 0-65535 0.0.0.0/0 0-65535", ""]), encoding="ascii")
        # without a log of the system it may write to, it writes to the error output
        with open(where / "log", "w", encoding="utf-8") as log:
            daemon = subprocess.Popen(["ip", "netns", "exec", self.lab.prefix + name, "miniupnpd", "-d", "-f", str(where / "conf"),
                                       "-P", str(where / "pid")], stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        self.addCleanup(daemon.wait)
        self.addCleanup(daemon.kill)
        self.running = daemon
        mh.wait_until(lambda: ":5000" in self.lab.do(name, "ss", "-ltn").stdout, 20, "miniupnpd")

    def mapped(self, router="router-a"):
        """What the router forwards."""
        return [line.strip() for line in self.lab.do(router, "nft", "list", "chain", "inet", "filter", "prerouting_miniupnpd")
                .stdout.splitlines() if "dnat" in line]

    @staticmethod
    def why(peer):
        """Waits until a mapping is said to have failed, and for a reason."""
        while not peer.wait("unmapped", addr="")["error"]:
            pass

    def test_a_mapping_comes_and_goes(self):
        """the router forwards to a peer that asks, somebody outside reaches it, and nothing is left of it at the end"""
        self.router("router-a", "10.1.0")
        hidden = self.peer("a", "--portmap", PROGRAM)
        event = hidden.wait("mapped")
        self.assertEqual((event["addr"], event["port"]), ("/ip4/11.22.33.2/tcp/4001", 4001))
        self.assertEqual(len(self.mapped()), 1)
        self.assertIn(f"{event['addr']}/p2p/{hidden.id}", hidden.ask("addresses", answer="addresses")["addrs"])
        outside = self.peer("relay")
        self.assertEqual(outside.ask("dial", f"{event['addr']}/p2p/{hidden.id}", answer="dialled")["event"], "dialled")
        self.assertTrue(outside.ask("echo", hidden.id, 100_000, answer="echo")["ok"])
        hidden.process.send_signal(signal.SIGTERM)
        self.assertEqual(hidden.process.wait(timeout=20), 0)
        self.assertEqual(self.mapped(), [])

    def test_the_peer_is_killed(self):
        """the router takes back what it forwards, whatever ends the peer"""
        self.router("router-a", "10.1.0")
        hidden = self.peer("a", "--portmap", PROGRAM)
        hidden.wait("mapped")
        hidden.process.kill()
        hidden.process.wait()
        mh.wait_until(lambda: self.mapped() == [], 10, "the end of the mapping")

    def test_two_behind_one_router(self):
        """each has a mapping of its own, and takes its own only"""
        self.router("router-a", "10.1.0")
        peers = [self.peer("a", "--portmap", PROGRAM, port=port) for port in (4001, 4002)]
        for peer, port in zip(peers, (4001, 4002)):
            self.assertEqual(peer.wait("mapped")["addr"], f"/ip4/11.22.33.2/tcp/{port}")
        self.assertEqual(len(self.mapped()), 2)
        peers[0].process.send_signal(signal.SIGTERM)
        self.assertEqual(peers[0].process.wait(timeout=20), 0)
        self.assertEqual(len(self.mapped()), 1)
        self.assertIn("4002", self.mapped()[0])

    def test_two_routers(self):
        """only the one on our way out is asked; when the way is another, that one is, and the first takes back what it forwards"""
        self.lab.wire("router-b", "side", "a", "second")
        self.lab.do("router-b", "ip", "addr", "add", "10.3.0.1/24", "dev", "side")
        self.lab.do("a", "ip", "addr", "add", "10.3.0.2/24", "dev", "second")
        self.router("router-a", "10.1.0")
        self.router("router-b", "10.3.0")
        hidden = self.peer("a", "--portmap", PROGRAM)
        self.assertEqual(hidden.wait("mapped")["addr"], "/ip4/11.22.33.2/tcp/4001")
        self.assertEqual((len(self.mapped()), self.mapped("router-b")), (1, []))
        self.assertNotIn("M-SEARCH", (self.folder / "router-b/log").read_text())
        self.lab.do("a", "ip", "route", "replace", "default", "via", "10.3.0.1")
        self.assertEqual(hidden.wait("mapped")["addr"], "/ip4/11.22.33.3/tcp/4001")
        self.assertEqual((self.mapped(), len(self.mapped("router-b"))), ([], 1))
        hidden.process.send_signal(signal.SIGTERM)
        self.assertEqual(hidden.process.wait(timeout=20), 0)
        self.assertEqual(self.mapped("router-b"), [])

    def test_a_router_without_ipv4(self):
        """a router that has IPv6 only outside forwards nothing, and is left alone after that"""
        self.lab.do("router-a", "ip", "addr", "flush", "dev", "out")
        self.lab.do("router-a", "ip", "addr", "add", "2001:db8::2/64", "dev", "out", "nodad")
        self.router("router-a", "10.1.0")
        hidden = self.peer("a", "--portmap", PROGRAM)

        def asks():
            return any(path.read_text() for path in pathlib.Path(f"/proc/{hidden.process.pid}/task").glob("*/children"))

        mh.wait_until(asks, 20, "the program")
        self.why(hidden)
        mh.wait_until(lambda: not asks(), 20, "the end of the program")
        self.assertEqual(self.mapped(), [])
        hidden.process.send_signal(signal.SIGTERM)
        self.assertEqual(hidden.process.wait(timeout=20), 0)

    def test_a_router_that_refuses(self):
        """what a router says no to is told, and no address is claimed"""
        self.router("router-a", "10.1.0", "deny 4001 10.1.0.0/24 4001")
        hidden = self.peer("a", "--portmap", PROGRAM)
        self.why(hidden)
        self.assertEqual(self.mapped(), [])
        self.assertFalse([a for a in hidden.ask("addresses", answer="addresses")["addrs"] if "11.22.33.2" in a])
        hidden.process.send_signal(signal.SIGTERM)
        self.assertEqual(hidden.process.wait(timeout=20), 0)

    def test_a_router_that_is_silent_for_a_while(self):
        """without renewal the address is no longer claimed, and it is again once the router answers"""
        self.router("router-a", "10.1.0")
        hidden = self.peer("a", "--portmap", PROGRAM, "--lease", "12")
        hidden.wait("mapped")
        self.lab.do("router-a", "nft", "-a", "insert", "rule", "inet", "filter", "input", "tcp", "dport", "5000", "drop")
        self.why(hidden)
        self.assertFalse([a for a in hidden.ask("addresses", answer="addresses")["addrs"] if "11.22.33.2" in a])
        self.lab.do("router-a", "nft", "flush", "chain", "inet", "filter", "input")
        self.assertEqual(hidden.wait("mapped")["addr"], "/ip4/11.22.33.2/tcp/4001")
        self.assertEqual(len(self.mapped()), 1)

    def test_the_end_at_a_silent_router(self):
        """a peer whose router does not answer ends all the same: while it waits for an answer, and while there is nothing to wait for"""
        for silent_first in (True, False):
            with self.subTest(silent_first=silent_first):
                self.router("router-a", "10.1.0")
                hidden = self.peer("a", "--portmap", PROGRAM, "--lease", "12")
                hidden.wait("mapped")
                self.lab.do("router-a", "nft", "-a", "insert", "rule", "inet", "filter", "input", "tcp", "dport", "5000", "drop")
                if silent_first:
                    self.why(hidden)
                else:
                    time.sleep(1.5)  # it has asked again by then
                hidden.process.send_signal(signal.SIGTERM)
                self.assertEqual(hidden.process.wait(timeout=20), 0)
                self.running.kill()
                self.running.wait()

    def test_a_router_that_forgets(self):
        """a router that was started anew has the mapping again, without a word of anybody"""
        self.router("router-a", "10.1.0")
        hidden = self.peer("a", "--portmap", PROGRAM, "--lease", "12")
        hidden.wait("mapped")
        self.running.kill()
        self.running.wait()
        self.router("router-a", "10.1.0")
        self.assertEqual(self.mapped(), [])
        mh.wait_until(lambda: len(self.mapped()) == 1, 30, "the mapping")

    def test_another_address(self):
        """a peer whose address changes is forwarded to at the new one, by another port: the router keeps the first for the old address"""
        self.router("router-a", "10.1.0")
        hidden = self.peer("a", "--portmap", PROGRAM)
        hidden.wait("mapped")
        for words in ("address del 10.1.0.2/24 dev home", "address add 10.1.0.3/24 dev home", "route replace default via 10.1.0.1"):
            self.lab.do("a", "ip", *words.split())
        address = hidden.wait("mapped")["addr"]
        self.assertRegex(address, "^/ip4/11.22.33.2/tcp/")
        self.assertNotEqual(address, "/ip4/11.22.33.2/tcp/4001")
        outside = self.peer("relay")
        self.assertEqual(outside.ask("dial", f"{address}/p2p/{hidden.id}", answer="dialled")["event"], "dialled")
        hidden.process.send_signal(signal.SIGTERM)
        self.assertEqual(hidden.process.wait(timeout=20), 0)
        self.assertFalse([line for line in self.mapped() if "10.1.0.3" in line])

    def test_the_daemon(self):
        """the daemon finds the program, says what the router forwards, and leaves nothing there"""
        self.router("router-a", "10.1.0")
        namespace = self.lab.prefix + "a"
        config = "node:\n  listen_addrs: [/ip4/0.0.0.0/tcp/4001]\n  mdns: false\n"
        with mh.Daemon(config=config, wrapper=["ip", "netns", "exec", namespace]) as daemon:
            daemon.connection = lambda timeout=60: netns.Connection(namespace, "127.0.0.1", daemon.port, timeout=timeout)
            self.assertEqual(daemon.post("/api/v1/networks/create", {"name": "Home"}).status, 200)
            found = mh.wait_until(lambda: (upnp := daemon.get("/api/v1/system/nat").json["upnp"])["found"] and upnp, 30, "the router")
            self.assertEqual((found["external_addr"], found["port"], found["error"]), ("/ip4/11.22.33.2/tcp/4001", 4001, None))
            self.assertEqual(len(self.mapped()), 1)
        self.assertEqual(self.mapped(), [])

    def test_no_router(self):
        """without a router that maps, the peer starts and ends as ever"""
        hidden = self.peer("a", "--portmap", PROGRAM)
        self.assertEqual(hidden.wait("unmapped")["error"], "")
        hidden.process.send_signal(signal.SIGTERM)
        self.assertEqual(hidden.process.wait(timeout=20), 0)


class Hostile(nat.Case):
    """hostile_router.py in place of the router: the peer lives, claims no address, stays small, and ends in time"""

    @contextlib.contextmanager
    def attack(self, mode, is_hostile=True, lease="12"):
        """Gives a peer that asks the router, and what tells what the router wrote so far; looks at the peer after that, and ends it."""
        log = self.folder / f"{mode}.log"
        with open(log, "w", encoding="utf-8") as out:
            router = subprocess.Popen(["ip", "netns", "exec", self.lab.prefix + "router-a", sys.executable, str(HERE / "hostile_router.py"),
                                       "10.1.0.1", mode], stdout=out, stdin=subprocess.DEVNULL)

        def said(word):
            return [line for line in log.read_text().splitlines() if line.startswith(word)]

        with contextlib.ExitStack() as ends:
            ends.callback(router.wait)
            ends.callback(router.kill)
            mh.wait_until(lambda: said("listening"), 20, "the router")
            peer = self.peer("a", "--portmap", PROGRAM, "--lease", lease)
            ends.callback(peer.end)
            began_kib = self.most_kib(peer)
            yield peer, said
            if is_hostile:
                self.bear(peer, began_kib)

    @staticmethod
    def most_kib(peer):
        """The most memory that it has had. The program takes the place of `ip netns exec`."""
        return int(pathlib.Path(f"/proc/{peer.process.pid}/status").read_text().split("VmHWM:")[1].split()[0])

    def bear(self, peer, began_kib):
        began = time.monotonic()
        addresses = peer.ask("addresses", answer="addresses")["addrs"]
        self.assertLess(time.monotonic() - began, 2)
        self.assertFalse([a for a in addresses if "/ip4/11." in a])
        self.assertLess(self.most_kib(peer) - began_kib, 16 << 10)
        peer.process.send_signal(signal.SIGTERM)
        self.assertEqual(peer.process.wait(timeout=10), 0)

    @staticmethod
    def error(peer):
        """What people are told is wrong with the router, when the search is over."""
        peer.wait("unmapped")  # as it begins
        return peer.wait("unmapped")["error"]

    def test_what_it_answers(self):
        """no address is claimed, what is wrong is told where a router was found, and little is read of an answer that does not end"""
        ended, nothing = "^$", "^$"  # that the program ended once is told to nobody
        for mode, why in (("endless", ended), ("endless-chunk", ended), ("endless-length", ended), ("endless-headers", nothing),
                          ("endless-interim", ended), ("endless-unauthorized", ended), ("endless-misdirected", ended), ("redirect", nothing), ("firewall", nothing),
                          ("garbage", nothing), ("slow", nothing), ("silent", nothing), ("elsewhere-control", "somewhere else"),
                          ("endless-answer", ended), ("endless-fault", ended), ("redirected-call", "."), ("silent-call", "does not answer")):
            with self.subTest(mode=mode), self.attack(mode) as (peer, said):
                self.assertRegex(self.error(peer), why)
                if mode == "endless":
                    told = [peer.wait("unmapped")["error"] for _ in range(2)]  # as it begins anew, and ends again
                    self.assertIn("again and again", told[-1])
                if mode.startswith("endless"):
                    mh.wait_until(lambda s=said: s("closed"), 20, "the end of the connection")
                    self.assertLess(max(int(line.split()[1]) for line in said("closed")), 256 << 20)
                self.assertFalse([line for line in said("asked") if "asked 10.1.0.1 " not in line])

    def test_how_it_says_no(self):
        """of what a router says people read as much as fits, and nothing that their terminal obeys"""
        for mode, why in (("loud-fault", "no way 31m  " + "é" * 94), ("blank-fault", "the router says no"),
                          ("nowhere", "the router does not know its own address")):
            with self.subTest(mode=mode), self.attack(mode) as (peer, _):
                self.assertEqual(self.error(peer), why)

    def test_only_permanent_leases(self):
        """a router that takes no lease that ends has one that does not, which is asked for again all the same and taken back at the end"""
        with self.attack("permanent", is_hostile=False) as (peer, said):
            self.assertEqual(peer.wait("mapped")["addr"], "/ip4/11.22.33.2/tcp/4001")
            mh.wait_until(lambda: len(said("called AddPortMapping 0")) > 1, 30, "the next time")
            self.assertEqual(said("called AddPortMapping 12"), ["called AddPortMapping 12"])
            peer.process.send_signal(signal.SIGTERM)
            self.assertEqual(peer.process.wait(timeout=10), 0)
            self.assertEqual(said("called")[-1], "called DeletePortMapping -")

    def test_where_it_leads(self):
        """a description outside our own network is not asked for"""
        with self.attack("elsewhere-location") as (peer, said):
            self.assertIn("somewhere else", self.error(peer))
            self.assertEqual(said("asked"), [])

    def test_where_it_leads_later(self):
        """nor is it when a router forwards already, which goes on, and is not asked again before it is time"""
        with self.attack("elsewhere-later", is_hostile=False, lease="3600") as (peer, said):
            self.assertEqual(peer.wait("mapped")["addr"], "/ip4/11.22.33.2/tcp/4001")
            mh.wait_until(lambda: len(said("led 11.")) > 2, 30, "the way elsewhere")
            time.sleep(0.5)
            self.assertEqual(len(said("called AddPortMapping")), 1)
            self.assertFalse([line for line in said("asked") if "asked 10.1.0.1 " not in line])
            self.assertTrue([a for a in peer.ask("addresses", answer="addresses")["addrs"] if "11.22.33.2" in a])

    def test_restless(self):
        """a router that has another address all the time is followed a few times, and then left alone"""
        with self.attack("restless", is_hostile=False, lease="3600") as (peer, said):
            peer.wait("mapped")
            mh.wait_until(lambda: len(said("notified HTTP/1.1 200")) > 100, 30, "many addresses")
            time.sleep(1)
            peer.ask("addresses", answer="addresses")
            told = [event["addr"] for event in peer.waiting if event["event"] == "mapped"]
            self.assertIn(len(told), range(1, 5), told)

    def test_how_much_it_has(self):
        """of many descriptions a few are asked for"""
        with self.attack("many-locations") as (peer, said):
            self.assertIn("too many", self.error(peer))
            self.assertIn(len(said("asked")), range(16, 65))


if __name__ == "__main__":
    if not netns.is_possible() or not shutil.which("miniupnpd"):
        print("1..0 # SKIP needs root, ip, nft and miniupnpd")
        sys.exit(0)
    tap.main()
