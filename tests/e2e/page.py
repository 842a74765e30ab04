#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs one browser test, in a copy below the build directory that has its own node_modules."""

import argparse
import fcntl
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys

SKIP = 77
BROWSERS = ('chromium', 'chromium-browser', 'google-chrome')


def mirror(source, work):
    """Copies the tests; node_modules stays what it is."""
    work.mkdir(parents=True, exist_ok=True)
    for path in [*source.glob('*.mjs'), *source.glob('lib/*.mjs'), *source.glob('package*.json'), source / '.npmrc']:
        copy = work / path.relative_to(source)
        copy.parent.mkdir(exist_ok=True)
        shutil.copyfile(path, copy)


def install(work, npm):
    """Installs what the lock file names, unless that has been done already."""
    stamp = work / '.installed'
    wanted = hashlib.sha256((work / 'package-lock.json').read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text(encoding='utf-8') == wanted:
        return
    done = subprocess.run([npm, 'ci', '--no-audit', '--no-fund'], cwd=work, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f'{done.stdout}\nnpm ci: exit code {done.returncode}')
    stamp.write_text(wanted, encoding='utf-8')


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('test', help='for example page-login.test.mjs')
    parser.add_argument('--work', type=pathlib.Path, help='the copy; below the build directory when left out')
    args = parser.parse_args()

    build = pathlib.Path(os.environ.get('MESHHOLD_BUILD_DIR', 'build')).resolve()
    work = args.work or build / 'tests' / 'page-work'
    node, npm = shutil.which('node'), shutil.which('npm')
    browser = os.environ.get('CHROME_PATH') or next(filter(None, map(shutil.which, BROWSERS)), None)
    if not (node and npm and browser):
        print('1..0 # SKIP needs node, npm and chromium')
        return SKIP

    work.parent.mkdir(parents=True, exist_ok=True)
    with open(work.parent / 'page-work.lock', 'w', encoding='utf-8') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        mirror(pathlib.Path(__file__).resolve().parent, work)
        install(work, npm)
    env = dict(os.environ, MESHHOLD_BUILD_DIR=str(build), CHROME_PATH=browser)
    return subprocess.run([node, '--test', '--test-reporter=tap', args.test], cwd=work, env=env, check=False).returncode


if __name__ == '__main__':
    sys.exit(main())
