#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small requests while 1 GiB goes up and 1 GiB comes down: the 99th percentile stays below 10 ms."""

import os
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import mh  # noqa: E402
import tap  # noqa: E402

LIMIT_S = 0.010
PAUSE_S = 0.001


class Echo:
    """Another process that only answers: what a turn costs on this machine at this moment."""

    def __enter__(self):
        self.process = subprocess.Popen(["cat", "-u"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        return self

    def turn(self):
        begin = time.perf_counter()
        self.process.stdin.write(b"x")
        self.process.stdout.read(1)
        return time.perf_counter() - begin

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


def percentile(times, part):
    return sorted(times)[int(len(times) * part)]


class Latency(unittest.TestCase):
    def curl(self, daemon, *arguments):
        return subprocess.Popen(["curl", "-sS", "--fail", "-o", "/dev/null", "-H", f"Authorization: Bearer {daemon.token}",
                                 "-H", "Expect:", *arguments])

    def test_small_requests_while_large_ones_run(self):
        piece = os.urandom(1 << 20)
        with mh.Daemon(environment={"MALLOC_PERTURB_": "0"}) as daemon, tempfile.NamedTemporaryFile() as source, Echo() as echo:
            for number in range(1024):
                source.write(number.to_bytes(8, "big") + piece[8:])
            source.flush()
            base = f"{daemon.url}api/v1/vaults/{daemon.vault()}"
            upload = ("-X", "POST", "-T", source.name)
            self.assertEqual(self.curl(daemon, *upload, f"{base}/upload/down").wait(), 0)
            transfers = [self.curl(daemon, *upload, f"{base}/upload/up"), self.curl(daemon, f"{base}/download/down")]
            times, turns = self.probe(daemon, echo, transfers)
            self.assertEqual([transfer.wait() for transfer in transfers], [0, 0])
            p99, machine = percentile(times, 0.99), percentile(turns, 0.99)
            print(f"# {len(times)} requests: median {percentile(times, 0.5) * 1000:.2f} ms, p99 {p99 * 1000:.2f} ms;"
                  f" p99 of a turn between two other processes {machine * 1000:.2f} ms")
            self.assertGreater(len(times), 300)
            self.assertLess(p99, LIMIT_S + machine)

    def probe(self, daemon, echo, transfers):
        """Small requests, one by one, for as long as a transfer runs."""
        connection, times, turns = daemon.connection(), [], []
        while any(transfer.poll() is None for transfer in transfers):
            begin = time.perf_counter()
            connection.request("GET", "/api/v1/version")
            response = connection.getresponse()
            response.read()
            times.append(time.perf_counter() - begin)
            self.assertEqual(response.status, 200)
            turns.append(echo.turn())
            mh.select.select([], [], [], PAUSE_S)
        connection.close()
        return times, turns


if __name__ == "__main__":
    tap.main()
