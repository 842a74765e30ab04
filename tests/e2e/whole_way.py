#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the tray icon to a file and back: real tray, real daemon, real browser. Argument: build directory."""

import os
import pathlib
import shutil
import subprocess
import sys
import traceback

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import tray as trays  # noqa: E402
from desktop import Desktop  # noqa: E402

BUILD = pathlib.Path(sys.argv[1]).resolve()
GIB = 1 << 30
SIZES = [0, 1, 64 * 1024, 3 * 1024 * 1024]
NAMES = ["with space.txt", "Übergrößenträger äöü.txt", "100%2Fpercent.txt", "a%2Fb", "party 🎉👩‍👩‍👧.txt", "#hash?query&more.txt",
         "quote's \"both\".txt", "日本語.txt", "é" * 127, "x" * 255, "..dots", ".hidden", "plus+and=.txt"]


def write_corpus(folder):
    """At least 200 real files, awkward names and sizes among them, one of 1 GiB."""
    count = 0
    for place in ("", "folder with space", "Ordner ü/100%2F/deep", "🦊"):
        (folder / place).mkdir(parents=True, exist_ok=True)
        for index, name in enumerate(NAMES):
            (folder / place / name).write_bytes(os.urandom(SIZES[index % 3]))
            count += 1
    for index in range(160):
        path = folder / f"plain/{index % 9}/file {index}.bin"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.urandom(SIZES[index % 3] + index))
        count += 1
    (folder / "three.bin").write_bytes(os.urandom(SIZES[3]))
    piece = os.urandom(1 << 20)
    with (folder / "large.bin").open("wb") as file:
        for number in range(GIB >> 20):
            file.write(number.to_bytes(8, "big") + piece[8:])
    return count + 2


def whole_way(desktop):
    """the tray's Open leads a browser, with no password, to a vault that takes a folder and gives every byte back"""
    corpus = pathlib.Path(desktop.folder("corpus"))
    count = write_corpus(corpus)
    assert count >= 200, count
    desktop.show_tray()
    tray = trays.Tray(desktop)
    item = tray.wait_up()
    before = len(desktop.opened())
    item.click("Open")
    url = trays.wait_visit(desktop, before)
    environment = {**os.environ, "MESHHOLD_BUILD_DIR": str(BUILD), "MESHHOLD_LOGIN_URL": url, "MESHHOLD_CORPUS": str(corpus)}
    result = subprocess.run([sys.executable, str(HERE / "page.py"), "whole-way.test.mjs"], env=environment, check=False,
                            capture_output=True, text=True)
    for line in (result.stdout + result.stderr).splitlines():
        print("# " + line, flush=True)
    assert result.returncode == 0, f"the browser's part ended with {result.returncode}"
    tray.quit()


def main():
    if not all(map(shutil.which, ("node", "npm", "chromium"))):
        print("1..0 # SKIP needs node, npm and chromium")
        return 0
    print("1..1", flush=True)
    try:
        with Desktop() as desktop:
            whole_way(desktop)
        print(f"ok 1 - {whole_way.__doc__}")
    except Exception:  # any failure is reported with its trace
        print(f"not ok 1 - {whole_way.__doc__}")
        for line in traceback.format_exc().splitlines():
            print("# " + line)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
