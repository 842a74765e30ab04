#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs one browser test, in a copy below the build directory that has its own node_modules."""

import argparse
import os
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'lib'))
import npm  # noqa: E402

SKIP = 77
BROWSERS = ('chromium', 'chromium-browser', 'google-chrome')


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('test', help='for example page-login.test.mjs')
    parser.add_argument('--work', type=pathlib.Path, help='the copy; below the build directory when left out')
    args = parser.parse_args()

    build = pathlib.Path(os.environ.get('MESHHOLD_BUILD_DIR', 'build')).resolve()
    work = args.work or build / 'tests' / 'page-work'
    node = shutil.which('node')
    browser = os.environ.get('CHROME_PATH') or next(filter(None, map(shutil.which, BROWSERS)), None)
    if not (node and shutil.which('npm') and browser):
        print('1..0 # SKIP needs node, npm and chromium')
        return SKIP

    npm.prepare(pathlib.Path(__file__).resolve().parent, work)
    env = dict(os.environ, MESHHOLD_BUILD_DIR=str(build), CHROME_PATH=browser)
    return subprocess.run([node, '--test', '--test-reporter=tap', args.test], cwd=work, env=env, check=False).returncode


if __name__ == '__main__':
    sys.exit(main())
