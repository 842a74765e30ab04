#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds the page in a copy of its sources and writes the list of its files for glib-compile-resources."""

import argparse
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
from xml.sax.saxutils import escape

SKIPPED = {'node_modules', 'dist', 'meson.build', '__pycache__', 'schema.d.ts', 'README.md'}
PREFIX = '/com/meshhold/page'


def sources(folder):
    """Every file and folder below, without what is generated."""
    for entry in sorted(folder.iterdir()):
        if entry.name in SKIPPED:
            continue
        yield entry
        if entry.is_dir():
            yield from sources(entry)


def mirror(source, work):
    """Makes the copy equal to the sources; what is generated in it stays."""
    wanted = {path.relative_to(source) for path in sources(source)}
    work.mkdir(parents=True, exist_ok=True)
    stale = [path for path in sources(work) if path.relative_to(work) not in wanted and path.name != '.installed']
    for path in sorted(stale, reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    for path in sorted(wanted):
        origin, copy = source / path, work / path
        if origin.is_dir():
            copy.mkdir(exist_ok=True)
        elif not copy.exists() or copy.read_bytes() != origin.read_bytes():
            shutil.copyfile(origin, copy)


def run(command, work):
    """Runs a command quietly; what it said is shown only when it fails."""
    env = dict(os.environ, CI='1', NO_COLOR='1')
    done = subprocess.run(command, cwd=work, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f'{done.stdout}\n{" ".join(command)}: exit code {done.returncode}')


def install(npm, work):
    """Installs what the lock file names, unless that has been done already."""
    stamp = work / '.installed'
    wanted = hashlib.sha256((work / 'package-lock.json').read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == wanted:
        return
    run([npm, 'ci', '--no-audit', '--no-fund'], work)
    stamp.write_text(wanted)


def resource_list(dist):
    files = sorted(path.relative_to(dist).as_posix() for path in dist.rglob('*') if path.is_file())
    lines = ''.join(f'    <file>{escape(name)}</file>\n' for name in files)
    return f'<gresources>\n  <gresource prefix="{PREFIX}">\n{lines}  </gresource>\n</gresources>\n'


def depfile(output, source):
    paths = [source, *sources(source)]
    escaped = ' '.join(str(path).replace(' ', '\\ ') for path in paths)
    return f'{output}: {escaped}\n'


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ('source', 'work', 'openapi', 'output', 'depfile'):
        parser.add_argument(f'--{name}', type=pathlib.Path, required=True)
    parser.add_argument('--npm', required=True)
    args = parser.parse_args()

    mirror(args.source, args.work)
    install(args.npm, args.work)
    run([args.npm, 'run', '--silent', 'types', '--', str(args.openapi.resolve())], args.work)
    run([args.npm, 'run', '--silent', 'build'], args.work)
    args.output.write_text(resource_list(args.work / 'dist'), encoding='utf-8')
    args.depfile.write_text(depfile(args.output, args.source), encoding='utf-8')


if __name__ == '__main__':
    main()
