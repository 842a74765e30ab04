#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Homes of earlier schemas of meshhold.db: made from the SQL of then, with the rows of a home of now."""

import os
import pathlib
import sqlite3
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import mh  # noqa: E402
import tap  # noqa: E402

MODULES = pathlib.Path(os.environ.get("MESHHOLD_SOURCE", pathlib.Path(__file__).resolve().parents[2])) / "daemon/modules"


def steps(module):
    return sorted((MODULES / module / "sql").glob("*.sql"))


def earlier():
    """(module, version) of every schema before the newest of its module."""
    for folder in sorted(MODULES.glob("*/sql")):
        if folder.parent.name != "store":  # index.db, which test-upgrade.c looks after
            for version in range(1, len(steps(folder.parent.name))):
                yield folder.parent.name, version


def tables(database):
    return [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]


def columns(database, table):
    return [row[1] for row in database.execute(f"PRAGMA table_info({table})")]


def go_back(path, module, version):
    """Gives @module the tables of @version, with the rows that it has in them now."""
    with sqlite3.connect(":memory:") as then:
        for step in steps(module)[:version]:
            then.executescript(step.read_text(encoding="utf-8"))
        old = {table: columns(then, table) for table in tables(then)}
    with sqlite3.connect(":memory:") as now:
        for step in steps(module):
            now.executescript(step.read_text(encoding="utf-8"))
        new = tables(now)
    database = sqlite3.connect(path)
    rows = {table: database.execute(f"SELECT {', '.join(names)} FROM {table}").fetchall() for table, names in old.items()}
    for table in new:
        database.execute(f"DROP TABLE {table}")
    for step in steps(module)[:version]:
        database.executescript(step.read_text(encoding="utf-8"))
    for table, names in old.items():
        marks = ", ".join("?" * len(names))
        database.executemany(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})", rows[table])
    database.execute("UPDATE schema_versions SET version = ? WHERE module = ?", (version, module))
    database.commit()
    database.close()


class Upgrade(unittest.TestCase):
    def test_there_are_earlier_schemas(self):
        self.assertIn(("vaults", 1), list(earlier()))

    def test_every_earlier_schema(self):
        """a home of each of them starts, keeps what it had, and can do what is new"""
        for module, version in earlier():
            with self.subTest(module=module, version=version), mh.Daemon() as daemon:
                vault = daemon.vault("photos")
                daemon.upload(vault, "/a", b"then")
                daemon.stop()
                path = daemon.home / "metadata/meshhold.db"
                go_back(path, module, version)
                daemon.start()
                daemon.login()
                self.assertEqual(daemon.download(vault, "/a").body, b"then")
                one = f"/api/v1/vaults/{vault}"
                self.assertEqual(daemon.get(one).json["name"], "photos")
                changed = daemon.request("PATCH", one, {"hard_quota": 1 << 20, "history_keep_versions": 3})
                self.assertEqual((changed.status, changed.json["hard_quota"]), (200, 1 << 20))
                self.assertEqual(daemon.get(f"{one}/analytics").status, 200)
                daemon.stop()
                with sqlite3.connect(path) as database:
                    reached = database.execute("SELECT version FROM schema_versions WHERE module = ?", (module,)).fetchone()
                self.assertEqual(reached, (len(steps(module)),))
                daemon.start()

    def test_a_newer_schema_is_left_alone(self):
        """a home of a later version of the program is refused, and not changed"""
        with mh.Daemon(expect=[r"newer|vaults"]) as daemon:
            daemon.vault("photos")
            daemon.stop()
            path = daemon.home / "metadata/meshhold.db"
            with sqlite3.connect(path) as database:
                database.execute("UPDATE schema_versions SET version = 99 WHERE module = 'vaults'")
            with self.assertRaises(Exception):
                daemon.start()
            with sqlite3.connect(path) as database:
                database.execute("UPDATE schema_versions SET version = ? WHERE module = 'vaults'", (len(steps("vaults")),))
            daemon.start()
            daemon.login()
            self.assertEqual([v["name"] for v in daemon.get("/api/v1/vaults").json["vaults"]], ["photos"])


if __name__ == "__main__":
    tap.main()
