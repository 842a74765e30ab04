# SPDX-License-Identifier: GPL-3.0-or-later
"""One connection of libmhp2p over loopback, beside iperf3 over plain TCP and a bare GnuTLS stream in the same run."""

import json
import os
import pathlib
import statistics
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "p2p"))
import interop  # noqa: E402

BYTES = 2 << 30
RUNS = 5
PINGS = 200


def ticks(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def iperf(work):
    """MB/s of plain TCP, for as long as the others take."""
    server = subprocess.Popen(["iperf3", "-s", "-1", "-p", "15201", "--forceflush"], stdout=subprocess.PIPE, text=True)
    server.stdout.readline()
    server.stdout.readline()
    result = subprocess.run(["iperf3", "-c", "127.0.0.1", "-p", "15201", "-n", str(BYTES), "-J"], capture_output=True, text=True, check=True)
    server.communicate()
    return json.loads(result.stdout)["end"]["sum_received"]["bits_per_second"] / 8e6


def gnutls(build):
    """MB/s, and seconds of CPU per GB of the side that has more of them."""
    program = str(build / "tests/tools/gnutls-stream")
    server = subprocess.Popen([program, "serve", "127.0.0.1", "0"], stdout=subprocess.PIPE, text=True)
    port = server.stdout.readline().strip()
    client = subprocess.Popen([program, "send", "127.0.0.1", port, str(BYTES)], stdout=subprocess.PIPE, text=True)
    took = int(client.stdout.readline())
    costs = []
    for process in (client, server):
        _, _, usage = os.wait4(process.pid, 0)
        process.returncode = 0
        costs.append((usage.ru_utime + usage.ru_stime) / BYTES * 1e9)
    return BYTES / took, max(costs)


class Pair:
    def __init__(self, folder, security):
        key = folder / "swarm.key"
        key.write_text(interop.KEY, encoding="ascii")
        command = [str(interop.BUILD / "tests/tools/p2p-peer"), "--psk", str(key), "--security", security, "--listen", interop.TCP]
        self.peers = [interop.Peer(command, folder) for _ in range(2)]
        one, two = self.peers
        self.other = two.id
        self.ask("dial", two.addrs[0], answer="dialled")
        one.wait("identified")

    def __enter__(self):
        return self

    def __exit__(self, *problem):
        for peer in self.peers:
            peer.end()

    def ask(self, *words, answer):
        return interop.Ours.ask(self.peers[0], *words, answer=answer)

    def up(self):
        """MB/s and seconds of CPU per GB of the side that has more of them."""
        before = [ticks(peer.process.pid) for peer in self.peers]
        result = self.ask("perf", self.other, BYTES, 0, answer="perf")
        costs = [ticks(peer.process.pid) - was for peer, was in zip(self.peers, before)]
        return BYTES / result["up_us"], max(costs) / BYTES * 1e9

    def ping(self, count):
        """Round trips in µs, the shortest first."""
        return sorted(self.ask("ping", self.other, answer="ping")["rtt_us"] for _ in range(count))

    def ping_under_load(self):
        self.ask("perf", self.other, BYTES, 0, answer=None)
        times = self.ping(PINGS)
        # what did not go under load does not count
        if any(event["event"] == "perf" for event in list(self.peers[0].arrived.queue) + self.peers[0].waiting):
            raise RuntimeError("the bulk stream ended before the pings")
        self.peers[0].wait("perf")
        return times


def p99(values):
    return sorted(values)[len(values) * 99 // 100]


def bench(work, build, row):
    folder = work / "p2p"
    folder.mkdir()
    speeds, costs, idle, busy = {}, {}, {}, {}
    names = ("tls", "noise")
    for _ in range(RUNS):
        speeds.setdefault("tcp", []).append(iperf(folder))
        speed, cost = gnutls(build)
        speeds.setdefault("gnutls", []).append(speed)
        costs.setdefault("gnutls", []).append(cost)
        for name in names:
            with Pair(folder, name) as pair:
                idle.setdefault(name, []).extend(pair.ping(PINGS))
                speed, cost = pair.up()
                speeds.setdefault(name, []).append(speed)
                costs.setdefault(name, []).append(cost)
                busy.setdefault(name, []).extend(pair.ping_under_load())
    median = {name: statistics.median(values) for name, values in speeds.items()}
    cost = {name: statistics.median(values) for name, values in costs.items()}
    row("plain TCP", median["tcp"], None, "iperf3", "MB/s")
    for name in names:
        row(f"pnet and {name}, one stream", median[name], median["gnutls"], "bare GnuTLS", "MB/s")
        row("  CPU of the busier side", cost[name], cost["gnutls"], "bare GnuTLS", "s/GB", False)
        row("  beside plain TCP", median[name], median["tcp"], "iperf3", "MB/s")
        row("  ping under bulk load", statistics.median(busy[name]), statistics.median(idle[name]), "the same, idle", "µs", False)
        row("    99 of 100 take less than", p99(busy[name]), p99(idle[name]), "the same, idle", "µs", False)
