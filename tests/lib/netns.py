# SPDX-License-Identifier: GPL-3.0-or-later
"""Network namespaces of a test's own, and daemons in them."""

import contextlib
import ctypes
import http.client
import os
import shutil
import subprocess

import mh

CLONE_NEWNET = 0x40000000
libc = ctypes.CDLL(None, use_errno=True)


def run(*words, **more):
    done = subprocess.run(words, check=False, capture_output=True, text=True, **more)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(words)}: {done.stderr}")
    return done


def is_possible():
    probe = f"mh{os.getpid()}-probe"
    if os.geteuid() != 0 or not shutil.which("nft") or subprocess.run(["ip", "netns", "add", probe], check=False, capture_output=True).returncode:
        return False
    subprocess.run(["ip", "netns", "del", probe], check=False)
    return True


def enter(path):
    with open(path, "rb") as namespace:
        if libc.setns(namespace.fileno(), CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), f"setns {path}")


@contextlib.contextmanager
def inside(name):
    """Sockets that this thread makes meanwhile are of that namespace."""
    with open("/proc/thread-self/ns/net", "rb") as home:
        enter(f"/run/netns/{name}")
        try:
            yield
        finally:
            if libc.setns(home.fileno(), CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), "setns back")


class Namespaces:
    """Some hosts and a bridge, each a namespace; those of a test that runs at the same time have other names."""

    names = ()

    def __init__(self):
        self.prefix = f"mh{os.getpid()}-"

    def __enter__(self):
        try:
            for name in ("public", *self.names):
                run("ip", "netns", "add", self.prefix + name)
                self.do(name, "ip", "link", "set", "lo", "up")
            self.do("public", "ip", "link", "add", "bridge", "type", "bridge")
            self.do("public", "ip", "link", "set", "bridge", "up")
            self.make()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *problem):
        for name in ("public", *self.names):
            subprocess.run(["ip", "netns", "del", self.prefix + name], check=False, capture_output=True)

    def make(self):
        """What is special about it."""

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


# What comes from a lost address does not come. What comes over a forgotten connection does not either, until it is opened anew.
FAULTS = """
table inet faults {
  set lost { type ipv4_addr; }
  set forgotten { type ipv4_addr . inet_service . inet_service; flags dynamic; }
  chain input { type filter hook input priority 0;
    ip saddr @lost drop
    tcp flags & syn == syn delete @forgotten { ip saddr . tcp sport . tcp dport }
    ip saddr . tcp sport . tcp dport @forgotten drop
  }
}
"""


class Hosts(Namespaces):
    """So many hosts on one bridge: host-1 is 10.9.0.1 and so on. They are named by their numbers."""

    def __init__(self, count):
        super().__init__()
        self.names = tuple(f"host-{i + 1}" for i in range(count))

    def make(self):
        for number, name in enumerate(self.names, 1):
            self.plug(name, f"10.9.0.{number}/24")
            self.do(name, "nft", "-f", "-", input=FAULTS)

    def cut(self, number):
        """Nobody reaches it any more, and it reaches nobody."""
        self.do("public", "ip", "link", "set", f"to-host-{number}", "down")

    def lose(self, source, target):
        """What @source sends does not come to @target, also not over the connections that there are; the other way it does."""
        self.do(f"host-{target}", "nft", "add", "element", "inet", "faults", "lost", f"{{ 10.9.0.{source} }}")

    def forget(self, number):
        """Nothing comes to it any more over the connections that there are, as behind a router that forgot them; new ones work."""
        rows = self.do(f"host-{number}", "ss", "-Htn", "state", "established").stdout.split("\n")
        ends = [[end.rsplit(":", 1) for end in row.split()[2:4]] for row in rows if "10.9.0." in row]
        some = ", ".join(f"{there} . {port} . {own}" for (_, own), (there, port) in ends)
        if some:
            self.do(f"host-{number}", "nft", "add", "element", "inet", "faults", "forgotten", f"{{ {some} }}")
        return len(ends)

    def heal(self):
        """All reach all. What was forgotten is not remembered."""
        for name in self.names:
            self.do("public", "ip", "link", "set", f"to-{name}", "up")
            self.do(name, "nft", "flush", "set", "inet", "faults", "lost")


class Connection(http.client.HTTPConnection):
    def __init__(self, namespace, *words, **more):
        super().__init__(*words, **more)
        self.namespace = namespace

    def connect(self):
        with inside(self.namespace):
            super().connect()


class Daemon(mh.Daemon):
    """A daemon on a host; requests come from its loopback."""

    def __init__(self, hosts, number, settings="", port=0, **more):
        self.namespace = f"{hosts.prefix}host-{number}"
        config = f"node:\n  listen_addrs: [/ip4/10.9.0.{number}/tcp/{port}]\n  mdns: false\n  upnp:\n    enabled: false\n{settings}"
        super().__init__(config=config, wrapper=["ip", "netns", "exec", self.namespace], **more)

    def connection(self, timeout=60):
        return Connection(self.namespace, "127.0.0.1", self.port, timeout=timeout)
