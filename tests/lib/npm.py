# SPDX-License-Identifier: GPL-3.0-or-later
"""Copies of a folder of tests, below the build directory, with node_modules of their own."""

import fcntl
import hashlib
import shutil
import subprocess
import sys


def mirror(source, work):
    """Copies the tests that have changed; node_modules stays what it is."""
    work.mkdir(parents=True, exist_ok=True)
    for path in [*source.glob('*.mjs'), *source.glob('lib/*.mjs'), *source.glob('package*.json'), source / '.npmrc']:
        copy = work / path.relative_to(source)
        copy.parent.mkdir(exist_ok=True)
        if copy.exists() and copy.read_bytes() == path.read_bytes():
            continue
        part = copy.with_name(f'.{copy.name}.part')  # another test may read it just now
        shutil.copyfile(path, part)
        part.replace(copy)


def install(work):
    """Installs what the lock file names, unless that has been done already."""
    stamp = work / '.installed'
    wanted = hashlib.sha256((work / 'package-lock.json').read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text(encoding='utf-8') == wanted:
        return
    done = subprocess.run(['npm', 'ci', '--no-audit', '--no-fund'], cwd=work, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f'{done.stdout}\nnpm ci: exit code {done.returncode}')
    stamp.write_text(wanted, encoding='utf-8')


def prepare(source, work):
    """Both, by one program at a time."""
    work.parent.mkdir(parents=True, exist_ok=True)
    with open(work.parent / f'{work.name}.lock', 'w', encoding='utf-8') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        mirror(source, work)
        install(work)
