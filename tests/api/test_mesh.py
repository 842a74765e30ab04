#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Networks and nodes: several daemons on loopback that find each other."""

import base64
import concurrent.futures
import json
import pathlib
import re
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import mh  # noqa: E402
import tap  # noqa: E402

KEY = "/key/swarm/psk/1.0.0/\n/base16/\n" + "0f" * 32
ELSEWHERE = "/ip4/127.0.0.1/tcp/1/p2p/12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp"


def url_of(**members):
    text = json.dumps(members, sort_keys=True).encode()
    return "meshhold://join/" + base64.urlsafe_b64encode(text).decode().rstrip("=")


def payload(url):
    text = url.rsplit("/", 1)[1]
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


class Alone(unittest.TestCase):
    """One daemon."""

    def setUp(self):
        self.daemon = self.enterContext(mh.Daemon())

    def status(self):
        return self.daemon.get("/api/v1/system/status").json

    def create(self, name="home"):
        reply = self.daemon.post("/api/v1/networks/create", {"name": name})
        self.assertEqual(reply.status, 200)
        return reply.json

    def test_without_a_network(self):
        """storage works, and what needs a network says so"""
        self.assertIsNone(self.status()["network"])
        self.assertEqual(self.daemon.get("/api/v1/networks").json, {"networks": []})
        for path in ("nodes", "network/topology", "system/share", "system/nat", f"nodes/{'1' * 20}"):
            reply = self.daemon.get(f"/api/v1/{path}")
            self.assertEqual((reply.status, "in no network" in reply.json["error"]), (503, True), path)
        self.assertEqual(self.daemon.post("/api/v1/network/speedtest/12D3KooW").status, 503)
        self.assertEqual(self.daemon.post("/api/v1/networks/disconnect").status, 409)
        own = self.daemon.get("/api/v1/nodes/self").json
        self.assertEqual((own["self"], own["node_id"]), (True, self.daemon.get("/api/v1/whoami").json["node_id"]))
        self.assertEqual(self.daemon.get("/api/v1/system/share-node").json["hosts"], [])
        vault = self.daemon.vault()
        self.assertEqual(self.daemon.upload(vault, "/a", b"a").status, 200)

    def test_the_first_is_entered(self):
        """a network is made, entered, left and entered again, also over restarts, and forgotten"""
        network = self.create()
        self.assertEqual((network["state"], network["active"], network["name"]), ("online", True, "home"))
        status = self.status()
        self.assertEqual((status["network"]["state"], status["network"]["id"]), ("online", network["id"]))
        self.assertRegex(status["listen_addrs"][0], r"^/ip4/127\.0\.0\.1/tcp/[1-9]\d*/p2p/12D3KooW")
        self.assertEqual((status["has_swarm_key"], status["setup_required"]), (True, False))
        key = self.daemon.get(f"/api/v1/networks/{network['id']}/key").json["swarm_key"]
        self.assertRegex(key, r"^/key/swarm/psk/1\.0\.0/\n/base16/\n[0-9a-f]{64}$")
        self.assertIn(key.splitlines()[2], (self.daemon.home / "config.yaml").read_text())
        self.assertEqual(self.daemon.request("DELETE", f"/api/v1/networks/{network['id']}").status, 409)

        self.daemon.stop()
        self.daemon.start()
        self.daemon.login()
        mh.wait_until(lambda: self.status()["network"]["state"] == "online", 10, "the network")
        self.assertEqual(self.daemon.post("/api/v1/networks/disconnect").status, 204)
        self.assertEqual(self.status()["network"]["state"], "offline")
        self.assertEqual(self.status()["listen_addrs"], [])
        self.assertEqual(self.daemon.ipc("status")["state"], "offline")
        self.assertIn("not connected", self.daemon.get("/api/v1/nodes").json["error"])

        self.daemon.stop()
        self.daemon.start()
        self.daemon.login()
        self.assertEqual(self.status()["network"]["state"], "offline")
        self.assertEqual(self.daemon.post(f"/api/v1/networks/{network['id']}/connect").status, 204)
        self.assertEqual(self.status()["network"]["state"], "online")
        self.assertEqual(self.daemon.post("/api/v1/networks/disconnect").status, 204)
        self.assertEqual(self.daemon.request("DELETE", f"/api/v1/networks/{network['id']}").status, 204)
        self.assertIsNone(self.status()["network"])
        self.assertNotIn("swarm_key", (self.daemon.home / "config.yaml").read_text())
        self.assertEqual(self.daemon.request("DELETE", f"/api/v1/networks/{network['id']}").status, 404)

    def test_several(self):
        """a second one is saved only, entering it leaves the first, and what is not there is named"""
        first = self.create()
        second = self.create("work")
        self.assertEqual((second["active"], second["state"]), (False, "saved"))
        self.assertEqual(self.daemon.post(f"/api/v1/networks/{second['id']}/connect").status, 204)
        states = {row["name"]: row["state"] for row in self.daemon.get("/api/v1/networks").json["networks"]}
        self.assertEqual(states, {"home": "saved", "work": "online"})
        self.assertEqual(self.daemon.request("DELETE", f"/api/v1/networks/{first['id']}").status, 204)
        for method, path in (("POST", "connect"), ("GET", "invite"), ("GET", "key"), ("POST", "swarm-key")):
            reply = self.daemon.request(method, f"/api/v1/networks/{first['id']}/{path}")
            self.assertEqual((reply.status, first["id"] in reply.json["error"]), (404, True), path)

    def test_bad_urls(self):
        """what is wrong with a URL is said, and nothing is saved"""
        good = {"v": 1, "k": "ab" * 32, "b": [], "n": "x"}
        cases = {
            "hello": "does not begin with", "meshhold://join/": "damaged", "meshhold://join/abc$": "damaged",
            url_of(**{**good, "v": 2}): "another version", url_of(**{**good, "k": "12"}): "no key",
            url_of(**{**good, "b": ["/ip4/1.2.3.4/tcp/1"]}): "/p2p/", url_of(**{**good, "b": ["nonsense"]}): "nonsense",
            url_of(**{**good, "b": "x"}): "no list", url_of(**{**good, "n": "x" * 200}): "longer than",
            "meshhold://join/" + "A" * 5000: "longer than", "meshhold://node/" + url_of(v=1, a=[]).rsplit("/", 1)[1]: "no network",
        }
        for url, why in cases.items():
            reply = self.daemon.post("/api/v1/networks", {"url": url})
            self.assertEqual((reply.status, why in reply.json["error"], "url" in reply.json["error"]), (400, True, True), (url, reply))
        self.assertEqual(self.daemon.get("/api/v1/networks").json, {"networks": []})
        self.assertIsNone(self.status()["network"])

    def test_a_url_again(self):
        """a network is saved once, whatever it is called"""
        url = url_of(v=1, k="0f" * 32, b=[ELSEWHERE], n="theirs", later=True)
        network = self.daemon.post("/api/v1/networks", {"url": f"  {url[:30]}\n{url[30:]} "}).json
        self.assertEqual((network["name"], network["bootstrap"]), ("theirs", [ELSEWHERE]))
        self.assertEqual(self.daemon.post("/api/v1/networks", {"url": url, "name": "mine"}).status, 409)
        self.assertEqual(self.daemon.get(f"/api/v1/networks/{network['id']}/key").json["swarm_key"], KEY)

    def test_bootstrap(self):
        """addresses are added once, replaced, taken from a URL, and refused by name"""
        network = self.create()
        path = f"/api/v1/networks/{network['id']}"
        other = ELSEWHERE.replace("tcp/1/", "tcp/2/")
        self.assertEqual(self.daemon.post(f"{path}/peers", {"addrs": [ELSEWHERE]}).json["bootstrap"], [ELSEWHERE])
        self.assertEqual(self.daemon.post(f"{path}/peers", {"addrs": [ELSEWHERE, other]}).json["bootstrap"], [ELSEWHERE, other])
        self.assertEqual(self.daemon.request("PUT", f"{path}/bootstrap", {"addrs": [other]}).json["bootstrap"], [other])
        self.assertIn(other, (self.daemon.home / "config.yaml").read_text())
        url = url_of(v=1, k="ab" * 32, b=[ELSEWHERE])
        self.assertEqual(self.daemon.request("PUT", f"{path}/bootstrap-invite", {"url": url}).json["bootstrap"], [ELSEWHERE])
        for bad in ("/ip4/1.2.3.4/tcp/1", "x"):
            reply = self.daemon.post(f"{path}/peers", {"addrs": [bad]})
            self.assertEqual((reply.status, "addrs" in reply.json["error"], bad in reply.json["error"]), (400, True, True))
        self.assertEqual(self.daemon.get("/api/v1/networks").json["networks"][0]["bootstrap"], [ELSEWHERE])
        many = [ELSEWHERE.replace("tcp/1/", f"tcp/{port}/") for port in range(1, 65)]
        self.assertEqual(self.daemon.request("PUT", f"{path}/bootstrap", {"addrs": many}).status, 200)
        self.assertEqual(self.daemon.post(f"{path}/peers", {"addrs": [other.replace("tcp/2/", "tcp/99/")]}).status, 400)

    def test_share(self):
        """the invitation has the key and the addresses, that of the node has no key"""
        network = self.create("Haus & Hof")
        share = self.daemon.get("/api/v1/system/share").json
        said = payload(share["connect_url"])
        self.assertEqual((said["v"], said["n"], said["b"]), (1, "Haus & Hof", share["bootstrap"]))
        self.assertIn(said["k"], share["swarm_key"])
        self.assertEqual(self.daemon.get(f"/api/v1/networks/{network['id']}/invite").json["url"], share["connect_url"])
        node = self.daemon.get("/api/v1/system/share-node")
        self.assertNotIn(said["k"].encode(), node.body)
        self.assertEqual(payload(node.json["url"])["a"], node.json["hosts"])

    def test_by_hand(self):
        """a key in config.yaml is the network after the next start"""
        first = self.create()
        self.daemon.stop()
        config = self.daemon.home / "config.yaml"
        config.write_text(re.sub(r"[0-9a-f]{64}", "0f" * 32, config.read_text()))
        self.daemon.start()
        self.daemon.login()
        rows = {row["id"]: row["active"] for row in self.daemon.get("/api/v1/networks").json["networks"]}
        self.assertEqual((len(rows), rows.pop(first["id"]), list(rows.values())), (2, False, [True]))

    def test_acl(self):
        """who may be here is said, kept, and refused by name when it is nobody"""
        self.assertEqual(self.daemon.get("/api/v1/network/acl").json, {"mode": "open", "peers": []})
        peer = ELSEWHERE.rsplit("/", 1)[1]
        reply = self.daemon.request("PUT", "/api/v1/network/acl", {"mode": "deny", "peers": [peer, peer]})
        self.assertEqual(reply.json, {"mode": "deny", "peers": [peer]})
        reply = self.daemon.request("PUT", "/api/v1/network/acl", {"mode": "deny", "peers": ["nobody"]})
        self.assertEqual((reply.status, "nobody" in reply.json["error"]), (400, True))
        self.daemon.stop()
        self.daemon.start()
        self.daemon.login()
        self.assertEqual(self.daemon.get("/api/v1/network/acl").json, {"mode": "deny", "peers": [peer]})


class Together(unittest.TestCase):
    """Several daemons."""

    def daemon(self, **options):
        daemon = self.enterContext(mh.Daemon(**options))
        daemon.id = daemon.get("/api/v1/whoami").json["node_id"]
        return daemon

    def found(self, name="home", **options):
        """A daemon with a network of its own."""
        daemon = self.daemon(**options)
        daemon.network = daemon.post("/api/v1/networks/create", {"name": name}).json["id"]
        return daemon

    def joined(self, other, **options):
        """A daemon that has joined that of @other."""
        daemon = self.daemon(**options)
        reply = daemon.post("/api/v1/networks", {"url": other.get("/api/v1/system/share").json["connect_url"]})
        self.assertEqual(reply.status, 200, reply)
        daemon.network = reply.json["id"]
        return daemon

    @staticmethod
    def nodes(daemon):
        reply = daemon.get("/api/v1/nodes")
        return {node["node_id"]: node for node in reply.json["nodes"]} if reply.status == 200 else {}

    def sees(self, daemon, *others, seconds=20, **wanted):
        """Waits until a daemon has the others as nodes with these members."""
        wanted = wanted or {"online": True, "connected": True}

        def look():
            nodes = self.nodes(daemon)
            return all(o.id in nodes and nodes[o.id]["version"] and all(nodes[o.id][k] == v for k, v in wanted.items()) for o in others)
        mh.wait_until(look, seconds, f"{wanted} of {len(others)} others")
        return self.nodes(daemon)

    def test_three_meet(self):
        """who joins by URL is seen by all with what it says of itself, and so are those it was not told of"""
        one = self.found(config=mh.LONELY + "  display_name: Küche\n  country: DE\n")
        two = self.joined(one)
        self.sees(one, two)
        vault = two.vault()
        three = self.joined(two, config=mh.LONELY + "  reliable: false\n  metered: true\n")
        for daemon, others in ((one, (two, three)), (two, (one, three)), (three, (one, two))):
            self.sees(daemon, *others)
        seen = self.nodes(three)
        self.assertEqual((seen[one.id]["display_name"], seen[one.id]["country"]), ("Küche", "DE"))
        self.assertEqual((seen[three.id]["self"], seen[three.id]["reliable"], seen[one.id]["reliable"]), (True, False, True))
        self.assertEqual(seen[one.id]["carrier"], "direct")
        self.assertGreater(seen[one.id]["total_bytes"], 0)
        mh.wait_until(lambda: [v["id"] for v in self.nodes(one)[two.id]["vaults"]] == [vault], 20, "the vault of two")
        self.assertEqual(one.get(f"/api/v1/nodes/{two.id}").json["node_id"], two.id)
        self.assertEqual(one.get(f"/api/v1/nodes/{ELSEWHERE.rsplit('/', 1)[1]}").status, 404)
        self.assertEqual(mh.wait_until(lambda: one.get("/api/v1/system/status").json["network"]["peers"] == 2, 10, "peers"), True)

        def edges():
            topology = one.get("/api/v1/network/topology").json
            return {frozenset((e["a"], e["b"])) for e in topology["edges"]}
        everybody = {frozenset(pair) for pair in ((one.id, two.id), (one.id, three.id), (two.id, three.id))}
        mh.wait_until(lambda: edges() == everybody, 20, "all edges")
        self.assertEqual(one.ipc("status")["detail"], "home: 2 other machines")

    def test_one_goes_and_comes(self):
        """a node that is killed is gone for the others soon, with an event, and is there again after its start"""
        one = self.found()
        two = self.joined(one)
        self.sees(one, two)
        self.sees(two, one)
        with one.events() as events:
            two.kill()
            self.assertEqual(events.next("node_offline")["node_id"], two.id)
            self.assertEqual(self.nodes(one)[two.id]["online"], False)
            two.start()
            two.login()
            self.assertEqual(events.next("node_online")["node_id"], two.id)
        self.sees(one, two)
        self.sees(two, one)

    def test_memory_of_nodes(self):
        """after a restart the nodes of before are known, and are found without the address that was given first"""
        one = self.found()
        two = self.joined(one)
        three = self.joined(one)
        self.sees(two, one, three)
        self.sees(three, one, two)
        one.kill()
        path = f"/api/v1/networks/{two.network}/bootstrap"
        self.assertEqual(two.request("PUT", path, {"addrs": []}).status, 200)
        two.stop()
        two.start()
        two.login()
        self.sees(two, three)
        self.assertEqual(self.nodes(two)[one.id]["online"], False)
        self.assertIsNotNone(self.nodes(two)[one.id]["last_seen_ms"])

    def test_another_key(self):
        """who has another key stays outside, and both go on"""
        one = self.found()
        addresses = one.get("/api/v1/system/status").json["listen_addrs"]
        stranger = self.daemon()
        self.assertEqual(stranger.post("/api/v1/networks", {"url": url_of(v=1, k="0f" * 32, b=addresses)}).status, 200)
        two = self.joined(one)
        self.sees(one, two)
        self.assertEqual(list(self.nodes(stranger)), [stranger.id])
        self.assertNotIn(stranger.id, self.nodes(one))

    def test_rotation(self):
        """a new key reaches everybody who is there, also over others; who is absent is named and stays outside"""
        one = self.found()
        two = self.joined(one)
        three = self.joined(two)
        absent = self.joined(one)
        for daemon in (one, two, three):
            self.sees(daemon, *({one, two, three, absent} - {daemon}))
        absent.stop()
        self.sees(one, absent, online=False)
        old = one.network
        reply = one.post(f"/api/v1/networks/{old}/swarm-key")
        self.assertEqual(reply.status, 200, reply)
        self.assertEqual((sorted(reply.json["pushed"]), reply.json["failed"], reply.json["absent"]),
                         (sorted((two.id, three.id)), [], [absent.id]))
        self.assertNotEqual(reply.json["id"], old)
        for daemon in (one, two, three):
            mh.wait_until(lambda daemon=daemon: daemon.get("/api/v1/networks").json["networks"][0]["id"] == reply.json["id"], 30, "the new key")
        for daemon in (one, two, three):
            self.sees(daemon, *({one, two, three} - {daemon}), seconds=60)
        network = two.get("/api/v1/networks").json["networks"][0]
        self.assertEqual((network["rotated"]["by"], network["name"], network["state"]), (one.id, "home", "online"))
        self.assertEqual(one.get("/api/v1/networks").json["networks"][0]["rotated"]["absent"], [absent.id])
        absent.start()
        absent.login()
        mh.wait_until(lambda: absent.get("/api/v1/system/status").json["network"]["state"] == "online", 10, "its network")
        self.assertFalse(any(node["online"] for node in self.nodes(absent).values() if not node["self"]))
        self.assertEqual(absent.post("/api/v1/networks", {"url": one.get("/api/v1/system/share").json["connect_url"]}).status, 200)
        self.assertEqual(absent.post(f"/api/v1/networks/{reply.json['id']}/connect").status, 204)
        self.sees(one, absent, seconds=30)
        mh.wait_until(lambda: one.get("/api/v1/networks").json["networks"][0]["rotated"]["absent"] == [], 20, "nobody absent")

    def test_two_rotations(self):
        """two machines make a key in the same moment: one of them is told so, and all have the key of the other"""
        one = self.found()
        two = self.joined(one)
        three = self.joined(two)
        for daemon in (one, two, three):
            self.sees(daemon, *({one, two, three} - {daemon}))
        old = one.network
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            replies = list(pool.map(lambda daemon: daemon.post(f"/api/v1/networks/{old}/swarm-key"), (one, three)))
        # who comes a moment later finds that the network has another id by then
        self.assertIn(sorted(reply.status for reply in replies), ([200, 404], [200, 409]), replies)
        key = next(reply.json["id"] for reply in replies if reply.status == 200)
        for daemon in (one, two, three):
            mh.wait_until(lambda daemon=daemon: daemon.get("/api/v1/networks").json["networks"][0]["id"] == key, 30, "the new key")
        for daemon in (one, two, three):
            self.sees(daemon, *({one, two, three} - {daemon}), seconds=60)

    def test_kicked(self):
        """who may not be here is disconnected at once and does not come back, until it may"""
        one = self.found()
        two = self.joined(one)
        self.sees(one, two)
        deny = {"mode": "deny", "peers": [two.id]}
        self.assertEqual(one.request("PUT", "/api/v1/network/acl", deny).status, 200)
        mh.wait_until(lambda: not self.nodes(one)[two.id]["connected"], 5, "the end of the connection")
        mh.wait_until(lambda: not self.nodes(two)[one.id]["connected"], 20, "the end at the other side")
        mh.wait_until(lambda: not self.nodes(one)[two.id]["online"], 20, "its going")
        self.assertEqual(one.request("PUT", "/api/v1/network/acl", {"mode": "open", "peers": []}).status, 200)
        self.sees(one, two, seconds=40)

    def test_speed(self):
        """round trip and throughput are measured, kept and counted"""
        one = self.found()
        two = self.joined(one)
        self.sees(one, two)
        path = f"/api/v1/network/speedtest/{two.id}"
        self.assertEqual(one.get(f"{path}/history").json, {"results": []})
        result = one.post(path)
        self.assertEqual(result.status, 200, result)
        self.assertTrue(0 < result.json["rtt_ms"] < 1000)
        self.assertGreater(min(result.json["up_bps"], result.json["down_bps"]), 1_000_000)
        self.assertEqual(one.get(f"{path}/history").json["results"], [result.json])
        self.assertEqual(one.post(f"/api/v1/network/speedtest/{ELSEWHERE.rsplit('/', 1)[1]}").status, 404)
        mh.wait_until(lambda: sum(s["out_bps"] for s in one.get("/api/v1/stats/throughput").json["samples"]) > 100_000, 30, "traffic")

    def test_reach(self):
        """how it can be reached is said"""
        one = self.found()
        nat = one.get("/api/v1/system/nat").json
        self.assertEqual((nat["reachability"], nat["upnp"]["enabled"], nat["ipinfo"]["ip"]), ("unknown", False, None))
        self.assertEqual(nat["addrs"], one.get("/api/v1/system/status").json["listen_addrs"])


if __name__ == "__main__":
    tap.main()
