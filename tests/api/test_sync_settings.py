#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is kept for others and how fast blocks go, changed while the daemon runs."""

import pathlib
import random
import stat
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import mh  # noqa: E402
import tap  # noqa: E402
import test_sync_copies  # noqa: E402

ROUTE = "/api/v1/sync/settings"
KIB, MIB = 1 << 10, 1 << 20
DEFAULTS = {"hold": 0, "absent_after_ms": 600_000, "surplus_after_ms": 30 * 86_400_000, "metered": False, "download_rate": 0, "upload_rate": 0}
CONFIG = "# what I know of this machine\n" + mh.LONELY + "  display_name: Küche # Mutter\n  # for my sister\n  hold: 1GiB\nlog: {level: info}\n"


class Case(test_sync_copies.Case):
    def change(self, daemon, **settings):
        reply = daemon.request("PATCH", ROUTE, settings)
        self.assertEqual(reply.status, 200, reply)
        self.assertEqual(daemon.get(ROUTE).json, reply.json)
        self.assertEqual({name: reply.json[name] for name in settings}, settings)


class One(Case):
    def test_what_is_written(self):
        """each setting is told, written where it belongs, and there after a restart; every other byte of the file stays"""
        daemon = self.daemon(config=CONFIG)
        path = daemon.home / "config.yaml"
        self.assertEqual(daemon.get(ROUTE).json, {**DEFAULTS, "hold": 1 << 30})
        self.change(daemon, hold=0)
        self.change(daemon, upload_rate=1_500_000, download_rate=2 * MIB)
        self.change(daemon, metered=True, absent_after_ms=90_000, surplus_after_ms=7 * 86_400_000)
        self.change(daemon, hold=5 << 30)
        text = path.read_text(encoding="utf-8")
        lines = ["  surplus_after: 168h\n", "  absent_after: 90s\n", "  metered: true\n"]
        wanted = CONFIG.replace("hold: 1GiB", "hold: 5GiB").replace("node:\n", "node:\n" + "".join(lines))
        self.assertEqual(sorted(text.splitlines()), sorted((wanted + "sync:\n  download_rate: 2MiB\n  upload_rate: 1500000\n").splitlines()))
        self.assertEqual([line for line in text.splitlines() if "#" in line], [line for line in CONFIG.splitlines() if "#" in line])
        self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
        events = daemon.get("/api/v1/audit?types=sync.settings").json["events"]
        self.assertEqual((len(events), events[0]["detail"]), (4, f"node.hold {5 << 30}"))
        before = daemon.get(ROUTE).json
        daemon.stop()
        daemon.start()
        self.assertEqual(daemon.get(ROUTE).json, before)
        self.assertEqual(daemon.get("/api/v1/sync").json["hold_limit"], 5 << 30)

    def test_what_is_refused(self):
        """a wrong value is refused with the name of its field, and neither the file nor anything in effect changes"""
        daemon = self.daemon(config=CONFIG)
        path = daemon.home / "config.yaml"
        before = path.stat()
        bad = {"hold": (-1, 1 << 61, "1GiB", None), "absent_after_ms": (999, 86_400_001), "surplus_after_ms": (-1, 31_536_000_001),
               "metered": (1, "yes"), "download_rate": (-1, 1.5), "upload_rate": (-1, True)}
        for name, values in bad.items():
            for value in values:
                reply = daemon.request("PATCH", ROUTE, {"hold": 7, name: value})
                self.assertEqual((reply.status, name in reply.json["error"]), (400, True), (name, value, reply))
        self.assertEqual(daemon.request("PATCH", ROUTE, {}).status, 400)
        self.assertEqual((path.stat().st_ino, path.stat().st_mtime_ns), (before.st_ino, before.st_mtime_ns))
        self.assertEqual(daemon.get(ROUTE).json, {**DEFAULTS, "hold": 1 << 30})

    def test_a_file_that_was_spoilt(self):
        """a file that has got a fault since the start is left as it is, and named"""
        daemon = self.daemon(config=CONFIG)
        path = daemon.home / "config.yaml"
        for text in (CONFIG + "nonsense: 1\n", CONFIG.replace("node:\n", "node:\n\t")):
            path.write_text(text, encoding="utf-8")
            reply = daemon.request("PATCH", ROUTE, {"upload_rate": 1})
            self.assertEqual((reply.status, str(path) in reply.json["error"], "line" in reply.json["error"]), (409, True, True), reply)
            self.assertEqual(path.read_text(encoding="utf-8"), text)
        self.assertEqual(daemon.get(ROUTE).json["upload_rate"], 0)
        path.unlink()
        self.change(daemon, upload_rate=4096)
        self.assertEqual(path.read_text(encoding="utf-8"), "sync:\n  upload_rate: 4KiB\n")


class Two(Case):
    def missing(self, daemon, vault):
        return self.state(daemon, vault)["missing_blocks"]

    def slow(self, one, two, vault, who, field):
        """Measures how a file goes slowly, and then fast, all while it is on its way."""
        rate, size = 2 * MIB, 32 * MIB
        self.change(who, **{field: rate})
        path, data = f"/{field}", random.randbytes(size)
        begin = time.monotonic()
        self.assertEqual(one.upload(vault, path, data).status, 200)
        mh.wait_until(lambda: path in self.tree(two, vault) and self.missing(two, vault) > 0, 20, "the file")
        blocks = self.missing(two, vault)
        mh.wait_until(lambda: self.missing(two, vault) < blocks, 30, "some blocks")  # after 8 MiB, of which a second was saved up
        self.assertGreater(time.monotonic() - begin, (8 * MIB - rate) / rate * 0.9)
        self.assertGreater(self.missing(two, vault), blocks / 3)
        self.change(who, **{field: 0})
        lifted = time.monotonic()
        self.complete(vault, two)
        self.assertLess(time.monotonic() - lifted, (size / 3) / rate)
        self.assertEqual(two.download(vault, path).body, data)

    def test_rates(self):
        """a rate that is set slows what goes at both ends; when it is lifted, what is on its way goes on at full speed"""
        one, two = self.network(2)
        vault = one.vault()
        self.share(one, vault, two)
        mh.wait_until(lambda: self.state(one, vault)["peers"], 20, "the other")
        self.slow(one, two, vault, one, "upload_rate")
        self.slow(one, two, vault, two, "download_rate")

    def test_metered(self):
        """what is on its way stops when the line becomes metered, which others hear; it goes on when the line is not any more"""
        one, two = self.network(2)
        vault = one.vault()
        self.share(one, vault, two)
        mh.wait_until(lambda: self.state(one, vault)["peers"], 20, "the other")
        self.change(two, download_rate=256 * KIB)
        data = random.randbytes(12 * MIB)
        self.assertEqual(one.upload(vault, "/big", data).status, 200)
        mh.wait_until(lambda: self.missing(two, vault) > 0 and self.state(two, vault)["running"], 30, "what is on its way")
        self.change(two, metered=True)
        mh.wait_until(lambda: not self.state(two, vault)["running"], 20, "rest")
        mh.wait_until(lambda: one.get(f"/api/v1/nodes/{two.id}").json["metered"], 20, "the word of it")
        missing = self.missing(two, vault)
        self.assertGreater(missing, 0)
        self.assertIsNone(self.state(two, vault)["error"])
        self.assertEqual(one.upload(vault, "/small", b"small").status, 200)
        self.same(vault, one, two)
        self.assertEqual(self.missing(two, vault), missing + 1)
        self.change(two, metered=False, download_rate=0)
        self.complete(vault, two)
        mh.wait_until(lambda: not one.get(f"/api/v1/nodes/{two.id}").json["metered"], 20, "the word of it")

    def test_hold(self):
        """a machine keeps nothing for others, then so much, then more, as it is told"""
        one, two = self.network(2, {i: mh.LONELY + test_sync_copies.SOON for i in range(2)})
        vault = one.vault()
        files = test_sync_copies.contents(20)
        self.put(one, vault, files)
        blocks = self.blocks(one, vault)
        mh.wait_until(lambda: self.health(one, vault)["checked_ms"], 30, "a count of copies")
        self.assertEqual(two.get("/api/v1/sync").json["held"], [])
        self.change(two, hold=MIB)
        mh.wait_until(lambda: "keeping blocks" in two.log_text(), 30, "its end")
        sync = two.get("/api/v1/sync").json
        self.assertEqual(sync["hold_limit"], MIB)
        self.assertLessEqual(sum(h["bytes"] for h in sync["held"]), MIB)
        self.assertGreater(sum(h["bytes"] for h in sync["held"]), 0)
        self.change(two, hold=1 << 30)
        self.healthy(vault, one, blocks=blocks)
        self.assertEqual(self.held(two, vault), blocks)
        self.change(two, hold=0)
        mh.wait_until(lambda: "hold" not in one.get(f"/api/v1/nodes/{two.id}").json["caps"], 20, "the word of it")
        mh.wait_until(lambda: self.health(one, vault)["ok"] == 0, 30, "another count of copies")
        self.assertEqual(self.health(one, vault)["under"], blocks)

        # what it has is not to be spared, and it still gives it
        self.assertIn("held", one.get(f"/api/v1/nodes/{two.id}").json["caps"])
        self.readable_after_damage(one, vault, files)


if __name__ == "__main__":
    tap.main()
