#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Turn a module's sql/NN-name.sql files into `const MhMigration SYMBOL[]`.

usage: embed-sql.py OUT.c SYMBOL FILE...
"""

import os
import re
import sys


def c_string(text):
    lines = []
    for line in text.splitlines(keepends=True):
        escaped = line.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        escaped = escaped.replace("?", "\\?")  # no trigraphs
        lines.append(f'    "{escaped}"')
    return "\n".join(lines)


def main():
    out, symbol, *files = sys.argv[1:]
    files.sort(key=os.path.basename)
    parts = [
        "/* Made by embed-sql.py. */",
        '#include "config.h"',
        "",
        '#include "db/migrate.h"',
        "",
        f"extern const MhMigration {symbol}[];",
        "",
        f"const MhMigration {symbol}[] = {{",
    ]
    for number, path in enumerate(files, start=1):
        name = os.path.basename(path)
        match = re.fullmatch(r"(\d\d)-[a-z0-9-]+\.sql", name)
        if match is None or int(match.group(1)) != number:
            sys.exit(f"{path}: expected a name like {number:02}-what.sql, numbered without gaps")
        with open(path, encoding="utf-8") as source:
            text = source.read()
        parts.append(f'  {{ {number}, "{name}",\n{c_string(text)} }},')
    parts.append("  { 0, NULL, NULL },")
    parts.append("};")
    with open(out, "w", encoding="utf-8") as target:
        target.write("\n".join(parts) + "\n")


if __name__ == "__main__":
    main()
