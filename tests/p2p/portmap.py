#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A peer behind a router that maps ports: miniupnpd, in namespaces of the test's own."""

import pathlib
import shutil
import signal
import subprocess
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent / "lib"))
import interop  # noqa: E402
import mh  # noqa: E402
import nat  # noqa: E402
import netns  # noqa: E402
import tap  # noqa: E402

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
        mh.wait_until(lambda: ":5000" in self.lab.do(name, "ss", "-ltn").stdout, 20, "miniupnpd")

    def mapped(self):
        """What the router forwards."""
        return [line.strip() for line in self.lab.do("router-a", "nft", "list", "chain", "inet", "filter", "prerouting_miniupnpd")
                .stdout.splitlines() if "dnat" in line]

    @staticmethod
    def why(peer):
        """Waits until a mapping is said to have failed, and for a reason."""
        while not peer.wait("unmapped", addr="")["error"]:
            pass

    def test_a_mapping_comes_and_goes(self):
        """the router forwards to a peer that asks, somebody outside reaches it, and nothing is left of it at the end"""
        self.router("router-a", "10.1.0")
        hidden = self.peer("a", "--portmap")
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

    def test_two_behind_one_router(self):
        """each has a mapping of its own, and takes its own only"""
        self.router("router-a", "10.1.0")
        peers = [self.peer("a", "--portmap", port=port) for port in (4001, 4002)]
        for peer, port in zip(peers, (4001, 4002)):
            self.assertEqual(peer.wait("mapped")["addr"], f"/ip4/11.22.33.2/tcp/{port}")
        self.assertEqual(len(self.mapped()), 2)
        peers[0].process.send_signal(signal.SIGTERM)
        self.assertEqual(peers[0].process.wait(timeout=20), 0)
        self.assertEqual(len(self.mapped()), 1)
        self.assertIn("4002", self.mapped()[0])

    def test_a_router_that_refuses(self):
        """what a router says no to is told, and no address is claimed"""
        self.router("router-a", "10.1.0", "deny 4001 10.1.0.0/24 4001")
        hidden = self.peer("a", "--portmap")
        self.why(hidden)
        self.assertEqual(self.mapped(), [])
        self.assertFalse([a for a in hidden.ask("addresses", answer="addresses")["addrs"] if "11.22.33.2" in a])
        hidden.process.send_signal(signal.SIGTERM)
        self.assertEqual(hidden.process.wait(timeout=20), 0)

    def test_a_router_that_is_silent_for_a_while(self):
        """without renewal the address is no longer claimed, and it is again once the router answers"""
        self.router("router-a", "10.1.0")
        hidden = self.peer("a", "--portmap", "--lease", "12")
        hidden.wait("mapped")
        self.lab.do("router-a", "nft", "-a", "insert", "rule", "inet", "filter", "input", "tcp", "dport", "5000", "drop")
        self.why(hidden)
        self.assertFalse([a for a in hidden.ask("addresses", answer="addresses")["addrs"] if "11.22.33.2" in a])
        self.lab.do("router-a", "nft", "flush", "chain", "inet", "filter", "input")
        self.assertEqual(hidden.wait("mapped")["addr"], "/ip4/11.22.33.2/tcp/4001")
        self.assertEqual(len(self.mapped()), 1)

    def test_nothing_to_forward(self):
        """a peer that listens on one address only has no port for the router, and says so"""
        self.router("router-a", "10.1.0")
        hidden = self.peer("a", "--portmap", address="10.1.0.2")
        self.assertIn("every interface", hidden.wait("unmapped", port=0)["error"])
        self.assertEqual(self.mapped(), [])

    def test_no_router(self):
        """without a router that maps, the peer starts and ends as ever"""
        hidden = self.peer("a", "--portmap")
        self.assertEqual(hidden.wait("unmapped")["error"], "")
        hidden.process.send_signal(signal.SIGTERM)
        self.assertEqual(hidden.process.wait(timeout=20), 0)


if __name__ == "__main__":
    if not netns.is_possible() or not shutil.which("miniupnpd"):
        print("1..0 # SKIP needs root, ip, nft and miniupnpd")
        sys.exit(0)
    tap.main()
