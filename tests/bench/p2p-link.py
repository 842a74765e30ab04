#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures bulk transfer of libmhp2p beside plain TCP and bare GnuTLS over lines that are slow, lossy or long.

usage: p2p-link.py BUILD

Two namespaces with a wire between them; as root, with ip, tc and nft. Nothing here passes or fails.
"""

import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

BUILD = pathlib.Path(sys.argv[1]).resolve()
os.environ["MESHHOLD_BUILD_DIR"] = str(BUILD)
TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS / "p2p"))
sys.path.insert(0, str(TESTS / "lib"))
import interop  # noqa: E402

NEAR, FAR = "10.9.0.1", "10.9.0.2"
MB = 1_000_000
RUNS = 3


def run(*words, **more):
    return subprocess.run(words, check=True, capture_output=True, text=True, **more)


class Wire:
    """Two namespaces, near and far."""

    def __init__(self):
        self.names = [f"mh{os.getpid()}-{name}" for name in ("near", "far")]

    def __enter__(self):
        for name in self.names:
            run("ip", "netns", "add", name)
            self.do(name, "ip", "link", "set", "lo", "up")
        near, far = self.names
        run("ip", "link", "add", "wire", "netns", near, "type", "veth", "peer", "name", "wire", "netns", far)
        for name, address in zip(self.names, (NEAR, FAR)):
            self.do(name, "ip", "addr", "add", f"{address}/24", "dev", "wire")
            self.do(name, "ip", "link", "set", "wire", "up")
        return self

    def __exit__(self, *_):
        for name in self.names:
            subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)

    def do(self, name, *words, **more):
        return run("ip", "netns", "exec", name, *words, **more)

    def slow(self, mbit):
        for name in self.names:
            self.do(name, "tc", "qdisc", "replace", "dev", "wire", "root", "tbf", "rate", f"{mbit}mbit", "burst", f"{max(64, mbit)}kb", "latency", "50ms")

    def lose(self, percent):
        for name in self.names:
            self.do(name, "nft", "-f", "-", input=f"""
                table ip loss {{
                  chain in {{ type filter hook input priority 0;
                    iifname "wire" numgen random mod 100 < {percent} drop
                  }}
                }}""")

    def plain(self):
        for name in self.names:
            subprocess.run(["ip", "netns", "exec", name, "tc", "qdisc", "del", "dev", "wire", "root"], check=False, capture_output=True)
            subprocess.run(["ip", "netns", "exec", name, "nft", "flush", "ruleset"], check=False, capture_output=True)


def in_namespace(name, work):
    """Runs work in a process of that namespace; returns the process."""
    pid = os.fork()
    if pid:
        return pid
    try:
        handle = os.open(f"/run/netns/{name}", os.O_RDONLY)
        import ctypes  # pylint: disable=import-outside-toplevel
        if ctypes.CDLL(None, use_errno=True).setns(handle, 0x40000000):
            raise OSError("setns")
        work()
    finally:
        os._exit(0)


def delay(source, target, seconds):
    """Sends on what comes, so much later; as much as comes may be on its way."""
    waiting, more = [], threading.Condition()

    def send():
        while True:
            with more:
                while not waiting:
                    more.wait()
                due, data = waiting.pop(0)
            time.sleep(max(0, due - time.monotonic()))
            if not data:
                target.shutdown(socket.SHUT_WR)
                return
            target.sendall(data)

    threading.Thread(target=send, daemon=True).start()
    while True:
        data = source.recv(1 << 18)
        with more:
            waiting.append((time.monotonic() + seconds, data))
            more.notify()
        if not data:
            return


def proxy(port, target, seconds):
    server = socket.create_server((FAR, port), backlog=8)
    while True:
        near = server.accept()[0]
        far = socket.create_connection((FAR, target))
        for one, other in ((near, far), (far, near)):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=delay, args=(one, other, seconds), daemon=True).start()


def sink(port):
    server = socket.create_server((FAR, port), backlog=8)
    while True:
        peer = server.accept()[0]
        while peer.recv(1 << 20):
            pass
        peer.sendall(b"x")
        peer.close()


def send_plain(port, size):
    peer = socket.create_connection((FAR, port))
    piece = bytes(1 << 18)
    begin = time.monotonic()
    left = size
    while left:
        left -= peer.send(piece[:min(left, len(piece))])
    peer.shutdown(socket.SHUT_WR)
    peer.recv(1)
    print(size / MB / (time.monotonic() - begin))


def plain_rate(wire, port, size):
    words = ["ip", "netns", "exec", wire.names[0], sys.executable, __file__, str(BUILD), "send", str(port), str(size)]
    return float(run(*words).stdout)


def gnutls_rate(wire, port, size):
    """What this machine and this line allow with encryption."""
    near, far = (["ip", "netns", "exec", name, str(BUILD / "tests/tools/gnutls-stream")] for name in wire.names)
    server = subprocess.Popen([*far, "serve", FAR, "6001"], stdout=subprocess.PIPE, text=True)
    server.stdout.readline()
    took = int(run(*near, "send", FAR, str(port), str(size)).stdout)
    server.communicate()
    return size / took


def start(wire, name, folder, *options):
    peer = interop.Peer(["ip", "netns", "exec", name, str(BUILD / "tests/tools/p2p-peer"), "--psk", str(folder / "key"), *options], folder=folder)
    peer.ask = lambda *words, answer, **wanted: interop.Ours.ask(peer, *words, answer=answer, **wanted)
    return peer


def our_rate(wire, folder, port, size):
    """Over a connection of its own, as plain TCP has one."""
    near = start(wire, wire.names[0], folder)
    try:
        near.ask("dial", f"/ip4/{FAR}/tcp/{port}/p2p/{wire.peer}", answer="dialled")
        answer = near.ask("perf", wire.peer, size, 0, answer="perf")
        if answer["event"] != "perf":
            raise RuntimeError(answer)
        return answer["sent"] / answer["up_us"]
    finally:
        near.end()


def middle(values):
    return sorted(values)[len(values) // 2]


def measure(wire, folder, what, size, via=0):
    rates = {"plain TCP": [], "bare GnuTLS": []}
    ours = []
    for _ in range(RUNS):
        rates["plain TCP"].append(plain_rate(wire, 5001 + via, size))
        rates["bare GnuTLS"].append(gnutls_rate(wire, 6001 + via, size))
        ours.append(our_rate(wire, folder, 4001 + via, size))
    beside = "   ".join(f"{name} {middle(values):>7.1f} × {middle(ours) / middle(values):.2f}" for name, values in rates.items())
    print(f"{what:<40} {middle(ours):>7.1f} MB/s   {beside}", flush=True)


def bench(folder):
    with Wire() as wire:
        far = start(wire, wire.names[1], folder, "--listen", f"/ip4/{FAR}/tcp/4001")
        wire.peer = far.id
        helpers = [in_namespace(wire.names[1], lambda: sink(5001)),
                   in_namespace(wire.names[1], lambda: proxy(5002, 5001, 0.05)),
                   in_namespace(wire.names[1], lambda: proxy(6002, 6001, 0.05)),
                   in_namespace(wire.names[1], lambda: proxy(4002, 4001, 0.05))]
        try:
            time.sleep(0.5)
            measure(wire, folder, "no limit", 1000 * MB)
            wire.slow(100)
            measure(wire, folder, "100 Mbit/s", 40 * MB)
            measure(wire, folder, "100 Mbit/s, 50 ms each way", 40 * MB, via=1)
            wire.lose(1)
            measure(wire, folder, "100 Mbit/s, 1 % lost", 40 * MB)
            measure(wire, folder, "100 Mbit/s, 50 ms each way, 1 % lost", 40 * MB, via=1)
            wire.plain()
            wire.slow(1000)
            measure(wire, folder, "1 Gbit/s", 400 * MB)
            measure(wire, folder, "1 Gbit/s, 50 ms each way", 1000 * MB, via=1)
            wire.lose(1)
            measure(wire, folder, "1 Gbit/s, 50 ms each way, 1 % lost", 1000 * MB, via=1)
            wire.plain()
            measure(wire, folder, "50 ms each way", 200 * MB, via=1)
            wire.lose(1)
            measure(wire, folder, "1 % lost", 200 * MB)
        finally:
            far.end()
            for pid in helpers:
                os.kill(pid, 9)
                os.waitpid(pid, 0)


def main():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="mh-link-"))
    (folder / "key").write_text(interop.KEY, encoding="ascii")
    try:
        bench(folder)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    if sys.argv[2:3] == ["send"]:
        send_plain(int(sys.argv[3]), int(sys.argv[4]))
    elif os.geteuid() != 0 or not shutil.which("nft") or not shutil.which("tc"):
        sys.exit("needs root, tc and nft to make network namespaces")
    else:
        main()
