#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A mirrored folder in which git works: what it checks out comes to the other machine exactly."""

import os
import pathlib
import random
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import mh  # noqa: E402
import tap  # noqa: E402
from folders import Case, tree, write  # noqa: E402

FILES = int(os.environ.get("MESHHOLD_TEST_FILES", "2000"))
SECONDS = max(120, FILES // 20)
ENVIRONMENT = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_DATE": "2026-01-01T00:00:00Z",
               "GIT_COMMITTER_DATE": "2026-01-01T00:00:00Z"}


def git(folder, *arguments):
    command = ["git", "-C", str(folder), "-c", "user.name=test", "-c", "user.email=test@localhost", "-c", "gc.auto=0", *arguments]
    return subprocess.run(command, check=True, env=ENVIRONMENT, capture_output=True, text=True).stdout


class Git(Case):
    def make_repository(self, folder):
        """Two tags: of the files of the first, one of four is changed, deleted, renamed or made executable in the second."""
        source = random.Random(4)
        git(folder, "init", "--quiet", "--initial-branch=main")
        write(folder / ".git/info/exclude", b".meshhold-*\n")
        for number in range(FILES):
            write(folder / f"src/{number % 97}/{number % 13}/file-{number}.c", source.randbytes(source.choice([10, 300, 3000, 8000])))
        git(folder, "add", "--all")
        git(folder, "commit", "--quiet", "--message=one")
        git(folder, "tag", "one")
        for number in range(FILES):
            path = folder / f"src/{number % 97}/{number % 13}/file-{number}.c"
            chance = source.random()
            if chance < 0.10:
                path.write_bytes(path.read_bytes()[:-3] + source.randbytes(3))
            elif chance < 0.16:
                path.unlink()
            elif chance < 0.22:
                (folder / "moved").mkdir(exist_ok=True)
                path.rename(folder / "moved" / path.name)
            elif chance < 0.24:
                path.chmod(0o755)
            elif chance < 0.30:
                write(folder / f"new/{number % 50}/{number}", source.randbytes(500))
        git(folder, "add", "--all")
        git(folder, "commit", "--quiet", "--message=two")
        git(folder, "tag", "two")
        git(folder, "checkout", "--quiet", "one")
        git(folder, "repack", "-a", "-d", "--quiet")

    def settle(self, what, here, there):
        begin = time.monotonic()
        self.same(here, there, SECONDS)
        print(f"# {what}: {len(tree(here))} files the same after {time.monotonic() - begin:.1f} s", flush=True)

    def test_checkout(self):
        """a checkout of another tag on one machine, and back on the other: paths, bytes, modes and times are the same on both"""
        one, two = self.network()
        vault = one.vault("repository")
        url = one.get(f"/api/v1/vaults/{vault}/share-url").json["url"]
        self.assertEqual(two.post("/api/v1/vaults/join", {"url": url}).status, 200)
        here, there = self.folder(), self.folder()
        self.make_repository(here)
        limits = {"guard_percent": 100, "guard_files": 10 * FILES}  # for somebody who works like that
        self.mirror(one, vault, here, **limits)
        self.mirror(two, vault, there, **limits)
        self.settle("the first time", here, there)
        first = {path: row[:2] for path, row in tree(there).items() if not path.startswith(".git/")}
        self.assertEqual(len(first), FILES)
        git(here, "checkout", "--quiet", "two")
        self.settle("another tag", here, there)
        second = {path: row[:2] for path, row in tree(there).items() if not path.startswith(".git/")}
        changed = sum(first.get(path) != second.get(path) for path in first.keys() | second.keys())
        print(f"# {changed} paths differ between the tags")
        self.assertGreater(changed, FILES // 4)
        self.assertEqual((git(there, "status", "--porcelain"), git(there, "rev-parse", "HEAD")),
                         ("", git(here, "rev-parse", "two^{commit}")))
        mh.wait_until(lambda: all(self.state(d, vault)["state"] == "idle" for d in (one, two)), 60, "rest")
        git(there, "checkout", "--quiet", "one")
        self.settle("back on the other side", there, here)
        self.assertEqual({path: row[:2] for path, row in tree(here).items() if not path.startswith(".git/")}, first)
        self.assertEqual((git(here, "status", "--porcelain"), "error" in git(here, "fsck")), ("", False))
        for daemon in (one, two):
            state = self.state(daemon, vault)
            self.assertEqual((state["failures"], state["skipped"], state["held"]), ([], 0, None))
        self.assertEqual([path for path in tree(here) if "conflict" in path], [])


if __name__ == "__main__":
    tap.main()
