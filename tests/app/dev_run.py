#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""./dev run without a desktop: a login address that works once, and a clean end by Ctrl-C."""

import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import unittest
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import mh  # noqa: E402
import tap  # noqa: E402

TOP = pathlib.Path(__file__).resolve().parents[2]


def exchange(url):
    base, _, ticket = url.partition("?bootstrap=")
    request = urllib.request.Request(base + "api/v1/auth/bootstrap-exchange", b'{"ticket":"%s"}' % ticket.encode(),
                                     {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


class Run(unittest.TestCase):
    def start(self, home):
        environment = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}
        environment["MESHHOLD_BUILD"] = str(mh.BUILD)
        return subprocess.Popen([TOP / "dev", "run", "--home", home, "--listen", "127.0.0.1:0"], env=environment, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)

    def test_without_a_desktop(self):
        for whole_group, number in ((True, signal.SIGINT), (False, signal.SIGTERM)):
            with tempfile.TemporaryDirectory() as home, self.start(home) as process:
                said = ""
                while "Ctrl-C stops" not in said:
                    line = process.stdout.readline()
                    self.assertTrue(line, said)
                    said += line
                url = re.search(r"^http://127\.0\.0\.1:\d+/\?bootstrap=[0-9a-f]{64}$", said, re.M)
                self.assertIsNotNone(url, said)
                self.assertEqual((exchange(url[0]), exchange(url[0])), (200, 401))
                (os.killpg if whole_group else os.kill)(process.pid, number)
                rest = process.stdout.read()  # ends with the last process that writes there
                self.assertEqual(process.wait(), 0, rest)
                self.assertNotIn("dev:", rest)
                self.assertFalse((pathlib.Path(home) / "metadata/cli-admin.token").exists())


if __name__ == "__main__":
    tap.main()
